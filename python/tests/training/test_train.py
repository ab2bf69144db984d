from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import foretell as ft
from foretell.local.progress import Silent

ROWS = [{"text": f"{'abcd'[i % 4]}{i}", "kind": f"k{i % 4}", "id": i} for i in range(200)]
ROWS[3]["text"] = None  # type: ignore[typeddict-item]
ROWS[7]["text"] = "bad"


class Kinds(ft.Predictor):
    """Which kind goes with a first letter."""

    input = ft.schema(text="string")
    output = ft.schema(kind="string")
    keep = ["id"]

    def prepare(self, row: Any) -> Any:
        if row.text is None:
            return ft.skip("no text")
        if row.text == "bad":
            raise ValueError("told to")
        row.text = row.text.upper()
        return row

    def extract_features(self, row: Any) -> Any:
        return row.text

    def predict_item(self, text: str) -> str:
        return str(self.model[text[0]])

    def train(self, texts: Any, rows: Any) -> Any:
        assert texts == rows["text"].to_pylist()  # as prepared
        assert "K" not in texts[0]
        return dict(zip((text[0] for text in texts), rows["kind"].to_pylist(), strict=True))

    def evaluate(self, texts: Any, rows: Any) -> Any:
        right = [
            self.predict_item(text) == kind
            for text, kind in zip(texts, rows["kind"].to_pylist(), strict=True)
        ]
        return {"accuracy": np.float64(np.mean(right)), "ids": rows["id"].to_pylist()}


def train(predictor: ft.Predictor, input: Any = ROWS, **options: Any) -> Any:
    return predictor.train_model(input=input, progress=Silent(), **options)


def test_a_trained_version_predicts_and_keeps_what_it_was_made_of(store: Path) -> None:
    predictor = Kinds(store=store)
    done = train(predictor, alias="production", unchecked=True, why="test", metadata={"by": "ana"})
    assert done.version.reference == "Kinds@1"
    assert done.version.aliases == ("production",)
    assert done.metrics["accuracy"] == 1.0
    rows = done.rows
    assert (rows["read"], rows["bad"], rows["skipped"]) == (200, 1, 1)
    assert rows["trained"] + rows["held out"] == 198
    assert 20 <= rows["held out"] <= 60
    assert sorted(reason[:6] for reason in done.reasons) == ["FT0301", "FT0306"]
    kept = predictor.list_versions()[0]
    assert kept.metrics == done.metrics
    assert kept.manifest["training"]["data"]["sha256"] == done.data["sha256"]
    assert kept.metadata == {"by": "ana"}
    assert not hasattr(predictor, "model")
    assert predictor.load_model("production").predict({"text": "c9", "id": 1})["kind"] == "k2"


def test_the_same_seed_and_data_give_the_same_training(store: Path) -> None:
    class Draws(Kinds):
        def train(self, texts: Any, rows: Any, seed: int = -1) -> Any:
            return {"seed": seed, "python": random.random(), "numpy": np.random.random(), "texts": texts}

        def evaluate(self, texts: Any, rows: Any) -> Any:
            return {"texts": texts}

        def predict_item(self, text: str) -> str:
            return text

    predictor = Draws(store=store)
    random.seed(5)
    before = random.getstate()
    first, again, other = (train(predictor, seed=seed) for seed in (3, 3, 4))
    assert random.getstate() == before
    models = [predictor.load_model(n).model for n in (1, 2, 3)]
    assert models[0] == models[1]
    assert models[0]["seed"] == 3
    for name in ("python", "numpy", "texts"):
        assert models[0][name] != models[2][name]
    assert first.metrics == again.metrics != other.metrics
    assert first.data["sha256"] == again.data["sha256"] == other.data["sha256"]


def test_a_row_stays_held_out_when_the_data_grows(store: Path) -> None:
    predictor = Kinds(store=store)
    small = set(train(predictor, ROWS[:100]).metrics["ids"])
    large = train(predictor, [*ROWS, *ROWS[:50]])
    assert small == {i for i in large.metrics["ids"] if i < 100}
    both = Counter(large.metrics["ids"])
    assert all(count == 2 for i, count in both.items() if i < 50)  # equal rows are on one side


def test_a_class_without_evaluate_trains_on_every_row(store: Path) -> None:
    class Plain(ft.Predictor):
        input = ft.schema(text="string")
        output = ft.schema(n="int64")

        def predict_item(self, row: Any) -> int:
            return 1

        def train(self, features: Any, rows: Any) -> Any:
            assert len(features) == len(rows)
            return 1, {"rows": len(rows), "nan": float("nan"), "array": np.arange(2)}

    rows = [row for row in ROWS if row["text"]]
    done = train(Plain(store=store), rows)
    assert done.metrics == {"rows": 199, "nan": None, "array": [0, 1]}
    done = train(Plain(store=store), rows, test_share=0.5)
    assert 60 < done.rows["trained"] < 140


@pytest.mark.parametrize("kind", ["array", "sparse", "pandas", "polars", "arrow", "rows"])
def test_features_of_several_batches_come_as_one_of_their_kind(store: Path, kind: str) -> None:
    pd, pl, sparse = (
        pytest.importorskip("pandas"),
        pytest.importorskip("polars"),
        pytest.importorskip("scipy.sparse"),
    )

    class Bulk(ft.Predictor):
        input = ft.schema(x="int64")
        output = ft.schema(y="int64")

        def prepare(self, row: Any) -> Any:
            return ft.skip("odd") if row.x % 5 == 1 else row

        if kind != "rows":

            def extract_features_bulk(self, rows: Any) -> Any:
                column = rows["x"].to_numpy().reshape(-1, 1)
                if -1 in column:
                    raise ValueError("no such row")
                return {
                    "array": lambda: column,
                    "sparse": lambda: sparse.csr_matrix(column),
                    "pandas": lambda: pd.DataFrame(column, columns=["x"]),
                    "polars": lambda: pl.DataFrame({"x": column[:, 0]}),
                    "arrow": lambda: pa.table({"x": column[:, 0]}),
                }[kind]()

        def predict_bulk(self, features: Any) -> Any:
            return [1] * len(features)

        def train(self, features: Any, rows: Any) -> Any:
            made = {
                "array": lambda: features[:, 0].tolist(),
                "sparse": lambda: features.toarray()[:, 0].tolist(),
                "pandas": lambda: features["x"].tolist(),
                "polars": lambda: features["x"].to_list(),
                "arrow": lambda: features["x"].to_pylist(),
                "rows": lambda: features["x"].to_pylist(),
            }[kind]()
            assert made == rows["x"].to_pylist()
            return {"label": rows["label"].to_pylist(), "x": made}

    values = list(range(25_000))
    if kind != "rows":
        values[12_345] = -1  # 12345 % 5 == 0, so it is not skipped
    table = pa.table({"x": values, "label": [str(value) for value in values]})
    done = train(Bulk(store=store), table)
    expected = [value for value in values if value % 5 != 1 and value != -1]
    assert Bulk(store=store).load_model().model == {"label": [str(v) for v in expected], "x": expected}
    assert (done.rows["bad"], done.rows["skipped"]) == (int(kind != "rows"), 5000)


def test_another_version_is_compared_on_the_same_rows(store: Path) -> None:
    class Half(Kinds):
        name = "Kinds"

        def train(self, texts: Any, rows: Any) -> Any:
            return dict.fromkeys("ABCD", "k0"), {"own": 1}

    train(Half(store=store), alias="production", unchecked=True, why="test")
    done = train(Kinds(store=store), compare="production", seed=9)
    assert done.compared.here
    assert done.compared.version.version == 1
    assert 0 < done.compared.metrics["accuracy"] < 0.6
    assert done.compared.metrics["ids"] == done.metrics["ids"]
    heads, lines = done.table()
    assert heads == ["METRIC", "Kinds@2", "Kinds@1", "CHANGE"]
    assert lines[0][:2] == ["accuracy", "1"]
    assert lines[0][3].startswith("+0.")
    assert f"both on the {done.rows['held out']} rows held out here" in str(done)
    assert ">Kinds@1</th>" in done._repr_html_()
    kept = train(Kinds(store=store), compare="production", test_share=0)
    assert (kept.compared.here, kept.compared.metrics["own"]) == (False, 1)
    assert "no row was held out" not in str(kept)


def test_the_digest_is_of_the_data_and_names_its_files(store: Path, tmp_path: Path) -> None:
    lines = [json.dumps(row) + "\n" for row in ROWS]
    (tmp_path / "a.jsonl").write_text("".join(lines[:120]))
    (tmp_path / "b.jsonl").write_text("".join(lines[120:]))
    predictor = Kinds(store=store)
    first = train(predictor, ["a.jsonl", "b.jsonl"]).data
    assert [file["sha256"] for file in first["files"]] == [
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.jsonl", "b.jsonl")
    ]
    (tmp_path / "all.jsonl").write_text("".join(lines))
    assert train(predictor, "all.jsonl").data["sha256"] == first["sha256"]
    (tmp_path / "all.jsonl").write_text("".join(lines).replace("a0", "a1", 1))
    assert train(predictor, "all.jsonl").data["sha256"] != first["sha256"]


@pytest.mark.filterwarnings("ignore:no example of Elsewhere")
def test_a_sample_and_a_train_source(store: Path, tmp_path: Path) -> None:
    (tmp_path / "labelled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))

    class Elsewhere(Kinds):
        source = ft.files("nothing/*.jsonl")
        train_source = ft.files("labelled.jsonl")

    predictor = Elsewhere(store=store)
    done = predictor.train_model(sample=50, seed=1, progress=Silent())
    assert done.rows["read"] == 50
    assert [set(file) for file in done.data["files"]] == [{"path", "size"}]
    done = predictor.train_model(sample=1000, progress=Silent())
    assert done.rows["read"] == 200
    assert "the source has 200 rows, fewer than the sample asked for" in str(done)


def test_parameters_of_a_scikit_learn_model_are_kept(store: Path) -> None:
    pytest.importorskip("sklearn")
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    class Bayes(Kinds):
        def train(self, texts: Any, rows: Any) -> Any:
            model = make_pipeline(CountVectorizer(analyzer="char"), MultinomialNB(alpha=0.5))
            return model.fit(texts, rows["kind"].to_pylist())

        def predict_item(self, text: str) -> str:
            return str(self.model.predict([text])[0])

    done = train(Bayes(store=store))
    assert done.parameters["multinomialnb__alpha"] == 0.5
    assert done.parameters["countvectorizer__analyzer"] == "char"
    assert "steps" not in done.parameters
    assert done.metrics["accuracy"] > 0.9


def test_setup_may_ask_for_the_model_and_features_may_need_setup(store: Path) -> None:
    class SetUp(Kinds):
        def setup(self) -> None:
            self.upper = str.upper
            self.letters = set(self.model)

        def extract_features(self, row: Any) -> Any:
            return self.upper(row.text)

        def evaluate(self, texts: Any, rows: Any) -> Any:
            return {"letters": "".join(sorted(self.letters))}

    assert train(SetUp(store=store)).metrics == {"letters": "ABCD"}
