"""Versions: saved, listed, loaded in processes that have never seen the class."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import foretell as ft
from foretell.loading import VersionWarning, admit


class Adder(ft.Predictor):
    """Adds its model to ``n``."""

    keep = ("id",)

    def predict_item(self, row: Any) -> Any:
        return row["n"] + self.model


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "store")


def test_a_saved_model_is_listed_and_loaded_by_number_alias_and_latest(store: str) -> None:
    predictor = Adder(store=store)
    assert predictor.list_versions() == []
    first = predictor.save_model(1, metadata={"trained on": "2026-11-01"})
    second = predictor.save_model(2, alias="production", unchecked=True, why="a test")
    third = predictor.save_model(3)
    assert [v.version for v in (first, second, third)] == [1, 2, 3]
    assert "model" not in predictor.__dict__
    assert second.aliases == ("production",)
    listed = predictor.list_versions()
    assert [(v.name, v.version, dict(v.metadata)) for v in listed] == [
        ("Adder", 1, {"trained on": "2026-11-01"}), ("Adder", 2, {}), ("Adder", 3, {}),
    ]  # fmt: skip
    for asked, number in ((1, 1), ("1", 1), ("production", 2), ("latest", 3)):
        assert predictor.load_model(version=asked) is predictor
        assert (predictor.version.version, predictor.model) == (number, number)  # type: ignore[union-attr]
        assert predictor.predict({"id": 7, "n": 10}) == {
            "id": 7, "prediction": 10 + number, "model_version": number,
        }  # fmt: skip
        frame = predictor.predict(pd.DataFrame({"id": [7], "n": [10]}))
        assert frame["model_version"].tolist() == [number]
    predictor.load_model(1)
    assert predictor.metadata == {"trained on": "2026-11-01"}


def test_what_is_not_there_is_named_and_changes_nothing(store: str) -> None:
    predictor = Adder(store=store)
    predictor.save_model(1)
    predictor.load_model()
    for asked, code in ((9, "FT0402"), ("canary", "FT0403"), ("no such", "FT0105")):
        with pytest.raises(ft.Error) as caught:
            predictor.load_model(asked)
        assert caught.value.code == code
        assert predictor.predict({"id": 1, "n": 1})["prediction"] == 2
    with pytest.raises(ft.Error) as caught:
        ft.load("Nothing", store=store)
    assert caught.value.code == "FT0401"


def test_a_model_key_keeps_several_models_of_one_predictor_apart(store: str) -> None:
    predictor = Adder(store=store)
    predictor.save_model(1, model_key="Adder/de")
    predictor.save_model(2, model_key="Adder/fr")
    assert [v.name for v in predictor.list_versions("Adder/de")] == ["Adder/de"]
    predictor.save_model(3)
    assert predictor.load_model(model_key="Adder/fr").model == 2
    # Each call names its key, or means ``name``: what one lists by default is what the other loads.
    assert [v.name for v in predictor.list_versions()] == ["Adder"]
    assert predictor.version is not None
    assert [v.name for v in predictor.list_versions(predictor.version.name)] == ["Adder/fr"]
    assert predictor.load_model().model == 3
    assert ft.load("Adder/de", store=store).model == 1


def test_two_versions_of_one_class_live_side_by_side(store: str) -> None:
    predictor = Adder(store=store)
    for model in (1, 2):
        predictor.save_model(model)
    one, two = ft.load("Adder@1", store=store), ft.load("Adder@2", store=store)
    row = {"id": 0, "n": 10}
    assert [
        one.predict(row)["prediction"],
        two.predict(row)["prediction"],
        one.predict(row)["prediction"],
    ] == [11, 12, 11]
    assert repr(one) == "<Adder predictor, version 1>"


@pytest.mark.parametrize(
    "example",
    [
        {"id": 1, "n": 2},
        [{"id": 1, "n": 2}],
        pd.DataFrame({"id": [1], "n": [2]}),
        pa.table({"id": [1], "n": [2]}),
    ],
    ids=["dict", "dicts", "pandas", "arrow"],
)
def test_an_example_gives_the_schemas_and_stays_with_the_version(store: str, example: Any) -> None:
    version = Adder(store=store).save_model(0.5, example=example)
    signature = version.manifest["signature"]
    assert signature["input"] == [["id", "int64"], ["n", "int64"]]
    assert signature["output"] == [["prediction", "double"]]
    assert signature["keep"] == ["id"]
    assert version.manifest["inferred"] == ["input", "output"]
    loaded = ft.load("Adder", store=store)
    with pytest.raises(ft.Error, match="'n'"):
        loaded.predict({"id": 1})
    with pytest.raises(ft.Error) as caught:
        loaded.predict({"id": 1, "n": "two"})
    assert caught.value.code == "FT0205"
    assert loaded.predict({"id": 1, "n": 2})["prediction"] == 2.5
    path = ft.Store(store).open_files("Adder")["example.arrow"]
    assert pa.ipc.open_file(path).read_all().to_pylist() == [{"id": 1, "n": 2}]


def test_an_example_that_cannot_be_predicted_is_not_saved(store: str) -> None:
    with pytest.raises(ft.Error) as caught:
        Adder(store=store).save_model(1, example={"id": 1, "n": "text"})
    assert caught.value.code == "FT0301"
    for example in ([], pd.DataFrame({"n": []})):
        with pytest.raises(ft.Error, match="no row"):
            Adder(store=store).save_model(1, example=example)
    assert Adder(store=store).list_versions() == []


def test_the_output_is_inferred_from_a_local_source_and_else_left_open(store: str, tmp_path: Path) -> None:
    pd.DataFrame({"id": [1, 2], "n": [1.5, 2.5]}).to_parquet(tmp_path / "events.parquet")
    predictor = Adder(store=store).with_source(ft.files(str(tmp_path / "*.parquet")))
    signature = predictor.save_model(1).manifest["signature"]
    assert (signature["input"], signature["output"]) == (None, [["prediction", "double"]])
    with pytest.warns(UserWarning, match="could not be inferred from its source"):
        missing = predictor.with_source(ft.files(str(tmp_path / "none" / "*.parquet"))).save_model(1)
    assert missing.manifest["signature"]["output"] is None
    assert Adder(store=store).save_model(1).manifest["signature"]["output"] is None


def test_the_manifest_tells_what_the_version_was_made_with(store: str) -> None:
    manifest = Adder(store=store).save_model(np.float64(1)).manifest
    assert manifest["parity"] == {"rtol": 1e-9, "atol": 1e-12}
    assert manifest["environment"]["python"] == sys.version.split()[0]
    assert manifest["environment"]["packages"]["numpy"] == np.__version__
    assert manifest["who"]
    assert "class_digest" in manifest["code"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"metadata": {"a": {1}}}, "FT0101"),
        ({"metadata": {"a": float("nan")}}, "FT0101"),
        ({"alias": "latest"}, "FT0103"),
        ({"alias": "3"}, "FT0103"),
        ({"alias": "no such thing"}, "FT0105"),
        ({"model_key": "../up"}, "FT0105"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused_before_anything_is_saved(store: str, arguments: Any, code: str) -> None:
    with pytest.raises(ft.Error) as caught:
        Adder(store=store).save_model(1, **arguments)
    assert caught.value.code in (code, "FT0102", "FT0103")
    assert not ft.Store(store).exists()


def test_a_class_that_needs_arguments_or_cannot_predict_is_not_saved(store: str) -> None:
    class Needs(Adder):
        def __init__(self, size: int) -> None:
            super().__init__(store=store)

    class Half(ft.Predictor):
        pass

    for predictor, told in ((Needs(3), "'size'"), (Half(store=store), "predict_item")):
        with pytest.raises(ft.Error, match=told) as caught:
            predictor.save_model(1)
        assert caught.value.code == "FT0309"


def test_another_class_than_the_saved_one_is_warned_about(store: str) -> None:
    Adder(store=store).save_model(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Adder(store=store).load_model()

    class Other(Adder):
        name = "Adder"

        def predict_item(self, row: Any) -> Any:
            return row["n"] * 100

    with pytest.warns(VersionWarning, match="saved with other code than that of Other"):
        other = Other(store=store).load_model()
    assert other.predict({"id": 0, "n": 2})["prediction"] == 200
    assert ft.load("Adder", store=store).predict({"id": 0, "n": 2})["prediction"] == 3


def test_another_environment_is_warned_about_by_name(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Adder(store=store).save_model(1)
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    with pytest.warns(VersionWarning, match=r"Python 3\.99\.0 is here|Python .* was used"):
        ft.load("Adder", store=store)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ft.load("Adder", store=store, warn=False)


def test_setup_runs_for_each_loaded_model(store: str) -> None:
    class WithTable(Adder):
        def setup(self) -> None:
            self.table = {"plus": self.model}

        def predict_item(self, row: Any) -> Any:
            return row["n"] + self.table["plus"]

    predictor = WithTable(store=store)
    for model in (1, 2):
        predictor.save_model(model)
    found = [predictor.load_model(n).predict({"id": 0, "n": 0})["prediction"] for n in (1, 2, 1)]
    assert found == [1, 2, 1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_store_of_another_user_is_refused_unless_trusted(store: str) -> None:
    Adder(store=store).save_model(1)
    os.chown(store, 12345, -1)
    for call in (lambda: ft.load("Adder", store=store), lambda: Adder(store=store).load_model()):
        with pytest.raises(ft.Error, match="belongs to another user") as caught:
            call()
        assert caught.value.code == "FT0503"
    assert ft.load("Adder", store=store, trust_store=True).model == 1
    assert Adder(store=store).load_model(trust_store=True).model == 1


def test_a_store_that_anybody_may_write_to_is_refused(store: str) -> None:
    Adder(store=store).save_model(1)
    os.chmod(store, 0o777)
    with pytest.raises(ft.Error, match="anybody may write") as caught:
        ft.load("Adder", store=store)
    assert caught.value.code == "FT0503"
    os.chmod(store, 0o755)
    admit(ft.Store(store), "Adder@1")


def test_a_version_comes_back_in_a_process_that_has_never_seen_it(store: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "words").mkdir(parents=True)
    (project / "foretell.toml").write_text("")
    (project / "words" / "__init__.py").write_text("from words.shout import shout\n")
    (project / "words" / "shout.py").write_text(
        "from words.mark import MARK\ndef shout(t): return t.upper() + MARK\n"
    )
    (project / "words" / "mark.py").write_text('MARK = "!"\n')
    (project / "shouts.py").write_text(
        textwrap.dedent(
            """
            import foretell as ft
            from words import shout
            class Shouts(ft.Predictor):
                input = ft.schema(text="string")
                output = ft.schema(loud="string")
                def predict_item(self, row):
                    return shout(row.text) + self.model["end"]
            """
        )
    )
    run(project, f"from shouts import Shouts; Shouts(store={store!r}).save_model({{'end': 1 * '?'}})")
    (project / "words" / "mark.py").write_text('MARK = "#"\n')
    run(project, f"from shouts import Shouts; Shouts(store={store!r}).save_model({{'end': '.'}})")
    empty = tmp_path / "empty"
    empty.mkdir()
    printed = run(
        empty,
        f"""
        import json, sys, foretell as ft
        one, two = ft.load("Shouts@1", store={store!r}), ft.load("Shouts@2", store={store!r})
        row = {{"text": "a"}}
        print(json.dumps([p.predict(row)["loud"] for p in (one, two, one)] + ["words" in sys.modules]))
        """,
    )
    assert json.loads(printed) == ["A!?", "A#.", "A!?", False]


def run(folder: Path, code: str) -> str:
    """What a fresh Python in ``folder`` prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_skops_model_loads_with_the_operators_list_of_types(tmp_path, monkeypatch):
    pytest.importorskip("skops")
    from sklearn.preprocessing import FunctionTransformer

    class Dedented(ft.Predictor):
        output = ft.schema(short="string")

        def predict_item(self, row):
            return self.model.transform(row["text"])

    predictor = Dedented(store=tmp_path)
    version = predictor.save_model(FunctionTransformer(textwrap.dedent), loader="skops")
    assert version.manifest["model"]["loader"] == "skops"
    with pytest.raises(ft.Error) as refused:
        predictor.load_model()
    assert refused.value.code == "FT0503"
    assert "FORETELL_TRUSTED_TYPES" in refused.value.hint
    monkeypatch.setenv("FORETELL_TRUSTED_TYPES", ", ".join(version.manifest["model"]["untrusted_types"]))
    assert predictor.load_model().predict({"text": "  a"})["short"] == "a"
