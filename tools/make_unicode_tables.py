"""Makes src/text/unicode_data.cc: what Python's str says of every character, for each Unicode version.

Usage:
    python3.11 tools/make_unicode_tables.py ask > 14.0.json      (3.12: 15.0, 3.13: 15.1; the running Python)
    python3 tools/make_unicode_tables.py derive PACKAGE > 16.0.json
    python3 tools/make_unicode_tables.py write 14.0.json 15.0.json 15.1.json 16.0.json
    python3 tools/make_unicode_tables.py compare A.json B.json   (for one version, asked and derived)

`derive` is for a version whose Python is not at hand: it follows the rules by which CPython makes its own
tables (Tools/unicode/makeunicodedata.py) from the Unicode Character Database, as the Python package unicodedata2
of that version has it, and the npm package @unicode/unicode-VERSION, unpacked in PACKAGE, for case.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

VERSIONS = ("14.0.0", "15.0.0", "15.1.0", "16.0.0")
FLAGS = ("word", "decimal", "space", "cased", "ignorable")
OUTPUT = Path(__file__).resolve().parent.parent / "src" / "text" / "unicode_data.cc"
SURROGATES = range(0xD800, 0xE000)
HANGUL = range(0xAC00, 0xD7A4)
DOTTED_I = 0x130  # the one character whose lower case is two; src/text/lower.cc has it

Table = dict[str, Any]


def characters() -> Iterable[str]:
    return (chr(code) for code in range(0x110000) if code not in SURROGATES)


def where(holds: Callable[[str], bool]) -> list[int]:
    return [ord(c) for c in characters() if holds(c)]


def unaccented(data: ModuleType) -> dict[str, list[int]]:
    """NFKD without the characters that combine, where that is another text; Hangul syllables follow a formula.

    The canonical order of combining characters does not matter, since all of them are left out.
    """
    found = {}
    for c in characters():
        stripped = "".join(d for d in data.normalize("NFKD", c) if not data.combining(d))
        if stripped != c and ord(c) not in HANGUL:
            found[str(ord(c))] = [ord(d) for d in stripped]
    return found


def check_lower(lower: dict[str, list[int]]) -> dict[str, int]:
    """One character each, but for U+0130."""
    assert lower.pop(str(DOTTED_I)) == [ord("i"), 0x307]
    assert all(len(mapped) == 1 for mapped in lower.values())
    return {code: mapped[0] for code, mapped in lower.items()}


def ask() -> Table:
    """From the running Python, by what its str does."""

    def is_word(c: str) -> bool:
        return c.isalnum() or c == "_"

    word = re.compile(r"\w")
    assert all(is_word(c) == bool(word.fullmatch(c)) for c in characters())
    lower = {str(ord(c)): [ord(d) for d in c.lower()] for c in characters() if c.lower() != c}

    # A capital sigma is final after a cased character, whatever can be ignored in between.
    def final_after(before: str) -> bool:
        return (before + "\u03a3").lower().endswith("\u03c2")

    return {
        "version": unicodedata.unidata_version,
        "word": where(is_word),
        "decimal": where(str.isdecimal),
        "space": where(str.isspace),
        "cased": where(final_after),
        "ignorable": where(lambda c: final_after("A" + c) and not final_after(c)),
        "lower": check_lower(lower),
        "unaccented": unaccented(unicodedata),
    }


def derive(package: Path) -> Table:
    import unicodedata2  # only here: its version is the one that is made

    def of_package(name: str) -> Any:
        path = (package / name).resolve().as_uri()
        script = f"import('{path}').then((m) => console.log(JSON.stringify([...m.default])))"
        return json.loads(subprocess.run(["node", "-e", script], check=True, capture_output=True).stdout)

    category, direction = unicodedata2.category, unicodedata2.bidirectional
    lower = {
        str(code): [mapped] for code, mapped in of_package("Simple_Case_Mapping/Lowercase/code-points.mjs")
    }
    for code, mapped in of_package("Special_Casing/Lowercase/code-points.mjs"):
        if mapped not in (code, [code]):
            lower[str(code)] = mapped if isinstance(mapped, list) else [mapped]

    def is_word(c: str) -> bool:
        numeric = category(c) == "Nd" or unicodedata2.numeric(c, None) is not None
        return numeric or category(c)[0] == "L" or c == "_"

    ignorable = set(of_package("Binary_Property/Case_Ignorable/code-points.mjs"))
    cased = set(of_package("Binary_Property/Cased/code-points.mjs"))
    return {
        "version": unicodedata2.unidata_version,
        "word": where(is_word),
        "decimal": where(lambda c: category(c) == "Nd"),
        "space": where(lambda c: category(c) == "Zs" or direction(c) in {"WS", "B", "S"}),
        "cased": sorted(cased - ignorable),
        "ignorable": sorted(ignorable - set(SURROGATES)),
        "lower": check_lower(lower),
        "unaccented": unaccented(unicodedata2),
    }


def ranges(tables: list[Table], flag: str) -> list[tuple[int, int, int]]:
    """(first, last, versions): neighbours of which the same versions (bit v: VERSIONS[v]) say so."""
    mask = [0] * 0x110000
    for bit, table in enumerate(tables):
        for code in table[flag]:
            mask[code] |= 1 << bit
    found, first = [], 0
    for versions, run in itertools.groupby(mask):
        last = first + len(list(run)) - 1
        if versions:
            found.append((first, last, versions))
        first = last + 1
    return found


def mappings(tables: list[Table], name: str) -> list[tuple[int, Any, int]]:
    """(character, mapped, versions), by character."""
    found: dict[tuple[int, Any], int] = {}
    for bit, table in enumerate(tables):
        for code, mapped in table[name].items():
            key = (int(code), tuple(mapped) if isinstance(mapped, list) else mapped)
            found[key] = found.get(key, 0) | 1 << bit
    return sorted((code, mapped, versions) for (code, mapped), versions in found.items())


def array(type_: str, name: str, items: Iterable[str]) -> str:
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > 110:
            lines.append(line)
            line = "   "
        line += f" {item},"
    body = "\n".join([*lines, line])
    return f"const {type_} {name}[] = {{\n{body}\n}};\n"


def write(tables: list[Table]) -> str:
    assert [table["version"] for table in tables] == list(VERSIONS)
    parts = [
        "// Made by tools/make_unicode_tables.py; text/unicode_data.h tells how to read it. Do not edit.\n"
        "// clang-format off\n"
        '#include "text/unicode_data.h"\n\nnamespace foretell::unicode_data {\nnamespace {\n'
    ]
    for flag in FLAGS:
        items = [
            f"{{0x{first:x}, 0x{last | versions << 28:x}}}" for first, last, versions in ranges(tables, flag)
        ]
        parts.append(array("Range", f"{flag}_ranges", items))
    items = [
        f"{{0x{code | versions << 28:x}, 0x{mapped:x}}}"
        for code, mapped, versions in mappings(tables, "lower")
    ]
    parts.append(array("Mapping", "lower_mappings", items))
    numbers = []
    for code, mapped, versions in mappings(tables, "unaccented"):
        assert len(mapped) < 32
        numbers += [code | len(mapped) << 21 | versions << 28, *mapped]
    parts.append(array("std::uint32_t", "unaccented_numbers", (f"0x{number:x}" for number in numbers)))
    parts.append("}  // namespace\n")
    parts += [f"const std::span<const Range> {flag} = {flag}_ranges;\n" for flag in FLAGS]
    parts.append("const std::span<const Mapping> lower = lower_mappings;\n")
    parts.append("const std::span<const std::uint32_t> unaccented = unaccented_numbers;\n")
    parts.append("\n}  // namespace foretell::unicode_data\n")
    return "".join(parts)


def compare(one: Table, other: Table) -> list[str]:
    return [name for name in one if one[name] != other[name]]


def main(arguments: list[str]) -> int:
    match arguments:
        case ["ask"]:
            json.dump(ask(), sys.stdout)
        case ["derive", package]:
            json.dump(derive(Path(package)), sys.stdout)
        case ["write", *files] if len(files) == len(VERSIONS):
            OUTPUT.write_text(write([json.loads(Path(file).read_text()) for file in files]), encoding="utf-8")
        case ["compare", one, other]:
            differing = compare(json.loads(Path(one).read_text()), json.loads(Path(other).read_text()))
            print("differ in: " + ", ".join(differing) if differing else "equal")
            return 1 if differing else 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
