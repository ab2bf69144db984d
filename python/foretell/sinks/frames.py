"""An Arrow table back into the kind of object that the rows came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foretell.error import error, missing_extra

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def kind_of(data: Any) -> str:
    """Which kind of `from_table` is the same as ``data``; "table" where there is none."""
    module, name = type(data).__module__.split(".")[0], type(data).__name__
    if module == "pandas":
        return "pandas" if name == "DataFrame" else "pandas series"
    if module == "polars":
        return {"Series": "polars series", "LazyFrame": "polars lazy"}.get(name, "polars")
    if module == "pyarrow":
        return {
            "RecordBatch": "batch",
            "RecordBatchReader": "reader",
            "ChunkedArray": "chunked",
        }.get(name, "array" if name.endswith("Array") else "table")
    if isinstance(data, Mapping):
        return "dict"
    return "dicts" if isinstance(data, (list, tuple)) else "table"


def from_table(table: pa.Table, kind: str, index: Any = None) -> Any:
    """A table as ``kind``.

    "pandas" (with ``index`` when it has one entry a row), "polars", "polars lazy", "table", "batch" (one
    record batch), "reader", "dicts", "dict" (of one row). Of one column: "pandas series", "polars
    series", "chunked", "array". Timestamps stay aware, strings are pandas' own string type, and whole
    numbers stay whole in pandas: a column of integers or booleans with nulls gets a nullable type.
    FT0101 for another kind; FT0107 when its package is not installed.
    """
    if kind in ("pandas series", "polars series", "chunked", "array") and table.num_columns != 1:
        kind = {"pandas series": "pandas", "polars series": "polars"}.get(kind, "table")
    if kind == "pandas":
        return _to_pandas(table, index)
    if kind == "pandas series":
        return _to_pandas(table, index).iloc[:, 0]
    if kind.startswith("polars"):
        return _to_polars(table, kind)
    if kind == "table":
        return table
    if kind == "batch":
        return _one_batch(table)
    if kind == "reader":
        return table.to_reader()
    if kind == "chunked":
        return table.column(0)
    if kind == "array":
        return table.column(0).combine_chunks()
    if kind == "dicts":
        return table.to_pylist()
    if kind == "dict" and table.num_rows == 1:
        return table.to_pylist()[0]
    raise error("FT0101", f'{table.num_rows} rows cannot be given back as "{kind}"')


def _to_pandas(table: pa.Table, index: Any) -> pd.DataFrame:
    try:
        import pandas as pd
    except ImportError:
        raise missing_extra("pandas", "pandas") from None
    import pyarrow as pa

    nullable: dict[pa.DataType, Any] = {pa.bool_(): pd.BooleanDtype()}
    for bits in (8, 16, 32, 64):
        nullable[getattr(pa, f"int{bits}")()] = getattr(pd, f"Int{bits}Dtype")()
        nullable[getattr(pa, f"uint{bits}")()] = getattr(pd, f"UInt{bits}Dtype")()
    frame: pd.DataFrame = table.to_pandas()
    for column, values in zip(table.column_names, table.columns, strict=True):
        if values.null_count and values.type in nullable:
            frame[column] = values.to_pandas(types_mapper=nullable.get)
    if index is not None and len(index) == len(frame):
        frame.index = index
    return frame


def _to_polars(table: pa.Table, kind: str) -> Any:
    try:
        import polars
    except ImportError:
        raise missing_extra("polars", "polars") from None
    frame = polars.from_arrow(table)
    if kind == "polars series":
        return frame.to_series(0)
    return frame.lazy() if kind == "polars lazy" else frame


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    import pyarrow as pa

    batches = table.combine_chunks().to_batches()
    if len(batches) == 1:
        return batches[0]
    if not batches:
        return pa.RecordBatch.from_arrays([pa.array([], c.type) for c in table.schema], schema=table.schema)
    raise error("FT0101", f"{table.num_rows} rows do not fit into one record batch", "predict on a table")
