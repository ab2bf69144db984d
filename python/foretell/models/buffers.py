"""The arrays of a model in one file of raw bytes, aligned, so that processes share them by mmap.

Buffers follow one another, each at a multiple of 64 bytes, large ones at a multiple of a page. A zero byte
stands wherever no buffer does. What is smaller than 1 KiB stays inside the pickle.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from pickle import PickleBuffer
from typing import IO, Any

from foretell.error import error

SMALLEST = 1024
_PAGE = 4096
_LINE = 64


class BufferWriter:
    """Takes a pickler's out-of-band buffers and writes them as they come, without a copy in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._end = 0
        self.layout: list[list[int]] = []

    def take(self, buffer: PickleBuffer) -> bool:
        """Whether the buffer stays inside the pickle."""
        try:
            raw = buffer.raw()
        except BufferError:
            return True
        with raw:
            if raw.nbytes < SMALLEST:
                return True
            unit = _PAGE if raw.nbytes >= _PAGE else _LINE
            offset = -(-self._end // unit) * unit
            self._file.write(b"\0" * (offset - self._end))
            self._file.write(raw)
            self.layout.append([offset, raw.nbytes])
            self._end = offset + raw.nbytes
        return False

    @property
    def size(self) -> int:
        return sum(size for _, size in self.layout)


def check_layout(layout: Any, size: int) -> list[tuple[int, int]]:
    """The (offset, size) pairs, each known to lie inside a file of ``size`` bytes; else FT0506."""
    if not isinstance(layout, list):
        raise _damaged(f"the layout of the model's arrays is a {type(layout).__name__}, not a list")
    checked = []
    end = 0
    for pair in layout:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or any(type(n) is not int for n in pair):
            raise _damaged(f"the layout of the model's arrays has {pair!r:.80}, not an offset and a size")
        offset, length = pair
        if offset < end or length < 1 or offset % _LINE or offset + length > size:
            message = f"an array of {length} bytes at {offset} does not fit the {size} bytes after {end}"
            raise _damaged(message)
        end = offset + length
        checked.append((offset, length))
    return checked


def map_buffers(path: Path, layout: Any, *, writable: bool = False) -> list[memoryview]:
    """The buffers of a file, mapped and shared with every process that maps it.

    Read-only; or with ``writable`` copy-on-write: what this process writes is its own and never reaches the
    file. The mapping lives as long as any of the views.
    """
    with open(path, "rb") as file:
        size = path.stat().st_size
        pairs = check_layout(layout, size)
        if not pairs:
            return []
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY if writable else mmap.ACCESS_READ)
    view = memoryview(whole)
    return [view[offset : offset + length] for offset, length in pairs]


def _damaged(message: str) -> Exception:
    return error("FT0506", message, "fetch the version again, or restore the store")
