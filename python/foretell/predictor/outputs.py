"""Predictions, in any of the forms that users return them, as the Arrow columns of the output.

One output column: n values of any kind, or n × k for lists. Several: dicts, a frame, or a tuple per
item. What can be said of single rows (a value of another type) is said of them alone; what concerns
the call (its length, a missing column) raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretell.error import Error, error
from foretell.predictor.columns import columns_of, length_of, materialize, say, to_array
from foretell.predictor.schema import Schema

PREDICTION = "prediction"
"""The name of a single prediction's column where none is declared."""

Bad = dict[int, tuple[str, str]]
"""Position of a row in the call → (code, message)."""


def to_columns(value: Any, rows: int, schema: Any, method: str) -> tuple[list[str], list[Any], Bad]:
    """Names, arrays of ``rows`` rows, and the rows that hold no valid prediction (null there).

    ``schema``: the declared output as a ``pyarrow.Schema``, or None: inferred. ``method`` is for messages.
    FT0302 (another length), FT0303 (no predictions at all, or a column is missing).
    """
    value = materialize(value, rows)
    if value is None:
        raise error("FT0303", f"{method} returned None, expected {rows} predictions")
    frame = columns_of(value)
    found = length_of(value if frame is None else frame)
    if found != rows:
        more = "" if found < rows else (" or more" if found == rows + 1 and isinstance(value, list) else "")
        raise error("FT0302", f"{method} returned {found}{more} predictions for {rows} rows")
    if schema is None:
        return _inferred(value, frame, rows)
    bad: Bad = {}
    if len(schema) == 1:
        columns = [_single(value, frame, schema.field(0), method)]
    elif frame is not None:
        if frame.keys() != set(schema.names):
            raise _other_columns(frame, schema.names, method)
        columns = [frame[name] for name in schema.names]
    else:
        columns = _spread(value, schema.names, bad, method)
    arrays = []
    for field, column in zip(schema, columns, strict=True):
        if length_of(column) != rows:
            raise error("FT0302", f"{method} returned {length_of(column)} of {field.name!r} for {rows} rows")
        arrays.append(_typed(column, field, bad))
    return schema.names, arrays, bad


def first(value: Any, schema: Schema | None, method: str) -> Any:
    """The one prediction of a bulk call over one row, as an item method would have returned it."""
    if type(value) is list and len(value) == 1:
        return value[0]
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 0) > 0 and len(value) == 1:
        return (value.A if type(value).__name__ == "matrix" else value)[0]  # a matrix's row is 1 × k
    names, arrays, bad = to_columns(value, 1, None if schema is None else schema.to_arrow(), method)
    if bad:
        raise error(*bad[0])
    values = [array[0].as_py() for array in arrays]
    return (
        values[0]
        if names == [PREDICTION] or (schema is not None and len(schema) == 1)
        else dict(zip(names, values, strict=True))
    )


def plain(value: Any, schema: Schema | None) -> Any:
    """A single prediction in Python's own types, as the contract for items takes it.

    NumPy's arrays are lists, its scalars numbers. Where there is one output, a dict of it is its value,
    and so is an array of one value where it is no list (many regressors return n × 1). For several
    outputs, a list is a tuple.
    """
    if value is None or type(value) in _PLAIN:
        return value
    if hasattr(value, "toarray"):  # SciPy: 1 × k
        value = value.toarray()[0]
    if hasattr(value, "detach"):  # torch
        value = value.detach().cpu().numpy()
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        listed = value.tolist()
        if getattr(value, "ndim", 0) == 1 and len(listed) == 1 and _is_single(schema, _LISTS):
            return listed[0]
        value = listed
    elif isinstance(value, Mapping):
        value = {name: plain(one, None) for name, one in value.items()}
        if _is_single(schema, _MAPPINGS) and len(value) == 1:
            return value.get(next(iter(schema or ())), value)
    elif isinstance(value, (list, tuple)) and any(hasattr(one, "dtype") for one in value):
        value = type(value)([plain(one, None) for one in value]) if type(value) in (list, tuple) else value
    return tuple(value) if type(value) is list and schema is not None and len(schema) > 1 else value


_PLAIN = frozenset({str, int, float, bool, bytes})
_LISTS = ("list<", "large_list<", "fixed_size_list<")
_MAPPINGS = ("struct<", "map<")


def _is_single(schema: Schema | None, excepted: tuple[str, ...]) -> bool:
    """Whether there is one declared output, of a type other than these."""
    return schema is not None and len(schema) == 1 and not next(iter(schema.values())).startswith(excepted)


def _holds_mappings(kind: Any) -> bool:
    import pyarrow.types as is_

    return bool(is_.is_struct(kind) or is_.is_map(kind))


def _holds_lists(kind: Any) -> bool:
    import pyarrow.types as is_

    return bool(is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind))


def _single(value: Any, frame: dict[str, Any] | None, field: Any, method: str) -> Any:
    """The column for the only output."""
    if frame is None:
        if isinstance(value, (list, tuple)) and not _holds_mappings(field.type):
            return [v.get(field.name, v) if isinstance(v, Mapping) and len(v) == 1 else v for v in value]
        return value
    if field.name in frame:
        return frame[field.name]
    if isinstance(value, Mapping):
        raise _other_columns(frame, [field.name], method)
    if _holds_lists(field.type):  # a frame of k columns is n × k
        import numpy as np

        return np.column_stack([np.asarray(column) for column in frame.values()])
    if len(frame) != 1:
        raise _other_columns(frame, [field.name], method)
    return next(iter(frame.values()))


def _other_columns(frame: Mapping[str, Any], names: list[str], method: str) -> Exception:
    found, expected = ", ".join(map(repr, frame)), ", ".join(map(repr, names))
    return error("FT0303", f"{method} returned columns {found}, expected {expected}")


def _spread(value: Any, names: list[str], bad: Bad, method: str) -> list[Any]:
    """A column for each of several outputs, out of dicts, tuples, or the columns of an array."""
    if hasattr(value, "toarray"):
        value = value.toarray()
    if getattr(value, "ndim", 1) == 2:
        if value.shape[1] != len(names):
            raise error("FT0303", f"{method} returned {value.shape[1]} values a row, expected {len(names)}")
        return [value[:, i] for i in range(len(names))]
    columns: list[list[Any]] = [[] for _ in names]
    for position, item in enumerate(value.tolist() if hasattr(value, "tolist") else value):
        if isinstance(item, Mapping) and item.keys() == set(names):
            values = [item[name] for name in names]
        elif (
            not isinstance(item, (str, bytes, Mapping))
            and hasattr(item, "__len__")
            and len(item) == len(names)
        ):
            values = list(item)
        else:
            if item is not None:
                expected = ", ".join(map(repr, names))
                bad[position] = ("FT0303", f"{method} returned {say(item)}, expected {expected}")
            values = [None] * len(names)
        for column, one in zip(columns, values, strict=True):
            column.append(one)
    return columns


def _typed(column: Any, field: Any, bad: Bad) -> Any:
    """The column in its declared type; rows whose value does not fit it are ``bad``, unless all are."""
    try:
        return to_array(column, field.type)
    except Error as problem:
        if problem.code != "FT0303":
            raise
        import pyarrow as pa

        values = list(column) if isinstance(column, (list, tuple)) else _listed(column)
        pieces = []
        found = 0
        for position, one in enumerate(values):
            try:
                pieces.append(to_array([one], field.type))
                found += one is not None
            except Error:
                bad.setdefault(position, ("FT0303", f"{field.name!r} is {say(one)}, expected {field.type}"))
                pieces.append(pa.nulls(1, field.type))
        if not found:
            raise error("FT0303", next(iter(bad.values()))[1] if bad else problem.message) from problem
        return pa.concat_arrays(pieces)


def _listed(column: Any) -> list[Any]:
    for name in ("to_pylist", "tolist", "to_list"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column.toarray().tolist()) if hasattr(column, "toarray") else list(column)


def _inferred(value: Any, frame: dict[str, Any] | None, rows: int) -> tuple[list[str], list[Any], Bad]:
    if frame is None and isinstance(value, (list, tuple)) and any(isinstance(v, Mapping) for v in value):
        names = list(dict.fromkeys(name for v in value if isinstance(v, Mapping) for name in v))
        frame = {name: [v.get(name) if isinstance(v, Mapping) else None for v in value] for name in names}
    if frame is None:
        frame = {PREDICTION: value}
    arrays = []
    for name, column in frame.items():
        try:
            arrays.append(to_array(column))
        except Error as problem:
            raise error(
                problem.code,
                f"the predictions for {name!r} are not of one type: {problem.message}",
                f'declare them on the class: output = ft.schema({name}="…")',
            ) from problem
    return list(frame), arrays, {}
