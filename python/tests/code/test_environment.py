"""What a version was made with is told by name."""

from __future__ import annotations

import platform
from importlib import metadata

import pytest

from foretell.code import differences, environment


def test_environment_names_the_distributions_behind_modules() -> None:
    pytest.importorskip("sklearn")
    found = environment(imports=["sklearn", "numpy", "no_such_module"])
    assert found["packages"] == {name: metadata.version(name) for name in ("numpy", "scikit-learn")}
    assert found["python"] == platform.python_version()
    assert differences(found) == []


def test_differences_are_lines_for_people() -> None:
    saved = environment(imports=["numpy"])
    numpy = metadata.version("numpy")
    saved = {**saved, "python": "3.9.1", "packages": {"numpy": "1.0", "gone": "2.0"}, "git": {"commit": "a"}}
    assert differences(saved) == [
        f"Python 3.9.1 was used, {platform.python_version()} is here",
        f"numpy 1.0 was used, {numpy} is here",
        "gone 2.0 was used, it is not installed here",
    ]
    now = {"packages": {"numpy": "1.0", "gone": "2.0", "more": "1"}, "python": "3.9.1"}
    assert differences(saved, now) == []
