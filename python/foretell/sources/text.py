"""Text files: decompressed streams, and their bytes cut at the ends of records.

A record is a line (JSON Lines) or what lies between two row ends (CSV); `find` functions of the
formats say where records end and which of them are rows. Everything else here is the same for both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any, TypeAlias

from foretell.error import error
from foretell.sources.listing import file_system, unreadable
from foretell.sources.source import InputFile

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    # Where each complete record ends (one past its terminator), and whether it is a row.
    Records: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]
    Find: TypeAlias = Callable[[bytes, bool], Records]

#: Suffix → codec of pyarrow; .xz goes through Python.
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".lz4": "lz4", ".xz": "xz"}
_CHUNK = 1 << 20
#: pyarrow's text readers count the bytes of a block in 32 bits.
_LONGEST_RECORD = (1 << 31) - (1 << 24)


def compression_of(path: str) -> str | None:
    path = path.split("?")[0]
    return next((codec for suffix, codec in COMPRESSIONS.items() if path.endswith(suffix)), None)


class TextStream:
    """The decompressed bytes of a file, from the first on. Not thread-safe. FT0702 when they are damaged."""

    def __init__(self, file: InputFile) -> None:
        self.file = file
        self.position = 0
        codec = compression_of(file.path)
        self.seekable = codec is None
        try:
            fs, inner = file_system(file.path)
            if codec is None:
                self._raw = fs.open_input_file(inner)
            elif codec == "xz":
                import lzma

                self._raw = lzma.LZMAFile(fs.open_input_file(inner))  # noqa: SIM115
            else:
                self._raw = fs.open_input_stream(inner, compression=codec)
        except OSError as raised:
            raise unreadable(file.path, raised) from raised

    def read(self, n: int) -> bytes:
        """At most ``n`` bytes; none only at the end."""
        try:
            data: bytes = self._raw.read(n)
        except (OSError, EOFError, ValueError) as raised:
            raise self._damaged(raised) from raised
        except Exception as raised:
            if type(raised).__name__ == "LZMAError":
                raise self._damaged(raised) from raised
            raise
        self.position += len(data)
        return data

    def _damaged(self, raised: BaseException) -> Exception:
        hint = "" if self.seekable else "it may be truncated: compare it with its origin"
        return unreadable(self.file.path, raised, hint)

    def advance(self, offset: int) -> None:
        """Goes on to ``offset``, which lies at or after the position."""
        if self.seekable:
            self._raw.seek(offset)
            self.position = offset
        while self.position < offset:
            if not self.read(min(_CHUNK, offset - self.position)):
                raise error("FT0702", f"{self.file.path} ends at byte {self.position}, before byte {offset}")

    def close(self) -> None:
        self._raw.close()


class _LastStream:
    """One decompressed stream kept open where the last split ended, since the next one often starts there.

    Without it, a worker that reads n splits of a compressed file would decompress it n times.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: TextStream | None = None

    def take(self, file: InputFile, offset: int) -> TextStream:
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is not None and kept.file == file and kept.position <= offset:
            return kept
        if kept is not None:
            kept.close()
        return TextStream(file)

    def keep(self, stream: TextStream) -> None:
        with self._lock:
            stream, self._kept = self._kept, stream  # type: ignore[assignment]
        if stream is not None:
            stream.close()


_last_stream = _LastStream()


class Span:
    """The bytes of a file from ``offset``, ``length`` of them (None: to the end)."""

    def __init__(self, file: InputFile, offset: int = 0, length: int | None = None) -> None:
        self._stream = TextStream(file) if offset == 0 else _last_stream.take(file, offset)
        self._stream.advance(offset)
        self._left = length

    def read(self, n: int) -> bytes:
        data = self._stream.read(n if self._left is None else min(n, self._left))
        if self._left is not None:
            if not data and self._left and n:
                raise error("FT0702", f"{self._stream.file.path} ends {self._left} bytes early")
            self._left -= len(data)
        return data

    def __enter__(self) -> Span:
        return self

    def __exit__(self, kind: Any, raised: Any, trace: Any) -> None:
        if raised is None and not self._stream.seekable:
            _last_stream.keep(self._stream)
        else:
            self._stream.close()


@dataclass(frozen=True)
class Block:
    """Whole records: where they start in the file, and their bytes (empty when they were not kept)."""

    data: bytes
    offset: int
    length: int
    first_row: int
    rows: int
    line: int


class RecordReader:
    """Cuts a stream of bytes into blocks of whole records."""

    def __init__(
        self, file: InputFile, span: Span, find: Find, offset: int = 0, row: int = 0, line: int = 1
    ) -> None:
        import numpy as np

        self._file, self._span, self._find = file, span, find
        self._offset, self._row, self._line = offset, row, line
        self._buffer = b""
        self._at = 0  # in the buffer: what was given out
        self._ends: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._is_row: npt.NDArray[np.bool_] = np.empty(0, np.bool_)
        self._next = 0  # in the ends
        self._done = False

    @property
    def row(self) -> int:
        """The number of the next row."""
        return self._row

    def take(self, max_rows: int, max_bytes: int, keep: bool = True) -> Block | None:
        """The next block: at most ``max_rows`` rows, and about ``max_bytes`` bytes (one record at least).

        None at the end, and where only blank records are left.
        """
        import numpy as np

        pieces: list[bytes] = []
        rows = length = 0
        line = self._line
        while rows < max_rows and length < max_bytes:
            if self._next == len(self._ends) and not self._fill():
                break
            ends, is_row = self._ends[self._next :], self._is_row[self._next :]
            count = int(np.searchsorted(ends, self._at + max_bytes - length, side="right"))
            count = max(1 if length == 0 else 0, count)
            full = np.flatnonzero(np.cumsum(is_row[:count]) == max_rows - rows)
            if len(full):
                count = int(full[0]) + 1
            if count == 0:
                break
            piece = self._buffer[self._at : int(ends[count - 1])]
            if keep:
                pieces.append(piece)
            rows += int(is_row[:count].sum())
            self._line += count_lines(piece)
            length += len(piece)
            self._at = int(ends[count - 1])
            self._next += count
            if count < len(ends):
                break
        if length == 0:
            return None
        block = Block(b"".join(pieces), self._offset, length, self._row, rows, line)
        self._offset += length
        self._row += rows
        return block

    def _fill(self) -> bool:
        """Reads on until there is a whole record; False at the end."""
        pending = self._buffer[self._at :]
        while not self._done:
            # Growing with what is pending keeps a record of n bytes at O(n), not O(n²).
            chunk = self._span.read(max(_CHUNK, len(pending)))
            self._done = not chunk
            pending = pending + chunk if pending else chunk
            if len(pending) > _LONGEST_RECORD:
                raise error("FT0704", f"{self._file.path}, line {self._line}: the row is longer than 2 GB")
            try:
                self._ends, self._is_row = self._find(pending, self._done)
            except UnclosedQuote as raised:
                line = self._line + count_lines(pending[: raised.at])
                raise error(
                    "FT0704",
                    f"{self._file.path}, line {line}: a quoted field is never closed",
                    "a quote inside a quoted field is written twice; read without quoting by quote=None",
                ) from None
            if len(self._ends):
                self._buffer, self._at, self._next = pending, 0, 0
                return True
        self._buffer, self._at, self._next = b"", 0, 0
        self._ends, self._is_row = self._ends[:0], self._is_row[:0]
        return False


class UnclosedQuote(Exception):
    """Raised by a ``find`` at the end of a file; ``at`` is the byte where the record starts."""

    def __init__(self, at: int) -> None:
        self.at = at


def count_lines(data: bytes) -> int:
    return data.count(b"\n") or data.count(b"\r")


def each_block(reader: RecordReader, max_rows: int, max_bytes: int) -> Iterator[Block]:
    while (block := reader.take(max_rows, max_bytes)) is not None:
        yield block


def halves(reader: RecordReader, rows: int | Fraction, size: int) -> list[list[Block]]:
    """The whole in runs of blocks that lie behind one another: about ``rows`` rows, at most about ``size`` bytes.

    Runs begin at the multiples of ``rows``, rounded down, or where bytes make them. They are made of
    halves, so that a short end can take one from the run before it.
    """
    half = Fraction(rows) / 2
    runs: list[list[Block]] = []
    held = run = -1
    while True:
        until = floor(half * ceil((reader.row + 1) / half))  # the next multiple of a half, rounded down
        block = reader.take(until - reader.row, size, keep=False)
        if block is None:
            break
        number = ceil((block.first_row + 1) / (2 * half))
        if runs and (not block.rows or (number == run and held + block.length <= size)):
            runs[-1].append(block)
            held += block.length
        elif block.rows:
            runs.append([block])
            held, run = block.length, number
    if len(runs) > 1 and 2 * rows_in(runs[-1]) < rows_in(runs[-2]):
        last = runs.pop()
        both = runs[-1] + last
        if rows_in(both) <= rows and sum(block.length for block in both) <= size:
            runs[-1] = both
        else:
            runs.append([runs[-1].pop(), *last] if len(runs[-1]) > 1 else last)
    return runs


def rows_in(blocks: Iterable[Block]) -> int:
    return sum(block.rows for block in blocks)
