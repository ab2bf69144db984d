"""Eight processes that load one model hold its arrays once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import foretell
from foretell import models

MEGABYTES = 64
PROCESSES = 8
LOADER = """
import json, sys, time
from pathlib import Path
import numpy as np
from foretell import models
directory = Path(sys.argv[1])
files = {p.relative_to(directory).as_posix(): p for p in directory.rglob("*") if p.is_file()}
description = json.loads(sys.argv[2])
models.load(description, files)
start = time.perf_counter()
model = models.load(description, files)
seconds = time.perf_counter() - start
total = float(sum(array.sum() for array in model["arrays"]))
print(json.dumps([total, seconds]), flush=True)
sys.stdin.readline()
pss = next(line for line in open("/proc/self/smaps_rollup") if line.startswith("Pss:"))
print(int(pss.split()[1]), flush=True)
sys.stdin.readline()
"""


def pss_of_processes(directory: Path, description: dict[str, object]) -> tuple[int, list[float]]:
    """(kilobytes of PSS of all processes together, the seconds of each warm load)"""
    environment = {**os.environ, "PYTHONPATH": str(Path(foretell.__file__).parent.parent)}
    command = [sys.executable, "-c", LOADER, str(directory), json.dumps(description)]
    started = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, bufsize=1
        )
        for _ in range(PROCESSES)
    ]
    try:
        loads = [json.loads(process.stdout.readline()) for process in started if process.stdout]
        assert len({total for total, _ in loads}) == 1
        sizes = []
        for process in started:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            sizes.append(int(process.stdout.readline()))
        return sum(sizes), [seconds for _, seconds in loads]
    finally:
        for process in started:
            process.communicate("\n", timeout=60)


def test_eight_processes_share_the_arrays(tmp_path: Path) -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("needs /proc/self/smaps_rollup")
    each = MEGABYTES * 2**20 // 8 // 4
    large = {"arrays": [np.random.default_rng(i).random(each) for i in range(4)], "names": ["a"] * 10}
    small = {"arrays": [np.ones(100)], "names": []}
    totals = []
    for name, model in (("large", large), ("small", small)):
        directory = tmp_path / name
        description = models.save(model, directory)
        total, seconds = pss_of_processes(directory, description)
        totals.append(total)
        print(f"{name}: {total / 1024:.0f} MB PSS in all, warm load {max(seconds) * 1000:.2f} ms at most")
    added = (totals[0] - totals[1]) / 1024
    assert added < 1.15 * MEGABYTES, f"{added:.0f} MB for {MEGABYTES} MB of arrays in {PROCESSES} processes"
