"""The class as the field writes it, from wherever a class can be written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import foretell as ft

CLASS = """
import foretell as ft

class Topics(ft.Predictor):
    def load_input_dataframe(self, spark): ...
    def load_input_stream(self, spark): ...
    def extract_features(self, row): return row["title"] + " " + row["description"]
    def predict_item(self, features): return self.model.transform([features])[0]
"""

MODEL = """
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

texts = ["jazz in the park", "rock in the hall", "chess for all", "go and chess"] * 3
model = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
"""

USE = """
p = Topics(); p.save_model(model, metadata={"trained on": "2026-11-01"})
p.load_model(version="latest"); p.list_versions()
"""

TELL = """
import json
row = {"id": 7, "title": "jazz", "description": "in the park"}
print(json.dumps([p.predict(row), [v.version for v in p.list_versions()], p.metadata]))
"""


def check(printed: str, store: Path, tmp_path: Path) -> None:
    """What the process told, and what one that has never seen the class makes of the version."""
    answer, versions, metadata = json.loads(printed.strip().splitlines()[-1])
    assert (versions, metadata) == ([1], {"trained on": "2026-11-01"})
    assert answer["id"] == 7
    assert answer["model_version"] == 1
    assert len(answer["prediction"]) == 2
    assert abs(sum(answer["prediction"]) - 1) < 1e-9
    empty = tmp_path / "empty"
    empty.mkdir()
    again = python(
        empty,
        "-c",
        "import json, pandas as pd, foretell as ft; p = ft.load('Topics@1')\n"
        "row = {'id': 7, 'title': 'jazz', 'description': 'in the park'}\n"
        "frame = p.predict(pd.DataFrame([row]))\n"
        "print(json.dumps([p.predict(row), frame['prediction'][0].tolist(), p.load_input_dataframe(None)]))",
        store=store,
    )
    loaded, framed, nothing = json.loads(again)
    assert loaded == answer
    assert framed == pytest.approx(answer["prediction"], rel=1e-9, abs=1e-12)
    assert nothing is None


def python(folder: Path, *arguments: str, store: Path, stdin: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "FORETELL_STORE": str(store)},
    )
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr, done.stderr
    return done.stdout


def test_from_a_script(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "work"
    folder.mkdir()
    (folder / "main.py").write_text(CLASS + MODEL + USE + TELL)
    check(python(folder, "main.py", store=store), store, tmp_path)


def test_from_an_interactive_python(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "work"
    folder.mkdir()
    typed = CLASS + "\n" + MODEL + USE + TELL  # an empty line ends the class
    check(python(folder, "-i", "-q", store=store, stdin=typed), store, tmp_path)


def test_from_a_package(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "work"
    (folder / "events").mkdir(parents=True)
    (folder / "foretell.toml").write_text("")
    (folder / "events" / "__init__.py").write_text("")
    (folder / "events" / "topics.py").write_text(CLASS)
    main = "from events.topics import Topics\n" + MODEL + USE + TELL
    check(python(folder, "-c", main, store=store), store, tmp_path)


def test_from_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    store, folder = tmp_path / "store", tmp_path / "work"
    folder.mkdir()
    monkeypatch.setenv("FORETELL_STORE", str(store))
    monkeypatch.setenv("PYTHONPATH", str(Path(ft.__file__).parents[1]))
    cells = [nbformat.v4.new_code_cell(source) for source in (CLASS, MODEL, USE, TELL)]
    cells.append(nbformat.v4.new_code_cell('p.trace({"title": "jazz", "description": None})'))
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    printed = "".join(out["text"] for out in cells[3].outputs if out.get("name") == "stdout")
    check(printed, store, tmp_path)
    shown = cells[4].outputs[-1]["data"]
    assert "TypeError" in shown["text/plain"]
    assert "in extract_features" in shown["text/plain"]
    assert "<pre>Traceback" in shown["text/html"]


def test_a_null_is_one_bad_row_of_it(tmp_path: Path) -> None:
    namespace: dict[str, object] = {}
    exec(textwrap.dedent(CLASS), namespace)

    class Lengths:
        def transform(self, texts: list[str]) -> list[list[float]]:
            return [[float(len(text))] for text in texts]

    predictor = namespace["Topics"](Lengths())  # type: ignore[operator]
    rows = [{"title": "a", "description": "b"}, {"title": None, "description": "b"}]
    first, second = predictor.predict(rows, on_error="null")
    assert first["prediction"] == [3.0]
    assert second["_error"]["code"] == "FT0301"
    assert second["_error"]["message"].startswith("TypeError: ")
