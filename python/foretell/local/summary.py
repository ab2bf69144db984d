"""What a run did, for people and machines."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from foretell.error import RunError


@dataclass
class UnitSummary:
    """One unit of work: which version scored it, and what came of its rows."""

    unit: int
    version: int
    rows: int = 0
    predicted: int = 0
    bad: int = 0
    skipped: int = 0
    unstable: int = 0
    files: list[str] = field(default_factory=list)
    quarantine: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    # Reading, features, predicting, writing: seconds, summed over the workers.
    stage_seconds: dict[str, float] = field(default_factory=dict)
    adopted: int = 0  # parts that an earlier attempt had finished
    adopted_rows: int = 0  # their rows
    finished_before: bool = False  # committed by an earlier run; nothing was scored now


@dataclass
class RunSummary:
    """One call of ``run``: its units, and the totals over those that it finished."""

    predictor: str
    output: str
    seconds: float = 0.0
    workers: int = 0
    crashes: int = 0
    units: list[UnitSummary] = field(default_factory=list)

    def total(self, what: str) -> int:
        """The sum of a count over the units that this call scored."""
        return sum(getattr(unit, what) for unit in self.units if not unit.finished_before)

    @property
    def rows(self) -> int:
        return self.total("rows")

    @property
    def rows_per_second(self) -> float:
        """Of the rows that this call scored itself."""
        rows = self.rows - self.total("adopted_rows")
        return rows / self.seconds if self.seconds > 0 else 0.0

    @property
    def reasons(self) -> dict[str, int]:
        """Why rows are in quarantine: reason to count, most frequent first."""
        found: dict[str, int] = {}
        for unit in self.units:
            for reason, count in unit.reasons.items():
                found[reason] = found.get(reason, 0) + count
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def to_json(self) -> dict[str, Any]:
        """Everything, with the totals, as JSON-able values."""
        totals = {name: self.total(name) for name in ("rows", "predicted", "bad", "skipped", "unstable")}
        return {
            **asdict(self),
            **totals,
            "rows_per_second": round(self.rows_per_second, 1),
            "reasons": self.reasons,
        }

    def __str__(self) -> str:
        if not self.units:
            return f"{self.output}: nothing new"
        lines = []
        for unit in self.units:
            if unit.finished_before:
                lines.append(
                    f"unit {unit.unit}: finished before, by {self.predictor}@{unit.version}: {unit.rows:,} rows"
                )
                continue
            line = f"unit {unit.unit}: {unit.rows:,} rows by {self.predictor}@{unit.version}"
            for name in ("bad", "skipped", "unstable"):
                count = getattr(unit, name)
                line += f", {count:,} {name}" if count else ""
            line += (
                f", {unit.adopted} parts ({unit.adopted_rows:,} rows) were finished before"
                if unit.adopted
                else ""
            )
            lines.append(line)
        if self.rows:
            lines.append(
                f"{self.rows:,} rows in {self.seconds:.1f} s, {self.rows_per_second:,.0f} rows/s,"
                f" {self.workers} workers" + (f", {self.crashes} replaced" if self.crashes else "")
            )
            stages: Counter[str] = Counter()
            for unit in self.units:
                stages.update({} if unit.finished_before else unit.stage_seconds)
            lines.append(
                "in the workers: " + ", ".join(f"{name} {taken:.1f} s" for name, taken in stages.items())
            )
        for reason, count in list(self.reasons.items())[:10]:
            lines.append(f"  {count:,} × {reason}")
        if self.reasons:
            lines.append(f"their rows are in {self.output}/_quarantine")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from foretell.display import fields_html, table_html

        units = table_html(
            f"{self.predictor} → {self.output}",
            ("unit", "version", "rows", "predicted", "bad", "skipped", "unstable", "note"),
            (
                (u.unit, u.version, u.rows, u.predicted, u.bad, u.skipped, u.unstable, _note(u))
                for u in self.units
            ),
        )
        if not self.units:
            return fields_html(f"{self.predictor} → {self.output}", {"units": "nothing new"})
        return units + fields_html(
            "This call",
            {
                "rows": f"{self.rows:,} in {self.seconds:.1f} s, {self.rows_per_second:,.0f} rows/s",
                "workers": f"{self.workers}" + (f", {self.crashes} replaced" if self.crashes else ""),
                "quarantine": "\n".join(
                    f"{count:,} × {reason}" for reason, count in list(self.reasons.items())[:10]
                )
                or None,
                "their rows": f"{self.output}/_quarantine" if self.reasons else None,
            },
        )


def _note(unit: UnitSummary) -> str:
    if unit.finished_before:
        return "finished before"
    return f"{unit.adopted} parts were finished before" if unit.adopted else ""


class TooManyBadRows(RunError):
    """FT0605, with the summary of the run: its output and its quarantine are in place."""

    def __init__(self, code: str, message: str, hint: str, summary: RunSummary) -> None:
        super().__init__(code, message, hint)
        self.summary = summary
