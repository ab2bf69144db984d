"""Progress of training: shown where a person looks on, once it takes a while."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Self

from foretell.local.progress import Lines, Progress, Silent, default

_PATIENCE = 1.0  # seconds before anything is shown


class Passes:
    """Counts the documents of all passes. ``verbose``: 0 is silent, None is silent without a terminal."""

    def __init__(self, documents: int, verbose: int | None) -> None:
        self._documents = documents
        self._silent = verbose == 0 or (verbose is None and not sys.stderr.isatty())
        self._progress: Progress = Silent()
        self._since = time.monotonic()
        self._waiting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._progress.stop()

    def advance(self, documents: int) -> None:
        self._waiting += documents
        if self._silent:
            return
        if isinstance(self._progress, Silent) and time.monotonic() - self._since > _PATIENCE:
            self._progress = default()
            self._progress.start("training topics", self._documents)
            if isinstance(self._progress, Lines):
                self._progress.note(f"training topics: {self._documents:,} documents over all passes")
        if not isinstance(self._progress, Silent):
            self._progress.advance(self._waiting)
            self._waiting = 0

    def note(self, text: str) -> None:
        self._progress.note(text)

    def block_of(self, rows: int, block: int = 512) -> Callable[[], None]:
        """To be called before each block of a pass over ``rows`` documents."""
        told = 0

        def between() -> None:
            nonlocal told
            self.advance(min(block, rows - told))
            told += min(block, rows - told)

        return between
