"""A driver of one stream, which ends by SIGKILL at a step of a micro-batch.

Usage: python stream_driver.py INPUT OUTPUT STEP COUNT WHAT    (STEP "" for none; WHAT python, jvm or both)

It streams what is there and ends, unless it is killed when it comes to STEP for the COUNTth time. The steps lie within
foretell's own calls, which are wrapped here; what is killed, and how, is real.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

STEPS = ("offsets logged", "pinned", "half written", "scored", "committed", "published")


def jvms() -> list[int]:
    """The processes of Java in this session."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "stat").read_text()
            if int(words.rpartition(")")[2].split()[3]) == os.getsid(0) and "(java)" in words:
                found.append(int(path.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


class Killer:
    def __init__(self, step: str, count: int, what: str) -> None:
        self._step, self._count, self._what = step, count, what

    def at(self, step: str) -> None:
        if step != self._step:
            return
        self._count -= 1
        if self._count:
            return
        if self._what != "python":
            for pid in jvms():
                os.kill(pid, signal.SIGKILL)
        if self._what != "jvm":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.2)  # the dead JVM is noticed by whatever is asked of it next


def wrap(killer: Killer) -> None:
    from foretell.spark import micro_batches

    unit_class = micro_batches.MicroBatches
    work_on = unit_class._work_on

    def beginning(self: Any, frame: Any, batch: int) -> Any:
        killer.at("offsets logged")
        summary = work_on(self, frame, batch)
        killer.at("published")
        return summary

    unit_class._work_on = beginning  # type: ignore[method-assign]
    score_unit = micro_batches.score_unit

    class Watched:
        """A unit that tells when it is committed."""

        def __init__(self, unit: Any) -> None:
            self._unit = unit

        def __getattr__(self, name: str) -> Any:
            return getattr(self._unit, name)

        def commit_attempt(self, attempt: Any) -> bool:
            killer.at("scored")
            won: bool = self._unit.commit_attempt(attempt._attempt)
            killer.at("committed")
            return won

        def start(self) -> Any:
            return WatchedAttempt(self._unit.start())

    class WatchedAttempt:
        """An attempt that tells when a part is recorded."""

        def __init__(self, attempt: Any) -> None:
            self._attempt = attempt

        def __getattr__(self, name: str) -> Any:
            return getattr(self._attempt, name)

        def finish_part(self, part: Any) -> None:
            self._attempt.finish_part(part)
            killer.at("half written")

    def watched(unit: Any, *arguments: Any) -> Any:
        killer.at("pinned")
        return score_unit(Watched(unit), *arguments)  # type: ignore[arg-type]

    micro_batches.score_unit = watched  # type: ignore[assignment]


def main(folder: str, output: str, step: str, count: str, what: str) -> None:
    from foretell.spark import Spark, stream
    from foretell.spark.session import session

    wrap(Killer(step, int(count), what))
    settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2"}
    spark, _ = session("local[2]", settings)
    spark.sparkContext.setLogLevel("OFF")
    rows = spark.readStream.schema("id long, text string").option("maxFilesPerTrigger", 2).parquet(folder)
    with stream(
        "Length@production", output=output, frame=rows, trigger="available now", engine=Spark()
    ) as running:
        running.await_termination()
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
