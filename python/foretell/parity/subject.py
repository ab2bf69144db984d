"""What is checked: a predictor, the rows, and their predictions by any way that there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    import pyarrow as pa

BULK_ROWS = 10_000
"""Rows of a bulk call, as a run makes them."""


def tolerance(predictor: Any, manifest: Mapping[str, Any]) -> tuple[float, float]:
    """The relative and the absolute difference that a version's predictions may have; else its class's."""
    kept = manifest.get("parity") or {}
    rtol = float(kept.get("rtol", predictor.parity_rtol))
    return rtol, float(kept.get("atol", predictor.parity_atol))


class Subject:
    """A predictor without its kept columns. One thread at a time, as one ``predict`` after another."""

    def __init__(self, predictor: Any) -> None:
        from foretell.predictor.predictor import Predictor
        from foretell.predictor.scorer import Scorer

        ready = predictor._ready()
        self.predictor = predictor
        self.input = ready.contract.input
        self._scorer = Scorer(predictor, Predictor, ready.contract.keeping(), None)

    def columns(self, table: pa.Table, what: str) -> pa.Table:
        """The columns that the predictor reads; FT0203."""
        from foretell.predictor.scorer import missing_column

        names = table.column_names if self.input is None else list(self.input)
        for name in names:
            if name not in table.column_names:
                problem: Any = missing_column(name, table.column_names)
                raise error("FT0203", f"{what}: {problem.message}")
        return table.select(names).replace_schema_metadata(None)

    def bulk(
        self, batches: Iterator[pa.RecordBatch], schema: pa.Schema, batch_rows: int, metrics: Any
    ) -> Any:
        """The predictions of a stream of batches, as a table; a bad row has `_error` and null predictions."""
        import pyarrow as pa

        reader = pa.RecordBatchReader.from_batches(schema, batches)
        stream = self._scorer.stream(
            reader,
            self._scorer.contract,
            "null",
            batch_rows=batch_rows,
            version_column="",
            throw_broken=False,
            metrics=metrics,
        )
        return stream.read_all()

    def items(self, rows: pa.Table, schema: pa.Schema) -> pa.Table:
        """The predictions of rows one by one, as dicts, in the types of ``schema`` where they fit."""
        import pyarrow as pa

        answers = [self._one(row) for row in as_dicts(rows)]
        names = list(dict.fromkeys([*schema.names, *(name for answer in answers for name in answer)]))
        columns = [[answer.get(name) for answer in answers] for name in names]
        arrays = [
            _array(column, schema.field(name).type if name in schema.names else None)
            for name, column in zip(names, columns, strict=True)
        ]
        return pa.Table.from_arrays(arrays, names=names)

    def _one(self, row: dict[str, Any]) -> dict[str, Any]:
        answer = self._scorer.one(row, "null")
        answer.pop("model_version", None)
        return answer


def as_dicts(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Each row as a dict, as a caller of ``predict`` would have it: times aware and in UTC."""
    names = table.column_names
    for batch in table.to_batches():
        columns = [_values(column) for column in batch.columns]
        for values in zip(*columns, strict=True) if columns else ((),) * batch.num_rows:
            yield dict(zip(names, values, strict=True))


def _values(column: Any) -> list[Any]:
    import pyarrow as pa

    from foretell.predictor.rows import in_utc

    try:
        values: list[Any] = in_utc(column).to_pylist()
        return values
    except UnicodeDecodeError:  # text that is not UTF-8 is a bad row, not a broken check
        found = column.cast(pa.large_binary()).to_pylist()
        return [None if value is None else value.decode("utf-8", "surrogateescape") for value in found]


def _array(values: Sequence[Any], kind: Any) -> Any:
    import pyarrow as pa

    if kind is not None:
        try:
            return pa.array(values, kind)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            pass  # another type than in bulk: the comparison says so
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.array([None if value is None else repr(value) for value in values], pa.string())
