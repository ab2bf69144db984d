"""Which rows of a query a round takes: those beyond the cursor's last value, and at it those not taken yet.

A round's range is (since, until]: ``until`` is the largest value that was there when the query ran, and the
next round's ``since``. A row may still arrive with that very value, so the next round looks at [since, …
again, and leaves out the keys that it has seen there. Those alone are kept, in the pin.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sources.types import type_text

if TYPE_CHECKING:
    import pyarrow as pa

MOST_SEEN_TEXT = 64 << 20  # a pin may have 256 MiB
_CAST = "cast it in the query: cast({0} as …) as {0}"


class Cursor:
    """One round's range, and what it found. ``before`` is what `to_json` gave in the round before, if any."""

    def __init__(
        self, column: str, key: Sequence[str], schema: pa.Schema, before: Mapping[str, Any] | None
    ) -> None:
        """FT0710, FT0711 when a column is not there or not of a type that serves; or not what it was before."""
        self.column = column
        self.key = list(key)
        self._type = _cursor_type(column, schema)
        self._key_schema = _key_schema(key, schema)
        self._before = before
        self.since = None
        self.until: Any = None
        self._at_until: list[pa.Table] = []
        if before is not None:
            self._check_before(before)
            self.since = _from_text(before["until"], self._type)

    def seen(self) -> pa.Table | None:
        """The keys that earlier rounds took at ``since``; None in the first round."""
        import pyarrow as pa

        if self._before is None:
            return None
        return pa.ipc.open_stream(base64.b64decode(self._before["seen"])).read_all()

    @property
    def since_text(self) -> str:
        return "" if self._before is None else str(self._before["until"])

    def take(self, batch: pa.RecordBatch) -> None:
        """Looks at the next rows of the round. FT0710, FT0711 for one whose cursor or key cannot serve."""
        import pyarrow as pa
        import pyarrow.compute as pc

        cursor = batch.column(self.column)
        self._check_values(cursor)
        keys = batch.select(self.key)
        for name, column in zip(self.key, keys.columns, strict=True):
            if column.null_count:
                raise error(
                    "FT0711",
                    f'the key "{name}" is null in {column.null_count:,} rows of the query, or more',
                    f"leave them out: where {name} is not null",
                )
        largest = pc.max(cursor)
        # By Arrow: Python's own values are coarser than nanoseconds, and end at the year 9999.
        if self.until is None or pc.greater(largest, self.until).as_py():
            self.until, self._at_until = largest, []
        self._at_until.append(pa.Table.from_batches([keys]).filter(pc.equal(cursor, self.until)))

    def _check_values(self, cursor: pa.Array) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if cursor.null_count:
            raise error(
                "FT0710",
                f'the cursor "{self.column}" is null in {cursor.null_count:,} rows of the query, or more',
                f"leave them out: where {self.column} is not null",
            )
        if pa.types.is_floating(cursor.type):
            fine = pc.all(pc.is_finite(cursor)).as_py()
        elif pa.types.is_timestamp(cursor.type) or pa.types.is_date(cursor.type):
            width = pa.int32() if pa.types.is_date32(cursor.type) else pa.int64()
            end = (1 << (31 if width == pa.int32() else 63)) - 1
            ends = pc.min_max(cursor.view(width)).as_py()
            fine = ends["max"] < end and ends["min"] > -end
        else:
            return
        if not fine:
            raise error(
                "FT0710",
                f'the cursor "{self.column}" is infinite or not a number in some rows of the query',
                f"leave them out: where isfinite({self.column})",
            )

    def _check_before(self, before: Mapping[str, Any]) -> None:
        if before["column"] != self.column:
            raise error(
                "FT0710",
                f'the cursor was "{before["column"]}" in the rounds before, and is "{self.column}" now',
                "an output keeps its cursor; run into a new output",
            )
        if before["type"] != type_text(self._type):
            raise error(
                "FT0710",
                f'the cursor "{self.column}" was {before["type"]} in the rounds before, and is {self._type} now',
                _CAST.format(self.column),
            )
        if before["key"] != _pairs(self._key_schema):
            was, now = (
                ", ".join(f"{n} {t}" for n, t in one) for one in (before["key"], _pairs(self._key_schema))
            )
            raise error(
                "FT0711",
                f"the key was {was} in the rounds before, and is {now} now",
                "an output keeps its key; cast it in the query, or run into a new output",
            )

    def to_json(self) -> dict[str, Any]:
        """What the pin keeps: the range, and the keys that were seen at its end. FT0710 when those are too many."""
        import pyarrow as pa

        keys = [table.cast(self._key_schema) for table in self._at_until]
        before = self.seen()
        if before is not None and self.until.equals(self.since):
            keys.append(before)  # still at the same value
        seen = pa.concat_tables(keys)
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="zstd" if pa.Codec.is_available("zstd") else None)
        with pa.ipc.new_stream(sink, self._key_schema, options=options) as writer:
            writer.write_table(seen.combine_chunks(), max_chunksize=1 << 20)
        text = base64.b64encode(sink.getvalue()).decode()
        if len(text) > MOST_SEEN_TEXT:
            raise error(
                "FT0710",
                f'{seen.num_rows:,} rows have the largest value of the cursor "{self.column}", '
                f"{self.until}, and their keys are too many to be kept",
                "use a cursor that tells rows apart better, such as a number that grows with each row",
            )
        return {
            "column": self.column,
            "type": type_text(self._type),
            "since": None if self._before is None else self._before["until"],
            "until": _text(self.until),
            "key": _pairs(self._key_schema),
            "seen": text,
            "seen_rows": seen.num_rows,
        }


def _pairs(schema: pa.Schema) -> list[list[str]]:
    return [[column.name, type_text(column.type)] for column in schema]


def _cursor_type(name: str, schema: pa.Schema) -> pa.DataType:
    import pyarrow as pa

    from foretell.sources.sql import missing_column

    if name not in schema.names:
        raise error("FT0710", f'the query has no column "{name}", its cursor', missing_column(name, schema))
    kind = schema.field(name).type
    is_ = pa.types
    serves = (is_.is_integer, is_.is_floating, is_.is_decimal, is_.is_date, is_.is_timestamp, is_.is_string)
    if not any(one(kind) for one in serves) or is_.is_float16(kind):
        raise error(
            "FT0710",
            f'the cursor "{name}" is {kind}, and has to be a number, a date, a timestamp or text',
            _CAST.format(name),
        )
    return kind


def _key_schema(key: Sequence[str], schema: pa.Schema) -> pa.Schema:
    import pyarrow as pa

    from foretell.sources.sql import missing_column

    columns = []
    is_ = pa.types
    serves = (is_.is_integer, is_.is_decimal, is_.is_date, is_.is_timestamp, is_.is_string, is_.is_binary)
    for name in key:
        if name not in schema.names:
            raise error("FT0711", f'the query has no column "{name}", its key', missing_column(name, schema))
        kind = schema.field(name).type
        kind = kind.value_type if is_.is_dictionary(kind) else kind
        if not any(one(kind) for one in (*serves, is_.is_boolean)):
            raise error(
                "FT0711",
                f'the key "{name}" is {kind}, and has to be a whole number, text, bytes, a date or a timestamp',
                _CAST.format(name),
            )
        columns.append(pa.field(name, kind))
    return pa.schema(columns)


def _text(value: Any) -> str:
    """A cursor value as text. FT0710 when the text would not give the same value back."""
    import pyarrow as pa

    text = str(value.cast(pa.string()).as_py())
    if not _from_text(text, value.type).equals(value):
        raise error(
            "FT0710", f"the cursor value {text} cannot be kept exactly", "cast the cursor in the query"
        )
    return text


def _from_text(text: str, kind: pa.DataType) -> Any:
    import pyarrow as pa

    return pa.scalar(text).cast(kind)
