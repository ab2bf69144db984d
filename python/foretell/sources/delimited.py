"""CSV and TSV, RFC 4180: quoted fields may hold delimiters, quotes (doubled) and line ends.

An empty field is null, `""` is the empty string; nothing else is null ("NA" is text) unless
``null_values`` says so. Numbers with a leading zero ("007") make a column of strings. Lines without
any byte are not rows.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sources.format import Reading, check_names
from foretell.sources.source import InputFile
from foretell.sources.text import RecordReader, Span, UnclosedQuote
from foretell.sources.text_format import BOM, Start, TextFormat
from foretell.sources.text_types import convert, csv_type, is_text, normal_type, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.sources.text import Find, Records


class Delimited(TextFormat):
    malformed_hint = "each row needs as many fields as the header"

    def __init__(self, name: str, suffixes: tuple[str, ...], delimiter: str) -> None:
        self.name = name
        self.suffixes = suffixes
        self._delimiter = delimiter

    def delimiter(self, reading: Reading) -> str:
        return reading.delimiter or self._delimiter

    def schema(self, files: Sequence[InputFile], reading: Reading, declared: pa.Schema | None) -> pa.Schema:
        """Names from the first header, types from the first block that has rows, unless declared.

        Later files may order their columns otherwise, and have more; these are left out.
        """
        import pyarrow as pa

        types = reading.declared(declared)
        first: InputFile | None = None
        names: list[str] = []
        inferred: pa.Schema | None = None
        for file in files:
            start = self.start(file, reading)
            if start is None or start.names is None:
                continue
            if first is None:
                first, names = file, start.names
            for name in names:
                if name not in start.names:
                    raise error(
                        "FT0705",
                        f'{file.path} has no column "{name}", but {first.path} has',
                        "read files of one kind at a time, or add the column",
                    )
            if inferred is None:
                block = self.first_block(file, start, reading)
                inferred = None if block is None else self.inferred(file, block, start, reading)
        if first is None:
            return pa.schema([] if declared is None else [pa.field(c.name, types[c.name]) for c in declared])
        for name in reading.types:
            if name not in names:
                raise error(
                    "FT0203",
                    f'{first.path} has no column "{name}", which types= names',
                    "its columns are " + ", ".join(names),
                )
        columns = []
        for name in names:
            kind = types.get(name)
            if kind is None:
                kind = pa.string() if inferred is None else normal_type(inferred.field(name).type)
            csv_type(kind, name)
            columns.append(pa.field(name, kind))
        return pa.schema(columns)

    def find(self, reading: Reading) -> Find:
        return _finder(self.delimiter(reading), reading.quote)

    def start(self, file: InputFile, reading: Reading) -> Start | None:
        if reading.column_names is not None:
            return Start(0, 1, reading.column_names)
        with Span(file) as span:
            reader = RecordReader(file, span, self.find(reading))
            block = reader.take(1, 1 << 62)
        if block is None or block.rows == 0:
            return None
        from pyarrow import csv

        data = block.data.removeprefix(BOM)
        try:
            table = csv.read_csv(
                _ended(data),
                read_options=csv.ReadOptions(autogenerate_column_names=True, use_threads=False),
                parse_options=self._parse_options(reading),
                convert_options=csv.ConvertOptions(default_column_type="string"),
            )
            names = [column[0].as_py() for column in table.columns]
        except (ValueError, IndexError) as raised:
            raise error("FT0704", f"{file.path}: its header cannot be read: {raised}", "") from raised
        check_names(names, file)
        return Start(block.length, 1 + data.count(b"\n"), names)

    def infer(self, data: bytes, start: Start, reading: Reading) -> pa.Schema:
        import pyarrow as pa
        import pyarrow.compute as pc

        data.decode()
        table = self._read(data, start, reading, quoted_null=True)
        columns = []
        numbers = [c.name for c in table.schema if pa.types.is_integer(c.type)]
        texts = self._read(data, start, reading, dict.fromkeys(numbers, pa.string())) if numbers else None
        for column in table.schema:
            kind = column.type
            if texts is not None and column.name in numbers:
                zeros = pc.match_substring_regex(texts.column(column.name), r"^[+-]?0\d")
                kind = pa.string() if pc.any(zeros).as_py() else kind
            columns.append(pa.field(column.name, kind))
        return pa.schema(columns)

    def parse(self, data: bytes, start: Start, schema: pa.Schema, reading: Reading) -> pa.Table:
        import pyarrow as pa

        assert start.names is not None
        for name in schema.names:
            if name not in start.names:
                raise error("FT0203", f'a file of this plan has no column "{name}"')
        wanted = {column.name: csv_type(column.type, column.name) for column in schema}
        # `""` is the empty string in a column of strings, and null in any other.
        texts = {name: kind for name, kind in wanted.items() if is_text(schema.field(name).type)}
        others = {name: kind for name, kind in wanted.items() if name not in texts}
        found: dict[str, pa.ChunkedArray] = {}
        for types, quoted_null in ((texts, False), (others, True)):
            if types:
                table = self._read(data, start, reading, types, quoted_null)
                found.update(zip(table.column_names, table.columns, strict=True))
        return pa.table([convert(found[c.name], c.type) for c in schema], schema=schema)

    def _read(
        self,
        data: bytes,
        start: Start,
        reading: Reading,
        types: dict[str, Any] | None = None,
        quoted_null: bool = False,
    ) -> pa.Table:
        from pyarrow import csv

        return csv.read_csv(
            _ended(data),
            read_options=csv.ReadOptions(
                column_names=start.names, use_threads=False, block_size=len(data) + 2
            ),
            parse_options=self._parse_options(reading),
            convert_options=csv.ConvertOptions(
                column_types=types,
                include_columns=list(types) if types else [],
                null_values=reading.null_values,
                strings_can_be_null=True,
                quoted_strings_can_be_null=quoted_null,
            ),
        )

    def _parse_options(self, reading: Reading) -> Any:
        from pyarrow import csv

        return csv.ParseOptions(
            delimiter=self.delimiter(reading), quote_char=reading.quote or False, newlines_in_values=True
        )

    def value(self, record: bytes, column: str, start: Start, reading: Reading) -> str:
        import pyarrow as pa

        table = self._read(record, start, reading, {column: pa.string()})
        return shown(table.column(column)[0].as_py())


def _ended(data: bytes) -> io.BytesIO:
    """pyarrow does not always see a last row without an end."""
    return io.BytesIO(data if data.endswith((b"\n", b"\r")) else data + b"\n")


@lru_cache(maxsize=16)
def _finder(delimiter: str, quote: str | None) -> Find:
    """Where records end, by pyarrow's rules: a quote opens a quoted field only at the field's start."""
    plain = rf"[^{re.escape(delimiter)}\r\n]*+"
    field = plain
    if quote:
        q = re.escape(quote)
        field = rf"(?:{q}[^{q}]*+(?:{q}{q}[^{q}]*+)*+{q}{plain}|(?!{q}){plain})"
    body = rf"{field}(?:{re.escape(delimiter)}{field})*+"
    ended = re.compile(rf"{body}(?:\r\n|\n|\r(?=[^\n]))".encode())
    last = re.compile(rf"{body}(?:\r\n|\n|\r|\Z)".encode())
    quote_byte = None if quote is None else quote.encode()

    def find(data: bytes, final: bool) -> Records:
        if quote_byte is None or quote_byte not in data:
            return _find_unquoted(data, final)
        import numpy as np

        ends: list[int] = []
        is_row: list[bool] = []
        at, record = 0, ended
        while at < len(data):
            match = record.match(data, at)
            if match is None:
                if not final:
                    break
                if record is last:
                    raise UnclosedQuote(at)
                record = last
                continue
            is_row.append(data[at] not in b"\r\n")
            at = match.end()
            ends.append(at)
        return np.array(ends, np.int64), np.array(is_row, np.bool_)

    return find


def _find_unquoted(data: bytes, final: bool) -> Records:
    import numpy as np

    array = np.frombuffer(data, np.uint8)
    is_end = array == 10
    if b"\r" in data:
        lone = array == 13
        lone[:-1] &= array[1:] != 10
        lone[-1] &= final
        is_end |= lone
    ends = np.flatnonzero(is_end) + 1
    if final and len(data) and not is_end[-1]:
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1])) if len(ends) else ends
    first = array[starts]
    return ends.astype(np.int64), (first != 10) & (first != 13)
