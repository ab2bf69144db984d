"""The power is cut, seed by seed, below the store and units of work on a storage that keeps no more than it has to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from harness import WORKERS, Row, drive, require_driver, timed

AT_ONCE = 250


def run(short: bool) -> Iterator[Row]:
    require_driver()
    seeds = 250 if short else 10_000  # the C++ tests run 1,000 of them
    row = Row(
        "processes that end and power cuts, random operations of the store and of units",
        "a storage in memory that shows a write before it is durable, and loses or tears what is not",
        "make faults ONLY=seeds",
    )
    figures: Counter[str] = Counter()
    with timed(row), ThreadPoolExecutor(WORKERS) as pool:
        for ended in pool.map(lambda first: drive(["seeds", first, AT_ONCE]), range(0, seeds, AT_ONCE)):
            assert ended.code == 0, ended
            row.injections += ended.answer["seeds"]
            row.bad += ended.answer["bad"]
            figures.update({name: ended.answer[name] for name in ("cuts", "ended", "acknowledged")})
    row.note = (
        f"{figures['cuts']:,} power cuts, {figures['ended']:,} processes ended, "
        f"{figures['acknowledged']:,} operations acknowledged"
    )
    yield row
