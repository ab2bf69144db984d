"""One worker process, as its driver sees it, and the split that it is at."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from foretell.local.hand import OUT_OF_MEMORY, Hand
from foretell.local.messages import Channel, Message

ENVIRONMENT = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
STANDARD_ERROR = 2
LONGEST_GOODBYE = 5.0  # seconds for a process to end by itself


@dataclass
class Task:
    """A split on its way: to be scored, or (``fine`` set) probed from row ``first`` on."""

    split: dict[str, Any]
    excluded: dict[int, tuple[str, str]] = field(default_factory=dict)
    given: frozenset[int] = frozenset()  # rows that were excluded from the first
    first: int = 0
    fine: int = 0
    fine_until: int = 0
    losses: int = 0
    fruitless: int = 0  # probes after a death that found no row at fault
    excluded_before: int = 0  # rows, when the probe began
    told: int = 0  # rows told as progress in the current try

    def message(self) -> Message:
        excluded = {str(row): why for row, why in self.excluded.items()}
        if not self.fine:
            return {"do": "score", "split": self.split, "excluded": excluded}
        return {
            "do": "probe",
            "split": self.split,
            "excluded": excluded,
            "first": self.first,
            "fine": self.fine,
            "fine_until": self.fine_until,
        }


class Process:
    """One worker process and what it is at."""

    def __init__(self, loading: Message) -> None:
        ours, theirs = socket.socketpair()
        self.hand = Hand()
        environment = {**os.environ}
        for name in ENVIRONMENT:  # one thread each, or the workers fight over the cores
            environment.setdefault(name, "1")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "foretell.local.worker",
                str(os.getpid()),
                str(theirs.fileno()),
                str(self.hand.descriptor),
            ],
            pass_fds=(theirs.fileno(), self.hand.descriptor),
            stdin=subprocess.DEVNULL,
            stdout=STANDARD_ERROR,  # what user code prints is for people; a run's standard output may be JSON
            process_group=0,  # with what the user's code starts, so that all of it can be killed
            env=environment,
        )
        theirs.close()
        self.channel = Channel(ours)
        self.loaded = False
        self._opened = False
        self.task: Task | None = None
        self.overdue = ""
        self.channel.send({"do": "load", **loading})

    def open(self, options: Message) -> None:
        """Tells, once, what it must know of the unit. Not before it has loaded: until then it reads nothing, and
        a large plan would block the driver."""
        if not self._opened:
            self.channel.send({"do": "open", "options": options})
            self._opened = True

    @property
    def dead(self) -> bool:
        """Whether it has ended. It is not reaped for that: its group keeps its number until it was killed."""
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self.process.returncode is not None or os.waitid(os.P_PID, self.process.pid, look) is not None

    def end(self) -> int:
        """Kills the process, unless it is dead, and all that its code has started; its status."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    @property
    def out_of_memory(self) -> bool:
        """Whether memory may have run out, which may be the fault of any row, or of another process."""
        return not self.overdue and self.process.returncode in (OUT_OF_MEMORY, -signal.SIGKILL)

    def how_it_died(self) -> str:
        status = self.end()
        if self.overdue:
            return self.overdue
        if status == OUT_OF_MEMORY:
            return "the process ran out of memory"
        if status >= 0:
            return f"the process ended with status {status}"
        return f"the process was killed by {signal.Signals(-status).name}"

    def leave(self) -> None:
        """Waits until the process has ended by itself, as it does when its channel closes; but not for long."""
        give_up = time.monotonic() + LONGEST_GOODBYE
        while not self.dead and time.monotonic() < give_up:
            time.sleep(0.005)

    def close(self) -> None:
        self.end()
        self.channel.close()
        self.hand.close()
