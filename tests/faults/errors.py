"""Errors and short transfers at every call: a clear error that names the path, and the old state."""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from harness import (
    Ended,
    Place,
    Row,
    drive,
    each,
    injected,
    quick_folder,
    require_driver,
    require_strace,
    timed,
    workspace,
)
from kills import begin
from scenarios import SCENARIOS, Scenario

MAKES = {"rename", "renameat", "renameat2", "link", "linkat", "mkdir", "mkdirat"}
WRITES = {"write", "pwrite64", "copy_file_range", "fsync", "ftruncate"}
ERRORS = {
    "ENOSPC": MAKES | WRITES | {"openat"},
    "EIO": MAKES
    | WRITES
    | {
        "openat",
        "read",
        "pread64",
        "newfstatat",
        "statfs",
        "getdents64",
        "unlink",
        "unlinkat",
        "flock",
        "fchmod",
    },
    "EROFS": MAKES | {"openat", "unlink", "unlinkat", "ftruncate"},
    "EMFILE": {"openat", "fcntl"},
}
NAMES = [
    "save",
    "promote",
    "collect garbage",
    "fill the cache",
    "commit and publish",
    "resume, commit, publish",
]


def judged(scenario: Scenario, ended: Ended, place: Place, now: Path, old: dict, new: dict) -> str | None:
    """An operation that was disturbed without being killed: it succeeded, or said what failed where."""
    if ended.code not in (0, 1) or (ended.code == 1 and not ended.error):
        return f"the process ended with {ended.code}: {ended.answer}"
    code = ended.error.get("code", "")
    # The parts themselves are written by the driver, in a folder of its own.
    paths = (str(now), quick_folder() or "/tmp")
    if ended.code == 1 and not any(path in ended.error["message"] for path in paths):
        return f"the error names no path: {ended.error}"
    # A collection that ends early has done a part of its work, which is no harm.
    outcome = "new" if ended.code == 0 else "" if code == "FT0405" else "old"
    return scenario.judge(scenario.look(place.server, now), old, new, outcome) or scenario.again(
        place.server, now
    )


def refused(scenario: Scenario, error: str, short: bool) -> Row:
    row = Row(
        f"{scenario.name}: {error}", f"strace, error={error} at every (call, n)", "make faults ONLY=errors"
    )
    with timed(row), workspace() as folder:
        template, old, new, traced = begin(scenario, folder)
        points = [point for point in traced.points() if point[0] in ERRORS[error]]
        points = points[:: 31 if short else 1]
        codes: Counter[str] = Counter()

        def fail(place: Place, point: tuple[str, int]) -> str | None:
            now = place.fresh(template)
            before = injected(*point, f"error={error}", place.folder / "trace")
            ended = drive(scenario.words(now), before=before)
            codes[ended.error.get("code", "done all the same")] += 1
            return judged(scenario, ended, place, now, old, new)

        each(points, fail, row)
        row.note = ", ".join(f"{count} {code}" for code, count in sorted(codes.items()))
    return row


def shortened(scenario: Scenario, short: bool) -> Row:
    row = Row(
        f"{scenario.name}: short reads and writes",
        "one byte a call from the n-th on, every n",
        "make faults ONLY=errors",
    )
    with timed(row), workspace() as folder:
        template, old, new, traced = begin(scenario, folder)
        transfers = sum(traced.total[call] for call in ("read", "write", "copy_file_range"))

        def shorten(place: Place, number: int) -> str | None:
            now = place.fresh(template)
            ended = drive(scenario.words(now), environment={"FAULT_SHORT": str(number)})
            if ended.code != 0:
                return f"short transfers are no failure: {ended}"
            return judged(scenario, ended, place, now, old, new)

        each(range(1, transfers + 1, 13 if short else 1), shorten, row)
    return row


def full(scenario: Scenario, short: bool) -> Row:
    row = Row(
        f"{scenario.name}: a write that ends at byte n, and then fails",
        "RLIMIT_FSIZE = n for n below the largest file",
        "make faults ONLY=errors",
    )
    with timed(row), workspace() as folder:
        template, old, new, _ = begin(scenario, folder)
        largest = max(path.stat().st_size for path in (folder / "now").rglob("*") if path.is_file())
        codes: Counter[str] = Counter()

        def limit(place: Place, size: int) -> str | None:
            now = place.fresh(template)
            ended = drive(
                scenario.words(now),
                restore_signals=False,  # SIGXFSZ stays ignored: the write gives EFBIG
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
            )
            codes[ended.error.get("code", "done")] += 1
            return judged(scenario, ended, place, now, old, new)

        each(range(0, largest + 1, 203 if short else 7), limit, row)
        row.note = ", ".join(f"{count} {code}" for code, count in sorted(codes.items()))
    return row


def run(short: bool) -> Iterator[Row]:
    require_driver()
    for name in NAMES:
        yield shortened(SCENARIOS[name], short)
        if name != "fill the cache":
            yield full(SCENARIOS[name], short)
    require_strace()
    for name in NAMES:
        for error in ERRORS:
            yield refused(SCENARIOS[name], error, short)
