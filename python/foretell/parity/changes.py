"""How one output column changed from one version to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_TOLD = (0.0, 0.05, 0.5, 0.95, 1.0)

_LABELS = 50  # an integer column of at most so many values is one of labels
_BINS = 40
_TRANSITIONS = 40
_TEXT = 120


@dataclass(frozen=True)
class Histogram:
    """``edges``: one more than ``counts``."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Change:
    """``kind``: "number" (the change is new - old), "vector" (the largest absolute change of an item), "label", or
    "other".

    ``rows`` were predicted by both versions, ``changed`` of them differ by more than the tolerance; ``apart``
    have a change that is no number: null or NaN on one side, lists of other lengths. ``transitions`` are (old, new,
    rows), the most frequent first; ``more_transitions`` rows are in none of them.
    """

    output: str
    kind: str
    rows: int
    changed: int
    apart: int = 0
    quantiles: tuple[float, ...] = ()
    histogram: Histogram | None = None
    transitions: tuple[tuple[str, str, int], ...] = ()
    more_transitions: int = 0

    @property
    def share(self) -> float:
        return self.changed / self.rows if self.rows else 0.0

    def spread(self) -> list[str | None]:
        """The least change, 5 %, median, 95 %, the greatest; None where there is no number."""
        if not self.quantiles:
            return [None] * len(_TOLD)
        return [f"{self.quantiles[QUANTILES.index(at)]:.3g}" for at in _TOLD]


@dataclass(frozen=True)
class Measured:
    """A change, and for each row of the comparison how great it is, from 0 to 1."""

    change: Change
    weights: np.ndarray[Any, Any]
    old: Any
    new: Any

    def texts(self, row: int) -> tuple[str, str]:
        """Both values of a row; of a vector the item that changed most."""
        old, new = self.old[row].as_py(), self.new[row].as_py()
        if self.change.kind == "vector" and old is not None and new is not None and len(old) == len(new):
            steps = [_step(a, b) for a, b in zip(old, new, strict=True)]
            if steps:
                at = max(range(len(steps)), key=steps.__getitem__)
                return f"item {at}: {_text(old[at])}", f"item {at}: {_text(new[at])}"
        return _text(old), _text(new)


def measure(
    name: str, old: pa.ChunkedArray, new: pa.ChunkedArray, changed: Sequence[int], both: Any
) -> Measured:
    """One output. ``changed``: rows that differ; ``both``: a mask of the rows that both versions predicted."""
    import numpy as np

    old, new = old.combine_chunks(), new.combine_chunks()
    differs = np.zeros(len(old), bool)
    differs[list(changed)] = True
    differs &= both
    kind = _kind(old, new)
    rows, count = int(both.sum()), int(differs.sum())
    if kind in ("number", "vector"):
        steps = _number_steps(old, new) if kind == "number" else _vector_steps(old, new)
        known = both & np.isfinite(steps)
        change = Change(
            name,
            kind,
            rows,
            count,
            apart=int((differs & ~known).sum()),
            quantiles=_quantiles(steps[known]),
            histogram=_histogram(steps[known]),
        )
        sizes = np.where(known, np.abs(np.where(known, steps, 0.0)), 0.0)
        most = float(sizes.max()) if len(sizes) else 0.0
        weights = np.where(known, sizes / most if most > 0 else 0.0, 1.0) * differs
        return Measured(change, weights, old, new)
    transitions, more = _transitions(old, new, differs) if kind == "label" else ((), 0)
    change = Change(name, kind, rows, count, transitions=transitions, more_transitions=more)
    return Measured(change, differs.astype(float), old, new)


def flattened(table: pa.Table) -> dict[str, Any]:
    """Columns by name, the fields of a struct as columns of their own ("place.city"), `_error` left out."""
    import pyarrow as pa

    found: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name == "_error":
            continue
        if pa.types.is_struct(column.type) and column.type.num_fields:
            inner = pa.table(dict(zip(_fields(column.type), column.flatten(), strict=True)))
            found.update({f"{name}.{field}": each for field, each in flattened(inner).items()})
        else:
            found[name] = column
    return found


def _fields(kind: Any) -> list[str]:
    return [kind.field(i).name for i in range(kind.num_fields)]


def _kind(old: Any, new: Any) -> str:
    import pyarrow as pa
    import pyarrow.types as is_

    def numeric(kind: Any) -> bool:
        return bool(is_.is_integer(kind) or is_.is_floating(kind))

    kinds = (old.type, new.type)
    if all(is_.is_null(kind) or is_.is_boolean(kind) for kind in kinds):
        return "label"
    if all(is_.is_string(kind) or is_.is_large_string(kind) or is_.is_null(kind) for kind in kinds):
        return "label"
    if all(numeric(kind) for kind in kinds):
        if all(is_.is_integer(kind) for kind in kinds):
            values = pa.concat_arrays([old.cast(pa.int64(), safe=False), new.cast(pa.int64(), safe=False)])
            return "label" if len(values.unique()) <= _LABELS else "number"
        return "number"
    lists = (is_.is_list, is_.is_large_list, is_.is_fixed_size_list)
    if all(any(is_list(kind) for is_list in lists) and numeric(kind.value_type) for kind in kinds):
        return "vector"
    return "other"


def _doubles(array: Any) -> np.ndarray[Any, Any]:
    """Nulls are NaN."""
    import numpy as np
    import pyarrow as pa

    made: np.ndarray[Any, Any] = np.asarray(
        array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=float
    )
    return made


def _number_steps(old: Any, new: Any) -> np.ndarray[Any, Any]:
    import numpy as np

    a, b = _doubles(old), _doubles(new)
    with np.errstate(invalid="ignore", over="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        return np.where(same, 0.0, b - a)


def _vector_steps(old: Any, new: Any) -> np.ndarray[Any, Any]:
    """The largest absolute change of an item; NaN for null and for lists of other lengths."""
    import numpy as np
    import pyarrow.compute as pc

    sizes = [pc.list_value_length(array).fill_null(-1).to_numpy(zero_copy_only=False) for array in (old, new)]
    steps = np.full(len(old), np.nan)
    alike = np.flatnonzero((sizes[0] == sizes[1]) & (sizes[0] >= 0))
    steps[alike] = 0.0
    held = alike[sizes[0][alike] > 0]
    if len(held):
        flat = [pc.list_flatten(array.take(_positions(held))) for array in (old, new)]
        with np.errstate(invalid="ignore", over="ignore"):
            moved = np.abs(_number_steps(flat[0], flat[1]))
        starts = np.concatenate([[0], np.cumsum(sizes[0][held])[:-1]]).astype(np.int64)
        steps[held] = np.maximum.reduceat(moved, starts)  # NaN where an item's change is none
    return steps


def _positions(places: Any) -> Any:
    import pyarrow as pa

    return pa.array(places, pa.int64())


def _quantiles(steps: np.ndarray[Any, Any]) -> tuple[float, ...]:
    import numpy as np

    return tuple(float(value) for value in np.quantile(steps, QUANTILES)) if len(steps) else ()


def _histogram(steps: np.ndarray[Any, Any]) -> Histogram | None:
    import numpy as np

    if not len(steps) or not np.any(steps):
        return None
    low, high = min(0.0, float(steps.min())), max(0.0, float(steps.max()))
    if not np.isfinite(high - low) or (high - low) / _BINS == 0:
        return None
    counts, edges = np.histogram(steps, bins=_BINS, range=(low, high))
    return Histogram(tuple(map(float, edges)), tuple(map(int, counts)))


def _transitions(old: Any, new: Any, differs: Any) -> tuple[tuple[tuple[str, str, int], ...], int]:
    import numpy as np

    places = _positions(np.flatnonzero(differs))
    pairs = zip(old.take(places).to_pylist(), new.take(places).to_pylist(), strict=True)
    counted = Counter((_text(a), _text(b)) for a, b in pairs)
    kept = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_TRANSITIONS]
    rest = counted.total() - sum(count for _, count in kept)
    return tuple((a, b, count) for (a, b), count in kept), rest


def _step(a: Any, b: Any) -> float:
    if a is None or b is None:
        return 0.0 if a is b else float("inf")
    step = abs(b - a)
    return float("inf") if step != step else float(step)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
