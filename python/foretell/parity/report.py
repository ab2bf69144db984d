"""What a check found: a value that is printed, shown in a notebook, and kept in the store as JSON."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1

COLUMNS = ("MODE", "ROWS", "MISMATCHES", "MISSING", "EXTRA", "NOT BIT-EQUAL", "LARGEST DIFFERENCE", "")


@dataclass(frozen=True)
class Largest:
    """The largest difference of two numbers, and where it is."""

    value: float
    column: str
    row: int


@dataclass(frozen=True)
class Shown:
    """A value that differs, as text, and the input row that it was made of."""

    row: int
    column: str
    reference: str
    other: str
    input: str = ""


@dataclass(frozen=True)
class ModeResult:
    """One mode against bulk. ``title``: the mode, or one part of it ("batches of 7")."""

    mode: str
    title: str
    rows: int
    mismatches: int = 0
    missing: int = 0
    extra: int = 0
    not_bit_equal: int = 0
    unstable: int = 0
    """Rows of calls that failed as a whole, although each half of them passed."""
    absolute: Largest | None = None
    relative: Largest | None = None
    types: tuple[str, ...] = ()
    shown: tuple[Shown, ...] = ()
    problem: str = ""
    """Why the mode could not be tried to its end."""
    note: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not (self.mismatches or self.missing or self.extra or self.unstable or self.problem)

    def cells(self) -> list[Any]:
        """For people, under ``COLUMNS``."""
        if self.mode == "bulk" or (self.note and self.passed):
            return [self.title, self.rows, None, None, None, None, None, self.note]
        largest = self.relative
        said = f"{largest.value:.2g} of {largest.column} in row {largest.row}" if largest else "none"
        counts = [self.mismatches, self.missing, self.extra, self.not_bit_equal]
        return [self.title, self.rows, *counts, said, self.word()]

    def word(self) -> str:
        if self.problem:
            return self.problem
        if self.unstable:
            return f"{self.unstable} rows failed in one call, and passed in two"
        return "" if self.passed else "differs"


@dataclass(frozen=True)
class CheckReport:
    """``passed``: no mode differs from bulk. ``complete``: it covers enough to allow a promotion."""

    predictor: str
    version: int | None
    manifest_sha256: str
    rows: int
    distinct: int
    needed: int
    bad: int
    """Rows that bulk could not predict; they agree when they are bad with the same code everywhere."""
    origin: str
    rtol: float
    atol: float
    exact: bool
    modes: tuple[ModeResult, ...]
    neighbours: int = 0
    """Rows that a second bulk prediction repeats, and other neighbours change."""
    neighbour_rows: tuple[int, ...] = ()
    input_changed: bool = False
    lacking: tuple[str, ...] = ()
    """Why the check is incomplete."""
    seconds: float = 0.0
    foretell: str = ""
    format: int = FORMAT
    kind: str = field(default="check", init=False)

    @property
    def reference(self) -> str:
        return self.predictor if self.version is None else f"{self.predictor}@{self.version}"

    @property
    def passed(self) -> bool:
        return not self.findings()

    @property
    def complete(self) -> bool:
        return not self.lacking

    def passing(self) -> set[str]:
        """The modes that were tried and do not differ."""
        tried = {result.mode for result in self.modes}
        return tried - {result.mode for result in self.modes if not result.passed}

    def findings(self) -> list[str]:
        """What is wrong, in words; empty when parity holds."""
        found = []
        if self.rows and self.bad >= self.rows:
            found.append("no row could be predicted")
        if self.input_changed:
            found.append("the predictor changed its input (FT0311)")
        if self.neighbours:
            rows = ", ".join(map(str, self.neighbour_rows))
            found.append(f"{self.neighbours:,} rows depend on their neighbours: rows {rows}")
        for result in self.modes:
            if not result.passed:
                found.append(f"{result.title}: {_differs(result)}")
        return found

    def headline(self) -> str:
        rows = f"{self.rows:,} rows ({self.distinct:,} distinct)"
        if not self.passed:
            return f"{self.reference}: the modes do not agree over {rows}"
        held = "equal bits" if self.exact else "parity"
        return f"{self.reference}: {held} in every mode over {rows}" + (
            "" if self.complete else ", but the check is incomplete"
        )

    def details(self) -> list[str]:
        """Lines below the table."""
        lines = [*self.findings(), *(f"incomplete: {reason}" for reason in self.lacking)]
        if self.bad and self.bad < self.rows:
            lines.append(
                f"{self.bad:,} rows are bad or skipped, in bulk as elsewhere if nothing else is said"
            )
        return lines

    def to_json(self) -> dict[str, Any]:
        """For the store and for machines."""
        said = {"passed": self.passed, "complete": self.complete, "findings": self.findings()}
        return {**asdict(self), **said, "passing": sorted(self.passing())}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CheckReport:
        """What ``to_json`` gave; KeyError, TypeError for anything else."""
        given = {name: value[name] for name in cls.__dataclass_fields__ if name in value and name != "kind"}
        given["modes"] = tuple(_mode(each) for each in value["modes"])
        for name in ("neighbour_rows", "lacking"):
            given[name] = tuple(value[name])
        return cls(**given)

    def __str__(self) -> str:
        from foretell.display import table_text

        table = table_text([COLUMNS, *(result.cells() for result in self.modes)])
        return "\n".join([self.headline(), "", *table, *(["", *self.details()] if self.details() else [])])

    def _repr_html_(self) -> str:
        from foretell.display import table_html

        columns = [name.lower() for name in COLUMNS]
        table = table_html(self.headline(), columns, [result.cells() for result in self.modes])
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.details())
        return table + (f"<ul>{lines}</ul>" if lines else "")


def _differs(result: ModeResult) -> str:
    if result.problem:
        return result.problem
    said = []
    if result.mismatches:
        said.append(f"{result.mismatches:,} of {result.rows:,} rows differ from bulk")
    if result.missing:
        said.append(f"{result.missing:,} rows are missing")
    if result.extra:
        said.append(f"{result.extra:,} rows are too many")
    if result.unstable:
        said.append(f"{result.unstable:,} rows failed in one call, and passed in two")
    said.extend(result.types)
    for one in result.shown[:1]:
        of = f", made of {one.input}" if one.input else ""
        said.append(f"row {one.row}{of}: {one.column} is {one.reference} in bulk and {one.other} here")
    return "; ".join(said)


def _mode(value: Mapping[str, Any]) -> ModeResult:
    given = dict(value)
    for name in ("absolute", "relative"):
        given[name] = None if given.get(name) is None else Largest(**given[name])
    given["shown"] = tuple(Shown(**each) for each in value["shown"])
    given["types"] = tuple(value["types"])
    known = ModeResult.__dataclass_fields__
    return ModeResult(**{name: each for name, each in given.items() if name in known})
