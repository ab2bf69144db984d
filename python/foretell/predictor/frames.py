"""``predict`` for whole tables: what comes in by kind, and the same kind out.

Frames that live in Python (pandas, polars, lists of dicts) keep their own columns as they are: only what
the predictor reads goes through Arrow, and the answer is put beside the kept columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from foretell.error import Error, error
from foretell.predictor.columns import library_of
from foretell.predictor.pieces import batch_of
from foretell.predictor.rows import Row
from foretell.predictor.scorer import ROW_FAULTS, Scorer, missing_column


def predict_frame(scorer: Scorer, data: Any, on_error: str) -> Any:
    """The answer for any kind of data that has more than one row; FT0101 for what is none."""
    library, kind = library_of(data), type(data).__name__
    if library == "pandas" and kind == "DataFrame":
        return _pandas(scorer, data, on_error)
    if library == "polars" and kind in ("DataFrame", "LazyFrame"):
        return _polars(scorer, data.collect() if kind == "LazyFrame" else data, on_error)
    if isinstance(data, (list, tuple)):
        return predict_dicts(scorer, list(data), on_error)
    return _arrow(scorer, data, kind, on_error)


def _arrow(scorer: Scorer, data: Any, kind: str, on_error: str) -> Any:
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        table = scorer.stream(pa.Table.from_batches([data]), scorer.contract, on_error).read_all()
        return (
            table.combine_chunks().to_batches()[0]
            if len(table)
            else pa.RecordBatch.from_pylist([], table.schema)
        )
    if library_of(data) == "pyarrow" and hasattr(data, "scanner"):  # a dataset may be larger than memory
        data = data.scanner().to_reader()
    if isinstance(data, pa.RecordBatchReader):
        stream = scorer.stream(data, scorer.contract, on_error)
        return pa.RecordBatchReader.from_batches(stream.schema(), iter(stream.read_next, None))
    if hasattr(data, "__arrow_c_stream__"):
        return scorer.stream(data, scorer.contract, on_error).read_all()
    if hasattr(data, "__arrow_c_array__"):
        return _arrow(scorer, pa.record_batch(data), kind, on_error)
    raise error(
        "FT0101",
        f"{kind} was given to predict()",
        "give a dict, a list of dicts, or a pandas, polars or Arrow table",
    )


def _answers(scorer: Scorer, data: Any, on_error: str, **options: Any) -> Any:
    """Predictions, version and errors alone, as a ``pyarrow.Table``."""
    return scorer.stream(data, scorer.contract.keeping(), on_error, **options).read_all()


def _columns(scorer: Scorer, columns: list[str]) -> tuple[list[str], list[str]]:
    """The columns to read and those to keep; FT0203."""
    read = columns if scorer.contract.input is None else list(scorer.contract.input)
    kept = columns if scorer.kept is None else list(scorer.kept)
    for name in read:
        if name not in columns:
            raise missing_column(name, columns)
    for name in kept:
        if name not in columns:
            raise missing_column(name, columns, "to keep")
    return read, kept


def _pandas(scorer: Scorer, frame: Any, on_error: str) -> Any:
    import pyarrow as pa

    read, kept = _columns(scorer, list(frame.columns))
    try:
        table = pa.Table.from_pandas(frame[read], preserve_index=False)
    except (pa.ArrowException, ValueError, TypeError) as problem:
        raise error(
            "FT0205", "; ".join(str(part) for part in problem.args), "give the column one type"
        ) from problem
    answers = _answers(scorer, table, on_error)
    result = frame[kept].copy()
    if set(kept) & set(answers.column_names):
        raise scorer.clash(set(kept) & set(answers.column_names))
    for name in answers.column_names:
        result[name] = _series(answers.column(name)).set_axis(frame.index)
    return result


def _series(column: Any) -> Any:
    """The column in pandas; integers with nulls stay integers."""
    import pandas as pd
    import pyarrow as pa

    if pa.types.is_integer(column.type) and column.null_count:
        return pd.Series(column.to_pylist(), dtype="Int64")
    return column.to_pandas()


def _polars(scorer: Scorer, frame: Any, on_error: str) -> Any:
    import polars as pl

    read, kept = _columns(scorer, frame.columns)
    answers: Any = pl.from_arrow(_answers(scorer, frame.select(read), on_error))
    if set(kept) & set(answers.columns):
        raise scorer.clash(set(kept) & set(answers.columns))
    return frame.select(kept).hstack(answers) if kept else answers


def predict_dicts(
    scorer: Scorer,
    data: list[Any],
    on_error: str,
    row_faults: frozenset[str] = ROW_FAULTS,
    **options: Any,
) -> list[dict[str, Any]]:
    """The answers for a list of dicts. ``row_faults``: the codes that are, where ``on_error`` is not "fail", a
    row's own ``_error`` and raise nothing; what of its kept columns is missing is then None. ``options``: of
    `Map`."""
    rows: list[Row] = []
    faults: dict[int, Error] = {}
    for at, item in enumerate(data):
        if not isinstance(item, Mapping):
            raise error("FT0101", f"element {at} of the list is {type(item).__name__}, expected a dict")
        try:
            if scorer.kept is not None:
                scorer.keep(item)
            rows.append(scorer.row(dict(item)))
        except Error as problem:
            if on_error == "fail" or problem.code not in row_faults:
                raise error(problem.code, f"row {at}: {problem.message}", problem.hint) from problem
            faults[at] = problem
    answers = _answered(scorer, rows, on_error, **options)
    results = []
    for at, item in enumerate(data):
        fault = faults.get(at)
        if fault is None:
            answer = next(answers)
        else:
            answer = scorer.nothing(fault.code, fault.message)
            item = {**dict.fromkeys(scorer.kept or ()), **item}
        if scorer.version is None:
            answer.pop("model_version", None)
        else:
            answer["model_version"] = scorer.version
        if answer.get("_error", ...) is None:
            del answer["_error"]
        results.append(scorer.beside(item, answer))
    return results


def _answered(scorer: Scorer, rows: list[Row], on_error: str, **options: Any) -> Iterator[dict[str, Any]]:
    if not rows:
        return iter(())
    import pyarrow as pa

    table = pa.Table.from_batches([batch_of(rows, scorer.steps.types, "input").to_arrow()])
    return iter(_answers(scorer, table, on_error, **options).to_pylist())
