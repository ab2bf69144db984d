"""What ``foretell.check`` of 10,000 rows costs, in bulk predictions of the same rows.

    python bench/check_cost.py

The predictor stands for a native one: a row costs the same alone as in bulk, some tens of µs. (A Python
predictor whose bulk method is vectorised pays more for the modes of small batches: the cost of a call, 500 times
each.) The check's other process runs beside it, so a second core is needed.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from measure import announce, cpu_seconds, seconds

ROWS = 10_000
REPEATS = 5


CODE = '''
import foretell as ft


class Passes(ft.Predictor):
    """Eight numbers from four, by a fixed number of passes."""

    input = ft.schema(a="double", b="double", c="double", d="double")
    output = ft.schema(topics="list<double>")

    def predict_item(self, row):
        x = (row.a, row.b, row.c, row.d)
        y = [0.0] * 8
        for _ in range(self.model["passes"]):
            y = [value + x[k % 4] * weight for k, (value, weight) in enumerate(zip(y, self.model["weights"]))]
            total = sum(y) + 1e-9
            y = [value / total for value in y]
        return y
'''


def main() -> None:
    import numpy as np
    import pyarrow as pa

    import foretell as ft

    announce(f"check of {ROWS:,} rows against one bulk prediction of them")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "passes.py"
        path.write_text(CODE)
        spec = importlib.util.spec_from_file_location("passes", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["passes"] = module
        spec.loader.exec_module(module)
        random = np.random.default_rng(7)
        table = pa.table({name: random.random(ROWS) for name in "abcd"})
        weights = random.random(8).tolist()
        store = Path(folder) / "models"
        warnings.simplefilter("ignore")
        module.Passes(store=store).save_model({"weights": weights, "passes": 10}, example=table.slice(0, 100))
        predictor: Any = ft.load("Passes@1", store=store)
        from foretell import _core
        from foretell.parity.subject import BULK_ROWS, Subject

        subject = Subject(predictor)

        def bulk() -> None:
            subject.bulk(iter(table.to_batches()), table.schema, BULK_ROWS, _core.MapMetrics())

        bulk()
        pairs, cpu = [], []
        for _ in range(REPEATS):
            once, used = seconds(bulk), time.process_time()
            began = time.perf_counter()
            report = ft.check("Passes@1", table, store=store, keep=False)
            pairs.append((once, time.perf_counter() - began))
            used = time.process_time() - used
            cpu.append(used / cpu_seconds(bulk))
            assert report.passed, report
        ratio = statistics.median(whole / once for once, whole in pairs)
        for label, times in (
            ("one bulk prediction", [p for p, _ in pairs]),
            ("check", [w for _, w in pairs]),
        ):
            middle = statistics.median(times)
            print(f"  {label:<34} {middle:10.3f} s  ({min(times):.3f} – {max(times):.3f})")
        for mode in report.modes:
            print(f"    {mode.title:<32} {mode.seconds:10.3f} s  {mode.rows:>6,} rows")
        print(
            f"  check: {ratio:.2f} × one bulk prediction (median of {REPEATS}; at most 6); in CPU time of this "
            f"process {statistics.median(cpu):.2f} ×"
        )


if __name__ == "__main__":
    main()
