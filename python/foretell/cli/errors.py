"""How errors reach people and scripts: printed like a compiler does, and as an exit status.

    error[FT0402]: EventTopics has no version 9
      = hint: did you mean EventTopics@8? `foretell versions EventTopics` lists them
      = explain: foretell explain FT0402

The exit statuses are public: docs/cli.md has this table.
"""

from __future__ import annotations

import os
import sys
from typing import IO, NamedTuple

from foretell.error import Error, error, from_system

OK, FOUND, USAGE, INTERRUPTED = 0, 1, 2, 130
BROKEN_PIPE = 141  # as a process that SIGPIPE ends


class Status(NamedTuple):
    """An exit status: its number, what it says, and the beginnings of the codes that it stands for."""

    number: int
    meaning: str
    codes: tuple[str, ...] = ()


STATUSES = (
    Status(OK, "done"),
    Status(FOUND, "done, and something was found: bad rows above the limit, findings of verify", ("FT0605",)),
    Status(USAGE, "the command line, a name or the configuration is not valid", ("FT01",)),
    Status(3, "the store refused: unknown, in conflict, damaged", ("FT04",)),
    Status(4, "the version cannot be loaded", ("FT05",)),
    Status(5, "the run or the predictor stopped", ("FT06", "FT03")),
    Status(6, "the data cannot be read, or does not fit", ("FT02", "FT07")),
    Status(7, "the code or the model cannot be carried with a version", ("FT08",)),
    Status(8, "files or storage failed, or foretell itself", ("FT09",)),
    Status(9, "Spark or an executor failed", ("FT10",)),
    Status(INTERRUPTED, "interrupted; what was committed is kept", ("FT0312",)),
)

_RED, _DIM, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[2m", "\x1b[1m", "\x1b[0m"


def exit_status(problem: Error) -> int:
    """The exit status that stands for an error: the one with the longest beginning of its code."""
    fitting = [
        (len(beginning), status.number)
        for status in STATUSES
        for beginning in status.codes
        if problem.code.startswith(beginning)
    ]
    return max(fitting)[1] if fitting else 8


def as_error(raised: BaseException) -> Error:
    """Any exception as a foretell.Error: FT0901 to FT0903 for the operating system's, else FT0905."""
    if isinstance(raised, Error):
        return raised
    if isinstance(raised, OSError):
        return from_system(raised)
    text = " ".join(str(raised).split())
    return error(
        "FT0905",
        f"{type(raised).__name__}: {text}" if text else type(raised).__name__,
        "run the command again with FORETELL_DEBUG=1 to see where this was raised",
    )


def report(problem: Error, to: IO[str] | None = None) -> None:
    """Prints an error on standard error; in colour on a terminal only."""
    stream = to or sys.stderr
    red, dim, bold, plain = _RED, _DIM, _BOLD, _PLAIN
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        red = dim = bold = plain = ""
    print(f"{red}error[{problem.code}]{plain}{bold}: {problem.message}{plain}", file=stream)
    if problem.hint:
        first, *others = problem.hint.split("\n")
        print(f"  {dim}={plain} hint: {first}", file=stream)
        for line in others:
            print(f"          {line}", file=stream)
    print(f"  {dim}={plain} explain: foretell explain {problem.code}", file=stream, flush=True)
