"""Units of work through the binding, and a driver that is killed for real."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from foretell import _core
from foretell.error import Error

UNITS = 4
SPLITS = 3

# A driver as an engine writes one; each line of its output is a step that it has come past.
DRIVER = """
import os, sys
from foretell import _core

def plan():
    return {"version": int(sys.argv[2]), "manifest_sha256": "a" * 64, "plan": '{"files": [1, 2]}'}

output = _core.Output.open(sys.argv[1], predictor="P", store="/models", mode="incremental")
print("open", flush=True)
for number in range(1, int(sys.argv[3]) + 1):
    unit = output.unit(number, plan)
    while not unit.committed:
        attempt = unit.start()
        done = {part["split"] for part in attempt.adopt()}
        for split in set(range(int(sys.argv[4]))) - done:
            name = f"part-{number}-{split}.txt"
            with open(os.path.join(attempt.staging_path, ".tmp"), "w") as file:
                size = file.write(f"{number} {split} {unit.pin['version']}\\n" * 1000)
            os.rename(file.name, os.path.join(attempt.staging_path, name))
            attempt.finish_part({"split": split, "files": [name], "sizes": [size], "counts": {"rows": 1000}})
            print("part", flush=True)
        unit.commit_attempt(attempt)
        print("commit", flush=True)
    unit.publish()
"""


def start(output: Path, version: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(output), str(version), str(UNITS), str(SPLITS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def open_output(path: Path, **changes: str) -> Any:
    return _core.Output.open(
        str(path), **{"predictor": "P", "store": "/models", "mode": "incremental"} | changes
    )


def pin(version: int = 1, plan: str = '{"files":[]}') -> dict[str, Any]:
    return {"version": version, "manifest_sha256": "a" * 64, "plan": plan, "who": "ana", "why": "test"}


def write(attempt: Any, name: str, text: str) -> dict[str, Any]:
    path = Path(attempt.staging_path, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return {"split": 0, "files": [name], "sizes": [len(text)], "counts": {"rows": 1, "predicted": 1}}


def kill_until_done(output: Path, kills: int, seed: int) -> int:
    """Starts drivers and kills each at a random moment; the number that were really killed."""
    chance = random.Random(seed)
    began = time.monotonic()
    whole = start(output.with_name("undisturbed"), 1)
    assert whole.wait() == 0, whole.stderr and whole.stderr.read()
    whole.communicate()
    length = time.monotonic() - began
    killed = 0
    for version in range(1, kills + 1):
        driver = start(output, version)
        time.sleep(chance.uniform(0.25, 1.0) * length)
        if driver.poll() is None:
            driver.send_signal(signal.SIGKILL)
        _, err = driver.communicate()
        killed += driver.returncode == -signal.SIGKILL
        assert driver.returncode in (0, -signal.SIGKILL), err
    last = start(output, 99)
    _, err = last.communicate()
    assert last.returncode == 0, err
    return killed


def check_finished(output: Path) -> None:
    units = _core.Output.read(str(output)).read_units()
    assert [unit.number for unit in units] == list(range(1, UNITS + 1))
    expected = {}
    for unit in units:
        assert unit.published
        assert sorted(part["split"] for part in unit.commit["parts"]) == list(range(SPLITS))
        for split in range(SPLITS):
            name = f"part-{unit.number}-{split}.txt"
            expected[name] = f"{unit.number} {split} {unit.pin['version']}\n" * 1000
    found = {path.name: path.read_text() for path in output.iterdir() if path.name != "_foretell"}
    assert found == expected
    assert not [path for path in output.rglob("_foretell/staging/*/*") if path.is_dir()]


def test_a_driver_killed_at_random_moments_leaves_each_row_once(tmp_path: Path) -> None:
    # Several outputs, since a driver that has come to its end can no longer be killed.
    killed = 0
    for seed in range(5):
        output = tmp_path / str(seed) / "out"
        output.parent.mkdir()
        killed += kill_until_done(output, 6, seed)
        check_finished(output)
    assert killed >= 5


@pytest.mark.slow
def test_a_driver_killed_at_a_thousand_moments_leaves_each_row_once(tmp_path: Path) -> None:
    for seed in range(100):
        output = tmp_path / str(seed) / "out"
        output.parent.mkdir()
        kill_until_done(output, 10, 1000 + seed)
        check_finished(output)


def test_a_second_process_refuses_at_once_and_names_the_first(tmp_path: Path) -> None:
    output = open_output(tmp_path / "out")
    second = start(tmp_path / "out", 1)
    _, err = second.communicate(timeout=30)
    assert second.returncode != 0
    assert "FT0602" in err
    assert f"process {os.getpid()} on " in err
    assert _core.Output.read(str(tmp_path / "out")).epoch == 0
    assert output.epoch == 1


def test_the_lock_goes_with_a_killed_process(tmp_path: Path) -> None:
    driver = start(tmp_path / "out", 1)
    assert driver.stdout is not None
    assert driver.stdout.readline() == "open\n"
    driver.kill()
    driver.communicate()
    assert open_output(tmp_path / "out").epoch == 2


def test_a_unit_from_plan_to_publication(tmp_path: Path) -> None:
    output = open_output(tmp_path / "out")
    unit = output.unit(1, lambda: pin(3, json.dumps({"files": ["a", "ü"]})))
    assert unit.pin["version"] == 3
    assert json.loads(unit.pin["plan"]) == {"files": ["a", "ü"]}
    assert unit.pin["sequence"] == 1
    assert unit.commit is None
    attempt = unit.start()
    attempt.finish_part(write(attempt, "_quarantine/bad.txt", "bad row") | {"details": '{"seconds":1}'})
    second = unit.start()
    assert [part["files"] for part in second.adopt()] == [["_quarantine/bad.txt"]]
    assert second.parts == attempt.parts
    assert unit.commit_attempt(second)
    assert not unit.commit_attempt(attempt)
    assert unit.commit["attempt_id"] == second.id
    assert unit.commit["counts"] == {"rows": 1, "predicted": 1, "bad": 0, "skipped": 0, "unstable": 0}
    assert json.loads(unit.commit["parts"][0]["details"]) == {"seconds": 1}
    unit.publish()
    assert unit.published
    assert (tmp_path / "out" / "_quarantine" / "bad.txt").read_text() == "bad row"
    with pytest.raises(Error, match="FT0608"):
        unit.start()


def test_three_failures_stop_the_unit_and_a_person_goes_on(tmp_path: Path) -> None:
    output = open_output(tmp_path / "out")
    unit = output.unit(1, pin)
    for _ in range(3):
        attempt = unit.start()
        assert not attempt.fail("FT0902", "the disk is full")
        assert not attempt.fail("nonsense", "")
        assert attempt.fail("FT0502", "no model")
    with pytest.raises(Error) as caught:
        unit.start()
    assert caught.value.code == "FT0606"
    assert "failed 3 times by version 1, the last time with FT0502: no model" in caught.value.message
    assert caught.value.hint.startswith(f"foretell pin set {tmp_path / 'out'} 1 VERSION --why …")
    assert output.repin(1, 2, "b" * 64, "ana", "version 1 has no model")["sequence"] == 2
    assert [one["version"] for one in output.pins(1)] == [1, 2]
    assert output.read_unit(1).start().pin["version"] == 2


def test_what_the_plan_raises_comes_out_and_nothing_is_pinned(tmp_path: Path) -> None:
    output = open_output(tmp_path / "out")
    with pytest.raises(ZeroDivisionError):
        output.unit(1, lambda: 1 / 0)
    for wrong in (
        {},
        pin() | {"version": "x"},
        pin() | {"version": 0},
        pin() | {"plan": "{"},
        pin() | {"plan": "[" * 100},
    ):
        with pytest.raises(Error, match="FT0101"):
            output.unit(1, lambda wrong=wrong: wrong)
    assert output.unit_numbers() == []


def test_a_plan_may_use_other_threads(tmp_path: Path) -> None:
    output = open_output(tmp_path / "out")

    def plan() -> dict[str, Any]:
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        return pin()

    assert output.unit(1, plan).number == 1


def test_bad_rows_are_judged(tmp_path: Path) -> None:
    _core.check_bad_rows([{"rows": 100, "bad": 19}], 0.01)
    with pytest.raises(Error, match=r"FT0605: 30 of 200 rows .* 15 % of them; at most 1 %"):
        _core.check_bad_rows([{"rows": 100, "bad": 10}, {"rows": 100, "bad": 20}], 0.01)
    _core.check_bad_rows([{"rows": 100, "bad": 50}, {"rows": 100, "bad": 0}], 0.01, window=100)
