"""The worker processes of a run: they score splits, and are replaced when they die or hang.

When a process dies with rows in hand, those rows are looked at alone: a *probe* predicts the rest of the
split, keeping nothing, with the suspected rows in ever smaller calls, until a call of one row names the
row at fault. It is excluded, and the split scored again from its start without it. So a healthy split
is scored once, one with poison rows about twice, and each part is still one whole file.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from foretell.error import error
from foretell.local.hand import InHand
from foretell.local.messages import Message, unpack_error
from foretell.local.process import Process, Task
from foretell.local.progress import Progress

FINER = 16  # a call that died is repeated in calls of a sixteenth of its rows
BROKEN_AFTER = 20  # poison rows next to one another: the predictor is at fault, not the rows
MOST_LOSSES = 3  # deaths of one split's process with no row in hand; of processes that replace one, opening


class Pool:
    """``count`` processes that opened one version. Used by one thread."""

    def __init__(
        self, count: int, opening: Message, progress: Progress, deadline: float | None = None
    ) -> None:
        self._opening = opening
        self._progress = progress
        self._deadline = deadline
        self._count = count
        self._selector = selectors.DefaultSelector()
        self._workers: list[Process] = []
        self._ever_opened = False
        self._failed_openings = 0  # one after the other
        self._passed = False  # whether any row was predicted
        self._poison = 0
        self.crashes = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, raised: object, *_: object) -> None:
        self._selector.close()
        if raised is None:  # what the user's code registered for its end is done
            opened = [worker for worker in self._workers if worker.opened]
            for worker in opened:
                worker.channel.close()
            for worker in opened:
                worker.leave()
        for worker in self._workers:
            worker.close()

    def score(self, splits: Iterable[dict[str, Any]], on_part: Callable[[dict[str, Any]], None]) -> None:
        """Scores every split; ``on_part`` gets each part's record as it becomes whole.

        Raises the first error that is not about a row; what was recorded until then stands.
        """
        waiting = deque(Task(split) for split in splits)
        while len(self._workers) < min(self._count, len(waiting)):
            self._start()
        while waiting or any(worker.task for worker in self._workers):
            for worker in self._workers:
                if worker.opened and worker.task is None and waiting:
                    worker.task = waiting.popleft()
                    with contextlib.suppress(BrokenPipeError):  # it died just now; noticed below
                        worker.channel.send(worker.task.message())
            for key, _ in self._selector.select(timeout=0.1):
                for message in key.data.channel.arrived():
                    self._answered(key.data, message, waiting, on_part)
            self._kill_overdue()
            # Not told by the socket alone: a child of the user's code may hold its other end.
            for worker in [worker for worker in self._workers if worker.dead]:
                for message in worker.channel.arrived():
                    self._answered(worker, message, waiting, on_part)
                self._died(worker, waiting)

    def _start(self) -> None:
        worker = Process(self._opening)
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)

    def _answered(
        self,
        worker: Process,
        message: Message,
        waiting: deque[Task],
        on_part: Callable[[dict[str, Any]], None],
    ) -> None:
        did = message["did"]
        if did == "failed":
            raise unpack_error(message["error"])
        if did == "open":
            worker.opened = self._ever_opened = True
            self._failed_openings = 0
            return
        task = worker.task
        assert task is not None
        if did == "rows":
            task.told += message["rows"]
            self._passed = self._passed or message["rows"] > 0
            self._progress.advance(message["rows"])
            return
        worker.task = None
        if did == "probe":  # every row at fault is known now
            task.fine = 0
            self._count_fruitless(task)
            waiting.appendleft(task)
        else:
            on_part(message["part"])

    def _died(self, worker: Process, waiting: deque[Task]) -> None:
        how = worker.how_it_died()
        in_hand, task = worker.hand.look(), worker.task
        self._selector.unregister(worker.channel)
        self._workers.remove(worker)
        worker.close()
        self.crashes += 1
        self._failed_openings += not worker.opened
        if not worker.opened and (not self._ever_opened or self._failed_openings >= MOST_LOSSES):
            raise error(
                "FT0502",
                f"{how} while it opened {self._opening['name']}@{self._opening['version']}",
                "load it in a Python session: ft.load(…); the cause is often a library that crashes",
            )
        if task is not None:
            self._progress.advance(-task.told)
            task.told = 0
            # Memory may have run out over any row: this one is at fault if it is so alone in a new process.
            sure = not worker.out_of_memory or (
                task.fine > 0 and in_hand is not None and in_hand.first == task.first
            )
            self._narrow(task, in_hand, how, "FT0313" if worker.overdue else "FT0314", sure)
            waiting.appendleft(task)
        self._start()

    @staticmethod
    def _count_fruitless(task: Task) -> None:
        task.fruitless = task.fruitless + 1 if len(task.excluded) == task.excluded_before else 0
        if task.fruitless >= MOST_LOSSES:
            raise error(
                "FT0314",
                f"the process died {task.fruitless} times over rows of {task.split['path']} that pass when"
                " they are tried again",
                "the predictor may leak memory: use fewer --workers, and look at what it keeps between calls",
            )
        task.excluded_before = len(task.excluded)

    def _narrow(self, task: Task, in_hand: InHand | None, how: str, code: str, sure: bool) -> None:
        """After a death: what the next try of this split is."""
        if in_hand is None:
            task.losses += 1
            if task.losses >= MOST_LOSSES:
                raise error(
                    "FT0314",
                    f"{how} {task.losses} times outside of the predictor, in {task.split['path']}",
                    "the machine may be short of memory: use fewer --workers",
                )
            return
        if in_hand.rows > 1 or not sure:
            task.first = in_hand.first
            task.fine = max(1, in_hand.rows // FINER)
            task.fine_until = in_hand.first + in_hand.rows
            return
        row = in_hand.first
        if self._opening["on_error"] == "fail":
            raise error(
                code,
                f"{how} on row {task.split['first_row'] + row} of {task.split['path']}",
                "with --on-error quarantine the other rows are scored",
            )
        task.excluded[row] = (code, how)
        self._progress.note(
            f"{task.split['path']}: row {task.split['first_row'] + row} is quarantined: {how}"
        )
        self._poison += 1
        self._passed = self._passed or row >= len(task.excluded)  # a row before it was no poison
        alone = self._poison >= BROKEN_AFTER and not self._passed
        if alone or all(row - step in task.excluded for step in range(BROKEN_AFTER)):
            raise error(
                "FT0307",
                f"{how} on {BROKEN_AFTER} rows, one after the other, of {task.split['path']}",
                "predict some rows in a Python session: predictor.predict(predictor.sample(5))",
            )
        task.first, task.fine = row + 1, max(1, task.fine)
        task.fine_until = max(task.fine_until, row + 1)

    def _kill_overdue(self) -> None:
        if self._deadline is None:
            return
        for worker in self._workers:
            in_hand = worker.hand.look() if worker.task else None
            if in_hand is None or worker.overdue:
                continue
            # The pieces of a call that was too slow get a share of its time.
            task = worker.task
            piece = task is not None and task.fine > 0 and in_hand.first < task.fine_until
            limit = self._deadline / 4 if piece else self._deadline
            if in_hand.seconds > limit:
                worker.overdue = f"the call took longer than {limit:g} s"
                os.killpg(worker.process.pid, signal.SIGKILL)
