"""Models through pickle with mapped arrays: round trips, sharing, damage, what is refused."""

from __future__ import annotations

import json
import pickle
import socket
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foretell import models
from foretell.error import Error


def files_of(directory: Path) -> dict[str, Path]:
    return {p.relative_to(directory).as_posix(): p for p in directory.rglob("*") if p.is_file()}


def round_trip(model: object, directory: Path) -> models.LoadedModel:
    description = json.loads(json.dumps(models.save(model, directory)))
    return models.open_model(description, files_of(directory))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(5000.0),
        np.asfortranarray(np.arange(6000).reshape(60, 100)),
        np.zeros(0),
        np.zeros((0, 5), order="F"),
        np.arange(10000)[::3],
        np.array([{"a": 1}, None, "x"] * 1000, dtype=object),
        np.array("scalar"),
        np.arange(3000).astype(">i4"),
        np.arange(300).astype("datetime64[s]"),
        np.ma.masked_array(np.arange(2000.0), mask=[True, False] * 1000),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_arrays_come_back(array: Any, tmp_path: Path) -> None:
    back = round_trip({"x": array}, tmp_path).model["x"]
    assert back.dtype == array.dtype
    assert back.flags.f_contiguous == array.flags.f_contiguous or array.strides != array.copy().strides
    np.testing.assert_array_equal(back, array)


def test_large_arrays_are_mapped_read_only_and_aligned(tmp_path: Path) -> None:
    model = [np.arange(n, dtype=np.float64) for n in (10, 200, 10_000, 130, 5_000)]
    loaded = round_trip(model, tmp_path)
    assert loaded.mapping == "read-only"
    for before, after in zip(model, loaded.model, strict=True):
        np.testing.assert_array_equal(before, after)
        assert after.flags.writeable == (before.nbytes < 1024)
        assert after.nbytes < 4096 or after.ctypes.data % 4096 == 0


def test_other_buffers_come_back_and_stay_writable(tmp_path: Path) -> None:
    model = {"bytes": b"a" * 5000, "array": bytearray(b"b" * 5000), "out": pickle.PickleBuffer(b"c" * 5000)}
    back = round_trip(model, tmp_path).model
    back["array"][0] = 0
    assert back["bytes"] == model["bytes"]
    assert bytes(back["array"][1:]) == b"b" * 4999
    assert bytes(back["out"]) == b"c" * 5000


def test_sparse_matrices(tmp_path: Path) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.random(400, 300, density=0.1, format="csr", random_state=0)
    back = round_trip(matrix, tmp_path).model
    assert (back != matrix).nnz == 0
    np.testing.assert_array_equal(back @ np.ones(300), matrix @ np.ones(300))


numbers = hnp.arrays(
    dtype=st.sampled_from([np.dtype(t) for t in ("f8", "f4", "i8", "u1", "?", "c16")]),
    shape=hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=20),
    fill=st.nothing(),
    elements=st.just(1),
)
leaves = numbers | st.integers() | st.text(max_size=5) | st.none() | st.binary(max_size=3000)
trees = st.recursive(
    leaves, lambda x: st.lists(x, max_size=4) | st.dictionaries(st.text(max_size=3), x, max_size=4)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees)
def test_any_nesting_comes_back(tree: Any, tmp_path: Path) -> None:
    back = round_trip(tree, tmp_path).model
    np.testing.assert_equal(back, tree)


class WritesWhenLoaded:
    def __init__(self) -> None:
        self.array = np.arange(5000.0)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.array[0] = -1


def test_a_class_that_writes_into_its_array_is_mapped_copy_on_write(tmp_path: Path) -> None:
    description = models.save(WritesWhenLoaded(), tmp_path)
    before = (tmp_path / "model/arrays.bin").read_bytes()
    assert description["mapping"] == "copy-on-write"
    assert "copy-on-write" in models.describe(description)
    assert description["shared_bytes"] == 0
    for claim in ("copy-on-write", "read-only"):
        loaded = models.open_model({**description, "mapping": claim}, files_of(tmp_path))
        assert (loaded.mapping, loaded.model.array[0], loaded.model.array[1]) == ("copy-on-write", -1, 1)
    assert (tmp_path / "model/arrays.bin").read_bytes() == before


class Step:
    def __init__(self, lock: Any) -> None:
        self.lock = lock


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ({"steps": [1, Step(threading.Lock())]}, "model['steps'][1].lock: cannot pickle '_thread.lock'"),
        ([(1, 2), (3, Step(socket.socket()))], "model[1][1].lock: cannot pickle 'socket'"),
        (Step(x for x in ()), "model.lock: cannot pickle 'generator'"),
    ],
)
def test_what_cannot_be_pickled_is_named_by_its_path(model: object, path: str, tmp_path: Path) -> None:
    with pytest.raises(Error) as caught:
        models.save(model, tmp_path)
    assert caught.value.code == "FT0804"
    assert caught.value.message.startswith(path)


class ComesBackBroken:
    def __reduce__(self) -> Any:
        return int, ("not a number",)


def test_a_model_that_cannot_be_read_back_is_refused_at_save(tmp_path: Path) -> None:
    with pytest.raises(Error, match=r"FT0804.*not read back.*not a number"):
        models.save(ComesBackBroken(), tmp_path)


@pytest.fixture
def saved(tmp_path: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    return models.save([np.arange(1000.0), np.arange(600)], tmp_path), files_of(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"buffers": [[0, 8000], [8192, 10**9]]},
        {"buffers": [[0, 8000], [-64, 64]]},
        {"buffers": [[0, 8000], [4096, 64]]},
        {"buffers": [[0, 8000], [8192.0, 64]]},
        {"buffers": [[0, 8000], [8193, 64]]},
        {"buffers": [[0, True]]},
        {"buffers": [[0, 0]]},
        {"buffers": "x"},
        {"arrays": None},
        {"arrays": "model/other.bin"},
        {"arrays_bytes": 5},
        {"stream_bytes": 7},
        {"stream": "../../etc/passwd"},
    ],
    ids=str,
)
def test_a_layout_is_never_trusted(
    change: dict[str, Any], saved: tuple[dict[str, Any], dict[str, Path]]
) -> None:
    description, files = saved
    with pytest.raises(Error) as caught:
        models.load({**description, **change}, files)
    assert caught.value.code == "FT0506"


@pytest.mark.parametrize("change", [{"buffers": []}, {"buffers": [[0, 8000]]}, {"byteorder": "big"}], ids=str)
def test_a_layout_of_another_model_cannot_load(
    change: dict[str, Any], saved: tuple[dict[str, Any], dict[str, Path]]
) -> None:
    description, files = saved
    with pytest.raises(Error) as caught:
        models.load({**description, **change}, files)
    assert caught.value.code == "FT0502"


@pytest.mark.parametrize("name", ["model/arrays.bin", "model/model.pickle"])
def test_a_truncated_file_is_refused(name: str, saved: tuple[dict[str, Any], dict[str, Path]]) -> None:
    description, files = saved
    files[name].write_bytes(files[name].read_bytes()[:-1])
    with pytest.raises(Error) as caught:
        models.load(description, files)
    assert caught.value.code == "FT0506"


def test_describe_tells_what_is_shared(saved: tuple[dict[str, Any], dict[str, Path]]) -> None:
    text = models.describe(saved[0])
    assert text.startswith("pickle: 12.5 KB in 2 arrays shared by mmap, ")


def test_an_unknown_loader_is_named(tmp_path: Path) -> None:
    with pytest.raises(Error, match=r"FT0501.*'joblib'"):
        models.save([1], tmp_path, loader="joblib")
    with pytest.raises(Error, match=r"FT0501.*None"):
        models.load({"format": 1}, {})
    with pytest.raises(Error, match="FT0407"):
        models.load({"format": 2}, {})
