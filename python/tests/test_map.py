"""The one map, from Python: what goes in, what comes out, and what becomes of bad rows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

import foretell
from foretell import _core

Answer = Callable[[pa.RecordBatch], Any]


def predictor(answer: Answer, **signature: Any) -> _core.PythonPredictor:
    return _core.PythonPredictor(_core.Signature(**signature), lambda batch: answer(pa.record_batch(batch)))


def doubled(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.record_batch(
        {"twice": pa.array([None if x is None else 2 * x for x in batch["x"].to_pylist()])}
    )


X = _core.Schema([("x", "double")])
TWICE = _core.Schema([("twice", "double")])


def test_rows_come_back_in_order_with_their_kept_columns_and_version() -> None:
    table = pa.table({"id": range(25_000), "x": [float(i) for i in range(25_000)]})
    stream = _core.map(table, predictor(doubled, input=X, output=TWICE, keep=["id"]), version=7)
    out = pa.table(stream)
    assert out.column_names == ["id", "twice", "model_version", "_error"]
    assert out["id"].to_pylist() == list(range(25_000))
    assert out["twice"].to_pylist() == [2.0 * i for i in range(25_000)]
    assert set(out["model_version"].to_pylist()) == {7}
    assert out["_error"].null_count == 25_000
    assert max(len(batch) for batch in out.to_batches()) == 10_000


def test_a_bad_row_is_found_and_the_others_are_not_called_again() -> None:
    calls: list[list[float]] = []

    def fails_on_3(batch: pa.RecordBatch) -> pa.RecordBatch:
        values = batch["x"].to_pylist()
        if 3.0 in values:
            raise ValueError("three: refused")
        calls.append(values)
        return doubled(batch)

    quarantined: list[pa.RecordBatch] = []
    metrics = _core.MapMetrics()
    table = pa.table({"id": range(1_000), "x": [float(i) for i in range(1_000)]})
    out = pa.table(
        _core.map(
            table,
            predictor(fails_on_3, input=X, output=TWICE, keep=[]),
            on_error="quarantine",
            quarantine=lambda batch: quarantined.append(pa.record_batch(batch)),
            metrics=metrics,
        )
    ).to_pylist()
    assert out[3]["twice"] is None
    assert out[3]["_error"]["code"] == "FT0301"
    assert out[3]["_error"]["message"].startswith("ValueError: three: refused (test_map.py:")
    assert out[3]["_error"]["message"].endswith(" in fails_on_3)")
    assert [row["twice"] for row in out if row["_error"] is None] == [2.0 * i for i in range(1_000) if i != 3]
    assert sorted(x for call in calls for x in call) == [float(i) for i in range(1_000) if i != 3]
    assert (metrics.rows, metrics.bad, metrics.unstable) == (1_000, 1, 0)
    (batch,) = quarantined
    assert batch.column_names == ["id", "x", "_error", "_position"]
    assert (batch["id"].to_pylist(), batch["_position"].to_pylist()) == ([3], [3])


def test_the_first_bad_row_raises_its_error_from_what_python_raised() -> None:
    def fails(batch: pa.RecordBatch) -> pa.RecordBatch:
        if 1.0 in batch["x"].to_pylist():
            raise KeyError("key")
        return doubled(batch)

    stream = _core.map(pa.table({"x": [0.0, 1.0, 2.0]}), predictor(fails, input=X, output=TWICE))
    with pytest.raises(
        foretell.Error, match=r"row 1: KeyError: 'key' \(test_map.py:\d+ in fails\)"
    ) as caught:
        stream.read_next()
    assert caught.value.code == "FT0301"
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(foretell.Error, match="row 1"):  # a failed stream never looks like one that ended
        stream.read_next()


@pytest.mark.parametrize("exception", [KeyboardInterrupt, SystemExit, MemoryError, GeneratorExit])
def test_what_is_not_an_ordinary_exception_stops_the_map_as_it_is(exception: type[BaseException]) -> None:
    calls = []

    def stops(batch: pa.RecordBatch) -> pa.RecordBatch:
        calls.append(batch.num_rows)
        raise exception

    stream = _core.map(pa.table({"x": [0.0] * 10}), predictor(stops, input=X, output=TWICE), on_error="null")
    with pytest.raises(exception):
        stream.read_next()
    assert calls == [10]


def test_the_gil_is_free_while_a_source_is_awaited() -> None:
    ready = threading.Event()

    def source() -> Any:
        assert ready.wait(10)  # set by another thread, which needs the GIL
        yield pa.record_batch({"x": [1.0]})

    reader = pa.RecordBatchReader.from_batches(pa.schema({"x": pa.float64()}), source())
    other = threading.Thread(target=ready.set)
    stream = _core.map(reader, predictor(doubled, input=X, output=TWICE))
    other.start()
    assert stream.read_next().rows == 1
    other.join()
