"""The rows that a worker has in hand, in memory shared with its driver.

A worker writes which rows it is about to call the predictor with; when it dies or hangs, the driver
still reads them. Writing is a few stores and no system call, so that an item method can afford it
for every row.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from time import monotonic_ns

_FIRST, _ROWS, _WHEN = range(3)  # places in the note: the first row, rows (0: none in hand), monotonic ns

OUT_OF_MEMORY = 71
"""The status of a worker that ended over a MemoryError, with its rows in hand."""


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
        self._note = memoryview(self._memory).cast("q")

    def take(self, first: int, rows: int) -> None:
        """These rows are about to be predicted."""
        note = self._note
        note[_ROWS] = 0  # killed between two of these stores, it must not have blamed a row it did not hold
        note[_FIRST] = first
        note[_WHEN] = monotonic_ns()
        note[_ROWS] = rows

    def put_down(self) -> None:
        """No row is in hand."""
        self._note[_ROWS] = 0

    def look(self) -> InHand | None:
        """What is in hand now; none between calls."""
        first, rows, when = self._note[:3].tolist()
        if rows <= 0:
            return None
        return InHand(first, rows, (monotonic_ns() - when) / 1e9)

    def close(self) -> None:
        self._note.release()
        self._memory.close()
        os.close(self.descriptor)
