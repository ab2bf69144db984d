"""Every mode in which a check predicts rows, in one list.

A mode is a way that rows may come to a predictor; each is compared, row by row, with the bulk prediction of
all rows. An engine adds its own with a line in ``MODES``; what a promotion asks for by default is ``REQUIRED``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell import _core
from foretell.parity.subject import BULK_ROWS, Subject

if TYPE_CHECKING:
    import pyarrow as pa

ITEM_ROWS = 500
"""The most rows that are predicted one by one, as an item and as a batch of one."""

SEVENS_ROWS = 1_400
"""The most rows in batches of seven."""

SLICED_ROWS = 1_000
"""The most rows in slices."""

_SEED = 20


@dataclass(frozen=True)
class Part:
    """Predictions that one mode made: of which rows, in the order of ``predictions``."""

    title: str
    ids: Sequence[int] | None  # None: every row, in order
    predictions: Any = None
    unstable: int = 0
    note: str = ""


class Checked:
    """The rows of a check, and what predicts them."""

    def __init__(self, subject: Subject, rows: pa.Table, first: int) -> None:
        """``first``: how many of the rows, from the start, every mode takes if it can."""
        self.subject = subject
        self.rows = rows.combine_chunks()
        self.schema: Any = None  # of the predictions
        self.good = 0  # a row that has a prediction
        self.skipped: frozenset[int] = frozenset()  # rows that are left out of an output
        self._first = first

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def some(self, most: int) -> list[int]:
        """The ids of up to ``most`` rows: the first ones, and others from across the rest.

        One that has a prediction is first, so that the others are not taken for a broken predictor's.
        """
        count = len(self)
        head = min(self._first, most, count)
        rest, places = count - head, min(most, count) - head
        ids = [*range(head), *(head + i * rest // places for i in range(places))]
        return self.good_first(ids)

    def good_first(self, ids: list[int]) -> list[int]:
        return [self.good, *(each for each in ids if each != self.good)]

    def take(self, ids: Sequence[int]) -> pa.Table:
        from foretell.sources.sampling import take_rows

        return take_rows(self.rows, list(ids)).combine_chunks()

    def predict(
        self,
        title: str,
        ids: Sequence[int] | None,
        batch_rows: int = BULK_ROWS,
        batches: Iterator[pa.RecordBatch] | None = None,
    ) -> Part:
        """In bulk, in batches of at most ``batch_rows`` rows."""
        metrics = _core.MapMetrics()
        if batches is None:
            batches = iter((self.rows if ids is None else self.take(ids)).to_batches())
        table = self.subject.bulk(batches, self.rows.schema, batch_rows, metrics)
        return Part(title, ids, table, metrics.unstable)


def item(rows: Checked) -> Iterator[Part]:
    """One row at a time, as a dict."""
    ids = rows.some(ITEM_ROWS)
    yield Part("item", ids, rows.subject.items(rows.take(ids), rows.schema))


def batches(rows: Checked) -> Iterator[Part]:
    """In batches of 1, of 7 and of all rows."""
    yield rows.predict("batches of 1", rows.some(ITEM_ROWS), 1)
    yield rows.predict("batches of 7", rows.some(SEVENS_ROWS), 7)
    if len(rows) > BULK_ROWS:
        yield rows.predict("one batch", None, len(rows))
    else:
        yield Part("one batch", None, note="bulk was one batch")


def shuffled(rows: Checked) -> Iterator[Part]:
    """In another order, so with other neighbours."""
    ids = list(range(len(rows)))
    random.Random(_SEED).shuffle(ids)
    yield rows.predict("shuffled", rows.good_first(ids))


def sliced(rows: Checked) -> Iterator[Part]:
    """In slices of a longer batch: Arrow arrays whose offset is not 0."""
    ids = rows.some(SLICED_ROWS)
    whole = rows.take([ids[-1], *ids]).to_batches()[0]
    length = max(1, len(ids) // 3)
    pieces = (whole.slice(1 + at, min(length, len(ids) - at)) for at in range(0, len(ids), length))
    yield rows.predict("sliced", ids, batches=pieces)


def twice(rows: Checked) -> Iterator[Part]:
    """In bulk once more."""
    yield rows.predict("twice", None)


@dataclass(frozen=True)
class Mode:
    """``run``: None where the check does it apart."""

    run: Callable[[Checked], Iterator[Part]] | None = None
    neighbours: bool = False  # rows have other neighbours than in bulk


MODES: Mapping[str, Mode] = {
    "bulk": Mode(),  # all rows in order, in batches of up to 10,000: what the others are compared with
    "item": Mode(item),
    "batches": Mode(batches, neighbours=True),
    "shuffled": Mode(shuffled, neighbours=True),
    "sliced": Mode(sliced, neighbours=True),
    "twice": Mode(twice),
    "process": Mode(),  # in bulk in another process, in another time zone
    # By `foretell.spark.modes`, when they are asked for:
    "spark batch": Mode(neighbours=True),
    "spark column": Mode(neighbours=True),
    "spark stream": Mode(neighbours=True),
}

REQUIRED = tuple(_core.required_modes())
