"""The rows that a worker has in hand, in memory shared with its driver.

A worker writes which rows it is about to call the predictor with; when it dies or hangs, the driver
still reads them. Writing is a few stores and no system call, so that an item method can afford it
for every row.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass

_LAYOUT = struct.Struct("=qqqq")  # first row, rows (0: none in hand), when (monotonic ns), calls made
_NOTHING = (0, 0, 0)


@dataclass(frozen=True)
class InHand:
    """Rows ``first`` to ``first + rows - 1`` of a split, since ``seconds``."""

    first: int
    rows: int
    seconds: float


class Hand:
    """One worker's shared note. The driver makes it; the worker opens it by its file descriptor."""

    def __init__(self, descriptor: int | None = None) -> None:
        if descriptor is None:
            descriptor = os.memfd_create("foretell-hand", 0)
            os.ftruncate(descriptor, mmap.PAGESIZE)
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)

    def take(self, first: int, rows: int) -> None:
        """These rows are about to be predicted."""
        calls = _LAYOUT.unpack_from(self._memory)[3]
        _LAYOUT.pack_into(self._memory, 0, first, rows, time.monotonic_ns(), calls + 1)

    def put_down(self) -> None:
        """No row is in hand."""
        calls = _LAYOUT.unpack_from(self._memory)[3]
        _LAYOUT.pack_into(self._memory, 0, *_NOTHING, calls)

    def look(self) -> InHand | None:
        """What is in hand now; none between calls."""
        first, rows, when, _ = _LAYOUT.unpack_from(self._memory)
        if rows <= 0:
            return None
        return InHand(first, rows, (time.monotonic_ns() - when) / 1e9)

    def close(self) -> None:
        self._memory.close()
        os.close(self.descriptor)
