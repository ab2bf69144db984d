"""Predictors with the faults that a check is for, and one that is well."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import foretell as ft

FAULTS = (Path(__file__).parent / "faults.txt").read_text()
_names = itertools.count()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of ``faults.txt`` as a project's own, in a folder with a store in ``models``."""
    (tmp_path / "foretell.toml").write_text('store = "models"\n')
    name = f"faults{next(_names)}"
    (tmp_path / "rows").mkdir()
    path = tmp_path / f"{name}.py"
    path.write_text(FAULTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("FORETELL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FORETELL_STORE", raising=False)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def save(project: Any) -> Callable[..., ft.Version]:
    """Saves a class of the project by its name."""

    def saved(kind: str, model: Any = None, **options: Any) -> ft.Version:
        version: ft.Version = getattr(project, kind)().save_model(model, **options)
        return version

    return saved
