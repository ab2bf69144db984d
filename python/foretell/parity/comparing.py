"""``foretell.compare``: what changes when one version takes the place of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.parity.changes import QUANTILES, Change, measure
from foretell.parity.rows import describe, example_of, read_rows
from foretell.parity.subject import BULK_ROWS, Subject, tolerance

if TYPE_CHECKING:
    from foretell.store import Store
    from foretell.version import Version

FORMAT = 1
MOST = 20
"""Rows that are shown: those that changed most."""

_INPUT_TEXT = 300


@dataclass(frozen=True)
class ChangedRow:
    """``changes``: (output, old, new) as text. ``weight``: the sum over outputs of how great the change is, the
    greatest change of an output being 1."""

    row: int
    weight: float
    input: str
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class VersionComparison:
    """What changes from ``old`` to ``new``, over ``rows`` rows. ``changed`` counts rows of which some output
    differs by more than the old version's parity tolerance, or which only one version could predict."""

    old: str
    new: str
    old_sha256: str
    new_sha256: str
    origin: str
    rows: int
    changed: int
    bad_in_old: int
    bad_in_new: int
    bad_in_both: int
    outputs: tuple[Change, ...]
    most: tuple[ChangedRow, ...]
    only_in_old: tuple[str, ...] = ()
    only_in_new: tuple[str, ...] = ()
    format: int = FORMAT

    @property
    def share(self) -> float:
        """Of the rows, those that changed."""
        return self.changed / self.rows if self.rows else 0.0

    def headline(self) -> str:
        changed = f"{self.changed:,} of {self.rows:,} rows change ({self.share:.1%})"
        return f"{self.old} → {self.new}: {changed}"

    def notes(self) -> list[str]:
        """What the table of outputs does not say."""
        found = [f"over {self.origin}"]
        for names, which in ((self.only_in_old, self.old), (self.only_in_new, self.new)):
            found.extend(f"only {which} has the output {name}" for name in names)
        found.extend(
            f"{change.output}: {change.apart:,} changes have no size: lists of other lengths, null or NaN"
            for change in self.outputs
            if change.apart
        )
        if self.bad_in_old or self.bad_in_new or self.bad_in_both:
            found.append(
                f"bad or skipped rows: {self.bad_in_old:,} in {self.old} only, {self.bad_in_new:,} in "
                f"{self.new} only, {self.bad_in_both:,} in both"
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """For the store and for machines."""
        return {"kind": "compare", **asdict(self), "share": self.share, "quantiles": list(QUANTILES)}

    def to_html(self) -> str:
        """A page that needs nothing else: tables, and plots as SVG."""
        from foretell.parity.page import page

        return page(self)

    def _repr_html_(self) -> str:
        from foretell.parity.page import body

        return body(self)

    def __str__(self) -> str:
        lines = [self.headline(), *self.notes(), ""]
        for change in self.outputs:
            said = f"{change.output}: {change.changed:,} of {change.rows:,} change ({change.share:.1%})"
            if change.quantiles:
                _, low, middle, high, _ = change.spread()
                said += f"; 5 % {low}, median {middle}, 95 % {high}"
            lines.append(said)
            lines += [f"  {a} → {b}: {count:,}" for a, b, count in change.transitions[:5]]
        return "\n".join(lines)


def compare(
    old: str,
    new: str,
    rows: Any = None,
    *,
    store: Any = None,
    trust_store: bool = False,
    keep: bool = True,
) -> VersionComparison:
    """Predicts the same rows by two versions, in bulk, and says what changes from ``old`` to ``new``.

    ``rows``: a path, glob or list of them, a frame, a table, dicts; by default the example of the new version
    (of the old one where that has none), without its hard rows. The report is kept with the new version unless
    ``keep=False``.

    FT0701 when there is no row; FT0203, FT0205 for rows with other columns; what ``load`` raises.
    """
    from foretell.loading import load, open_store

    the_store = open_store(store)
    pair = [load(each, store=the_store, trust_store=trust_store, warn=False) for each in (old, new)]
    versions: list[Any] = [each.version for each in pair]
    table, origin = _rows(rows, the_store, versions, pair)
    found = _compared(table, origin, pair, versions)
    if keep:
        the_store.append_report(found.new, found.to_json())
    return found


def _rows(rows: Any, store: Store, versions: list[Version], pair: list[Any]) -> tuple[Any, str]:
    if rows is not None:
        declared: dict[str, str] = {}
        for predictor in pair:
            declared.update(predictor._ready().contract.input or {})
        table, origin = read_rows(rows, declared or None), describe(rows)
    else:
        for version in reversed(versions):
            table = example_of(store, version)
            if table is not None:
                hard = int((version.manifest.get("check") or {}).get("hard", 0))
                table, origin = table.slice(0, len(table) - hard), f"the example of {version.reference}"
                break
        else:
            table, origin = None, f"{versions[0].reference} and {versions[1].reference} keep no example"
    if table is None or not table.num_rows:
        raise error(
            "FT0701",
            f"{origin}: there is no row to predict",
            "give rows: --rows PATH, or rows=…; a save keeps example= or rows of the predictor's source",
        )
    return table, origin


def _compared(table: Any, origin: str, pair: list[Any], versions: list[Version]) -> VersionComparison:
    import numpy as np

    from foretell import _core
    from foretell.parity.changes import flattened

    old, new = (_predict(Subject(predictor), table, origin) for predictor in pair)
    rtol, atol = tolerance(pair[0], versions[0].manifest)
    rule = {"rtol": rtol, "atol": atol, "shown": 0}
    bad = [~np.asarray(each.column("_error").is_null()) for each in (old, new)]
    both = ~bad[0] & ~bad[1]
    columns, others = flattened(old), flattened(new)
    measured = [
        measure(name, column, others[name], _differing(_core, name, column, others[name], rule), both)
        for name, column in columns.items()
        if name in others
    ]
    weights = np.zeros(len(table))
    for each in measured:
        weights += each.weights
    weights[bad[0] != bad[1]] += len(measured) or 1
    changed = np.flatnonzero(weights > 0)
    most = sorted(changed.tolist(), key=lambda row: (-weights[row], row))[:MOST]
    return VersionComparison(
        old=versions[0].reference,
        new=versions[1].reference,
        old_sha256=versions[0].sha256,
        new_sha256=versions[1].sha256,
        origin=origin,
        rows=len(table),
        changed=len(changed),
        bad_in_old=int((bad[0] & ~bad[1]).sum()),
        bad_in_new=int((bad[1] & ~bad[0]).sum()),
        bad_in_both=int((bad[0] & bad[1]).sum()),
        outputs=tuple(each.change for each in measured),
        most=tuple(_row(row, float(weights[row]), table, measured, old, new) for row in most),
        only_in_old=tuple(name for name in columns if name not in others),
        only_in_new=tuple(name for name in others if name not in columns),
    )


def _predict(subject: Subject, table: Any, origin: str) -> Any:
    from foretell import _core

    rows = subject.columns(table, origin)
    return subject.bulk(iter(rows.to_batches()), rows.schema, BULK_ROWS, _core.MapMetrics())


def _differing(core: Any, name: str, old: Any, new: Any, rule: Mapping[str, Any]) -> list[int]:
    import pyarrow as pa

    comparison = core.Comparison(pa.table({name: old}), **rule)
    comparison.add(pa.table({name: new}))
    found: list[int] = comparison.finish().mismatched
    return found


def _row(row: int, weight: float, table: Any, measured: list[Any], old: Any, new: Any) -> ChangedRow:
    from foretell.parity.subject import as_dicts

    text = repr(next(as_dicts(table.slice(row, 1))))
    changes = [(each.change.output, *each.texts(row)) for each in measured if each.weights[row] > 0]
    errors = [each.column("_error")[row].as_py() for each in (old, new)]
    if any(error is not None for error in errors):
        told = ["predicted" if one is None else f"{one['code']}: {one['message']}"[:200] for one in errors]
        changes.insert(0, ("_error", told[0], told[1]))
    shown = text if len(text) <= _INPUT_TEXT else text[: _INPUT_TEXT - 1] + "…"
    return ChangedRow(row, weight, shown, tuple(changes))
