"""What JSON Lines and CSV share: inference from the first block, splits, reading, and naming a bad line."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.sources.format import BATCH_BYTES, BATCH_ROWS, Format, Reading
from foretell.sources.source import InputFile
from foretell.sources.text import Block, RecordReader, Span, count_lines, each_block, halves, rows_in
from foretell.sources.types import type_text

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.sources.text import Find

INFER_ROWS = 20_000
INFER_BYTES = 8 << 20
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Start:
    """Where a file's rows begin, and the names of its columns where it tells them."""

    offset: int = 0
    line: int = 1
    names: list[str] | None = None


class TextFormat(Format):
    is_text = True
    malformed_hint: str

    @abstractmethod
    def find(self, reading: Reading) -> Find:
        """Where the records of some bytes end."""

    @abstractmethod
    def start(self, file: InputFile, reading: Reading) -> Start | None:
        """None for a file without any record."""

    @abstractmethod
    def infer(self, data: bytes, start: Start, reading: Reading) -> pa.Schema:
        """The types that the values of some rows have."""

    @abstractmethod
    def parse(self, data: bytes, start: Start, schema: pa.Schema, reading: Reading) -> pa.Table:
        """Rows as columns of ``schema``; any exception of pyarrow, or ValueError, when they cannot be."""

    @abstractmethod
    def value(self, record: bytes, column: str, start: Start, reading: Reading) -> str:
        """One value of one record as a message shows it."""

    def splits(
        self, file: InputFile, rows: int | Fraction, size: int, reading: Reading
    ) -> Iterator[dict[str, Any]]:
        start = self.start(file, reading)
        if start is None:
            return
        with Span(file, start.offset) as span:
            reader = RecordReader(file, span, self.find(reading), start.offset, 0, start.line)
            for blocks in halves(reader, rows, size):
                yield {
                    "first_row": blocks[0].first_row,
                    "rows": rows_in(blocks),
                    "offset": blocks[0].offset,
                    "length": sum(block.length for block in blocks),
                    "line": blocks[0].line,
                }

    def read(
        self, file: InputFile, split: dict[str, Any] | None, schema: pa.Schema, reading: Reading
    ) -> Iterator[pa.RecordBatch]:
        start = self.start(file, reading)
        if start is None:
            return
        rest: dict[str, Any] = {"offset": start.offset, "length": None, "first_row": 0, "line": start.line}
        where = rest if split is None else split
        with Span(file, where["offset"], where["length"]) as span:
            reader = RecordReader(
                file, span, self.find(reading), where["offset"], where["first_row"], where["line"]
            )
            rows = 0
            for block in each_block(reader, BATCH_ROWS, BATCH_BYTES):
                if block.rows:
                    table = self._parsed(file, block, start, schema, reading)
                    yield from table.combine_chunks().to_batches()
                    rows += block.rows
            if split is not None and rows != split["rows"]:
                raise error("FT0702", f"{file.path} holds {rows} rows where its plan says {split['rows']}")

    def first_block(self, file: InputFile, start: Start, reading: Reading) -> Block | None:
        with Span(file, start.offset) as span:
            reader = RecordReader(file, span, self.find(reading), start.offset, 0, start.line)
            for block in each_block(reader, INFER_ROWS, INFER_BYTES):
                if block.rows:
                    return block
        return None

    def inferred(self, file: InputFile, block: Block, start: Start, reading: Reading) -> pa.Schema:
        def attempt(data: bytes, rows: int) -> pa.Schema:
            return self.infer(data, start, reading)

        return self._located(file, block, start, None, reading, attempt)

    def _parsed(
        self, file: InputFile, block: Block, start: Start, schema: pa.Schema, reading: Reading
    ) -> pa.Table:
        def attempt(data: bytes, rows: int) -> pa.Table:
            table = self.parse(data, start, schema, reading)
            if table.num_rows != rows:
                raise ValueError(f"{table.num_rows} rows where {rows} were expected")
            return table

        return self._located(file, block, start, schema, reading, attempt)

    def _located(
        self,
        file: InputFile,
        block: Block,
        start: Start,
        schema: pa.Schema | None,
        reading: Reading,
        attempt: Callable[[bytes, int], Any],
    ) -> Any:
        """``attempt`` on the block. When it fails: FT0704 with the line of the first row that it fails on."""
        import pyarrow as pa

        failures = (pa.ArrowException, ValueError, OverflowError)
        data = block.data.removeprefix(BOM) if block.offset == 0 else block.data
        try:
            return attempt(data, block.rows)
        except Error:
            raise
        except failures as raised:
            failure: Exception = raised
        ends, is_row = self.find(reading)(data, True)
        stops = ends[is_row].tolist()
        # The first rows pass up to some row, and fail from that row on.
        passed, failed = 0, len(stops)
        while failed - passed > 1:
            middle = (passed + failed) // 2
            try:
                attempt(data[: stops[middle - 1]], middle)
                passed = middle
            except failures as raised:
                failure, failed = raised, middle
        begin = stops[passed - 1] if passed else 0
        record = data[begin : stops[passed]]
        blank = len(record) - len(record.lstrip(b"\r\n"))
        line = block.line + count_lines(data[: begin + blank])
        record = record[blank:]
        raise self.bad_row(f"{file.path}, line {line}", record, start, schema, reading, failure) from failure

    def bad_row(
        self,
        place: str,
        record: bytes,
        start: Start,
        schema: pa.Schema | None,
        reading: Reading,
        failure: Exception,
    ) -> Error:
        import pyarrow as pa

        try:
            record.decode()
        except UnicodeDecodeError as raised:
            return error(
                "FT0704",
                f"{place}: byte {raised.start + 1} (0x{record[raised.start]:02x}) is not valid UTF-8",
                "convert the file, for example: iconv -f latin1 -t utf-8",
            )
        try:
            self.infer(record, start, reading)
            for column in schema or ():
                only = pa.schema([column])
                try:
                    self.parse(record, start, only, reading)
                except Exception:
                    value = self.value(record, column.name, start, reading)
                    wanted = type_text(column.type)
                    return error(
                        "FT0704",
                        f'{place}: column "{column.name}" holds {value}, which is not {wanted}',
                        f'declare the type that all rows have: ft.files(…, types={{"{column.name}": "…"}})',
                    )
        except Exception as raised:
            failure = raised
        return error("FT0704", f"{place}: {_reason(failure)}", self.malformed_hint)


def _reason(raised: Exception) -> str:
    """What pyarrow says, without its own counting of rows."""
    text = str(raised).strip().split("\n")[0]
    text = re.sub(r"^(JSON|CSV) parse error: | in row \d+|Row #\d+: ", "", text)
    text = re.sub(r"Column\(/([^)]*)\)", r'column "\1"', text).replace("Column()", "the line")
    return text[:200].rstrip(".") or type(raised).__name__
