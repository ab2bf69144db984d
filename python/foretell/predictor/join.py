"""One text from several, where null is nothing."""

from __future__ import annotations

from itertools import repeat
from typing import Any

from foretell.error import error
from foretell.predictor.rows import in_utc


def join_text(*parts: Any, sep: str = " ") -> Any:
    """The parts' texts joined by ``sep``; null, NaN and the empty text are nothing.

        ft.join_text(row.title, row.description)      # one row: a str
        ft.join_text(rows.title, rows.description)    # whole columns: a column of the same kind

    A part is a scalar (numbers are written as ``str`` does) or a whole column: an Arrow array (chunked,
    too), a pandas or polars series, a NumPy array, a list or a tuple. Columns must be equally long
    (FT0302), and scalars repeat beside them. What comes back is as the first column: Arrow strings for
    Arrow, a series (pandas: of its index) for a series, else a list. Each element equals what the scalars
    give; never null.
    """
    if all(type(part) is str and part for part in parts):  # the common row
        return sep.join(parts)
    column = next((part for part in parts if _is_column(part)), None)
    if column is None:
        return sep.join([text for text in map(_text, parts) if text])
    length = len(column)
    values: list[Any] = []
    for part in parts:
        if not _is_column(part):
            values.append(repeat(part, length))
        elif len(part) == length:
            values.append(_values(part))
        else:
            raise error("FT0302", f"columns of {length} and of {len(part)} rows were to be joined")
    joined = [sep.join([text for text in map(_text, row) if text]) for row in zip(*values, strict=True)]
    return _like(column, joined)


def _is_column(part: Any) -> bool:
    if part is None or isinstance(part, (str, bytes, int, float)):
        return False
    return isinstance(part, (list, tuple)) or _kind(part) is not None


def _kind(part: Any) -> str | None:
    """The library that a column is of, by its class's name (nothing is imported to look)."""
    name = f"{type(part).__module__.split('.')[0]}.{type(part).__name__}"
    if name == "pandas.Series" or name == "polars.Series" or name == "numpy.ndarray":
        return name.split(".")[0]
    if name.startswith("pyarrow.") and name.endswith("Array"):
        return "pyarrow"
    return None


def _values(part: Any) -> list[Any]:
    kind = _kind(part)
    if kind is None:
        return list(part)
    if kind == "pyarrow":
        return [v for chunk in getattr(part, "chunks", [part]) for v in in_utc(chunk).to_pylist()]
    if kind == "polars":
        return list(part.to_list())
    return list(part.tolist())


def _like(column: Any, texts: list[str]) -> Any:
    kind = _kind(column)
    if kind == "pyarrow":
        import pyarrow as pa

        array = pa.array(texts, pa.string())
        return pa.chunked_array([array]) if type(column).__name__ == "ChunkedArray" else array
    if kind == "pandas":
        return type(column)(texts, index=column.index, dtype=str)
    if kind == "polars":
        import polars as pl

        return pl.Series(column.name, texts, dtype=pl.String)
    return texts


def _text(part: Any) -> str:
    if type(part) is str:
        return part
    if part is None or type(part).__name__ == "NAType":  # pandas.NA, which refuses to be compared
        return ""
    if isinstance(part, bytes):
        return part.decode("utf-8", "replace")
    return "" if part != part else str(part)  # NaN and NaT are not equal to themselves
