"""Every character, in the Unicode version of this Python and of the others on this machine."""

import itertools
import json
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from settings import settings

from foretell import _core

TOOL = Path(__file__).resolve().parents[3] / "tools" / "make_unicode_tables.py"
CHARACTERS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def tokens(documents: list[str], **given: object) -> list[list[str]]:
    return _core.analyze(settings(**given), documents)


def terms_of_each(**given: object) -> list[str]:
    """Each character as a document of its own, as one token; NUL gives none."""
    return ["".join(terms) for terms in tokens(CHARACTERS, token_pattern=r"[^\x00]+", **given)]


@pytest.mark.parametrize(
    "pattern", [r"\w+", r"\d+", r"\s+", r"\S+", r"\W+", r"[^\W\d_]+", r"[\u0400-\u04ffa-f]+"]
)
def test_classes_are_those_of_re(pattern: str) -> None:
    found = tokens(CHARACTERS, token_pattern=pattern, lowercase=False)
    expression = re.compile(pattern)
    wrong = [c for c, terms in zip(CHARACTERS, found, strict=True) if terms != expression.findall(c)]
    assert wrong == []


def test_lower_is_that_of_str() -> None:
    found = terms_of_each()
    assert [c for c, lowered in zip(CHARACTERS[1:], found[1:], strict=True) if lowered != c.lower()] == []


def test_final_sigma_looks_at_every_neighbour() -> None:
    documents = [
        f"{before}Σ{after}" for c in CHARACTERS[0x80:] for before, after in ((c, ""), (f"a{c}", f"{c}b"))
    ]
    documents += [f"aΣ{c}{d}" for c, d in itertools.product(CHARACTERS[:0x80], repeat=2)]
    found = ["".join(terms) for terms in tokens(documents, token_pattern=r"[^\x00]+")]
    wrong = [d for d, lowered in zip(documents, found, strict=True) if lowered != d.lower().replace("\0", "")]
    assert wrong == []


@pytest.mark.parametrize("how", ["unicode", "ascii"])
def test_accents_are_stripped_as_nfkd(how: str) -> None:
    found = terms_of_each(lowercase=False, strip_accents=how)

    def expected(c: str) -> str:
        normalized = unicodedata.normalize("NFKD", c)
        if how == "ascii":
            return normalized.encode("ascii", "ignore").decode()
        return "".join(d for d in normalized if not unicodedata.combining(d))

    assert [c for c, stripped in zip(CHARACTERS[1:], found[1:], strict=True) if stripped != expected(c)] == []


def test_whitespace_is_that_of_str() -> None:
    found = tokens([f"x{c}{c}y" for c in CHARACTERS], analyzer="char", lowercase=False)
    wrong = [
        c for c, terms in zip(CHARACTERS, found, strict=True) if (terms == ["x", " ", "y"]) != c.isspace()
    ]
    assert wrong == []


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
    version = said["version"]

    for name, pattern in (("word", r"\w+"), ("decimal", r"\d+"), ("space", r"\s+")):
        found = tokens(CHARACTERS, unicode=version, token_pattern=pattern, lowercase=False)
        assert [ord(c) for c, terms in zip(CHARACTERS, found, strict=True) if terms] == said[name], name

    lowered = terms_of_each(unicode=version)
    lower = {int(code): chr(mapped) for code, mapped in said["lower"].items()} | {0x130: "i\u0307"}
    wrong = [c for c, low in zip(CHARACTERS[1:], lowered[1:], strict=True) if low != lower.get(ord(c), c)]
    assert wrong == []

    stripped = terms_of_each(unicode=version, lowercase=False, strip_accents="unicode")
    plain = {int(code): "".join(map(chr, mapped)) for code, mapped in said["unaccented"].items()}
    hangul = range(0xAC00, 0xD7A4)  # by a formula, not by the tables
    wrong = [
        c
        for c, text in zip(CHARACTERS[1:], stripped[1:], strict=True)
        if ord(c) not in hangul and text != plain.get(ord(c), c)
    ]
    assert wrong == []
