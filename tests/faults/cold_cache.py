"""64 cold processes want one file of the cache, and the one that fills it is killed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from harness import (
    DRIVER,
    ENVIRONMENT,
    Row,
    child_of,
    drive,
    injected,
    require_driver,
    require_strace,
    timed,
    workspace,
)

PROCESSES = 64
PATIENCE = 120.0
# The filler is stopped in this call, and killed when all others wait for it.
CALLS = ["copy_file_range", "fchmod", "fsync", "rename"]


def round_of(folder: Path, call: str, digest: str) -> str | None:
    """The filler holds the lock and dies at `call`; what the others make of that."""
    cache = folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    words = [str(DRIVER), "fetch", str(folder / "store"), str(cache), "EventTopics", "1"]
    log = folder / "trace"
    log.unlink(missing_ok=True)

    def start(*before: str) -> subprocess.Popen[str]:
        return subprocess.Popen([*before, *words], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)

    filler = start(*injected(call, 1, "signal=SIGSTOP", log))
    end = time.monotonic() + PATIENCE
    while not (log.exists() and "stopped by SIGSTOP" in log.read_text(encoding="utf-8")):
        if filler.poll() is not None or time.monotonic() > end:
            return f"the filler did not stop: {filler.communicate()}"
        time.sleep(0.005)
    others = [start() for _ in range(PROCESSES - 1)]
    while waiting(cache) < len(others) and call != "rename" and time.monotonic() < end:
        if ended := [other.communicate() for other in others if other.poll() is not None]:
            return f"some did not wait: {ended[:2]}"
        time.sleep(0.005)
    os.kill(child_of(filler.pid), signal.SIGKILL)
    filler.communicate()
    for other in others:
        try:
            said, _ = other.communicate(timeout=max(1.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            for one in others:
                one.kill()
                one.communicate()
            return "some still wait: a deadlock"
        if other.returncode != 0 or json.loads(said)["files"]["model.bin"]["sha256"] != digest:
            return f"a process ended with {other.returncode}: {said}"
    files = sorted(path.name for path in cache.glob("files/*/*"))
    return None if files == [digest] else f"in the cache: {files}"


def waiting(cache: Path) -> int:
    """How many wait for a lock of this cache, as the kernel tells it."""
    locks = {str(path.stat().st_ino) for path in cache.glob("locks/*")}
    lines = [line.split() for line in Path("/proc/locks").read_text(encoding="utf-8").splitlines()]
    return sum("->" in words and words[6].rpartition(":")[2] in locks for words in lines)


def run(short: bool) -> Iterator[Row]:
    require_driver()
    require_strace()
    row = Row(
        f"{PROCESSES} cold processes on one file of the cache, its filler killed",
        "stopped by strace with the lock in hand, killed when all wait; all open the file, one copy stays",
        "make faults ONLY=cold_cache",
    )
    with timed(row), workspace() as folder:
        content = random.Random(1).randbytes(1 << 20)
        (folder / "model").write_bytes(content)
        saved = drive(["save", folder / "store", "EventTopics", folder / "model"])
        assert saved.code == 0, saved
        digest = hashlib.sha256(content).hexdigest()
        for call in CALLS[1:2] if short else CALLS:
            for _ in range(1 if short else 5):
                found = round_of(folder, call, digest)
                row.add(f"{call}: {found}" if found else None)
    row.note = "killed in " + ", ".join(CALLS)
    yield row
