"""Rows that are not given to a predictor: they killed or blocked its process, or could not be read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


class Excluded:
    """Such rows of a split, and where the others stand in it."""

    def __init__(self, rows: dict[str, list[str]]) -> None:
        self.why = {int(row): (code, message) for row, (code, message) in rows.items()}
        self._sorted = sorted(self.why)

    def add(self, row: int, code: str, message: str) -> None:
        """One more, behind those that are known."""
        self.why[row] = (code, message)
        self._sorted.append(row)

    def within(self, first: int, end: int) -> list[int]:
        return self._sorted[bisect_left(self._sorted, first) : bisect_left(self._sorted, end)]

    def place(self, position: int) -> int:
        """The row in the split of the ``position``-th row that is left (counted from 0)."""
        place = position
        while True:
            shifted = position + bisect_right(self._sorted, place)
            if shifted == place:
                return place
            place = shifted

    def leave_out(
        self,
        batches: Iterable[pa.RecordBatch],
        excluded: Callable[[int, pa.RecordBatch, str, str], None],
    ) -> Iterator[pa.RecordBatch]:
        """The batches of a split without these rows, each of which ``excluded`` gets, with the reason. Rows may be
        added as their batch is asked for."""
        start = 0
        for batch in batches:
            cursor = 0
            for row in self.within(start, start + batch.num_rows):
                if row - start > cursor:
                    yield batch.slice(cursor, row - start - cursor)
                excluded(row, batch.slice(row - start, 1), *self.why[row])
                cursor = row - start + 1
            if cursor < batch.num_rows:
                yield batch.slice(cursor)
            start += batch.num_rows
