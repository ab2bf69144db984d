"""What a predictor's methods are given: a row, or a batch of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from foretell.error import error


class Row(dict[str, Any]):
    """One row: a dict with attribute access, ``row["title"]`` and ``row.title``.

    Null is None; timestamps are aware UTC datetimes. A row is the method's own: changing it changes
    nothing else. A column named like a method of dict ("items", "keys") is read as ``row["items"]``.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(_no_column(self, name), name=name, obj=self) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(_no_column(self, name)) from None

    def __missing__(self, name: str) -> NoReturn:
        raise KeyError(_no_column(self, name))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *map(str, self)]

    def copy(self) -> Row:
        return Row(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Row, (dict(self),))


def _no_column(row: Any, name: Any) -> str:
    return f"the row has no column {name!r}; its columns are {', '.join(map(repr, row)) or 'none'}"


class Skip(Exception):
    """The answer of a step that leaves a row out; returned or raised. Made by ``ft.skip``."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = str(reason)


def skip(reason: str = "") -> Skip:
    """Leaves a row out, and counts it: ``return ft.skip("no title")`` (or ``raise`` it).

    In ``prepare`` and every other item method; ``prepare_bulk`` returns a column ``_skip`` with the
    reasons (null: the row stays), or a list of rows in which some are ``ft.skip(…)``.
    """
    return Skip(reason)


class Rows:
    """A batch of rows, Arrow-backed and never changed: what a bulk method is given.

    ``rows["title"]`` and ``rows.title`` are Arrow arrays, ``rows.to_pandas()`` is a frame (its own
    copy), ``rows.to_arrow()`` the record batch; iterating gives a ``Row`` each; ``rows[3]`` is one.
    """

    __slots__ = ("_batch",)

    def __init__(self, batch: Any) -> None:
        """``batch``: anything with ``__arrow_c_array__`` of struct type, such as a pyarrow RecordBatch."""
        import pyarrow as pa

        object.__setattr__(
            self, "_batch", batch if isinstance(batch, pa.RecordBatch) else pa.record_batch(batch)
        )

    @property
    def columns(self) -> list[str]:
        """The column names, in order."""
        return list(self._batch.schema.names)

    def to_arrow(self) -> Any:
        """A ``pyarrow.RecordBatch``; shares the buffers."""
        return self._batch

    def to_pandas(self) -> Any:
        """A pandas frame of one's own, timestamps in UTC."""
        columns = [in_utc(column) for column in self._batch.columns]
        return type(self._batch).from_arrays(columns, names=self._batch.schema.names).to_pandas()

    def to_pylist(self) -> list[Row]:
        """All rows as ``Row``."""
        names = self._batch.schema.names
        if not names:
            return [Row() for _ in range(self._batch.num_rows)]
        columns = [in_utc(column).to_pylist() for column in self._batch.columns]
        return [Row(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        capsules: tuple[Any, Any] = self._batch.__arrow_c_array__(requested_schema)
        return capsules

    def __arrow_c_schema__(self) -> Any:
        return self._batch.schema.__arrow_c_schema__()

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.to_pylist())

    def __contains__(self, value: object) -> bool:
        return value in self._batch.schema.names if isinstance(value, str) else value in self.to_pylist()

    def __getitem__(self, key: Any) -> Any:
        """A column by name (an Arrow array), a row by number, or fewer rows by a slice."""
        if isinstance(key, str):
            if self._batch.schema.get_field_index(key) < 0:
                raise KeyError(_no_column(self.columns, key).replace("the row has", "the rows have", 1))
            return self._batch.column(key)
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1:
                return Rows(self._batch.slice(start, max(0, stop - start)))
            return self.take(range(start, stop, step))
        number = key.__index__()
        if not -len(self) <= number < len(self):
            raise IndexError(f"row {number} of {len(self)} rows")
        return Rows(self._batch.slice(number % len(self), 1)).to_pylist()[0]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_batch":
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as missing:
            raise AttributeError(missing.args[0]) from None

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise error(
            "FT0311", f"rows are shared and not changed, but column {name!r} was set", "return new columns"
        )

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.columns]

    def __reduce__(self) -> tuple[Any, ...]:
        return (Rows, (self._batch,))

    def take(self, positions: Any) -> Rows:
        """The rows at these positions, in this order."""
        import pyarrow as pa

        return Rows(self._batch.take(pa.array(list(positions), pa.int64())))

    def __repr__(self) -> str:
        fields = ", ".join(f"{field.name}: {field.type}" for field in self._batch.schema)
        return f"<{len(self)} rows: {fields}>"


def in_utc(column: Any) -> Any:
    """The Arrow array with every time in it in microseconds, timestamps in UTC (a naive one is read as UTC).

    So a value reaches Python as datetime's own class, aware, whatever unit and zone it had; nanoseconds
    are cut.
    """
    target = _utc_type(column.type)
    return column if target is None else column.cast(target, safe=False)


def _utc_type(kind: Any) -> Any:
    """The type to cast to; None where nothing changes."""
    import pyarrow as pa
    import pyarrow.types as is_

    if is_.is_primitive(kind):
        if is_.is_timestamp(kind):
            return None if kind.unit == "us" and kind.tz == "UTC" else pa.timestamp("us", "UTC")
        if is_.is_duration(kind):
            return pa.duration("us") if kind.unit == "ns" else None
        return pa.time64("us") if is_.is_time64(kind) and kind.unit == "ns" else None
    if is_.is_dictionary(kind):
        return _utc_type(kind.value_type)
    if is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
        inner = _utc_type(kind.value_type)
        if inner is None:
            return None
        if is_.is_fixed_size_list(kind):
            return pa.list_(inner, kind.list_size)
        return pa.large_list(inner) if is_.is_large_list(kind) else pa.list_(inner)
    if is_.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        inners = [_utc_type(field.type) for field in fields]
        if all(inner is None for inner in inners):
            return None
        return pa.struct([f if t is None else f.with_type(t) for f, t in zip(fields, inners, strict=True)])
    return None
