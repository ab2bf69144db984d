"""Executors that cannot run a version, told by the driver before a row is scored.

Each test lets Spark start Python in another environment, as ``PYSPARK_PYTHON`` does; a session reads that when it
begins, so it is set on the session that is there.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import foretell as ft
from foretell.loading import VersionWarning

from .environments import NEEDED, distribution, environment, other_python

WORDED = """
import foretell as ft
import acme_words

class Worded(ft.Predictor):
    input = ft.schema(text="string")
    output = ft.schema(words="int64")
    keep = []

    def predict_item(self, row):
        return acme_words.count(row.text or "")
"""
COUNT = "def count(text):\n    return len(text.split())\n"


@pytest.fixture
def run_by(spark: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Has executors run Python by this interpreter, or script."""
    return lambda path: monkeypatch.setattr(spark.sparkContext, "pythonExec", str(path))


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def another_foretell(folder: Path) -> Path:
    """An environment with this foretell under another version's number."""
    python = environment(folder / "environment")
    (package,) = folder.glob("environment/lib/*/site-packages/foretell")
    text = (package / "__init__.py").read_text()
    (package / "__init__.py").unlink()
    (package / "__init__.py").write_text(text.replace(f'"{ft.__version__}"', '"0.0.7"'))
    return script(folder / "python", f'PYTHONPATH={package.parent}:$PYTHONPATH exec {python} "$@"')


def refused(spark: Any, predictor: Any, code: str = "FT1002") -> ft.Error:
    with pytest.raises(ft.Error) as raised:
        predictor.predict(spark.createDataFrame([(1, "a b")], "id long, text string"))
    assert raised.value.code == code
    assert "spark.archives" in raised.value.hint
    return raised.value


def test_an_environment_of_its_own_runs_it(spark: Any, project: Any, run_by: Any, tmp_path: Path) -> None:
    run_by(environment(tmp_path / "environment"))
    predictor = project.load()
    frame = spark.createDataFrame([(1, "a b")], "id long, text string")
    assert [row.length for row in predictor.predict(frame).collect()] == [3]
    assert [row[0] for row in frame.select(predictor.spark.column().length).collect()] == [3]
    assert predictor.spark.map_rdd(spark.sparkContext.parallelize([{"id": 1, "text": "a"}])).count() == 1


def test_foretell_is_missing(spark: Any, project: Any, run_by: Any, tmp_path: Path) -> None:
    python = environment(tmp_path / "environment", with_foretell=False)
    run_by(
        script(
            tmp_path / "python",
            f'PYTHONPATH=$(echo "$PYTHONPATH" | tr : "\\n" | grep spark | paste -sd:) exec {python} "$@"',
        )
    )
    assert "foretell is not installed" in refused(spark, project.load()).message


def test_another_foretell(spark: Any, project: Any, run_by: Any, tmp_path: Path) -> None:
    run_by(another_foretell(tmp_path))
    assert (
        f"foretell 0.0.7 on {_host()}, {ft.__version__} on the driver"
        in refused(spark, project.load()).message
    )


def test_a_library_of_the_version_is_missing_or_another(
    spark: Any, project: Any, run_by: Any, tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path = tmp_path_factory.mktemp("elsewhere")  # within the project the version would carry it
    monkeypatch.syspath_prepend(str(distribution(tmp_path / "driver", "acme_words", "1.0", COUNT)))
    (project.root / "worded.py").write_text(WORDED)
    monkeypatch.syspath_prepend(str(project.root))
    import worded  # type: ignore[import-not-found]

    predictor = worded.Worded(store=project.store)
    predictor.save_model(1)
    predictor = ft.load("Worded@1", store=project.store)
    python = environment(tmp_path / "environment")
    run_by(python)
    message = refused(spark, predictor).message
    assert f"acme_words is missing on {_host()}, 1.0 on the driver" in message
    other = distribution(tmp_path / "executor", "acme_words", "2.0", COUNT)
    run_by(script(tmp_path / "python", f'PYTHONPATH={other}:$PYTHONPATH exec {python} "$@"'))
    assert f"acme_words 2.0 on {_host()}, 1.0 on the driver" in refused(spark, predictor).message
    same = tmp_path / "driver"
    run_by(script(tmp_path / "same", f'PYTHONPATH={same}:$PYTHONPATH exec {python} "$@"'))
    frame = spark.createDataFrame([(1, "a b")], "id long, text string")
    assert [row.words for row in predictor.predict(frame).collect()] == [2]


def test_pyarrow_is_missing(spark: Any, project: Any, run_by: Any, tmp_path: Path) -> None:
    run_by(environment(tmp_path / "environment", [name for name in NEEDED if name != "pyarrow"]))
    assert "pyarrow is not installed" in refused(spark, project.load()).message.lower()


def test_another_python(spark: Any, project: Any, run_by: Any, tmp_path: Path) -> None:
    other = other_python()
    if other is None:
        pytest.skip("no other Python on this machine")
    run_by(environment(tmp_path / "environment", [], python=other))
    assert "another Python than the driver" in refused(spark, project.load()).message


def test_python_that_does_not_start(spark: Any, project: Any, run_by: Any, tmp_path: Path) -> None:
    run_by(tmp_path / "nothing" / "python")
    assert "nothing/python" in refused(spark, project.load(), "FT1005").message


def test_another_release_is_a_warning_for_a_version_that_is_data_only(
    spark: Any, project: Any, run_by: Any, tmp_path: Path
) -> None:
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(
        ["a text", "b text"]
    )
    ft.TextPredictor(
        "Topics", ft.compile(model), text=["text"], keep=["id"], store=project.store
    ).save_model()
    predictor = ft.load("Topics@1", store=project.store)
    run_by(another_foretell(tmp_path))
    frame = spark.createDataFrame([(1, "a text")], "id long, text string")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        out = predictor.predict(frame)
    found = [str(one.message) for one in told if issubclass(one.category, VersionWarning)]
    assert len(found) == 1
    assert "holds data only and runs all the same: foretell 0.0.7" in found[0]
    assert out.collect()[0].topics == predictor.predict({"id": 1, "text": "a text"})["topics"]


def _host() -> str:
    import platform

    return platform.node()
