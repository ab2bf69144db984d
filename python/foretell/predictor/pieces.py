"""Between item and bulk: the rows of a batch one by one, and one by one made a batch again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from foretell.error import Error, error
from foretell.predictor.columns import columns_of, length_of, library_of, say, to_array
from foretell.predictor.rows import Row, Rows, Skip

SKIP_COLUMN = "_skip"
"""A column that ``prepare_bulk`` may return: reasons for leaving rows out, null where one stays."""


def items_of(features: Any) -> Iterable[Any]:
    """What an item form is given of features that were made in bulk, row by row."""
    if isinstance(features, (list, tuple, Rows)):
        return features
    if hasattr(features, "tocsr"):  # SciPy's sparse formats: a row is 1 × k
        by_row = features.tocsr()
        return (by_row[i] for i in range(by_row.shape[0]))
    frame = columns_of(features)
    if frame is not None:
        columns = map(_listed, frame.values())
        return [Row(zip(frame, values, strict=True)) for values in zip(*columns, strict=True)]
    return _listed(features) if library_of(features) in ("pyarrow", "pandas", "polars") else features


def _listed(column: Any) -> list[Any]:
    for name in ("to_pylist", "to_list"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column)


def batch_of(items: Iterable[Row], types: Mapping[str, Any], what: str = "prepared") -> Rows:
    """A batch of rows; columns in the Arrow ``types`` that they had, where their values still fit."""
    import pyarrow as pa

    items = list(items)
    names = list(dict.fromkeys(name for item in items for name in item))
    arrays = [_array([item.get(name) for item in items], types.get(name), name, what) for name in names]
    if not arrays:  # rows without columns are rows all the same
        return Rows(pa.RecordBatch.from_struct_array(pa.array([{}] * len(items), pa.struct([]))))
    return Rows(pa.RecordBatch.from_arrays(arrays, names=names))


def as_batch(current: Any, origin: Rows) -> Rows:
    """Prepared rows as a batch, in the types that the columns had in ``origin`` where they still fit."""
    return current if isinstance(current, Rows) else batch_of(current, types_of(origin.to_arrow().schema))


def types_of(schema: Any) -> dict[str, Any]:
    """Arrow types by column name."""
    return {field.name: field.type for field in schema}


def _array(column: Any, kind: Any, name: str, what: str = "prepared") -> Any:
    if library_of(column) == "pandas":  # its NaN stands for null, as in the column that was given out
        import pyarrow as pa

        column = pa.array(column, from_pandas=True)
    if kind is not None:
        try:
            return to_array(column, kind)
        except Error:
            pass  # prepared into another type
    try:
        return to_array(column)
    except Error as problem:
        raise error(
            problem.code, f"the {what} column {name!r} is not of one type: {problem.message}"
        ) from problem


def merged(rows: Rows, result: Any) -> tuple[Any, dict[int, str]]:
    """The rows with the columns that ``prepare_bulk`` returned for them, and the reasons of skipped ones.

    ``result``: a frame of any kind or a mapping of the new columns, or a list of dicts and ``ft.skip(…)``.
    The rows come back whole, skipped ones included. FT0302, FT0303.
    """
    if result is rows:
        return rows, {}
    if isinstance(result, (list, tuple)):
        return _merged_items(rows, result)
    frame = columns_of(result)
    if frame is None:
        hint = "; end it with `return rows`" if result is None else ""
        raise error("FT0303", f"prepare_bulk returned {say(result)}, expected rows or new columns{hint}")
    import pyarrow as pa

    batch = rows.to_arrow()
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    for name, column in frame.items():
        if length_of(column) != len(rows):
            raise error(
                "FT0302", f"prepare_bulk returned {length_of(column)} of {name!r} for {len(rows)} rows"
            )
        kind = batch.schema.field(name).type if name in columns else None
        columns[str(name)] = _array(column, kind, str(name))
    skipped = columns.pop(SKIP_COLUMN).to_pylist() if SKIP_COLUMN in frame else []
    made = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    return Rows(made), {at: str(reason) for at, reason in enumerate(skipped) if reason is not None}


def _merged_items(rows: Rows, result: Any) -> tuple[Any, dict[int, str]]:
    if len(result) != len(rows):
        raise error("FT0302", f"prepare_bulk returned {len(result)} rows for {len(rows)} rows")
    items, reasons = [], {}
    for at, (row, new) in enumerate(zip(rows, result, strict=True)):
        if isinstance(new, Skip):
            reasons[at] = new.reason
        elif isinstance(new, Mapping):
            row.update(new)
        else:
            raise error(
                "FT0303", f"prepare_bulk returned {say(new)} for a row, expected a dict of its new columns"
            )
        items.append(row)
    return items, reasons
