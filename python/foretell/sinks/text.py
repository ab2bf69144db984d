"""CSV and JSON Lines files.

Times are ISO 8601 (in UTC with a Z where the type has a zone), bytes base64, decimals text. In JSON
Lines every row has every column: null is null, and so are NaN and the infinities, which JSON lacks. In
CSV an empty field is null, `""` the empty string, and lists, structs and maps are JSON text.
"""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from json.encoder import encode_basestring
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.sinks.sink import Output, Sink

if TYPE_CHECKING:
    import pyarrow as pa

_CODECS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


class _TextSink(Sink):
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._codec = _CODECS.get(path.suffix)
        super().__init__(path, schema)

    def _open(self, output: Output) -> None:
        import pyarrow as pa

        self._out: Any = pa.PythonFile(output, "w")
        if self._codec is not None:
            self._out = pa.CompressedOutputStream(self._out, self._codec)

    def _finish(self) -> None:
        if self._codec is not None:
            self._out.close()


class JsonLinesSink(_TextSink):
    """One object a line."""

    def _write(self, batch: pa.RecordBatch) -> None:
        self._out.write("".join(row + "\n" for row in json_objects(batch)).encode("utf-8", "surrogatepass"))


def json_objects(batch: pa.RecordBatch) -> list[str]:
    """Each row as the text of a JSON object, on one line."""
    names = [json.dumps(name, ensure_ascii=False) + ": " for name in batch.schema.names]
    columns = [json_texts(column) for column in batch.columns]
    if not columns:
        return ["{}"] * batch.num_rows
    rows = zip(*columns, strict=True)
    return ["{" + ", ".join(map(str.__add__, names, values)) + "}" for values in rows]


class CsvSink(_TextSink):
    """With a header; fields of text are quoted, numbers are not."""

    def _open(self, output: Output) -> None:
        import pyarrow as pa
        from pyarrow import csv

        super()._open(output)
        # A null alone in its row would be an empty line, and that is not a row: it is written as "".
        self._alone = len(self.schema) == 1
        self._flat = pa.schema(
            [(c.name, pa.string() if self._alone else _csv_type(c.type)) for c in self.schema]
        )
        self._writer = csv.CSVWriter(self._out, self._flat)

    def _finish(self) -> None:
        self._writer.close()
        super()._finish()

    def _write(self, batch: pa.RecordBatch) -> None:
        import pyarrow as pa

        columns = [
            _csv_column(column, wanted.type) for column, wanted in zip(batch.columns, self._flat, strict=True)
        ]
        if self._alone:
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
    if _csv_type(column.type) == column.type:
        return column.cast(wanted)
    if pa.types.is_nested(column.type):
        return pa.array([None if text == "null" else text for text in json_texts(column)], wanted)
    return pa.array(_plain(column), wanted)


def json_texts(column: Any) -> list[str]:
    """Each value as JSON text."""
    import pyarrow as pa

    texts = _number_texts(column)
    if texts is not None:
        found: list[str] = texts.to_pylist()
        return found
    if column.type in (pa.string(), pa.large_string()):
        quote = encode_basestring
        return ["null" if value is None else quote(value) for value in column.to_pylist()]
    return list(map(_dumps, _plain(column)))


_dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _number_texts(column: Any) -> Any:
    """Numbers, booleans, and lists of them, as an array of JSON texts: several times as fast as `json`.

    None for other types. The shortest text that reads back as the same number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    is_ = pa.types
    kind = column.type
    if is_.is_boolean(kind) or is_.is_integer(kind):
        return column.cast(pa.string()).fill_null("null")
    if is_.is_floating(kind):
        if is_.is_float16(kind):
            column = column.cast(pa.float32())
        texts = column.cast(pa.string())
        # Arrow writes 1.0 as "1", which a reader would take for a whole number.
        whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 1e16))
        point = pc.and_not(whole, pc.match_substring(texts, "e"))
        texts = pc.if_else(point, pc.binary_join_element_wise(texts, ".0", ""), texts)
        return pc.if_else(pc.is_finite(column), texts, "null").fill_null("null")
    if is_.is_fixed_size_list(kind):
        return _number_texts(column.cast(pa.list_(kind.value_type)))
    if is_.is_list(kind) or is_.is_large_list(kind):
        offsets, values = _items(column)
        inner = _number_texts(values)
        if inner is None:
            return None
        joined = pc.binary_join(type(column).from_arrays(offsets, inner), ", ")
        texts = pc.binary_join_element_wise("[", joined, "]", "")
        return pc.if_else(column.is_valid(), texts, "null")
    return None


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
    elif _is_bytes(kind):
        return [None if v is None else base64.b64encode(v).decode() for v in column.to_pylist()]
    elif is_.is_fixed_size_list(kind):
        return _plain(column.cast(pa.list_(kind.value_type)))
    elif is_.is_map(kind):
        pairs = pa.StructArray.from_arrays([column.keys, column.items], names=["key", "value"])
        return _nested(column, column.offsets, pairs)
    elif is_.is_list(kind) or is_.is_large_list(kind):
        return _nested(column, *_items(column))
    elif is_.is_struct(kind):
        names = [field.name for field in kind]
        fields = [_plain(field) for field in column.flatten()]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*fields, strict=True)]
        return _nulls(column, rows if fields else [{} for _ in range(len(column))])
    plain: list[Any] = column.to_pylist()
    return plain


def _items(column: Any) -> tuple[Any, Any]:
    """Offsets and items of a list array, without the items outside of a slice."""
    import pyarrow.compute as pc

    if len(column) == 0:
        return column.offsets, column.values.slice(0, 0)
    first, last = column.offsets[0].as_py(), column.offsets[-1].as_py()
    return pc.subtract(column.offsets, column.offsets[0]), column.values.slice(first, last - first)


def _nested(column: Any, offsets: Any, values: Any) -> list[Any]:
    items = _plain(values)
    return _nulls(column, [items[a:b] for a, b in pairwise(offsets.to_pylist())])


def _nulls(column: Any, values: list[Any]) -> list[Any]:
    if column.null_count == 0:
        return values
    valid = column.is_valid().to_pylist()
    return [value if ok else None for value, ok in zip(values, valid, strict=True)]


def _is_bytes(kind: pa.DataType) -> bool:
    import pyarrow as pa

    is_ = pa.types
    tests = (is_.is_binary, is_.is_large_binary, is_.is_binary_view, is_.is_fixed_size_binary)
    return not is_.is_decimal(kind) and any(test(kind) for test in tests)
