"""The one map, from Python: what goes in, what comes out, and what becomes of bad rows."""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import foretell
import foretell.error
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


def inputs() -> dict[str, Callable[[], Any]]:
    """One table as each library hands it over: rows of id, title, x, at."""
    at = [dt.datetime(2026, 1, 1, hour) for hour in range(3)]
    columns: dict[str, list[Any]] = {"id": [1, 2, 3], "title": ["a", None, "ünï"], "x": [1, 2, 3], "at": at}

    def duckdb_relation() -> Any:
        connection = duckdb.connect()
        connection.register("events", pa.table(columns))
        return connection.sql("select * from events order by id")

    return {
        "pyarrow table": lambda: pa.table(columns),
        "pyarrow batch": lambda: pa.record_batch(columns),
        "pyarrow reader": lambda: pa.table(columns).to_reader(),
        "pyarrow dictionary": lambda: pa.table(
            {**columns, "title": pa.array(columns["title"]).dictionary_encode()}
        ),
        "pyarrow slice": lambda: pa.table(
            {name: [values[0], *values] for name, values in columns.items()}
        ).slice(1),
        "pandas": lambda: pd.DataFrame(columns),
        "pandas categories": lambda: pd.DataFrame(columns).astype({"title": "category"}),
        "polars": lambda: pl.DataFrame(columns),
        "polars categories": lambda: pl.DataFrame(columns).cast({"title": pl.Categorical}),
        "duckdb": duckdb_relation,
        "our own stream": lambda: _core.Stream(pa.table(columns)),
        "our own batch": lambda: _core.Batch.from_arrow(pa.record_batch(columns)),
    }


@pytest.mark.parametrize("library", inputs())
def test_every_librarys_layout_reaches_the_predictor_as_declared(library: str) -> None:
    declared = [("title", "string"), ("x", "double"), ("at", "timestamp[us, UTC]")]
    seen: list[pa.RecordBatch] = []

    def look(batch: pa.RecordBatch) -> pa.RecordBatch:
        seen.append(batch)
        return pa.record_batch({"n": pa.array([len(text or "") for text in batch["title"].to_pylist()])})

    output = _core.Schema([("n", "int64")])
    stream = _core.map(
        inputs()[library](), predictor(look, input=_core.Schema(declared), output=output, keep=["id"])
    )
    out = pa.table(stream)
    assert out.select(["id", "n"]).to_pydict() == {"id": [1, 2, 3], "n": [1, 0, 3]}
    table = pa.Table.from_batches(seen)
    assert [str(field.type) for field in table.schema] == ["string", "double", "timestamp[us, tz=UTC]"]
    assert table["title"].to_pylist() == ["a", None, "ünï"]
    assert table["x"].to_pylist() == [1.0, 2.0, 3.0]
    assert table["at"].to_pylist() == [dt.datetime(2026, 1, 1, hour, tzinfo=dt.UTC) for hour in range(3)]


@pytest.mark.parametrize(
    "consumer", [pa.table, pl.DataFrame, lambda s: pa.RecordBatchReader.from_stream(s).read_all()]
)
def test_the_output_goes_to_every_library(consumer: Callable[[Any], Any]) -> None:
    stream = _core.map(pa.table({"x": [1.0, 2.0]}), predictor(doubled, input=X, output=TWICE), version=1)
    out = consumer(stream)
    assert list(out["twice"].to_pylist() if hasattr(out["twice"], "to_pylist") else out["twice"]) == [
        2.0,
        4.0,
    ]


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (lambda batch: [1.0], "FT0303", "returned a list, expected a record batch"),
        (lambda batch: None, "FT0303", "returned None"),
        (lambda batch: pa.array([1.0]), "FT0303", "cannot be used"),
        (lambda batch: pa.record_batch({"twice": [1.0, 2.0]}), "FT0302", "2 rows for 1"),
        (lambda batch: pa.record_batch({"thrice": [1.0]}), "FT0303", "the columns thrice, expected twice"),
        (lambda batch: pa.record_batch({"twice": ["1"]}), "FT0303", "'twice' is string, expected double"),
        (lambda batch: pa.record_batch({"twice": [None]}), "FT0304", "'twice' is null"),
        (lambda batch: pa.record_batch({"twice": [float("nan")]}), "FT0305", "'twice' is NaN"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_told(answer: Answer, code: str, message: str) -> None:
    stream = _core.map(pa.table({"x": [1.0]}), predictor(answer, input=X, output=TWICE))
    with pytest.raises(foretell.Error, match=message) as caught:
        stream.read_next()
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("FT0303", "FT0303"),
        ("FT0302", "FT0302"),
        ("FT0206", "FT0301"),
        ("FT0701", "FT0301"),
        ("FT0999", "FT0301"),
    ],
)
def test_errors_of_foretells_own_keep_their_code_where_they_speak_of_rows(code: str, kept: str) -> None:
    def refuses(batch: pa.RecordBatch) -> Any:
        raise foretell.error.error(code, "why", hint="what next")

    out = pa.table(
        _core.map(pa.table({"x": [1.0]}), predictor(refuses, input=X, output=TWICE), on_error="null")
    )
    assert out["_error"].to_pylist()[0]["code"] == kept


def test_other_errors_of_foretells_own_stop_the_map() -> None:
    def refuses(batch: pa.RecordBatch) -> Any:
        raise foretell.error.error("FT0310", "no model", hint="load one")

    stream = _core.map(pa.table({"x": [1.0]}), predictor(refuses, input=X, output=TWICE), on_error="null")
    with pytest.raises(foretell.Error, match="no model") as caught:
        stream.read_next()
    assert (caught.value.code, caught.value.hint) == ("FT0310", "load one")


def test_the_place_is_the_innermost_line_of_the_users_own() -> None:
    def inner(batch: pa.RecordBatch) -> Any:
        return json.loads("{")  # raises deep in the standard library

    out = pa.table(
        _core.map(pa.table({"x": [1.0]}), predictor(inner, input=X, output=TWICE), on_error="null")
    )
    message = out["_error"].to_pylist()[0]["message"]
    assert message.startswith("JSONDecodeError: Expecting property name")
    assert message.endswith(" in inner)")


def test_an_exceptions_text_may_be_anything() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    for raised, start in [
        (ValueError("\ud800"), "ValueError: ?"),
        (ValueError("ä" * 5_000), "ValueError: ää"),
        (Silent(), "Silent"),
    ]:

        def fails(batch: pa.RecordBatch, raised: Exception = raised) -> Any:
            raise raised

        out = pa.table(
            _core.map(pa.table({"x": [1.0]}), predictor(fails, input=X, output=TWICE), on_error="null")
        )
        message = out["_error"].to_pylist()[0]["message"]
        assert message.startswith(start)
        assert len(message) < 3_000


def test_a_broken_predictor_stops_the_map_or_marks_every_row() -> None:
    def fails(batch: pa.RecordBatch) -> Any:
        raise TypeError(f"of {batch.num_rows}")

    table = pa.table({"x": [0.0] * 1_000})
    broken = predictor(fails, input=X, output=TWICE)
    with pytest.raises(foretell.Error, match="FT0301: TypeError: of 1 ") as caught:
        _core.map(table, broken, on_error="null").read_next()
    assert caught.value.code == "FT0307"
    assert isinstance(caught.value.__cause__, TypeError)
    codes = pa.table(_core.map(table, broken, on_error="null", throw_broken=False))["_error"].to_pylist()
    assert {error["code"] for error in codes} == {"FT0301", "FT0307"}
    assert len(codes) == 1_000


def test_a_callback_that_raises_stops_the_map() -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    table = pa.table({"x": [None]})
    with pytest.raises(OSError, match="disk full"):
        _core.map(
            table, predictor(doubled, input=X, output=TWICE), on_error="quarantine", quarantine=full
        ).read_next()
    with pytest.raises(OSError, match="disk full"):
        _core.map(table, predictor(doubled, input=X, output=TWICE), before_call=full).read_next()


def test_calls_are_announced_and_counted() -> None:
    announced: list[tuple[int, int]] = []
    metrics = _core.MapMetrics()
    stream = _core.map(
        pa.table({"x": [float(i) for i in range(25)]}),
        predictor(doubled, input=X, output=TWICE),
        batch_rows=10,
        before_call=lambda position, rows: announced.append((position, rows)),
        metrics=metrics,
    )
    assert [batch.rows for batch in stream] == [10, 10, 5]
    assert announced == [(0, 10), (10, 10), (20, 5)]
    assert (metrics.rows, metrics.batches, metrics.calls, metrics.bytes) == (25, 3, 3, 25 * 8)
    assert min(metrics.reading_ns, metrics.predicting_ns, metrics.checking_ns) > 0


@pytest.mark.parametrize("place", ["source", "predictor", "quarantine"])
def test_ctrl_c_is_a_keyboard_interrupt_wherever_it_comes(place: str) -> None:
    def press() -> None:
        signal.raise_signal(signal.SIGINT)

    def source() -> Any:
        if place == "source":
            press()
        yield pa.record_batch({"x": [1.0, None]})

    def answer(batch: pa.RecordBatch) -> pa.RecordBatch:
        if place == "predictor":
            press()
        return doubled(batch)

    reader = pa.RecordBatchReader.from_batches(pa.schema({"x": pa.float64()}), source())
    stream = _core.map(
        reader,
        predictor(answer, input=X, output=TWICE),
        on_error="quarantine",
        quarantine=lambda batch: press() if place == "quarantine" else None,
    )
    for _ in range(2):  # a stream that failed fails again
        with pytest.raises(KeyboardInterrupt):
            stream.read_next()


def test_the_original_error_crosses_another_librarys_stream() -> None:
    def fails(batch: pa.RecordBatch) -> Any:
        raise ValueError("no")

    first = _core.map(pa.table({"x": [1.0]}), predictor(fails, input=X, output=TWICE))
    through = pa.RecordBatchReader.from_stream(first)
    second = _core.map(through, predictor(doubled, input=X, output=_core.Schema([("y", "double")]), keep=[]))
    with pytest.raises(foretell.Error, match="row 0: ValueError: no") as caught:
        second.read_next()
    assert caught.value.code == "FT0301"


def test_a_stream_is_read_once() -> None:
    stream = _core.Stream(pa.table({"x": [1]}))
    assert stream.schema.fields == [("x", "int64")]
    assert pa.table(stream).num_rows == 1
    with pytest.raises(foretell.Error, match="read already") as caught:
        pa.table(stream)
    assert caught.value.code == "FT0101"


def test_a_stream_is_read_in_one_place_at_a_time() -> None:
    streams: list[_core.Stream] = []

    def reads(batch: pa.RecordBatch) -> pa.RecordBatch:
        streams[0].read_next()
        return doubled(batch)

    table = pa.table({"x": [1.0, 2.0]})
    streams.append(_core.map(table, predictor(reads, input=X, output=TWICE), batch_rows=1))
    with pytest.raises(foretell.Error, match="being read already"):
        streams[0].read_next()

    inside, go = threading.Event(), threading.Event()

    def waits(batch: pa.RecordBatch) -> pa.RecordBatch:
        inside.set()
        assert go.wait(20)
        return doubled(batch)

    stream = _core.map(table, predictor(waits, input=X, output=TWICE), batch_rows=1)
    first: list[Any] = []
    thread = threading.Thread(target=lambda: first.append(stream.read_next()))
    thread.start()
    assert inside.wait(20)
    for use in (stream.read_next, lambda: stream.schema, stream.__arrow_c_stream__):
        with pytest.raises(foretell.Error, match="being read already"):
            use()
    go.set()
    thread.join()
    assert [pa.record_batch(batch)["twice"].to_pylist() for batch in [first[0], *stream]] == [[2.0], [4.0]]


def test_the_text_of_an_error_may_hold_any_bytes() -> None:
    with pytest.raises(foretell.Error, match="/no\ufffdfile") as caught:
        _core.sha256_file("/no\udcfffile")
    assert caught.value.code == "FT0901"


ENDS_WHILE_THREADS_PULL = """
import threading, time
import pyarrow as pa
from foretell import _core

def answer(batch):
    time.sleep(0.002)
    return pa.record_batch({"y": [1.0] * batch.rows})

output = _core.Schema([("y", "double")])
predictor = _core.PythonPredictor(_core.Signature(output=output), answer)
table = pa.table({"x": [1.0] * 100_000})
pulled = threading.Semaphore(0)

def pull():
    for _ in _core.map(table, predictor, batch_rows=1):
        pulled.release()

for _ in range(3):
    threading.Thread(target=pull, daemon=True).start()
for _ in range(9):
    pulled.acquire()
"""


def test_the_interpreter_ends_while_threads_pull() -> None:
    for _ in range(5):  # where the threads are by then is chance
        done = subprocess.run(
            [sys.executable, "-c", ENDS_WHILE_THREADS_PULL],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


RELEASE_WAITS_FOR_ANOTHER_THREAD = """
import ctypes, signal, threading, time
import pyarrow as pa
from foretell import _core

class Paused:
    # A stream whose release is pause(3): it waits, with native code alone, for a signal of the other thread.
    def __arrow_c_stream__(self, requested_schema=None):
        pointers = (ctypes.c_void_p * 5)()
        pa.table({"x": [1]}).to_reader()._export_to_c(ctypes.addressof(pointers))
        pointers[3] = ctypes.cast(ctypes.CDLL(None).pause, ctypes.c_void_p)
        self.pointers = pointers
        capsule = ctypes.pythonapi.PyCapsule_New
        capsule.argtypes, capsule.restype = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p), ctypes.py_object
        return capsule(ctypes.addressof(pointers), b"arrow_array_stream", None)

signal.signal(signal.SIGUSR1, lambda *_: None)
signal.signal(signal.SIGALRM, lambda *_: None)
source, main, done = Paused(), threading.main_thread().ident, threading.Event()

def wake():
    while not done.wait(0.01):
        signal.pthread_kill(main, signal.SIGUSR1)

unread = _core.Stream(source).__arrow_c_stream__()
signal.setitimer(signal.ITIMER_REAL, 10)  # ends the pause of one that keeps the GIL
start = time.monotonic()
threading.Thread(target=wake).start()
del unread
done.set()
assert time.monotonic() - start < 5, "the GIL was held"
"""


def test_an_unread_stream_is_released_without_the_gil() -> None:
    subprocess.run(
        [sys.executable, "-c", RELEASE_WAITS_FOR_ANOTHER_THREAD],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
        check=True,
    )


def test_a_map_keeps_its_predictor_and_lets_it_go() -> None:
    class Owner:
        def predict(self, batch: _core.Batch) -> pa.RecordBatch:
            return doubled(pa.record_batch(batch))

    owner = Owner()
    owner.self = _core.PythonPredictor(_core.Signature(input=X, output=TWICE), owner.predict)  # type: ignore[attr-defined]
    alive = weakref.ref(owner)
    stream = _core.map(pa.table({"x": [1.0]}), owner.self)  # type: ignore[attr-defined]
    del owner
    gc.collect()
    assert stream.read_next().rows == 1
    del stream
    gc.collect()
    assert alive() is None  # a cycle through C++, found by the collector


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: _core.map(pa.table({"y": [1]}), predictor(doubled, input=X, output=TWICE)), "FT0203"),
        (
            lambda: _core.map(pa.table({"x": [1], "twice": [1]}), predictor(doubled, input=X, output=TWICE)),
            "FT0210",
        ),
        (lambda: _core.map(pa.table({"x": [1]}), predictor(doubled), on_error="ignore"), "FT0101"),
        (lambda: _core.map(pa.table({"x": [1]}), predictor(doubled), threads=0), "FT0101"),
        (lambda: _core.map(5, predictor(doubled)), "FT0207"),
        (lambda: _core.Batch.from_arrow(pa.array([1])), "FT0207"),
        (lambda: _core.Schema([("a", "int65")]), "FT0201"),
        (lambda: _core.Schema([("a", "int64"), ("a", "int64")]), "FT0204"),
        (lambda: _core.parse_type("list<"), "FT0201"),
    ],
)
def test_wrong_arguments_are_refused_at_once(call: Callable[[], Any], code: str) -> None:
    with pytest.raises(foretell.Error) as caught:
        call()
    assert caught.value.code == code


def test_the_output_schema_is_known_before_anything_runs() -> None:
    table = pa.table({"id": [1], "x": [1.0]})
    signature = _core.Signature(input=X, output=TWICE, keep=["id"])
    schema = _core.map_schema(_core.Schema.from_arrow(table.schema), signature, version_column="v")
    assert schema is not None
    assert schema.fields[:3] == [("id", "int64"), ("twice", "double"), ("v", "int64")]
    stream = _core.map(table, _core.PythonPredictor(signature, lambda batch: 1 / 0), version_column="v")
    assert stream.schema == schema
    assert pa.schema(stream) == pa.schema(schema)
    assert _core.map_schema(schema, _core.Signature()) is None


def test_an_untyped_output_is_learnt_from_the_first_answer() -> None:
    stream = _core.map(pa.table({"x": [1.0]}), predictor(doubled, input=X, keep=[]))
    assert stream.schema.fields[0] == ("twice", "double")
    assert pa.table(stream)["twice"].to_pylist() == [2.0]


def test_schemas_and_signatures_are_values() -> None:
    schema = _core.Schema([("a", "float64"), ("at", "timestamp")])
    assert schema.fields == [("a", "double"), ("at", "timestamp[us, UTC]")]
    assert (len(schema), schema.names) == (2, ["a", "at"])
    assert schema == _core.Schema.from_arrow(pa.schema(schema))
    assert hash(schema) == hash(_core.Schema(schema.fields))
    assert schema != _core.Schema([("a", "double")])
    assert schema != "a"
    assert repr(schema) == "Schema(a: double, at: timestamp[us, UTC])"
    assert pickle.loads(pickle.dumps(schema)) == schema
    signature = _core.Signature(input=schema, keep=["a"], allow_nan=True)
    assert (signature.input, signature.output, signature.keep) == (schema, None, ["a"])
    assert (signature.allow_null, signature.allow_nan) == (False, True)
    assert _core.parse_type("list<float64>") == "list<double>"
