"""Whole columns of whatever a user's code returns, as Arrow arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from foretell.error import error


def library_of(value: Any) -> str:
    """ "pandas", "polars", "numpy", "pyarrow", "scipy" … by the module of the value's class."""
    return type(value).__module__.partition(".")[0]


def length_of(value: Any) -> int:
    """How many rows a column or frame has, whatever it is; FT0303 for what has no length."""
    if isinstance(value, Mapping):
        return length_of(next(iter(value.values()))) if value else 0
    shape = getattr(value, "shape", None)
    if shape is not None and len(shape) > 0:
        return int(shape[0])
    rows = getattr(value, "num_rows", None)
    if rows is not None:
        return int(rows)
    if value is None or isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):
        raise error("FT0303", f"one value per row was expected, but {say(value)} was returned")
    return len(value)


def materialize(value: Any, limit: int) -> Any:
    """The value itself, or a list where it can be walked only once.

    At most ``limit`` + 1 elements are taken: an endless generator is one of the wrong length.
    """
    if hasattr(value, "__len__") or hasattr(value, "shape") or not isinstance(value, Iterable):
        return value
    return list(islice(value, limit + 1))


def say(value: Any) -> str:
    """ "int 3", "str 'long text…'": a value for a message."""
    try:
        text = repr(value)
    except Exception:  # a __repr__ that fails must not hide the error that is being told
        return type(value).__name__
    text = " ".join(text.split())
    return f"{type(value).__name__} {text if len(text) <= 80 else text[:77] + '…'}"


def columns_of(value: Any) -> dict[str, Any] | None:
    """The columns of a frame of any kind, by name; None where the value is no frame."""
    if isinstance(value, Mapping):
        return dict(value.items())
    library, kind = library_of(value), type(value).__name__
    if (library == "pandas" or library == "polars") and hasattr(value, "columns"):
        return {str(name): value[name] for name in value.columns}
    if library == "pyarrow" and kind in ("RecordBatch", "Table"):
        return dict(zip(value.schema.names, value.columns, strict=True))
    if kind == "Rows" and hasattr(value, "to_arrow"):
        return columns_of(value.to_arrow())
    if library != "pyarrow" and hasattr(value, "__arrow_c_stream__") and not hasattr(value, "__array__"):
        import pyarrow as pa

        return columns_of(pa.table(value))
    return None


def to_array(value: Any, kind: Any = None) -> Any:
    """One column as a ``pyarrow.Array``, of type ``kind`` or as inferred; what it was made from is copied.

    FT0303 when a value cannot be held by the type without loss (floats are rounded to ``float``).
    Lists of lists, n × k arrays (NumPy, SciPy sparse) become lists; NaN stays NaN.
    """
    import pyarrow as pa

    try:
        array = _convert(value, kind)
        return array if kind is None or array.type == kind else _cast(array, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as problem:
        if getattr(problem, "code", None) is not None:
            raise
        wanted = "one type" if kind is None else str(kind)
        raise error("FT0303", f"expected {wanted}: {' '.join(str(problem).split())}") from problem


def _convert(value: Any, kind: Any) -> Any:
    import pyarrow as pa

    library = library_of(value)
    if library == "pyarrow":
        return value.combine_chunks() if isinstance(value, pa.ChunkedArray) else value
    if library == "polars":
        return value.to_arrow()
    if library == "pandas":
        return _pandas(value, kind)
    if library == "scipy" and hasattr(value, "toarray"):
        value = value.toarray()
    elif library not in ("numpy", "builtins") and hasattr(value, "__array__"):  # torch, jax, tensorflow
        import numpy as np

        value = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    if hasattr(value, "dtype") and hasattr(value, "ndim"):
        return _numpy(value, kind)
    return _values(list(value), kind)


def _pandas(value: Any, kind: Any) -> Any:
    import pyarrow as pa

    dtype = value.dtype
    if getattr(dtype, "kind", "O") in "biufc" and library_of(dtype) == "numpy":
        return _numpy(value.to_numpy(), kind)  # here NaN is a value: a missing prediction is None
    array = pa.array(value, from_pandas=True) if str(dtype) != "object" else None
    return (
        _values([None if _missing(v) else v for v in value], kind)
        if array is None
        else (array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array)
    )


def _missing(value: Any) -> bool:
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (type(value) is float and value != value)
    )


def _numpy(value: Any, kind: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    value = (
        np.ma.filled(value.astype(object), None)
        if isinstance(value, np.ma.MaskedArray)
        else np.asarray(value)
    )
    if value.ndim == 2 and value.shape[1] == 1 and kind is not None and not _is_list(kind):
        value = value[:, 0]  # n × 1, as many regressors return it
    if value.dtype.kind not in "biufM" or value.ndim not in (1, 2):
        return _values(value.tolist(), kind)
    if value.ndim == 1:
        return pa.array(np.array(value))
    rows, width = value.shape
    flat = pa.array(np.array(value, order="C").reshape(-1))
    if kind is not None and pa.types.is_fixed_size_list(kind):
        if width != kind.list_size:
            raise error("FT0303", f"lists of {width} values were returned, expected {kind}")
        return pa.FixedSizeListArray.from_arrays(_cast(flat, kind.value_type), type=kind)
    if kind is not None and _is_list(kind):
        flat = _cast(flat, kind.value_type)
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32 if rows * width < 2**31 else np.int64) * width)
    maker = pa.ListArray if offsets.type == pa.int32() else pa.LargeListArray
    return maker.from_arrays(offsets, flat)


def _values(values: list[Any], kind: Any) -> Any:
    import pyarrow as pa

    if values and type(values[0]).__module__ == "numpy" and getattr(values[0], "ndim", 0) > 0:
        import numpy as np

        first = values[0]
        if all(type(v) is type(first) and v.shape == first.shape and v.dtype == first.dtype for v in values):
            return _numpy(np.stack(values), kind)
        values = [v.tolist() if hasattr(v, "tolist") else v for v in values]
    if kind is not None and _is_built_by_type(kind):
        return pa.array(values, kind)
    # Inferred, then cast: pa.array(values, int64) would cut 1.5 to 1 silently.
    return pa.array(values)


def _is_built_by_type(kind: Any) -> bool:
    """Types whose values Arrow's inference does not find by itself."""
    import pyarrow.types as is_

    if _is_list(kind):
        return _is_built_by_type(kind.value_type)
    return bool(
        is_.is_struct(kind) or is_.is_map(kind) or is_.is_decimal(kind) or is_.is_fixed_size_binary(kind)
    )


def _is_list(kind: Any) -> bool:
    import pyarrow.types as is_

    return bool(is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind))


def _cast(array: Any, kind: Any) -> Any:
    if array.type == kind:
        return array
    if not _fits(array.type, kind):
        raise error("FT0303", f"{array.type} was returned, expected {kind}")
    return array.cast(kind)


def _fits(found: Any, wanted: Any) -> bool:
    """Whether values of one type are meant as values of another (whether each fits, the cast says)."""
    import pyarrow.types as is_

    if found == wanted or is_.is_null(found):
        return True
    if is_.is_dictionary(found) or is_.is_dictionary(wanted):
        return _fits(
            found.value_type if is_.is_dictionary(found) else found,
            wanted.value_type if is_.is_dictionary(wanted) else wanted,
        )
    if _is_list(found) and _is_list(wanted):
        return _fits(found.value_type, wanted.value_type)
    if is_.is_struct(found) and is_.is_struct(wanted):
        pairs = zip(found, wanted, strict=False)
        return found.num_fields == wanted.num_fields and all(
            a.name == b.name and _fits(a.type, b.type) for a, b in pairs
        )
    if is_.is_integer(found):
        return bool(is_.is_integer(wanted) or is_.is_floating(wanted))
    if is_.is_floating(found):
        return bool(is_.is_floating(wanted))
    for family in (
        _is_text,
        _is_bytes,
        is_.is_timestamp,
        is_.is_duration,
        is_.is_date,
        is_.is_time,
        is_.is_decimal,
    ):
        if family(found):
            return bool(family(wanted))
    return False


def _is_text(kind: Any) -> bool:
    import pyarrow.types as is_

    return bool(is_.is_string(kind) or is_.is_large_string(kind) or is_.is_string_view(kind))


def _is_bytes(kind: Any) -> bool:
    import pyarrow.types as is_

    return bool(is_.is_binary(kind) or is_.is_large_binary(kind) or is_.is_binary_view(kind))
