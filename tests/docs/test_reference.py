"""The reference is whole: every public name stands in it."""

from __future__ import annotations

import re
from pathlib import Path

import foretell

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"


def test_every_public_name_is_in_the_reference() -> None:
    told = re.findall(r"^\.\. auto\w+:: foretell\.(\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(foretell.__all__)
