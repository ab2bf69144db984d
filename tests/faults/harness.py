"""What the fault tests share: workspaces, the driver, strace, and rows of the table."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("FORETELL_BUILD", ROOT / "build" / "dev"))
DRIVER = BUILD / "tests" / "faults" / "fault_driver"
WORKERS = 2
# OpenSSL's own configuration is not what is under test.
ENVIRONMENT = {**os.environ, "OPENSSL_CONF": "/dev/null"}

State = dict[str, Any]


class Skipped(Exception):
    """This machine cannot run the test; the text says why."""


class FirstBad(Exception):
    """A bad state, where the first one is enough to know."""


@dataclass
class Row:
    """A row of the fault table."""

    stop_at_first: ClassVar[bool] = False

    fault: str
    how: str
    command: str
    injections: int = 0
    bad: list[str] = field(default_factory=list)
    seconds: float = 0.0
    note: str = ""

    def add(self, found: str | None) -> None:
        self.injections += 1
        if found:
            self.bad.append(found)
            if self.stop_at_first:
                raise FirstBad(found)


@contextmanager
def timed(row: Row) -> Iterator[Row]:
    started = time.monotonic()
    yield row
    row.seconds = time.monotonic() - started


def quick_folder() -> str | None:
    """Where files are synced in no time, so that thousands of runs do not wait for a disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None


@contextmanager
def workspace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="foretell-faults-", dir=quick_folder()) as folder:
        yield Path(folder)


def require_driver() -> None:
    if not DRIVER.exists():
        raise Skipped(f"{DRIVER} is not built; run `make build`")


def require_strace() -> None:
    if shutil.which("strace") is None:
        raise Skipped("strace is not installed; tools/setup installs it")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        raise Skipped("strace cannot trace here: ptrace is not allowed")


class Server:
    """A driver that answers one command after the other."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [DRIVER, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
        )

    def ask(self, *words: object) -> State:
        """The answer to a command; one that is an error has the key `error`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the driver ended with {self.process.wait()} on {words}")
        answer: State = json.loads(line)
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@dataclass
class Place:
    """A worker's own folder and server."""

    folder: Path
    server: Server

    def fresh(self, template: Path) -> Path:
        """`template` anew, at a path that is always the same."""
        target = self.folder / "now"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(template, target)
        return target


def each(jobs: Iterable[Any], work: Callable[[Place, Any], str | None], row: Row) -> None:
    """Does every job with a place of its own, and adds to `row` what each one found."""
    with workspace() as folder:
        places: queue.Queue[Place] = queue.Queue()
        for number in range(WORKERS):
            own = folder / str(number)
            own.mkdir()
            places.put(Place(own, Server()))

        def run(job: Any) -> str | None:
            place = places.get()
            try:
                found = work(place, job)
                return f"{job}: {found}" if found else None
            finally:
                places.put(place)

        with ThreadPoolExecutor(WORKERS) as pool:
            for found in pool.map(run, jobs):
                row.add(found)
        while not places.empty():
            places.get().server.close()


@dataclass
class Ended:
    """How a driver's process ended."""

    code: int
    answer: State

    @property
    def error(self) -> State:
        found: State = self.answer.get("error", {})
        return found


def drive(words: list[object], *, before: Iterable[str] = (), **options: Any) -> Ended:
    """One driver process, under the command `before` (strace and its options)."""
    environment = {**ENVIRONMENT, **options.pop("environment", {})}
    ran = subprocess.run(
        [*before, str(DRIVER), *map(str, words)],
        capture_output=True,
        text=True,
        env=environment,
        **options,
    )
    try:
        answer = json.loads(ran.stdout)
    except ValueError:
        answer = {}
    return Ended(ran.returncode, answer)


CALLS = [
    "openat",
    "open",
    "close",
    "read",
    "pread64",
    "readv",
    "write",
    "pwrite64",
    "writev",
    "lseek",
    "fstat",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "getdents64",
    "copy_file_range",
    "sendfile",
    "ftruncate",
    "truncate",
    "fallocate",
    "flock",
    "fchmod",
    "chmod",
    "fchown",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "utimensat",
    "getcwd",
    "fcntl",
]
CALL = re.compile(r"^(\d+) +([a-z0-9_]+)\((.*)$")


@dataclass
class Traced:
    """The calls of an undisturbed run that touch files: how many of each come before the operation
    itself (the start of the program) and how many there are in all, counted by thread."""

    first: Counter[str]
    total: Counter[str]

    def points(self) -> list[tuple[str, int]]:
        return [
            (call, number)
            for call in sorted(self.total)
            for number in range(self.first[call] + 1, self.total[call] + 1)
        ]


def trace(words: list[object], folder: Path) -> Traced:
    """Runs the driver once, and counts its calls. The operation begins where `folder` is named first."""
    log = folder.with_name("trace")
    ended = drive(
        words, before=["strace", "-f", "-qq", "-o", str(log), "-e", "trace=" + ",".join(CALLS) + ",execve"]
    )
    if ended.code != 0:
        raise RuntimeError(f"the undisturbed run failed: {ended}")
    by_thread: dict[str, Counter[str]] = {}
    first: Counter[str] | None = None
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        match = CALL.match(line)
        if match is None or match[2] == "execve":
            continue
        counts = by_thread.setdefault(match[1], Counter())
        if first is None and str(folder) in match[3]:
            first = counts.copy()
        counts[match[2]] += 1
    assert first is not None
    total: Counter[str] = Counter()
    for counts in by_thread.values():
        total |= counts
    return Traced(first, total)


def injected(call: str, number: int, what: str, log: Path) -> list[str]:
    """strace, so that `what` happens at a thread's `number`-th `call`."""
    return [
        *("strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}"),
        *("-e", f"inject={call}:{what}:when={number}"),
    ]


def child_of(pid: int) -> int:
    """The process that a strace of this id runs."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
