"""Many processes on one store, and processes that are killed: no version and no move is lost."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foretell.error import Error
from foretell.store import Store

SAVE = """
import sys
from foretell import _core
store = _core.Store(sys.argv[1])
for number in range(int(sys.argv[3])):
    store.save("Topics", [("model", sys.argv[2])], '{"writer": %s}' % sys.argv[4])
"""

PROMOTE = """
import sys
from foretell import _core
store = _core.Store(sys.argv[1])
for number in range(int(sys.argv[2])):
    store.promote("Topics", "live", 1 + (number + int(sys.argv[3])) % 4, who="writer " + sys.argv[3],
                  retry_on_conflict=True)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)])


def finish(processes: list[subprocess.Popen[bytes]]) -> None:
    assert [process.wait(timeout=300) for process in processes] == [0] * len(processes)


def small_files(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"model-{number}" for number in range(count)]
    for path in paths:
        path.write_text(f"the model of {path.name}")
    return paths


def test_sixteen_processes_save_without_a_gap(tmp_path: Path) -> None:
    store = tmp_path / "store"
    models = small_files(tmp_path, 16)
    finish([start(SAVE, store, model, 100, writer) for writer, model in enumerate(models)])
    versions = Store(store).versions("Topics")
    assert [version.version for version in versions] == list(range(1, 1601))
    assert len({version.manifest["attempt_id"] for version in versions}) == 1600
    writers = [version.manifest["writer"] for version in versions]
    assert all(writers.count(writer) == 100 for writer in range(16))
    assert Store(store).verify() == []


@pytest.mark.parametrize(("promoters", "rounds"), [(8, 10), pytest.param(32, 50, marks=pytest.mark.slow)])
def test_promoters_leave_a_contiguous_history(tmp_path: Path, promoters: int, rounds: int) -> None:
    store = Store(tmp_path / "store")
    for model in small_files(tmp_path, 4):
        store.save("Topics", {"model": model})
    finish([start(PROMOTE, store.url, rounds, writer) for writer in range(promoters)])
    history = store.history("Topics", "live")
    assert [entry.sequence for entry in history] == list(range(1, len(history) + 1))
    assert all(one.version != two.version for one, two in itertools.pairwise(history))
    entries = Path(store.url).glob("aliases/topics/live/*.json")
    attempts = [json.loads(entry.read_text())["attempt_id"] for entry in entries]
    assert len(set(attempts)) == len(attempts) == len(history)  # each entry once
    assert store.aliases("Topics") == {"live": history[-1].version}
    assert store.verify() == []


@pytest.mark.parametrize("kills", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_a_killed_save_leaves_the_old_state_or_the_new_one(tmp_path: Path, kills: int) -> None:
    chance = random.Random(7)
    store = Store(tmp_path / "store")
    (model,) = small_files(tmp_path, 1)
    last = store.save("Topics", {"model": model}).version
    for _ in range(kills):
        process = start(SAVE, store.url, model, 10**6, 0)
        # From before its first save to somewhere among them.
        deadline = time.monotonic() + 10
        while store.versions("Topics")[-1].version == last and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert store.verify() == []
        numbers = [version.version for version in store.versions("Topics")]
        assert numbers == list(range(1, len(numbers) + 1))
        last = store.save("Topics", {"model": model}).version
        assert last == len(numbers) + 1
    assert last > 2 * kills


def test_every_step_of_a_save_may_fail_for_want_of_space(tmp_path: Path) -> None:
    root = tmp_path / "small"
    root.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", root], capture_output=True
    ).returncode:
        pytest.skip("mounting a small tmpfs needs the superuser")
    try:
        store = Store(root / "store")
        model = tmp_path / "model"
        saved = 0

        def fill() -> None:
            nonlocal saved
            for size in range(1, 1000):
                model.write_bytes(os.urandom(size * 16))
                store.save("Topics", {"model": model})
                saved += 1

        with pytest.raises(Error) as caught:
            fill()
        assert caught.value.code == "FT0902"
        assert str(root) in caught.value.message
        assert saved > 3
        assert len(store.versions("Topics")) == saved
        assert store.verify() == []
    finally:
        subprocess.run(["umount", root], check=True)


READ_ONLY = """
import os, sys
from foretell import _core
from foretell.error import Error
os.setgid(65534); os.setuid(65534)
store = _core.Store(sys.argv[1])
assert store.resolve("Topics@live").version == 1
assert store.verify_all() == []
for change in (lambda: store.save("Topics", [("model", sys.argv[2])]),
               lambda: store.promote("Topics", "other", 1, who="nobody"),
               lambda: store.rollback("Topics", "live", who="nobody")):
    try:
        change()
    except Error as error:
        print(error.code)
"""


def test_a_store_that_may_only_be_read_is_read(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs the superuser")
    folder = tmp_path
    while folder != Path("/tmp") and folder != folder.parent:  # pytest makes its folders private
        folder.chmod(0o755)
        folder = folder.parent
    store = Store(tmp_path / "store")
    models = small_files(tmp_path, 2)
    for model in models:
        store.save("Topics", {"model": model})
    store.promote("Topics@2", "live")
    store.promote("Topics@1", "live")
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, store.url, models[0]], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (0, ["FT0903"] * 3), done.stderr
    assert sorted(tmp_path.rglob("*")) == before
