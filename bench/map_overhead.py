"""What `Map` adds to a batch, for a predictor written in Python: against a bare loop over the same batches.

    .venv/bin/python bench/map_overhead.py          target: at most 25 µs a batch above the bare loop
    build/release/src/predict/map_bench             the same for native predictors; target: at most 3 µs a call

Both sides hand each batch to one Python function that returns it, and read the result. CPU time.
"""

from __future__ import annotations

import statistics

from measure import announce, cpu_seconds

BATCHES = 2_000
PAIRS = 9


def main() -> None:
    import pyarrow as pa

    from foretell import _core

    announce("Map around a Python function")
    for rows in (100, 1_000, 10_000):
        count = BATCHES if rows < 10_000 else BATCHES // 4
        batch = pa.record_batch({"text": pa.array(["some words of an event"] * rows)})
        fields = [("text", "string")]
        signature = _core.Signature(_core.Schema(fields), _core.Schema(fields), [])
        predictor = _core.PythonPredictor(signature, pa.record_batch)

        def reader(batch=batch, count=count) -> pa.RecordBatchReader:
            return pa.RecordBatchReader.from_batches(batch.schema, [batch] * count)

        def bare(reader=reader) -> None:
            for given in reader():
                pa.record_batch(given)

        def ours(reader=reader, predictor=predictor) -> None:
            stream = _core.map(reader(), predictor, version=1)
            while stream.read_next() is not None:
                pass

        ours(), bare()
        pairs = [
            ((cpu_seconds(ours) - cpu_seconds(bare)) / count * 1e6, cpu_seconds(bare) / count * 1e6)
            for _ in range(PAIRS)
        ]
        added = sorted(pair[0] for pair in pairs)
        print(
            f"  {rows:>6,} rows a batch: {statistics.median(added):6.1f} µs of CPU added"
            f"  ({added[0]:.1f} – {added[-1]:.1f}); bare loop {statistics.median(p[1] for p in pairs):.1f} µs"
        )


if __name__ == "__main__":
    main()
