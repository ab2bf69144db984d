"""What one bad row among a million costs: a bulk call that throws, halved until the row stands alone.

.venv/bin/python bench/one_bad_row.py           target: at most 1.05 × the time without it
.venv/bin/python bench/one_bad_row.py 20        pairs; the default is 10

Two predictors: a small network of scikit-learn's over eight numbers, which refuses a NaN; and cheap arithmetic
with numpy, where calls, and not the predictor, are what is measured. Policy "quarantine", batches and calls as a
run makes them. CPU time is told beside wall time: it says the same on a busy machine.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from measure import announce

ROWS = 1_000_000
BAD = 654_321
PAIRS = 10
FEATURES = [f"x{i}" for i in range(8)]


def predictors() -> dict[str, Any]:
    """By what they do; each needs the columns of ``FEATURES``, and fails on a NaN."""
    import numpy as np
    from sklearn.neural_network import MLPClassifier

    import foretell as ft

    class Classifier(ft.Predictor):
        input = ft.schema(**dict.fromkeys(FEATURES, "double"))
        output = ft.schema(y="double")
        keep = ["id"]

        def predict_bulk(self, rows):
            return self.model.predict_proba(np.column_stack([rows[name] for name in FEATURES]))[:, 1]

    class Cheap(ft.Predictor):
        input = ft.schema(x0="double")
        output = ft.schema(y="double")
        keep = ["id"]

        def predict_bulk(self, rows):
            x = np.asarray(rows["x0"])
            if np.isnan(x).any():
                raise ValueError("not a number")
            return x * self.model

    random = np.random.default_rng(1)
    sample = random.normal(size=(2_000, len(FEATURES)))
    model = MLPClassifier((64,), max_iter=20, random_state=1, tol=10.0)
    model.fit(sample, sample.sum(axis=1) + random.normal(size=2_000) > 0)
    return {
        "a scikit-learn network of 64 units": Classifier(model=model),
        "cheap arithmetic": Cheap(model=2.0),
    }


def through(native: Any, table: Any, expected: int) -> tuple[float, float, int]:
    """Wall and CPU seconds, and calls of the predictor."""
    from foretell import _core

    metrics = _core.MapMetrics()
    quarantined: list[Any] = []
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


def main() -> None:
    import numpy as np
    import pyarrow as pa

    announce(f"one bad row in {ROWS:,}")
    random = np.random.default_rng(0)
    columns = {"id": np.arange(ROWS), **{name: random.normal(size=ROWS) for name in FEATURES}}
    good = pa.table(columns)
    columns["x0"] = columns["x0"].copy()
    columns["x0"][BAD] = np.nan
    bad = pa.table(columns)
    for what, predictor in predictors().items():
        native = predictor._native()
        through(native, bad, 1), through(native, good, 0)  # warm
        pairs = []
        for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS):
            if number % 2:
                pairs.append((through(native, bad, 1), through(native, good, 0)))
            else:
                pairs.append((through(native, good, 0), through(native, bad, 1))[::-1])
        alone = statistics.median(without[1] for _, without in pairs) / ROWS
        calls = f"{pairs[0][0][2]} calls with, {pairs[0][1][2]} without"
        print(f"  {what}, {alone * 1e9:.0f} ns of CPU a row; {calls}")
        for at, name in enumerate(("wall", "CPU")):
            ours = [one[at] for one, _ in pairs]
            theirs = [other[at] for _, other in pairs]
            ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
            print(
                f"    {name:<5} with {statistics.median(ours):.3f} s  without {statistics.median(theirs):.3f} s"
                f"  ratio {statistics.median(ratios):.3f}  ({min(ratios):.3f} – {max(ratios):.3f})"
            )


if __name__ == "__main__":
    main()
