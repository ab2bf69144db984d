"""What ``foreachBatch`` calls: a unit of work for each micro-batch.

A micro-batch that Spark gives again after a crash finds its unit as it was: committed (it is published, and not
scored), or pinned (it is scored by that version), whatever the alias names by then.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.local.input import FilesPlanner
from foretell.local.summary import RunSummary, TooManyBadRows, UnitSummary
from foretell.local.unit import score_unit
from foretell.spark.checkpoint import Checkpoint
from foretell.spark.engine import Spark, SparkScorers
from foretell.spark.frame_source import FrameSource

if TYPE_CHECKING:
    from foretell import _core
    from foretell.local.driver import Run
    from foretell.sources.decode import Decode

WINDOW = 10_000
"""Rows that the bad ones among are counted: those of the last units that hold as many."""


class MicroBatches:
    """Called by Spark's thread, one micro-batch after the other, while the output is held."""

    def __init__(
        self,
        target: _core.Output,
        run: Run,
        engine: Spark,
        checkpoint: Checkpoint,
        first_unit: int,
        output: str,
        told: Callable[[UnitSummary], None],
        decode: Decode | None = None,
    ) -> None:
        self._target = target
        self._run = run
        self._engine = engine
        self._checkpoint = checkpoint
        self._first_unit = first_unit
        self._output = output
        self._told = told
        self._decode = decode
        self._newest: list[_core.Unit] = []  # the newest committed one
        self._counts: deque[dict[str, int]] = deque()
        for unit in target.read_units():
            if unit.committed:
                self._newest = [unit]
                self._count(unit)
        self.failure: BaseException | None = None
        self.at_work = threading.Lock()
        """Held while a micro-batch is worked on: whoever ends the stream holds it, and lets go of the output then."""
        self.ended = False

    def __call__(self, frame: Any, batch: int) -> None:
        with self.at_work:
            if self.ended:  # the output is no longer ours
                raise error("FT0312", f"the stream was ended before micro-batch {batch} began")
            try:
                self._told(self._work_on(frame, batch))
            except BaseException as raised:
                self.failure = raised  # Spark passes on its text alone
                raise

    def _work_on(self, frame: Any, batch: int) -> UnitSummary:
        run, number = self._run, self._first_unit + batch
        read = {
            "batch": batch,
            "stream": self._checkpoint.query,
            "offsets": self._checkpoint.offsets(batch),
        }
        source = FrameSource(f"batch {batch}", lambda: frame, read, self._decode)
        scorers = SparkScorers(self._engine, run.store_url, run.name, run.tell, run.deadline, source)
        unit = self._target.unit(number, lambda: run.pin(self._newest, FilesPlanner(source), scorers))
        pinned = json.loads(unit.pin["plan"])
        if any(pinned.get(name) != value for name, value in read.items()):
            raise error(
                "FT0604",
                f"unit {number} was pinned to other input than micro-batch {batch} has now",
                "the checkpoint belongs to another query, or was changed: begin with a new output and a new checkpoint",
            )
        summary = self._scored(unit, scorers)
        self._newest = [unit]
        if not summary.finished_before:  # else it was counted, and told, when it was committed
            self._count(unit)
            self._check_bad_rows(summary)
        return summary

    def _scored(self, unit: _core.Unit, scorers: SparkScorers) -> UnitSummary:
        """Tries again what the version failed, until FT0606 says that a person has to decide."""
        from foretell import _core

        while True:
            try:
                return score_unit(unit, self._run.name, scorers, self._run.tell)
            except Error as problem:
                if not _core.is_of_version(problem.code):
                    raise
                self._run.tell.note(
                    f"unit {unit.number} failed by its version, and is tried again: {problem}"
                )

    def _count(self, unit: _core.Unit) -> None:
        if (commit := unit.commit) and commit["counts"]["rows"]:
            self._counts.append(commit["counts"])
        while (
            self._counts
            and sum(counts["rows"] for counts in self._counts) - self._counts[0]["rows"] >= WINDOW
        ):
            self._counts.popleft()

    def _check_bad_rows(self, unit: UnitSummary) -> None:
        from foretell import _core

        try:
            _core.check_bad_rows(list(self._counts), self._run.max_bad_ratio)
        except Error as limit:
            summary = RunSummary(self._run.name, self._output, units=[unit])
            raise TooManyBadRows(limit.code, limit.message, limit.hint, summary) from None
