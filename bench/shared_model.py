"""Memory and load time of 1 GB of arrays in 8 processes: foretell, joblib's mmap, plain pickle.

    .venv/bin/python bench/shared_model.py          targets: PSS added at most 1.15 × one copy; warm load at most 50 ms

The proportional set size that the model adds is that of the same processes with a model of 1 KB taken off.
"""

from __future__ import annotations

import pickle
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import announce

PROCESSES = 8
MEGABYTES = 1024

CHILD = """
import sys, time
kind, path = sys.argv[1:3]
import numpy, joblib, pickle
import foretell as ft
if kind == "foretell":
    ft.load("Big@1", store=sys.argv[3], trust_store=True)  # warm: code and libraries are imported
began = time.perf_counter()
if kind == "foretell":
    model = ft.load(path, store=sys.argv[3], trust_store=True).model
elif kind == "joblib":
    model = joblib.load(path, mmap_mode="r")
else:
    model = pickle.load(open(path, "rb"))
took = time.perf_counter() - began
total = sum(float(array.sum()) for array in model)  # touches every page
print(took, flush=True)
sys.stdin.read(1)
pss = [int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Pss:")][0]
print(pss, flush=True)
sys.stdin.read(1)
"""


def measure(kind: str, path: str, store: str) -> tuple[float, float]:
    """Median seconds to load, and the sum of the processes' PSS in MB, all of them alive."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, kind, path, store],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    loads = [float(child.stdout.readline()) for child in children]
    for child in children:
        child.stdin.write("x")
        child.stdin.flush()
    sizes = [int(child.stdout.readline()) for child in children]
    for child in children:
        child.communicate("x")
    return statistics.median(loads), sum(sizes) / 1024


def main() -> None:
    import joblib
    import numpy as np

    import foretell as ft

    class Big(ft.Predictor):
        output = ft.schema(value="double")

        def predict_item(self, row):
            return float(self.model[0][0])

    announce(f"{PROCESSES} processes, {MEGABYTES} MB of arrays")
    with tempfile.TemporaryDirectory(dir=".") as folder:
        root = Path(folder)
        store = str(root / "models")
        for size, name in ((1 / 1024, "small"), (MEGABYTES, "large")):
            chance = np.random.default_rng(0)
            model = [chance.random(int(size * (1 << 20)) // 8 // 8 or 1) for _ in range(8)]
            Big(store=store).save_model(model)
            joblib.dump(model, root / f"{name}.joblib")
            (root / f"{name}.pickle").write_bytes(pickle.dumps(model, protocol=5))
        for kind, small, large in (
            ("foretell", "Big@1", "Big@2"),
            ("joblib", str(root / "small.joblib"), str(root / "large.joblib")),
            ("pickle", str(root / "small.pickle"), str(root / "large.pickle")),
        ):
            measure(kind, large, store)  # fills the page cache
            _, base = measure(kind, small, store)
            took, total = measure(kind, large, store)
            print(
                f"  {kind:<10} load {took * 1e3:8.1f} ms   PSS added {total - base:8.0f} MB ="
                f" {(total - base) / MEGABYTES:.2f} × one copy"
            )


if __name__ == "__main__":
    main()
