"""Runs on Spark: the units, pins and commits of every run; its splits are scored by Spark's tasks.

ft.run("EventTopics@production", input="events/*.parquet", output="topics", engine="spark")
ft.run(…, engine=foretell.spark.Spark(master="spark://host:7077", settings={"spark.executor.memory": "4g"}))
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.local.frame import FRAME
from foretell.local.messages import unpack_error
from foretell.local.part import ERROR_COLUMN
from foretell.sources.source import SparkOnly
from foretell.spark.contract import selected
from foretell.spark.descriptor import Descriptor
from foretell.spark.executors import check_executors, said
from foretell.spark.frame_source import Bounded, FrameSource
from foretell.spark.jobs import Job
from foretell.spark.partition import PartitionTask
from foretell.spark.scoring import Record, Scoring
from foretell.spark.session import session

if TYPE_CHECKING:
    from foretell.local.progress import Progress
    from foretell.predictor import Predictor
    from foretell.sources import Plan, Source
    from foretell.version import Version


class Spark:
    """Spark as the engine of a run: the session that is active, else one made here, which ends with the run.

    ``master``: such as "local[4]" or "spark://host:7077". ``settings``: Spark's own, by name. ``isolate``: every
    task has a process of its own call the predictor, so that rows that crash it are found (without it a split is
    so scored when it is tried again).
    """

    def __init__(
        self,
        master: str | None = None,
        settings: Mapping[str, str] | None = None,
        *,
        isolate: bool = False,
    ) -> None:
        self._master = master
        self._settings = dict(settings or {})
        self.isolate = isolate
        self._session: Any = None
        self._ours = False
        self._frame: FrameSource | None = None

    @property
    def session(self) -> Any:
        """The session, found or made when it is first asked for; FT0107, FT1001, FT1006."""
        if self._session is None:
            self._session, self._ours = session(self._master, self._settings)
        return self._session

    @property
    def workers(self) -> int:
        from foretell.spark.executors import tasks_at_a_time

        return tasks_at_a_time(self.session)

    def scorers(self, store: str, name: str, progress: Progress, deadline: float | None) -> SparkScorers:
        return SparkScorers(self, store, name, progress, deadline, self._frame)

    def own_input(self, predictor: Predictor) -> FrameSource | None:
        """What the class's own ``load_input_dataframe`` gives."""
        from foretell.predictor import Predictor

        if type(predictor).load_input_dataframe is Predictor.load_input_dataframe:
            return None
        name = f"{type(predictor).__name__}.load_input_dataframe"
        self._frame = FrameSource(name, lambda: frame_of(predictor.load_input_dataframe(self.session), name))
        return self._frame

    def as_read(self, source: Source) -> Source:
        if isinstance(source, SparkOnly):
            self._frame = Bounded(source, lambda: self.session)
            return self._frame
        self._frame = None
        return source

    def close(self) -> None:
        if self._ours:
            with suppress(Exception):  # its JVM may have died
                self._session.stop()
        self._session, self._ours, self._frame = None, False, None


class SparkScorers:
    """The tasks of one unit of work. Used by one thread."""

    def __init__(
        self,
        engine: Spark,
        store: str,
        name: str,
        progress: Progress,
        deadline: float | None,
        frame: FrameSource | None = None,
    ) -> None:
        self._engine = engine
        self._store = store
        self._name = name
        self._progress = progress
        self._deadline = deadline
        self._frame = frame
        self._version: Version | None = None
        self.crashes = 0

    def __enter__(self) -> SparkScorers:
        return self

    def __exit__(self, *raised: object) -> None: ...

    def load(self, version: int) -> None:
        from foretell.loading import open_store

        if self._version is None or self._version.version != version:
            self._version = open_store(self._store).version(f"{self._name}@{version}")

    def grow(self, splits: int) -> None:
        """Spark decides how many executors there are."""

    def wait_until_loaded(self) -> None:
        check_executors(self._engine.session, self._descriptor, self._version)

    @property
    def _descriptor(self) -> Descriptor:
        from foretell.loading import open_store

        assert self._version is not None
        return Descriptor.of(open_store(self._store), self._version)

    def score(
        self,
        version: int,
        opening: dict[str, Any],
        splits: Sequence[dict[str, Any]],
        on_part: Callable[[Record], None],
    ) -> None:
        """As `Scorers.score`. When a task's process dies, what is left is scored by processes of its own, which are
        then looked at; else FT1005 with Spark's words."""
        if not splits:
            return
        self._check_same_input(opening["plan"], splits)
        self.load(version)
        if self._descriptor.manifest_sha256 != opening["manifest_sha256"]:
            raise error(
                "FT0406",
                f"{self._name}@{version} in {self._store} is not the version that this unit was pinned to",
                "is this the store that the run began with?",
            )
        self.wait_until_loaded()
        plan = {name: value for name, value in opening["plan"].items() if name != "splits"}
        opening = {**opening, "plan": plan}
        isolate = self._engine.isolate or self._deadline is not None
        left = {split["number"]: split for split in splits}
        while True:
            scoring = Scoring(self._descriptor, opening, isolate, self._deadline)
            try:
                if self._frame is not None:
                    self._run_frame(scoring, self._frame, on_part)
                else:
                    self._run_splits(scoring, left, on_part)
                return
            except Error:
                raise
            except Exception as raised:
                if isolate or not _crashed(raised):
                    raise spark_failed(raised) from raised
                isolate = True
                self.crashes += 1
                self._progress.note(
                    "a process of an executor ended while it predicted: what is left of the unit is scored again by"
                    " processes that may, to find the row at fault"
                )

    def _check_same_input(self, plan: Plan, splits: Sequence[dict[str, Any]]) -> None:
        """FT0601 when a unit was pinned to another kind of input than this run's, or to another frame."""
        then = splits[0]["path"] if plan["format"] == FRAME else "files"
        now = "files" if self._frame is None else self._frame.describe()
        if then != now:
            raise error(
                "FT0601",
                f"this unit was pinned to {then}, and the input is now {now}",
                "give the input that the run began with, or run into a new output",
            )

    def _run_splits(
        self, scoring: Scoring, left: dict[int, dict[str, Any]], on_part: Callable[[Record], None]
    ) -> None:
        job = Job(self._engine.session, f"foretell {scoring.descriptor.reference} {uuid.uuid4().hex[:8]}")
        for record in job.records(scoring, list(left.values())):
            self._take(record, on_part)
            del left[record["split"]]
        if left:
            raise error("FT1005", f"Spark ended its job and left {len(left)} splits without an answer")

    def _run_frame(self, scoring: Scoring, source: FrameSource, on_part: Callable[[Record], None]) -> None:
        """One action over the frame. Its parts are recorded when all are there: a frame that is made again may be
        cut otherwise."""
        frame = source.planned(scoring.opening["plan"])
        # A quarantine is an input, too; why its rows are there is not part of them.
        columns = [name for name in frame.columns if name != ERROR_COLUMN]
        task = PartitionTask(scoring, tuple(columns), source.describe(), source.decode)
        rows = selected(frame, columns).mapInArrow(task, "record string").collect()
        for row in rows:
            self._take(json.loads(row.record), on_part)
        if not rows and source.bounded:  # nothing to predict, and yet an output with its columns
            empty = {"number": 0, "path": source.describe(), "first_row": 0, "rows": 0}
            self._run_splits(scoring, {0: empty}, on_part)

    def _take(self, record: Record, on_part: Callable[[Record], None]) -> None:
        if "error" in record:
            raise unpack_error(record["error"])
        part = record["part"]
        self.crashes += part.pop("crashes", 0)
        on_part(part)
        self._progress.advance(part["counts"]["rows"])


def _crashed(raised: Exception) -> bool:
    """Whether a process of an executor ended under a task, and not by an error of its own."""
    text = str(raised)
    return "exited unexpectedly" in text or "ExecutorLostFailure" in text


def frame_of(given: Any, method: str) -> Any:
    """A batch frame, as a predictor's method returned it; FT1003."""
    if not type(given).__module__.startswith("pyspark.sql."):
        raise error("FT1003", f"{method} returned {type(given).__name__}, expected a frame of Spark's")
    if given.isStreaming:
        raise error(
            "FT1003",
            f"{method} returned a streaming frame, and a run reads a batch",
            "return it from load_input_stream",
        )
    return given


def spark_failed(raised: Exception) -> Exception:
    """FT1005 with Spark's words, whatever Spark raised."""
    return error("FT1005", f"Spark ended the job: {said(raised)}", "the whole text is in the driver's log")
