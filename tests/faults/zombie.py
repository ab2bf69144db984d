"""A live zombie: a driver is stopped, a second one does all of the work, and the first one wakes up."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from harness import Row, child_of, require_strace, timed, workspace
from project import Project, rows

RENAMED = re.compile(r'"((?:[^"\\]|\\.)*)"')
# Where it is stopped: right after this one of its renames.
POINTS: dict[str, Callable[[list[str]], int]] = {
    "after its pin": lambda names: names.index("attempt.json") - 1,
    "after a part is staged": lambda names: names.index("attempt.json") + 1,
    "before its commit": lambda names: first_move(names) - 2,
    "before it publishes": lambda names: first_move(names) - 1,
    "while it publishes": lambda names: first_move(names),
}


def first_move(names: list[str]) -> int:
    return next(at for at, name in enumerate(names) if name.startswith("part-"))


def renames(log: Path) -> list[str]:
    """The names that records and rows were given, in order."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        if line.startswith("renameat2("):
            found.append(RENAMED.findall(line)[1].rpartition("/")[2])
    return found


def zombie(project: Project, number: int, output: Path) -> str | None:
    """Stops a driver at its `number`-th rename; a second one runs; the first goes on. What was wrong."""
    inject = f"inject=renameat2:signal=SIGSTOP:when={number}"
    before = ("strace", "-qq", "-o", str(project.root / "trace"), "-e", "trace=renameat2", "-e", inject)
    (project.root / "trace").unlink(missing_ok=True)
    first = project.start(output, "--workers", "1", before=before)
    try:
        # The lock is a courtesy: where it does not work (a network), only the records decide.
        end = time.monotonic() + 120
        driver = 0
        while time.monotonic() < end and first.poll() is None:
            time.sleep(0.01)
            try:
                driver = child_of(first.pid)
                if "stopped by SIGSTOP" in (project.root / "trace").read_text(encoding="utf-8"):
                    break
            except (IndexError, FileNotFoundError):
                continue
        else:
            return f"it was not stopped: {first.communicate()[1]}"
        (output / "_foretell" / "lock").unlink()
        project.promote(2)
        project.run(output, "--workers", "1")
        done = rows(output)
        if first.poll() is not None:
            return f"the stopped driver ended with {first.returncode}: {first.communicate()[1]}"
        os.kill(driver, signal.SIGCONT)
        said = first.communicate(timeout=120)[1]
    finally:
        if first.poll() is None:
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
    if first.returncode != 0 and "FT0608" not in said:
        return f"the zombie ended with {first.returncode}: {said}"
    return None if rows(output) == done else "the zombie changed what the second driver had published"


def run(short: bool) -> Iterator[Row]:
    require_strace()
    row = Row(
        "a live zombie: " + ", ".join(POINTS),
        "SIGSTOP by strace, a second `foretell run`, SIGCONT; then row by row against an undisturbed run",
        "make faults ONLY=zombie",
    )
    with timed(row), workspace() as folder:
        project = Project(folder / "project")
        for number in range(3):
            project.write(f"{number}.parquet", number * 20, [f"text {i}" for i in range(20)])
        project.save(3, 5)
        project.promote(1)
        undisturbed = folder / "undisturbed"
        log = folder / "log"
        before = ("strace", "-qq", "-o", str(log), "-e", "trace=renameat2")
        traced = project.start(undisturbed, "--workers", "1", before=before)
        said = traced.communicate()[1]
        assert traced.returncode == 0, said
        names = renames(log)
        expected = rows(undisturbed)
        assert [line["id"] for line in expected] == list(range(60))
        for what, place in list(POINTS.items())[:: 2 if short else 1]:
            for _ in range(1 if short else 5):
                output = folder / "out"
                shutil.rmtree(output, ignore_errors=True)
                project.promote(1)
                found = zombie(project, place(names) + 1, output)
                if not found and rows(output) != expected:
                    found = f"the output is not that of an undisturbed run: {rows(output)[:3]}"
                row.add(f"{what}: {found}" if found else None)
    row.note = f"{len(expected)} rows each"
    yield row
