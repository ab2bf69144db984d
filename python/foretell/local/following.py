"""Rounds without end: what is new is scored as it comes, a unit of work at a time.

    for summary in follow("EventTopics@production", input="events/", output="topics", interval=30):
        print(summary)

Ends when the loop is left, or by Ctrl-C. Kill it at any moment and start it again: each row is scored once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.local.driver import DEFAULTS, Run
from foretell.local.input import Settling

if TYPE_CHECKING:
    from foretell.local.rounds import Rounds
    from foretell.local.summary import RunSummary
    from foretell.sources import Source

LONGEST_PAUSE = 300.0  # seconds between two tries of what fails
# What waiting may mend, once a round has gone well: the store or the input is out of reach, or unfinished.
_PASSING = (
    "FT0401",
    "FT0405",
    "FT0410",
    "FT0415",
    "FT0701",
    "FT0702",
    "FT0706",
    "FT0901",
    "FT0902",
    "FT0903",
)
# What a unit that is pinned is not tried again for: only a person can go on, or asked for the end.
_FINAL = ("FT0312", "FT0601", "FT0603", "FT0604", "FT0605", "FT0606", "FT0607", "FT0905")


def follow(
    reference: str,
    *,
    output: str | os.PathLike[str],
    input: str | os.PathLike[str] | list[str] | Source | None = None,
    interval: float = 30.0,
    settle: int = 2,
    **options: Any,
) -> Iterator[RunSummary]:
    """Looks for new input every ``interval`` seconds, and scores it; the summary of each round that found some.

    A round is a unit of work, by the version that the alias names when it begins. A file is taken once its
    size and time were the same in ``settle`` listings, a query asked once those of all its tables' files were.
    ``options`` are those of `run`, without ``incremental``.

    A round that fails is tried again after ``interval`` seconds, twice that, and so on up to five minutes, when
    its unit is pinned (three failed attempts stop it, FT0606), or when the store or the input is out of reach
    and an earlier round went well. Everything else is raised, as `run` does. Ctrl-C between two rounds ends the
    iteration; within one it is raised, and what is finished is kept.
    """
    if not interval > 0:
        raise error("FT0101", f"interval={interval!r} is out of range: it is a number of seconds above 0")
    if not isinstance(settle, int) or settle < 1:
        raise error("FT0101", f"settle={settle!r} is out of range: it is a number of listings, from 1 on")
    return _rounds(Run(reference, **{**DEFAULTS, "input": input, **options}), output, interval, settle)


def _rounds(run: Run, output: str | os.PathLike[str], interval: float, settle: int) -> Iterator[RunSummary]:
    settling = Settling(settle)
    went_well = False
    pause = interval
    waiting_told = False
    with run.open(output, "incremental") as rounds:
        while True:
            began = time.monotonic()
            summary = None
            try:
                try:
                    summary = rounds.incremental(settling)
                    went_well, pause = True, interval
                except Error as problem:
                    if problem.code == "FT0701" and not rounds.unfinished:
                        pause = interval  # nothing is there yet
                    elif not _may_pass(problem, rounds, went_well):
                        raise
                    else:
                        run.tell.note(f"{problem}\n  tried again in {pause:.0f} s")
                if summary is not None and summary.units:
                    yield summary
                elif not waiting_told:
                    waiting_told = True
                    run.tell.note(f"waiting for new input: looked for every {interval:g} s; Ctrl-C ends it")
                time.sleep(max(0.0, began + pause - time.monotonic()))
            except KeyboardInterrupt:
                if rounds.unfinished:
                    raise
                return
            if summary is None:
                pause = min(2 * pause, max(LONGEST_PAUSE, interval))


def _may_pass(problem: Error, rounds: Rounds, went_well: bool) -> bool:
    if problem.code.startswith("FT01") or problem.code in _FINAL:
        return False
    return bool(rounds.unfinished) or (went_well and problem.code in _PASSING)
