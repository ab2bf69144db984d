"""Progress of a run: rows, rows per second, time left. Rich where it is installed and a terminal is there."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol


class Progress(Protocol):
    """What a run tells while it goes on. Called by the driver's thread only."""

    def start(self, title: str, rows: int | None) -> None: ...
    def advance(self, rows: int) -> None: ...
    def note(self, text: str) -> None: ...
    def stop(self) -> None: ...


class Silent:
    """Tells nothing; for tests and machines."""

    def start(self, title: str, rows: int | None) -> None: ...
    def advance(self, rows: int) -> None: ...
    def note(self, text: str) -> None: ...
    def stop(self) -> None: ...


class Lines:
    """A line on standard error every few seconds: for logs, and where Rich is missing."""

    def __init__(self, every: float = 5.0) -> None:
        self._every = every
        self.start("", None)

    def start(self, title: str, rows: int | None) -> None:
        self._title, self._total, self._rows = title, rows, 0
        self._since = self._told = time.monotonic()

    def advance(self, rows: int) -> None:
        self._rows += rows
        now = time.monotonic()
        if now - self._told < self._every:
            return
        self._told = now
        speed = self._rows / max(now - self._since, 1e-9)
        line = f"{self._title}: {self._rows:,} rows, {speed:,.0f} rows/s"
        if self._total and speed > 0:
            line += f", {max(self._total - self._rows, 0) / speed:.0f} s left"
        print(line, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def stop(self) -> None: ...


class Bar:
    """A progress bar on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]} rows/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task: Any = None

    def start(self, title: str, rows: int | None) -> None:
        self._progress.start()
        self._task = self._progress.add_task(title, total=rows, speed="–")
        self._since, self._rows = time.monotonic(), 0

    def advance(self, rows: int) -> None:
        self._rows += rows
        speed = self._rows / max(time.monotonic() - self._since, 1e-9)
        self._progress.update(self._task, advance=rows, speed=f"{speed:,.0f}")

    def note(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, markup=False)

    def stop(self) -> None:
        self._progress.stop()


def default() -> Progress:
    """A bar on a terminal that has Rich, else lines on standard error."""
    if sys.stderr.isatty():
        try:
            return Bar()
        except ImportError:
            pass
    return Lines()
