"""Printing for people (tables) and for machines (JSON), on standard output."""

from __future__ import annotations

import base64
import json
import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foretell._core import AliasEntry, VersionEntry

_WIDE = 100_000  # no terminal, no folding: a pipe gets each row on one line, whole


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()) -> None:
    """Rows below their headings; the columns at the positions ``right`` are set to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for position, name in enumerate(columns):
        table.add_column(name, justify="right" if position in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    with console.capture() as text:
        console.print(table)
    for line in text.get().splitlines():  # not by Rich: it makes its own end of a broken pipe
        print(line.rstrip())


def print_fields(fields: Mapping[str, Any]) -> None:
    """``name  value`` lines; a value of several lines is indented, one that is None left out."""
    width = max((len(name) for name in fields), default=0)
    for name, value in fields.items():
        if value is None:
            continue
        lines = str(value).split("\n")
        print(f"{name:<{width}}  {lines[0]}".rstrip())
        for line in lines[1:]:
            print(f"{'':<{width}}  {line}")


def print_json(value: Any) -> None:
    """One JSON document, indented."""
    print(json_text(value, indent=2))


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON that this output's encoding can hold.

    What JSON has no form for: times are written as ISO 8601, bytes as base64, numbers that are none (NaN,
    infinity) as null, anything else as Python writes it.
    """
    only_ascii = (sys.stdout.encoding or "ascii").lower().replace("-", "") != "utf8"
    options: dict[str, Any] = {"indent": indent, "ensure_ascii": only_ascii, "default": _plain}
    try:
        return json.dumps(value, allow_nan=False, **options)
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, **options)


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "tolist"):  # NumPy
        return _finite(value.tolist())
    return str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return value


def when_text(when: str) -> str:
    """A time of a record (UTC, ISO 8601) to the second."""
    return (
        when.replace("T", " ").split(".")[0].removesuffix("Z").removesuffix("+00:00") + " UTC" if when else ""
    )


def text_width() -> int:
    """How wide prose is printed."""
    return min(100, shutil.get_terminal_size((100, 24)).columns)


def by_text(entry: AliasEntry | VersionEntry) -> str:
    """Who did it, when, and why."""
    why = f": {entry.why}" if entry.why else ""
    return f"{entry.who}, {when_text(entry.when)}{why}"
