"""What one bad row among a million costs: a bulk call that throws, halved until the row stands alone.

.venv/bin/python bench/one_bad_row.py           target: at most 1.05 × the time without it
.venv/bin/python bench/one_bad_row.py 20        pairs; the default is 10

The predictor does cheap arithmetic with numpy, so that calls, and not it, are what is measured. Policy
"quarantine", batches and calls as they are by default. CPU time is told beside wall time: it says the same on a
busy machine.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from measure import announce

ROWS = 1_000_000
BAD = 654_321
PAIRS = 10


def main() -> None:
    import numpy as np
    import pyarrow as pa

    import foretell as ft
    from foretell import _core

    class Cheap(ft.Predictor):
        input = ft.schema(x="double")
        output = ft.schema(y="double")
        keep = ["id"]

        def predict_bulk(self, rows):
            x = np.asarray(rows["x"])
            if (x < 0).any():
                raise ValueError("a negative number")
            return np.sqrt(x) * self.model

    announce(f"one bad row in {ROWS:,}")
    numbers = np.arange(ROWS, dtype="float64")
    good = pa.table({"id": np.arange(ROWS), "x": numbers})
    numbers = numbers.copy()
    numbers[BAD] = -1.0
    bad = pa.table({"id": np.arange(ROWS), "x": numbers})
    native = Cheap(model=2.0)._native()

    def through(table: pa.Table, expected: int) -> tuple[float, float, int]:
        metrics = _core.MapMetrics()
        quarantined = []
        wall, cpu = time.perf_counter(), time.process_time()
        stream = _core.map(
            table, native, on_error="quarantine", quarantine=quarantined.append, version=1, metrics=metrics
        )
        while stream.read_next() is not None:
            pass
        took = time.perf_counter() - wall, time.process_time() - cpu, metrics.calls
        assert metrics.rows == ROWS
        assert metrics.bad == len(quarantined) == expected
        return took

    with_it: Callable[[], tuple[float, float, int]] = lambda: through(bad, 1)  # noqa: E731
    without: Callable[[], tuple[float, float, int]] = lambda: through(good, 0)  # noqa: E731
    with_it(), without()  # warm
    pairs = []
    for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS):
        both = (with_it(), without()) if number % 2 else tuple(reversed((without(), with_it())))
        pairs.append(both)
    for at, name in enumerate(("wall", "CPU")):
        ours = [one[at] for one, _ in pairs]
        theirs = [other[at] for _, other in pairs]
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        print(
            f"  {name:<5} with {statistics.median(ours):.3f} s  without {statistics.median(theirs):.3f} s"
            f"  ratio {statistics.median(ratios):.3f}  ({min(ratios):.3f} – {max(ratios):.3f})"
        )
    print(f"  calls of the predictor: {pairs[0][0][2]} with, {pairs[0][1][2]} without")


if __name__ == "__main__":
    main()
