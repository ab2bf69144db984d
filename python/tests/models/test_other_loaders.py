"""skops with the operator's list of types, and classes with files of their own."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretell import models
from foretell.error import Error


def files_of(directory: Path) -> dict[str, Path]:
    return {p.relative_to(directory).as_posix(): p for p in directory.rglob("*") if p.is_file()}


def test_skops_round_trip(tmp_path: Path) -> None:
    pytest.importorskip("skops")
    from sklearn.linear_model import LogisticRegression

    x = np.arange(20.0).reshape(10, 2)
    model = LogisticRegression().fit(x, np.arange(10) > 4)
    description = json.loads(json.dumps(models.save(model, tmp_path, loader="skops")))
    assert description["loader"] == "skops"
    back = models.load(description, files_of(tmp_path))
    np.testing.assert_array_equal(back.predict_proba(x), model.predict_proba(x))
    assert models.describe(description).startswith("skops: ")


def test_skops_trusts_only_what_the_operator_lists(tmp_path: Path) -> None:
    pytest.importorskip("skops")
    from sklearn.preprocessing import FunctionTransformer

    description = models.save(FunctionTransformer(np.testing.assert_equal), tmp_path, loader="skops")
    name = description["untrusted_types"][0]
    with pytest.raises(Error, match=f"FT0503.*{name}"):
        models.load({**description, "untrusted_types": [], "trusted_types": [name]}, files_of(tmp_path))
    assert models.load(description, files_of(tmp_path), trusted_types=[name]).func is not None


def test_a_damaged_skops_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("skops")
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(np.ones((2, 1)), np.ones(2))
    description = models.save(model, tmp_path, loader="skops")
    path = tmp_path / "model/model.skops"
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(Error, match=r"FT0506.*not a skops file"):
        models.load(description, files_of(tmp_path))
    path.write_bytes(b"x")
    with pytest.raises(Error, match="FT0506"):
        models.load(description, files_of(tmp_path))


class OwnFiles:
    """Static methods, the usual form."""

    @staticmethod
    def save_files(model: Any, directory: Path) -> None:
        (directory / "sub").mkdir()
        (directory / "sub" / "weights.npy").write_bytes(model.weights.tobytes())
        (directory / "about.json").write_text(json.dumps(model.about))

    @staticmethod
    def load_files(directory: Path) -> Any:
        return Weights(
            np.frombuffer((directory / "sub" / "weights.npy").read_bytes()),
            json.loads((directory / "about.json").read_text()),
            directory,
        )


class OwnFilesByInstance:
    def save_files(self, model: Any, directory: Path) -> None:
        OwnFiles.save_files(model, directory)

    def load_files(self, directory: Path) -> Any:
        return OwnFiles.load_files(directory)


class Weights:
    def __init__(self, weights: Any, about: Any, directory: Path | None = None) -> None:
        self.weights, self.about, self.directory = weights, about, directory


@pytest.mark.parametrize("predictor", [OwnFiles, OwnFilesByInstance, OwnFilesByInstance()])
def test_files_of_the_class_come_back(predictor: Any, tmp_path: Path) -> None:
    model = Weights(np.arange(10.0), {"k": 1})
    description = json.loads(json.dumps(models.save(model, tmp_path / "v", predictor=predictor)))
    assert description["loader"] == "files"
    # From a directory as saved, and from a cache that names files by their digest.
    cache = tmp_path / "cache"
    cache.mkdir()
    by_digest = {}
    for number, (name, path) in enumerate(files_of(tmp_path / "v").items()):
        by_digest[name] = cache / f"{number:064x}"
        by_digest[name].write_bytes(path.read_bytes())
    for files in (files_of(tmp_path / "v"), by_digest):
        back = models.load(description, files, predictor=predictor)
        np.testing.assert_array_equal(back.weights, model.weights)
        assert back.about == {"k": 1}
        assert back.directory.is_dir()
    scratch = back.directory
    del back
    gc.collect()
    assert not scratch.exists()
    assert len(list(cache.iterdir())) == 2


def test_files_are_checked(tmp_path: Path) -> None:
    description = models.save(Weights(np.arange(10.0), 0), tmp_path, predictor=OwnFiles)
    files = files_of(tmp_path)
    first = sorted(description["files"])[0]
    for sizes in ({}, {**description["files"], first: 3}, {"model/files/../../x": 1}, {"model/files/no": 1}):
        with pytest.raises(Error, match="FT0506"):
            models.load({**description, "files": sizes}, {**files, "x": tmp_path}, predictor=OwnFiles)
    with pytest.raises(Error, match="FT0502"):
        models.load(description, files)


def test_half_a_pair_and_no_file_are_refused(tmp_path: Path) -> None:
    class Half:
        @staticmethod
        def save_files(model: Any, directory: Path) -> None: ...

    class Nothing(Half):
        @staticmethod
        def load_files(directory: Path) -> Any: ...

    with pytest.raises(Error, match=r"FT0801.*not load_files"):
        models.save(1, tmp_path, predictor=Half)
    with pytest.raises(Error, match=r"FT0804.*no file"):
        models.save(1, tmp_path, predictor=Nothing)
    with pytest.raises(Error, match="FT0501"):
        models.save(1, tmp_path, loader="files")
