"""Garbage collection by real processes: beside saves of the same bytes, and killed anywhere."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from foretell.store import Store

SAVE = """
import sys
from foretell import _core
store = _core.Store(sys.argv[1])
for number in range(int(sys.argv[3])):
    store.save("Topics", [("model", sys.argv[2])])
"""

COLLECT = """
import os, sys
from foretell import _core
store = _core.Store(sys.argv[1])
print("ready", flush=True)
collections = 0
while not os.path.exists(sys.argv[2]):
    store.collect_garbage(who="gc", why="", dry_run=False)
    collections += 1
assert collections
"""

RIVAL = """
import sys
from foretell import _core
from foretell.error import Error
store = _core.Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for version in range(1, int(sys.argv[3]) + 1):
    try:
        if sys.argv[2] == "promote":
            store.promote("Topics", f"alias{version}", version, who="promoter", retry_on_conflict=True)
        else:
            store.retire("Topics", version, who="retirer", why="", unused_for=3600)
        print("won")
    except Error as error:
        print(error.code)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE)


def finish(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    assert [process.wait(timeout=300) for process in processes] == [0] * len(processes)


def age(store: Store, days: float) -> None:
    for file in Path(store.url).rglob("*"):
        if file.is_file():
            then = file.stat().st_mtime - days * 24 * 3600
            os.utime(file, (then, then))


def leave(store: Store, content: bytes) -> None:
    """What a save leaves that is killed before its manifest."""
    digest = hashlib.sha256(content).hexdigest()
    blob = Path(store.url) / "blobs" / "sha256" / digest[:2] / f"{digest}.{os.urandom(16).hex()}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)


def named(store: Store) -> set[str]:
    """The blobs of every version that is not purged."""
    keys: set[str] = set()
    for version in store.versions("Topics", retired=True):
        entry = store.retired(version)
        if entry is None or entry.kind != "purged":
            keys.update(file["blob"] for file in version.manifest["files"])
    return keys


def blobs(store: Store) -> set[str]:
    return {str(file.relative_to(store.url)) for file in Path(store.url).glob("blobs/*/*/*")}


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_saves_of_the_same_bytes_lose_nothing_to_a_collection(tmp_path: Path, rounds: int) -> None:
    chance = random.Random(11)
    store = Store(tmp_path / "store")
    model = tmp_path / "model"
    model.write_bytes(b"the same bytes")
    store.save("Topics", {"model": model})
    for number in range(rounds):
        # Thirty-one days pass while nobody saves: some or all versions of these bytes are to be purged.
        live = store.versions("Topics")
        for version in live if number % 2 == 0 else chance.sample(live, len(live) // 2):
            store.retire(version.reference)
        for _ in range(5):
            leave(store, b"the same bytes")
        age(store, 31)
        stop = tmp_path / f"stop-{number}"
        collectors = [start(COLLECT, store.url, stop) for _ in range(2)]
        savers = [start(SAVE, store.url, model, 8) for _ in range(3)]
        finish(savers)
        stop.touch()
        finish(collectors)
        assert store.verify() == []
        store.collect_garbage(delete=True)
        assert named(store) <= blobs(store)
    age(store, 8)
    store.collect_garbage(delete=True)
    assert blobs(store) == named(store)
    numbers = [version.version for version in store.versions("Topics", retired=True)]
    assert numbers == list(range(1, 24 * rounds + 2))
    assert len(store.versions("Topics")) < len(numbers)


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_a_collection_that_is_killed_is_run_again(tmp_path: Path, kills: int) -> None:
    chance = random.Random(5)
    store = Store(tmp_path / "store")
    model = tmp_path / "model"
    model.write_bytes(b"kept")
    store.save("Topics", {"model": model})
    midway = 0
    for number in range(kills):
        for each in range(4):
            model.write_bytes(b"model %d %d" % (number, each))
            store.retire(store.save("Topics", {"model": model}).reference)
        for each in range(40):
            leave(store, b"left %d %d" % (number, each))
        age(store, 31)
        old = len(blobs(store))
        process = start(COLLECT, store.url, tmp_path / "never")
        assert process.stdout is not None
        process.stdout.readline()
        if number % 2:
            time.sleep(chance.uniform(0, 0.03))  # at whatever it does then
        else:
            while len(blobs(store)) == old:  # among its deletions
                time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        midway += 1 < len(blobs(store)) < old
        assert store.verify() == []
        store.collect_garbage(delete=True)
        assert store.verify() == []
        assert blobs(store) == named(store)
        assert len(blobs(store)) == 1
        assert len(store.versions("Topics")) == 1
    assert midway >= kills // 5


def test_of_a_retirement_and_a_promotion_only_one_wins(tmp_path: Path) -> None:
    versions = 20
    store = Store(tmp_path / "store")
    model = tmp_path / "model"
    model.write_bytes(b"x")
    for _ in range(versions):
        store.save("Topics", {"model": model})
    kinds = ("promote", "retire", "promote", "retire")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RIVAL, store.url, kind, str(versions)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for kind in kinds
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    outcomes = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        outcomes.append(process.communicate(timeout=120)[0].split())
    aliases = store.aliases("Topics")
    for number in range(versions):
        promoted = aliases.get(f"alias{number + 1}") == number + 1
        retired = store.retired(f"Topics@{number + 1}") is not None
        assert promoted != retired
        for kind, outcome in zip(kinds, outcomes, strict=True):
            lost = "FT0412" if kind == "promote" else "FT0419"
            assert outcome[number] == ("won" if (kind == "promote") == promoted else lost)
    assert store.verify() == []
