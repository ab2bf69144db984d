"""The C++ scorer, built as its README says, beside Python's own predictions by the same version."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import foretell as ft

pytest.importorskip("sklearn")
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "dev"
ROWS = [
    {"id": "a", "title": "Jazz concert", "description": "music tonight", "seats": 40},
    {
        "id": "b",
        "seats": {"left": [1, 2.5], "name": "Große"},
        "title": None,
        "description": "Garden plants, naïve café",
    },
    {"id": "c", "title": "Jazz", "description": None},
    {"id": "d", "title": "", "description": ""},
    {"id": "e"},
] * 50


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cmake") is None or not (BUILD / "libforetell.a").exists():
        pytest.skip("needs cmake and the library that `make build` makes")
    folder = tmp_path_factory.mktemp("cpp")
    for command in (
        ("cmake", "--install", BUILD, "--component", "cpp", "--prefix", folder / "prefix"),
        ("cmake", "-S", ROOT / "examples" / "cpp_scorer", "-B", folder / "build",
         f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}"),
        ("cmake", "--build", folder / "build"),
    ):  # fmt: skip
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "build" / "cpp_scorer"


def score(program: Path, lines: str, *arguments: object, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), *map(str, arguments)],
        input=lines,
        env=os.environ | {"FORETELL_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("kind", ["topics", "labels"])
def test_it_gives_what_python_gives_to_the_bit(program: Path, tmp_path: Path, kind: str) -> None:
    texts = [ft.join_text(row.get("title"), row.get("description")) for row in ROWS]
    if kind == "topics":
        pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(5, random_state=0)).fit(texts)
    else:
        pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(
            texts, ["music" if "azz" in text else "other" for text in texts]
        )
    store = tmp_path / "models"
    predictor = ft.TextPredictor(
        "Events", pipeline, text=["title", "description"], keep=["id", "title", "seats"], store=store
    )
    predictor.save_model(alias="production", why="for the test", unchecked=True)
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    for threads in (1, 3):
        done = score(program, lines, store, "Events@production", threads, cache=tmp_path / "cache")
        assert done.returncode == 0, done.stderr
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert [row.pop("line") for row in found] == list(range(1, len(ROWS) + 1))
        assert [row.pop("_error") for row in found] == [None] * len(ROWS)
        loaded = ft.load("Events@production", store=store)
        whole = [{"title": None, "description": None, "seats": None, **row} for row in ROWS]
        assert found == [loaded.predict(row) for row in whole]


def test_what_it_cannot_use_is_refused_with_a_code(program: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert score(program, "", tmp_path / "none", "Events", cache=cache).stderr.startswith("FT0410: ")
    assert score(program, "", cache=cache).returncode == 2

    class Written(ft.Predictor):
        def predict_item(self, row):
            return self.model

    store = tmp_path / "models"
    Written(store=store).save_model(3)
    refused = score(program, "", store, "Written@1", cache=cache)
    assert refused.returncode == 1
    assert refused.stderr.startswith("FT0501: ")
    pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(
        ["a jazz day"]
    )
    ft.TextPredictor("Events", pipeline, text="title", store=store).save_model()
    broken = score(program, '{"title": "jazz"}\n{"title": \n', store, "Events", cache=cache)
    assert broken.returncode == 1
    assert broken.stderr.startswith("FT0704: line 2 ")
