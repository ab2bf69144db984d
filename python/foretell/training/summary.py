"""What a training did, for people and machines."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

from foretell.display import table_html, table_text
from foretell.version import Version, metric_text


@dataclass
class Compared:
    """The metrics of another version. ``here``: on the rows that this training held out; else as they were kept
    when that version was trained."""

    version: Version
    metrics: dict[str, Any]
    here: bool


@dataclass
class Training:
    """A trained version. ``rows``: counts of rows read, trained on, held out, bad, skipped; ``seconds`` by step."""

    version: Version
    metrics: dict[str, Any]
    parameters: dict[str, Any]
    data: dict[str, Any]
    rows: dict[str, int]
    reasons: dict[str, int]
    seconds: dict[str, float]
    seed: int
    compared: Compared | None = None
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON-able values."""
        other = self.compared
        return {
            "name": self.version.name,
            "version": self.version.version,
            "sha256": self.version.sha256,
            "aliases": list(self.version.aliases),
            "metrics": self.metrics,
            "parameters": self.parameters,
            "data": self.data,
            "rows": self.rows,
            "reasons": self.reasons,
            "seconds": self.seconds,
            "seed": self.seed,
            "notes": self.notes,
            "compared": None
            if other is None
            else {"version": other.version.version, "metrics": other.metrics, "held_out_here": other.here},
        }

    def lines(self) -> list[str]:
        """What was read and what became of it."""
        rows = self.rows
        told = f"{rows['read']:,} rows of {self.data['source']}: {rows['trained']:,} to train on"
        for name in ("held out", "bad", "skipped"):
            told += f", {rows[name]:,} {name}" if rows[name] else ""
        steps = ", ".join(f"{name} {taken:.1f} s" for name, taken in self.seconds.items())
        reasons = [f"  {count:,} × {reason}" for reason, count in list(self.reasons.items())[:10]]
        return [told, steps, *reasons, *self.notes]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows of the metrics, with those of the other version beside them."""
        other = self.compared
        if other is None:
            return ["METRIC", self.version.reference], [[k, metric_text(v)] for k, v in self.metrics.items()]
        names = list(dict.fromkeys([*self.metrics, *other.metrics]))
        found = []
        for name in names:
            mine, theirs = self.metrics.get(name), other.metrics.get(name)
            both = type(mine) in (int, float) and type(theirs) in (int, float)
            change = f"{mine - theirs:+.4g}" if both and mine is not None and theirs is not None else ""
            found.append(
                [
                    name,
                    metric_text(mine) if name in self.metrics else "–",
                    metric_text(theirs) if name in other.metrics else "–",
                    change,
                ]
            )
        return ["METRIC", self.version.reference, other.version.reference, "CHANGE"], found

    def comparison(self) -> str:
        """Which rows the other version's metrics are of."""
        other = self.compared
        if other is None:
            return ""
        if other.here:
            return f"both on the {self.rows['held out']:,} rows held out here"
        return f"those of {other.version.reference} are of the rows that its own training held out"

    def __str__(self) -> str:
        heads, rows = self.table()
        told = [f"{self.version.reference} trained and saved", *self.lines()]
        if rows:
            told += table_text([heads, *rows])
        return "\n".join(line.rstrip() for line in [*told, self.comparison()] if line)

    def __repr__(self) -> str:
        return f"<Training of {self.version.reference}: {self.metrics}>"

    def _repr_html_(self) -> str:
        heads, rows = self.table()
        below = "<br>".join(html.escape(told) for told in [*self.lines(), self.comparison()] if told)
        return f"{table_html(self.version.reference, heads, rows)}<p>{below}</p>"
