"""What a task does for a unit of work: its rows through `Map` into one part, written where the attempt stages.

A task raises nothing: what stopped it comes back as a record, and its process keeps the version that it has opened.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.local.mapping import map_split
from foretell.local.messages import pack_error
from foretell.local.part import PartWriter
from foretell.spark.descriptor import Descriptor

if TYPE_CHECKING:
    import pyarrow as pa

Record = dict[str, Any]
"""``{"part": …}`` of a part that is whole, or ``{"error": …, "split": …}``."""


@dataclass(frozen=True)
class Scoring:
    """What the tasks of a unit have in common. ``opening``: as the workers of the local engine get it.

    ``isolate``: each task has a process of its own call the predictor, so that a row that crashes or hangs
    (``deadline``, in seconds, for a call) is found and quarantined; a task that is tried again does so anyway.
    """

    descriptor: Descriptor
    opening: dict[str, Any]
    isolate: bool = False
    deadline: float | None = None

    def split(self, split: dict[str, Any]) -> Record:
        """Scores a split of the plan, which this process reads."""
        return self.recorded(split, lambda: self._score(split))

    def recorded(self, split: dict[str, Any], score: Callable[[], Record]) -> Record:
        """What ``score`` gives, or how it failed."""
        try:
            staging = Path(self.opening["staging"])
            if not staging.is_dir():
                raise error(
                    "FT0706",
                    f"the folder that the driver writes to is not on {os.uname().nodename}: {staging}",
                    "give an output that all machines of the cluster share",
                )
            return {"part": score(), "split": split["number"]}
        except Exception as raised:
            return {"error": pack_error(raised), "split": split["number"]}

    def _score(self, split: dict[str, Any]) -> Record:
        if self.isolate or tried_before():
            return self.isolated(self.opening["plan"], split)
        from foretell.local.worker import SplitRows

        rows = SplitRows(self.opening["plan"], split)
        with rows:
            return self.write(lambda writer: rows.all(), split)

    def write(
        self,
        rows: Callable[[PartWriter], pa.RecordBatchReader],
        split: dict[str, Any],
        place: Callable[[int], int] = lambda position: position,
    ) -> Record:
        """Rows into a part; its record. ``place``: where a row that `Map` gets stands in the split."""
        opened = self.descriptor.opened()
        writer = PartWriter(self._options(), split)
        features_before = opened.clock.features_ns
        try:
            metrics = map_split(rows(writer), opened.native, self.opening, writer, place)
            writer.count(metrics, opened.clock.features_ns - features_before)
            return writer.close()
        except BaseException:
            writer.discard()
            raise

    def _options(self) -> dict[str, Any]:
        from pyspark import TaskContext

        task = TaskContext.get()
        assert task is not None
        return {**self.opening, "suffix": f"-{task.taskAttemptId()}"}

    def isolated(
        self,
        plan: dict[str, Any],
        split: dict[str, Any],
        excluded: Mapping[int, tuple[str, str]] | None = None,
    ) -> Record:
        """A split of ``plan``, but for its rows ``excluded``, by a process of its own, which may crash."""
        from foretell.local.pool import Pool
        from foretell.local.progress import Silent

        parts: list[Record] = []
        opening = {**self._options(), "plan": plan}
        with Pool(1, self.descriptor.store, self.descriptor.name, Silent(), self.deadline) as pool:
            pool.score(self.descriptor.version, opening, [split], parts.append, excluded)
        parts[0]["crashes"] = pool.crashes
        return parts[0]


def tried_before() -> bool:
    """Whether this task is one that failed and is tried again: a row of it may have ended its process."""
    from pyspark import TaskContext

    task = TaskContext.get()
    return task is not None and task.attemptNumber() > 0


@dataclass(frozen=True)
class SplitsInArrow:
    """The same for ``mapInArrow`` over the numbers of splits, where there are no RDDs (Spark Connect)."""

    scoring: Scoring
    splits: tuple[dict[str, Any], ...]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in batches:
            for at in batch.column(0).to_pylist():
                record = self.scoring.split(self.splits[at])
                yield pa.RecordBatch.from_pydict({"record": [json.dumps(record)]})
