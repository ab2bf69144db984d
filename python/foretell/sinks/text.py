"""CSV and JSON Lines files.

Times are ISO 8601 (in UTC with a Z where the type has a zone), bytes base64, decimals text. In JSON
Lines every row has every column: null is null, and so are NaN and the infinities, which JSON lacks. In
CSV an empty field is null, `""` the empty string, and lists, structs and maps are JSON text.
"""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from foretell.sinks.sink import Sink

if TYPE_CHECKING:
    import pyarrow as pa

_CODECS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


class _TextSink(Sink):
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._codec = _CODECS.get(path.suffix)
        super().__init__(path, schema)

    def _open(self, file: IO[bytes]) -> None:
        import pyarrow as pa

        self._out: Any = pa.PythonFile(file, "w")
        if self._codec is not None:
            self._out = pa.CompressedOutputStream(self._out, self._codec)

    def _finish(self) -> None:
        if self._codec is not None:
            self._out.close()


class JsonLinesSink(_TextSink):
    """One object a line."""

    def _write(self, batch: pa.RecordBatch) -> None:
        names = [json.dumps(name, ensure_ascii=False) + ": " for name in batch.schema.names]
        columns = [_texts(column) for column in batch.columns]
        lines = []
        for values in zip(*columns, strict=True):
            lines.append("{" + ", ".join(map(str.__add__, names, values)) + "}\n")
        if not columns:
            lines = ["{}\n"] * batch.num_rows
        self._out.write("".join(lines).encode("utf-8", "surrogatepass"))


class CsvSink(_TextSink):
    """With a header; fields of text are quoted, numbers are not."""

    def _open(self, file: IO[bytes]) -> None:
        import pyarrow as pa
        from pyarrow import csv

        super()._open(file)
        self._flat = pa.schema([(c.name, _csv_type(c.type)) for c in self.schema])
        # Without the caller's file: closing the writer must not close it before it is flushed to disk.
        self._writer = csv.CSVWriter(self._out, self._flat)

    def _write(self, batch: pa.RecordBatch) -> None:
        import pyarrow as pa

        columns = [
            _csv_column(column, wanted.type) for column, wanted in zip(batch.columns, self._flat, strict=True)
        ]
        if len(columns) == 1 and columns[0].type == pa.string():
            # A null alone would be an empty line, and that is not a row.
            columns = [columns[0].fill_null("")]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._flat))


def _csv_type(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    is_ = pa.types
    if is_.is_boolean(kind) or is_.is_integer(kind) or is_.is_float32(kind) or is_.is_float64(kind):
        return kind
    return pa.string()


def _csv_column(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if column.type.equals(wanted):
        return column
    if pa.types.is_dictionary(column.type):
        return _csv_column(column.dictionary_decode(), wanted)
    if pa.types.is_nested(column.type):
        return pa.array([None if text == "null" else text for text in _texts(column)], wanted)
    return pa.array(_plain(column), wanted)


def _texts(column: pa.Array) -> list[str]:
    """Each value as JSON text."""
    import pyarrow as pa

    is_ = pa.types
    kind = column.type
    if is_.is_dictionary(kind):
        return _texts(column.dictionary_decode())
    if is_.is_integer(kind):
        return ["null" if value is None else str(value) for value in column.to_pylist()]
    if is_.is_floating(kind):
        return [_number(value) for value in column.to_pylist()]
    return list(map(_dumps, _plain(column)))


_dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _number(value: float | None) -> str:
    return "null" if value is None or value - value != 0.0 else repr(value)


def _plain(column: Any) -> list[Any]:
    """Values of Python that `json` writes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_ = pa.types
    kind = column.type
    if is_.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if is_.is_floating(kind):
        values = column.to_pylist()
        return [None if value is None or value - value != 0.0 else value for value in values]
    if is_.is_timestamp(kind):
        if kind.tz:
            column = column.cast(pa.timestamp(kind.unit, "UTC"))
        column = pc.replace_substring(column.cast(pa.string()), " ", "T")
    elif is_.is_duration(kind):
        column = column.cast(pa.int64())
    elif is_.is_date(kind) or is_.is_time(kind) or is_.is_decimal(kind):
        column = column.cast(pa.string())
    if _is_bytes(kind):
        return [None if v is None else base64.b64encode(v).decode() for v in column.to_pylist()]
    if is_.is_map(kind):
        keys, items = _plain(column.keys), _plain(column.items)
        return _nested(column, [list(pair) for pair in zip(keys, items, strict=True)])
    if is_.is_fixed_size_list(kind):
        return _plain(column.cast(pa.list_(kind.value_type)))
    if is_.is_list(kind) or is_.is_large_list(kind):
        return _nested(column, _plain(column.values))
    if is_.is_struct(kind):
        names = [field.name for field in kind]
        fields = [_plain(field) for field in column.flatten()]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*fields, strict=True)]
        rows = rows or [{} for _ in range(len(column))]
        return _nulls(column, rows)
    plain: list[Any] = column.to_pylist()
    return plain


def _nested(column: pa.Array, values: list[Any]) -> list[Any]:
    offsets = column.offsets.to_pylist()
    return _nulls(column, [values[a:b] for a, b in pairwise(offsets)])


def _nulls(column: pa.Array, values: list[Any]) -> list[Any]:
    if column.null_count == 0:
        return values
    valid = column.is_valid().to_pylist()
    return [value if ok else None for value, ok in zip(values, valid, strict=True)]


def _is_bytes(kind: pa.DataType) -> bool:
    import pyarrow as pa

    is_ = pa.types
    return bool(
        is_.is_binary(kind)
        or is_.is_large_binary(kind)
        or is_.is_binary_view(kind)
        or is_.is_fixed_size_binary(kind)
    )
