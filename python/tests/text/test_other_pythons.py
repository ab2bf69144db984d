"""Every character, in the Unicode versions of the other Pythons that are on this machine."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from settings import settings

from foretell import _core

TOOL = Path(__file__).resolve().parents[3] / "tools" / "make_unicode_tables.py"
CHARACTERS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def interpreter(minor: int) -> str:
    """Of that version, on the path or below ~/.pyenv."""
    installed = Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")
    for candidate in (shutil.which(f"python3.{minor}"), *map(str, sorted(installed))):
        if candidate and subprocess.run([candidate, "-V"], capture_output=True, check=False).returncode == 0:
            return candidate
    pytest.skip(f"Python 3.{minor} is not on this machine")


@pytest.mark.slow
@pytest.mark.parametrize("minor", [11, 12, 13, 14])
def test_tables_say_what_the_str_of_that_python_does(minor: int) -> None:
    told = subprocess.run([interpreter(minor), str(TOOL), "ask"], capture_output=True, check=True).stdout
    said = json.loads(told)

    def terms(**given: object) -> list[str]:
        every = _core.analyze(settings(unicode=said["version"], **given), CHARACTERS)
        return ["".join(found) for found in every]

    for name, pattern in (("word", r"\w+"), ("decimal", r"\d+"), ("space", r"\s+")):
        found = terms(token_pattern=pattern, lowercase=False)
        assert [ord(c) for c, kept in zip(CHARACTERS, found, strict=True) if kept] == said[name], name

    whole = {"token_pattern": r"[^\x00]+"}
    lowered = terms(**whole)
    lower = {int(code): chr(mapped) for code, mapped in said["lower"].items()} | {0x130: "i\u0307"}
    assert [
        c for c, low in zip(CHARACTERS[1:], lowered[1:], strict=True) if low != lower.get(ord(c), c)
    ] == []

    stripped = terms(**whole, lowercase=False, strip_accents="unicode")
    plain = {int(code): "".join(map(chr, mapped)) for code, mapped in said["unaccented"].items()}
    hangul = range(0xAC00, 0xD7A4)  # by a formula, not by the tables
    wrong = [
        c
        for c, text in zip(CHARACTERS[1:], stripped[1:], strict=True)
        if ord(c) not in hangul and text != plain.get(ord(c), c)
    ]
    assert wrong == []
