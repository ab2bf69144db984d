"""JSON Lines: one object a line. Lines of white space are not rows; a byte order mark is passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from foretell.sources.format import Reading
from foretell.sources.source import InputFile
from foretell.sources.text_format import Start, TextFormat
from foretell.sources.text_types import convert, json_type, normal_type, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.sources.text import Find, Records


_NULL = re.compile(rb"(\xef\xbb\xbf|\s)*null")


class JsonLines(TextFormat):
    name = "jsonl"
    suffixes = (".jsonl", ".ndjson", ".json")
    malformed_hint = "a JSON Lines file holds one object on each line"

    def schema(self, files: Sequence[InputFile], reading: Reading, declared: pa.Schema | None) -> pa.Schema:
        """Inferred from the first block that has rows; columns that come later are left out.

        A column of ``types`` is there even when the block lacks it.
        """
        import pyarrow as pa

        types = reading.declared(declared)
        for file in files:
            block = self.first_block(file, Start(), reading)
            if block is None:
                continue
            found = self.inferred(file, block, Start(), reading)
            columns = [pa.field(c.name, types.get(c.name) or normal_type(c.type)) for c in found]
            break
        else:
            columns = [] if declared is None else [pa.field(c.name, types[c.name]) for c in declared]
        seen = {column.name for column in columns}
        columns += [pa.field(name, types[name]) for name in reading.types if name not in seen]
        for column in columns:
            json_type(column.type, column.name)
        return pa.schema(columns)

    def find(self, reading: Reading) -> Find:
        return find_lines

    def start(self, file: InputFile, reading: Reading) -> Start | None:
        return Start()

    def infer(self, data: bytes, start: Start, reading: Reading) -> pa.Schema:
        return _read(data, None).schema

    def parse(self, data: bytes, start: Start, schema: pa.Schema, reading: Reading) -> pa.Table:
        import pyarrow as pa

        wanted = pa.schema([(column.name, json_type(column.type, column.name)) for column in schema])
        table = _read(data, wanted)
        _check_lines(data)
        columns = [convert(table.column(column.name), column.type) for column in schema]
        return pa.table(columns, schema=schema)

    def value(self, record: bytes, column: str, start: Start, reading: Reading) -> str:
        return shown(json.loads(record)[column])


def _read(data: bytes, schema: pa.Schema | None) -> pa.Table:
    import pyarrow as pa
    from pyarrow import json as pyarrow_json

    data.decode()  # pyarrow passes most invalid UTF-8 on.
    if _NULL.match(data):  # which crashes pyarrow where it is the first row
        raise ValueError("the line is null, and no object")
    how = {"explicit_schema": schema, "unexpected_field_behavior": "ignore"} if schema is not None else {}
    return pyarrow_json.read_json(
        pa.BufferReader(data),
        read_options=pyarrow_json.ReadOptions(use_threads=False, block_size=len(data) + 1),
        parse_options=pyarrow_json.ParseOptions(newlines_in_values=False, **how),
    )


def find_lines(data: bytes, final: bool) -> Records:
    import numpy as np

    array = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(array == 10) + 1
    if final and len(data) and data[-1] != 10:
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1])) if len(ends) else ends
    is_row = np.ones(len(ends), np.bool_)
    for i in np.flatnonzero(array[starts] <= 32):
        is_row[i] = not data[starts[i] : ends[i]].isspace()
    return ends.astype(np.int64), is_row


def _check_lines(data: bytes) -> None:
    """Each line must be an object by itself: pyarrow also takes two on a line, or one over two lines."""
    import numpy as np

    array = np.frombuffer(data, np.uint8)
    ends, is_row = find_lines(data, True)
    starts = np.concatenate(([0], ends[:-1]))[is_row]
    ends = ends[is_row]
    last = ends - 1 - (array[ends - 1] == 10)
    whole = (array[starts] == ord("{")) & (array[last] == ord("}"))
    for i in np.flatnonzero(~whole):
        line = data[starts[i] : ends[i]].strip()
        if not (line.startswith(b"{") and line.endswith(b"}")):
            raise ValueError("the line is not one whole JSON object")
