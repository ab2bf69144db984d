"""Tables in HTML. Every text is escaped: what a user's data holds is shown, never run."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

_LEFT = "style='text-align:left;vertical-align:top'"
_RIGHT = "style='text-align:right;vertical-align:top'"


def fields_html(caption: str, fields: Mapping[str, Any]) -> str:
    """A table of one thing: a row per field; one that is None is left out, lines are kept apart."""
    rows = "".join(
        f"<tr><th {_LEFT}>{html.escape(str(name))}</th><td {_LEFT}>{_cell(value)}</td></tr>"
        for name, value in fields.items()
        if value is not None
    )
    return f"<table><caption>{html.escape(caption)}</caption><tbody>{rows}</tbody></table>"


def table_html(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of many things: a row each, numbers to the right."""
    head = "".join(f"<th {_LEFT}>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td {_RIGHT if _is_number(value) else _LEFT}>{_cell(value)}</td>" for value in row)
        + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def table_text(rows: Sequence[Sequence[Any]]) -> list[str]:
    """Rows as lines, their cells below one another; None is empty."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return html.escape(str(value)).replace("\n", "<br>")


class Table(list[T]):
    """A list that a notebook shows as a table. ``cells``: the row of one item."""

    caption = ""

    def columns(self) -> Sequence[str]:
        raise NotImplementedError

    def cells(self, item: T) -> Sequence[Any]:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return table_html(self.caption, self.columns(), (self.cells(item) for item in self))
