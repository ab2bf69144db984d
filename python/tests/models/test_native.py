"""Native models: what goes in and comes out, on disk, in a version, and as a predictor without code."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import foretell as ft
from foretell.models import describe

sklearn = pytest.importorskip("sklearn")
scipy_sparse = pytest.importorskip("scipy.sparse")
from sklearn.decomposition import LatentDirichletAllocation  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402

WORDS = ["jazz", "concert", "music", "piano", "garden", "plants", "soil", "walk", "café", "straße", "food"]


def texts_of(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    made = [" ".join(random.choice(WORDS, random.integers(0, 30))).title() for _ in range(count)]
    return [*made[:-2], "", "nothing known"]


@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(CountVectorizer(), LatentDirichletAllocation(7, random_state=0, max_iter=3)).fit(
        texts_of(400)
    )


@pytest.fixture(scope="module")
def model(pipeline):
    return ft.compile(pipeline, check=texts_of(300, 1))


def test_gives_what_scikit_learn_gives(pipeline, model) -> None:
    texts = texts_of(2500, 2)
    answer = model.transform(texts)
    assert answer.dtype == np.float64
    assert answer.shape == (2500, 7)
    assert abs(answer - pipeline.transform(texts)).max() < 1e-12
    assert model.description["check"]["transform"]["largest"] < 1e-12
    assert model.methods == ("transform",)


@pytest.mark.parametrize(
    "kind",
    [
        "tuple",
        "generator",
        "numpy",
        "bytes",
        "arrow",
        "large",
        "view",
        "dictionary",
        "chunked",
        "pandas",
        "polars",
    ],
)
def test_takes_texts_of_every_kind(model, kind: str) -> None:
    texts = texts_of(50)
    column = pa.array(texts)
    made = {
        "tuple": lambda: tuple(texts),
        "generator": lambda: (text for text in texts),
        "numpy": lambda: np.array(texts),
        "bytes": lambda: [text.encode() for text in texts],
        "arrow": lambda: column,
        "large": lambda: column.cast(pa.large_string())[3:],
        "view": lambda: pa.array(texts, pa.string_view()),
        "dictionary": lambda: column.dictionary_encode(),
        "chunked": lambda: pa.chunked_array([column[:7], column[7:7], column[7:]]),
        "pandas": lambda: pytest.importorskip("pandas").Series(texts, index=range(100, 150)),
        "polars": lambda: pytest.importorskip("polars").Series(texts),
    }[kind]()
    expected = model.transform(texts)
    assert np.array_equal(model.transform(made), expected[3:] if kind == "large" else expected)


def test_threads_and_single_texts_give_the_same_bits(model) -> None:
    texts = texts_of(3500, 3)
    expected = model.transform(texts)
    assert np.array_equal(model.transform(texts, threads=3), expected)
    for row in range(0, 3500, 171):
        assert np.array_equal(model.transform(texts[row : row + 1])[0], expected[row])


def test_several_threads_may_call_it(model) -> None:
    texts = texts_of(1500, 4)
    expected = model.transform(texts)
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.append(np.array_equal(model.transform(texts), expected)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4


def test_gives_an_arrow_list_column(model) -> None:
    column = model.transform(texts_of(20), arrow=True)
    assert column.type == pa.list_(pa.float64())
    assert np.array_equal(np.array(column.to_pylist()), model.transform(texts_of(20)))


def test_no_rows(model) -> None:
    assert model.transform([]).shape == (0, 7)
    assert model.transform(pa.array([], pa.string())).shape == (0, 7)
    assert len(model.transform([], arrow=True)) == 0


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ("one text", "FT0101"),
        (b"one text", "FT0101"),
        (["a", None], "FT0205"),
        (["a", 3], "FT0205"),
        (["a", float("nan")], "FT0205"),
        (np.array([["a"], ["b"]]), "FT0101"),
        (pa.array(["a", None]), "FT0205"),
        (pa.array([1, 2]), "FT0205"),
        (["\ud800"], "FT0208"),
        ([b"caf\xe9"], "FT0208"),
    ],
)
def test_refuses_what_is_no_text(model, texts, code: str) -> None:
    with pytest.raises(ft.Error) as caught:
        model.transform(texts)
    assert caught.value.code == code


def test_refuses_numbers_that_it_does_not_take(pipeline) -> None:
    lda = ft.compile(pipeline[-1])
    counts = pipeline[0].transform(texts_of(10))
    assert abs(lda.transform(counts) - pipeline[-1].transform(counts)).max() < 1e-12
    assert np.array_equal(lda.transform(counts.toarray()), lda.transform(counts))
    for bad, code in [
        (-counts, "FT0206"),
        (counts * np.nan, "FT0206"),
        (np.full(counts.shape, np.inf), "FT0206"),
        (counts[:, :3], "FT0101"),
        (counts.toarray()[0], "FT0101"),
        ([["a"]], "FT0101"),
    ]:
        with pytest.raises(ft.Error) as caught:
            lda.transform(bad)
        assert caught.value.code == code
    with pytest.raises(ft.Error, match="FT0101"):
        lda.transform(counts, threads=0)


def test_a_later_step_names_the_row_of_the_input() -> None:
    from sklearn.preprocessing import MaxAbsScaler

    rows = np.random.default_rng(0).poisson(1.0, (2500, 6)).astype(float)
    lda = LatentDirichletAllocation(2, random_state=0, max_iter=1)
    model = ft.compile(make_pipeline(MaxAbsScaler(), lda).fit(rows))
    rows[2345, 3] = -1  # the scaler takes it
    for threads in (1, 2):
        for given in (rows, scipy_sparse.csr_matrix(rows)):
            with pytest.raises(ft.Error, match=r"FT0206: row 2345 .*negative"):
                model.transform(given, threads=threads)


HASHES = """
import hashlib, sys
import foretell as ft
texts = open(sys.argv[1]).read().split("|")
for path in sys.argv[2:]:
    model = ft.NativeModel.open(path)
    for method in model.methods:
        answers = [getattr(model, method)(texts, threads=threads) for threads in (1, 3)]
        answers.append(getattr(model, method)(texts[::-1])[::-1])
        print(path, method, *(hashlib.sha256(answer.copy("C").tobytes()).hexdigest() for answer in answers))
"""


def test_processes_of_any_instruction_set_give_the_same_bits(
    pipeline, tmp_path: Path, told_by_instruction_set: Callable[..., dict[str, str]]
) -> None:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import ComplementNB

    texts = texts_of(2200, 5)
    labels = [len(text) % 3 for text in texts]
    single = make_pipeline(
        CountVectorizer(dtype=np.float32), LatentDirichletAllocation(7, random_state=0, max_iter=1)
    )
    pipelines = [
        pipeline,
        single.fit(texts),
        make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression()).fit(texts, labels),
        make_pipeline(TfidfVectorizer(), TruncatedSVD(5, random_state=0)).fit(texts),
        make_pipeline(CountVectorizer(), ComplementNB()).fit(texts, labels),
    ]
    paths = []
    for number, fitted in enumerate(pipelines):
        paths.append(str(tmp_path / f"{number}.foretell"))
        ft.compile(fitted).save(paths[-1])
    (tmp_path / "texts").write_text("|".join(texts))
    told = told_by_instruction_set(HASHES, str(tmp_path / "texts"), *paths)
    assert len(set(told.values())) == 1, told
    for line in told["baseline"].splitlines():
        assert len(set(line.split()[2:])) == 1, line


def test_is_saved_mapped_and_pickled_with_the_same_bits(model, tmp_path: Path) -> None:
    texts = texts_of(60)
    expected = model.transform(texts)
    model.save(tmp_path / "topics.foretell")
    opened = ft.NativeModel.open(tmp_path / "topics.foretell")
    opened.verify()
    assert np.array_equal(opened.transform(texts), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["topics.foretell"]
    for protocol in (4, 5):
        assert np.array_equal(pickle.loads(pickle.dumps(model, protocol)).transform(texts), expected)
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(model, 5, buffer_callback=buffers.append)
    assert len(stream) < 1000
    assert np.array_equal(pickle.loads(stream, buffers=buffers).transform(texts), expected)


def test_a_damaged_file_is_refused(model, tmp_path: Path) -> None:
    model.save(tmp_path / "topics.foretell")
    whole = (tmp_path / "topics.foretell").read_bytes()
    bad = tmp_path / "bad.foretell"
    for damaged, code in [
        (whole[:-1], "FT0506"),
        (b"", "FT0506"),
        (whole[:8] + b"\x02" + whole[9:], "FT0407"),
        (whole[:12] + whole[12:16][::-1] + whole[16:], "FT0502"),
    ]:
        bad.write_bytes(damaged)
        with pytest.raises(ft.Error) as caught:
            ft.NativeModel.open(bad)
        assert caught.value.code == code
    offset = json.loads(whole[int.from_bytes(whole[16:24], "little") :])["arrays"][-1]["offset"]
    bad.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
    with pytest.raises(ft.Error, match=r"FT0506|FT0507"):
        ft.NativeModel.open(bad).verify()


def test_the_frozen_sample_opens() -> None:
    folder = Path(__file__).parents[3] / "tests" / "formats" / "native-1"
    model = ft.NativeModel.open(folder / "topics.foretell")
    model.verify()
    kept = json.loads((folder / "answers.json").read_text())
    assert abs(model.transform(kept["texts"]) - np.array(kept["transform"])).max() < 1e-12


class Topics(ft.Predictor):
    input = ft.schema(title="string")
    output = ft.schema(topics="list<double>")

    def extract_features(self, row):
        return row.title or ""

    def predict_bulk(self, texts):
        return self.model.transform(texts)


def test_a_version_of_a_class_maps_it_without_pickle(model, tmp_path: Path) -> None:
    predictor = Topics(store=tmp_path / "models")
    version = predictor.save_model(model)
    assert version.manifest["model"]["loader"] == "native"
    assert not [file for file in version.manifest["files"] if file["path"].endswith("pickle")]
    predictor.load_model()
    assert predictor.predict({"title": "Jazz night"})["topics"] == model.transform(["Jazz night"])[0].tolist()


def test_a_model_that_holds_one_shares_its_bytes(model, tmp_path: Path) -> None:
    predictor = Topics(store=tmp_path / "models")
    version = predictor.save_model({"lda": model, "other": 3})
    assert version.manifest["model"]["loader"] == "pickle"
    assert version.manifest["model"]["shared_bytes"] >= model.nbytes


@pytest.fixture
def declared(model, tmp_path: Path) -> ft.TextPredictor:
    return ft.TextPredictor(
        "EventTopics", model, text=["title", "description"], keep=["id"], store=tmp_path / "models"
    )


ROW = {"id": 3, "title": "Jazz", "description": "Concert music", "other": 1.0}


def frame(count: int = 200) -> pa.Table:
    titles = [text or None for text in texts_of(count, 5)]
    return pa.table({"id": range(count), "title": titles, "description": texts_of(count, 6)})


def test_a_declared_predictor_predicts_rows_and_frames_alike(declared, model) -> None:
    answer = declared.predict(ROW)
    assert list(answer) == ["id", "topics"]
    assert answer["topics"] == model.transform(["Jazz Concert music"])[0].tolist()
    rows = frame()
    table = declared.predict(rows)
    assert table.column_names == ["id", "topics", "model_version", "_error"]
    assert table.column("_error").null_count == len(table)
    assert [declared.predict(row)["topics"] for row in rows.to_pylist()] == table.column("topics").to_pylist()
    assert declared.features(ROW) == "Jazz Concert music"
    assert "Jazz Concert music" in str(declared.trace(ROW))


def test_its_version_is_data_only_and_opens_anywhere(declared, tmp_path: Path) -> None:
    version = declared.save_model(metadata={"trained on": "2026-11-01"}, example=frame())
    assert version.manifest["kind"] == "text"
    assert not [file for file in version.manifest["files"] if file["path"].startswith("code/")]
    loaded = ft.load("EventTopics@1", store=tmp_path / "models")
    assert isinstance(loaded, ft.TextPredictor)
    assert loaded.predict(ROW) == {**declared.predict(ROW), "model_version": 1}
    assert loaded.keep == ["id"]
    assert loaded.metadata == {"trained on": "2026-11-01"}
    code = (
        "import json, foretell as ft; "
        f"print(json.dumps(ft.load('EventTopics', store={str(tmp_path / 'models')!r}).predict({ROW!r})))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(process.stdout) == loaded.predict(ROW)


def test_its_check_is_exact_and_promotes(declared, tmp_path: Path) -> None:
    declared.save_model(example=frame(), alias="production")
    report = ft.check("EventTopics@production", store=tmp_path / "models")
    assert report.passed
    assert report.exact


def test_a_run_scores_by_it(declared, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    declared.save_model(example=frame())
    pq.write_table(frame(), tmp_path / "events.parquet")
    summary = ft.run(
        "EventTopics@1", input=tmp_path / "events.parquet", output=tmp_path / "out", store=tmp_path / "models"
    )
    assert summary.total("predicted") == 200
    scored = pq.read_table(tmp_path / "out").sort_by("id")
    assert scored.column("topics").to_pylist() == declared.predict(frame()).column("topics").to_pylist()


def test_a_new_model_for_it_is_taken_or_refused(declared, pipeline, tmp_path: Path) -> None:
    other = make_pipeline(CountVectorizer(), LatentDirichletAllocation(3, random_state=1, max_iter=1))
    version = declared.save_model(other.fit(texts_of(50)))
    assert version.manifest["model"]["loader"] == "native"
    assert len(declared.predict(ROW)["topics"]) == 7  # as it was
    assert len(declared.load_model().predict(ROW)["topics"]) == 3
    with pytest.raises(ft.Error, match="FT0101"):
        declared.save_model(3)


def test_a_copied_and_pickled_predictor_predicts_alike(declared) -> None:
    assert pickle.loads(pickle.dumps(declared)).predict(ROW) == declared.predict(ROW)
    assert declared.with_source("events/*.parquet").predict(ROW) == declared.predict(ROW)


def test_declarations_that_cannot_be(model, pipeline) -> None:
    for arguments in (
        {"text": []},
        {"text": "title", "output": {"topics": "predict"}},
        {"text": "title", "output": {"topics": "fit"}},
    ):
        with pytest.raises(ft.Error, match="FT0101"):
            ft.TextPredictor("EventTopics", model, **arguments)
    with pytest.raises(ft.Error, match="FT0101"):
        ft.TextPredictor("EventTopics", pipeline[-1], text="title")


def test_its_topics_are_those_of_the_estimator(pipeline, model) -> None:
    found = model.topics(4, reference=texts_of(100))
    weights = pipeline[1].components_ / pipeline[1].components_.sum(axis=1, keepdims=True)
    names = pipeline[0].get_feature_names_out()
    for topic in found:
        best = np.argsort(-weights[topic.number], kind="stable")[:4]
        assert topic.words == tuple(names[best])
        assert np.allclose(topic.weights, weights[topic.number][best])
        assert -1 <= topic.coherence <= 1
    assert model.topics()[0].coherence is None
    for wrong in (0, 51, True, "3"):
        with pytest.raises(ft.Error, match="FT0101"):
            model.topics(wrong)
    explained = model.explain("jazz garden garden zebra")
    assert {word.word for topic in explained for word in topic.words} == {"jazz", "garden"}
    with pytest.raises(ft.Error, match="FT0101"):
        model.explain(["a", "b"])
    counts = pipeline[0].transform(["jazz garden garden"])
    assert ft.compile(pipeline[1]).explain(counts)[0].words[0].word.startswith("word ")


def test_our_own_lda_compiles_with_its_vectorizer() -> None:
    texts = texts_of(200)
    lda = ft.LDA(5, random_state=0, max_iter=2).fit(texts)
    model = ft.compile(lda, check=texts)
    assert np.array_equal(model.transform(texts), lda.transform(texts))
    assert [topic.words for topic in model.topics(5)] == [topic.words for topic in lda.topics(5)]


def test_estimators_within_a_larger_model_are_compiled_one_by_one(pipeline, tmp_path: Path) -> None:
    class LikelyTopics(ft.Predictor):
        input = ft.schema(text="string")
        output = ft.schema(topics="list<int64>")

        def predict_bulk(self, rows):
            topics = self.model["topics"].transform(self.model["counts"].transform(rows["text"]))
            return [np.flatnonzero(row > self.model["least"]).tolist() for row in topics]

    predictor = LikelyTopics(store=tmp_path / "models")
    model = {"counts": ft.compile(pipeline[0]), "topics": ft.compile(pipeline[1]), "least": 0.2}
    version = predictor.save_model(model)
    predictor.load_model()
    texts = texts_of(50)
    expected = [np.flatnonzero(row > 0.2).tolist() for row in pipeline.transform(texts)]
    assert predictor.predict(pa.table({"text": texts}))["topics"].to_pylist() == expected
    stored = version.manifest["model"]
    assert stored["loader"] == "pickle"
    assert stored["shared_bytes"] >= model["topics"].nbytes > stored["private_bytes"]


def test_a_pipeline_within_a_pipeline_has_topics() -> None:
    texts = texts_of(100)
    inner = make_pipeline(CountVectorizer(), "passthrough")
    lda = LatentDirichletAllocation(3, random_state=0, max_iter=1)
    nested = make_pipeline(inner, make_pipeline(make_pipeline(lda))).fit(texts)
    model = ft.compile(nested)
    assert model.description["title"] == "CountVectorizer → LatentDirichletAllocation"
    assert abs(model.transform(texts) - nested.transform(texts)).max() < 1e-12
    assert {word for topic in model.topics(11) for word in topic.words} == {word.lower() for word in WORDS}
    assert "jazz" in repr(model.explain("jazz jazz garden"))


def test_a_model_without_topics_says_so() -> None:
    with pytest.raises(ft.Error, match="FT0101"):
        ft.compile(CountVectorizer().fit(texts_of(10))).topics()


def test_verify_replays_the_self_test(declared, tmp_path: Path) -> None:
    declared.save_model(example=frame())
    store = ft.Store(tmp_path / "models")
    assert store.verify() == []
    assert store.verify("EventTopics@1") == []
    told = describe(store.version("EventTopics@1").manifest["model"])
    assert "native: CountVectorizer → LatentDirichletAllocation" in told
    assert "compiled with python 3." in told
    assert f"scikit-learn {sklearn.__version__}" in told


def test_verify_finds_a_self_test_that_fails(declared, tmp_path: Path) -> None:
    """A store whose bytes are right, and whose model answers otherwise than scikit-learn did."""
    version = declared.save_model(example=frame())
    file = tmp_path / "wrong.foretell"
    declared.model.save(file)
    bytes_ = bytearray(file.read_bytes())
    table = json.loads(bytes_[int.from_bytes(bytes_[16:24], "little") :])
    answers = next(array for array in table["arrays"] if array["name"] == "self_test/transform")
    bytes_[answers["offset"] + 7] ^= 0x40
    file.write_bytes(bytes_)
    store = ft.Store(tmp_path / "models")
    fields = {name: version.manifest[name] for name in ("kind", "signature", "predictor", "model")}
    store.save("EventTopics", {"model/native.foretell": file}, fields)
    assert [finding.code for finding in store.verify("EventTopics@2")] == ["FT0507"]
    assert [finding.code for finding in store.verify()] == ["FT0507"]
    with pytest.raises(ft.Error, match="FT0507"):
        ft.load("EventTopics@2", store=store)


def test_a_declared_predictor_is_declared_once(declared, model) -> None:
    with pytest.raises(ft.Error, match="FT0101"):

        class Changed(ft.TextPredictor):
            def prepare(self, row):
                return {"title": "other"}

    for name, value in (("text", ["title"]), ("outputs", {}), ("keep", None), ("input", None)):
        with pytest.raises(ft.Error, match="FT0101"):
            setattr(declared, name, value)
    declared.save_model()
    other = ft.TextPredictor("EventTopics", model, text="title", store=declared._store)
    with pytest.raises(ft.Error, match="FT0101"):
        other.load_model()
    assert other.version is None
    assert other.predict({"title": "Jazz"})["topics"] == model.transform(["Jazz"])[0].tolist()


def test_an_attribute_of_a_users_own_is_theirs() -> None:
    class Own(ft.Predictor):
        output = ft.schema(n="int64")
        _core = 3

        def predict_item(self, row):
            return self._core

    assert Own(1).predict([{"a": 1}, {"a": 2}])[0]["n"] == 3


def test_odd_arguments_are_refused(model) -> None:
    pandas = pytest.importorskip("pandas")
    for bad in (5, pandas.DataFrame({"text": ["a"]}), pa.table({"text": ["a"]})):
        with pytest.raises(ft.Error, match="FT0101"):
            model.transform(bad)
    for threads in (None, "2", 2.5, True):
        with pytest.raises(ft.Error, match="FT0101"):
            model.transform(["a"], threads=threads)
    assert len(model.topics(np.int64(3))[0].words) == 3
    assert model.explain(b"jazz")


def test_the_words_of_weighed_counts_have_names() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    pipeline = make_pipeline(TfidfVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(
        texts_of(50)
    )
    words = {word for topic in ft.compile(pipeline).topics(5) for word in topic.words}
    assert words <= set(pipeline[0].get_feature_names_out())
