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
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from foretell.error import error
from foretell.local.frame import FRAME
from foretell.local.hand import InHand
from foretell.local.messages import Message, unpack_error
from foretell.local.process import Process, Task
from foretell.local.progress import Progress

FINER = 16  # a call that died is repeated in calls of a sixteenth of its rows
BROKEN_AFTER = 20  # poison rows next to one another: the predictor is at fault, not the rows
MOST_LOSSES = 3  # deaths of one split's process with no row in hand; of processes that replace one, loading


class Pool:
    """At most ``count`` processes that have loaded one version of ``name``, for one unit of work. None is there
    before a version is known, nor after ``with``. Used by one thread."""

    def __init__(
        self, count: int, store: str, name: str, progress: Progress, deadline: float | None = None
    ) -> None:
        self._count = count
        self._store = store
        self._name = name
        self._progress = progress
        self._deadline = deadline
        self._selector = selectors.DefaultSelector()
        self._workers: list[Process] = []
        self._version: int | None = None
        self._opening: Message = {}
        self._waiting: deque[Task] = deque()
        self._on_part: Callable[[dict[str, Any]], None]
        self._ever_loaded = False
        self._failed_loads = 0  # one after the other
        self._passed = False  # whether any row was predicted
        self._poison = 0
        self.crashes = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, raised: object, *_: object) -> None:
        self._selector.close()
        if raised is None:  # what the user's code registered for its end is done
            for worker in self._dismissed():
                worker.leave()
        for worker in self._workers:
            worker.close()

    def load(self, version: int) -> None:
        """Has one process load this version, while the caller goes on. Those with another version end."""
        if version == self._version:
            return
        while self._workers:
            self._drop(self._workers[-1])
        self._version, self._ever_loaded, self._failed_loads = version, False, 0
        self._start()

    def grow(self, splits: int) -> None:
        """Starts the other processes, as many as so many splits can use."""
        while len(self._workers) < min(self._count, splits):
            self._start()

    def wait_until_loaded(self) -> None:
        """Returns once a process has loaded the version; raises what stopped it."""
        while not self._ever_loaded:
            self._attend()

    def score(
        self,
        version: int,
        opening: Message,
        splits: Sequence[dict[str, Any]],
        on_part: Callable[[dict[str, Any]], None],
        excluded: Mapping[int, tuple[str, str]] | None = None,
    ) -> None:
        """Scores every split by this version; ``on_part`` gets each part's record as it becomes whole.
        ``opening`` is what the processes must know of the unit; ``excluded`` are rows of each split that are not
        given to the predictor, with code and reason.

        Raises the first error that is not about a row; what was recorded until then stands.
        """
        if not splits:
            return
        if opening["plan"]["format"] == FRAME:
            raise error(
                "FT0601",
                f"this unit was pinned to {splits[0]['path']}, which Spark reads",
                "go on as it began: --engine spark",
            )
        self._opening, self._on_part = opening, on_part
        self._waiting.extend(
            Task(split, dict(excluded or {}), given=frozenset(excluded or ())) for split in splits
        )
        self.load(version)
        self.grow(len(splits))
        while self._waiting or any(worker.task for worker in self._workers):
            for worker in self._workers:
                if worker.loaded and worker.task is None and self._waiting:
                    worker.task = self._waiting.popleft()
                    with contextlib.suppress(BrokenPipeError):  # it died just now; noticed below
                        worker.open(self._opening)
                        worker.channel.send(worker.task.message())
            self._attend()
        self._dismissed()  # they end while the caller goes on

    def _attend(self) -> None:
        """Waits a little for what the processes have to say, and looks after those that died or hang."""
        for key, _ in self._selector.select(timeout=0.1):
            for message in key.data.channel.arrived():
                self._answered(key.data, message)
        self._kill_overdue()
        # Not told by the socket alone: a child of the user's code may hold its other end.
        for worker in [worker for worker in self._workers if worker.dead]:
            for message in worker.channel.arrived():
                self._answered(worker, message)
            self._died(worker)

    def _start(self) -> None:
        worker = Process({"store": self._store, "name": self._name, "version": self._version})
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)

    def _drop(self, worker: Process) -> None:
        self._selector.unregister(worker.channel)
        self._workers.remove(worker)
        worker.close()

    def _dismissed(self) -> list[Process]:
        """The processes that were told to end, which are those that have loaded."""
        loaded = [worker for worker in self._workers if worker.loaded]
        for worker in loaded:
            worker.channel.close()
        return loaded

    def _answered(self, worker: Process, message: Message) -> None:
        did = message["did"]
        if did == "failed":
            raise unpack_error(message["error"])
        if did == "load":
            worker.loaded = self._ever_loaded = True
            self._failed_loads = 0
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
            self._waiting.appendleft(task)
        else:
            self._on_part(message["part"])

    def _died(self, worker: Process) -> None:
        how = worker.how_it_died()
        in_hand, task = worker.hand.look(), worker.task
        self._drop(worker)
        self.crashes += 1
        self._failed_loads += not worker.loaded
        # Killed from outside, or short of memory: that need not be the version's fault, and is tried again.
        excused = self._ever_loaded or worker.out_of_memory
        if not worker.loaded and (not excused or self._failed_loads >= MOST_LOSSES):
            raise error(
                "FT0502",
                f"{how} while it loaded {self._name}@{self._version}",
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
            self._waiting.appendleft(task)
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
        poison = task.excluded.keys() - task.given
        self._passed = self._passed or row >= len(task.excluded)  # a row before it was no poison
        alone = self._poison >= BROKEN_AFTER and not self._passed
        if alone or all(row - step in poison for step in range(BROKEN_AFTER)):
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
