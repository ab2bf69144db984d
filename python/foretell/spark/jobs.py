"""One job of Spark whose records reach the driver as its tasks end, and that can be cancelled."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from typing import Any

from foretell.spark.scoring import Record, Scoring, SplitsInArrow
from foretell.spark.session import is_connect


class Job:
    """Used by one thread. ``group``: what Spark's pages show it by."""

    def __init__(self, session: Any, group: str) -> None:
        self._session = session
        self._group = group

    def records(self, scoring: Scoring, splits: list[dict[str, Any]]) -> Iterator[Record]:
        """A record for each split, of the task that won it, as it ends. The job is cancelled when the caller
        leaves off. Raises what ended the job."""
        if is_connect(self._session):
            yield from self._over_connect(scoring, splits)
            return
        context = self._session.sparkContext
        arrived: queue.SimpleQueue[list[str] | BaseException | None] = queue.SimpleQueue()
        told = context.accumulator([], _Into(arrived))
        texts = [json.dumps(split) for split in splits]

        def score(some: Iterator[str]) -> None:
            for text in some:
                told.add([json.dumps(scoring.split(json.loads(text)))])

        def run() -> None:
            try:
                context.setJobGroup(self._group, self._group, interruptOnCancel=True)
                context.parallelize(texts, len(texts)).foreachPartition(score)
                arrived.put(None)
            except BaseException as raised:
                arrived.put(raised)

        thread = threading.Thread(target=run, name="foretell-job", daemon=True)
        thread.start()
        ended = False
        try:
            while True:
                what = arrived.get()
                if what is None:
                    ended = True
                    return
                if isinstance(what, BaseException):
                    ended = True
                    raise what
                yield from map(json.loads, what)
        finally:
            if not ended:
                context.cancelJobGroup(self._group)
            thread.join(timeout=30)

    def _over_connect(self, scoring: Scoring, splits: list[dict[str, Any]]) -> Iterator[Record]:
        tasks = len(splits)
        frame = self._session.range(0, tasks, 1, tasks)
        rows = frame.mapInArrow(SplitsInArrow(scoring, tuple(splits)), "record string").collect()
        yield from (json.loads(row.record) for row in rows)


class _Into:
    """An accumulator that hands on what a task has told. Spark applies a task's once, whichever of its attempts
    won, and before it ends the job."""

    def __init__(self, arrived: Any) -> None:
        self._arrived = arrived

    def zero(self, value: list[str]) -> list[str]:
        return []

    def addInPlace(self, value: list[str], more: list[str]) -> list[str]:
        if self._arrived is None:  # within a task
            return value + more
        if more:
            self._arrived.put(more)
        return []

    def __getstate__(self) -> dict[str, Any]:
        return {"_arrived": None}
