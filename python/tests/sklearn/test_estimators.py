"""Every estimator of the list beside scikit-learn's own answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import foretell as ft

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.decomposition import LatentDirichletAllocation, TruncatedSVD  # noqa: E402
from sklearn.feature_extraction.text import (  # noqa: E402
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import (  # noqa: E402
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB  # noqa: E402
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union  # noqa: E402
from sklearn.preprocessing import MaxAbsScaler, Normalizer, StandardScaler  # noqa: E402
from sklearn.svm import LinearSVC, LinearSVR  # noqa: E402

WORDS = ["jazz", "concert", "music", "piano", "garden", "plants", "soil", "walk", "café", "straße", "food"]
RANDOM = np.random.default_rng(3)
TEXTS = [
    *(" ".join(RANDOM.choice(WORDS, RANDOM.integers(0, 25))) for _ in range(300)),
    "",
    "unknown words only",
]
TWO = ["music" if ("jazz" in text) != (len(text) % 7 == 0) else "other" for text in TEXTS]
MANY = [len(text) % 4 for text in TEXTS]
NUMBERS = np.array([len(text) / 10 for text in TEXTS])


def compare(pipeline: Any, texts: list[str] = TEXTS, absolute: float = 1e-12) -> ft.NativeModel:
    """Every method, of texts, of counts, of dense counts."""
    model = ft.compile(pipeline)
    for name in ("transform", "predict", "predict_proba", "decision_function"):
        assert hasattr(model, name) == hasattr(pipeline, name), name
        if not hasattr(pipeline, name):
            continue
        ours, theirs = getattr(model, name)(texts), getattr(pipeline, name)(texts)
        assert ours.shape == theirs.shape, name
        assert hasattr(ours, "tocsr") == hasattr(theirs, "tocsr"), name
        if theirs.dtype.kind in "OUSb" or (name == "predict" and theirs.dtype.kind in "iu"):
            assert ours.dtype == theirs.dtype
            assert (ours == theirs).all(), name
        else:
            dense = (lambda rows: rows.toarray()) if hasattr(ours, "tocsr") else np.asarray
            ours_dense, theirs_dense = dense(ours), dense(theirs)
            # Before scikit-learn 1.9 a row whose probabilities are all 0 was NaN.
            assert np.array_equal(np.isnan(ours_dense), np.isnan(theirs_dense)), name
            difference = np.nanmax(abs(ours_dense - theirs_dense))
            assert difference <= absolute * (1 + np.nanmax(abs(theirs_dense))), (name, difference)
        one = getattr(model, name)(texts[5:6])
        equal = (one != ours[5:6]).nnz == 0 if hasattr(ours, "tocsr") else np.array_equal(one, ours[5:6])
        assert equal, f"{name}: one text and many differ"
    return model


CLASSIFIERS = [
    LogisticRegression(),
    LogisticRegression(solver="liblinear"),
    LogisticRegression(C=0.01, fit_intercept=False),
    SGDClassifier(random_state=0),
    SGDClassifier(loss="log_loss", random_state=0),
    SGDClassifier(loss="modified_huber", random_state=0),
    SGDClassifier(loss="log_loss", alpha=1e-9, learning_rate="constant", eta0=50, random_state=0),
    LinearSVC(),
    RidgeClassifier(),
    MultinomialNB(),
    MultinomialNB(alpha=1e-3, fit_prior=False),
    ComplementNB(),
    ComplementNB(norm=True),
    BernoulliNB(),
    BernoulliNB(binarize=1.0),
    BernoulliNB(binarize=None, fit_prior=False),
]


@pytest.mark.parametrize(
    "classes",
    [TWO, MANY, [label > 1 for label in MANY], [float(label) for label in MANY]],
    ids=["two", "many", "booleans", "floats"],
)
@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=repr)
def test_a_classifier(classifier: Any, classes: list[Any]) -> None:
    if getattr(classifier, "solver", "") == "liblinear" and len(set(classes)) > 2:
        pytest.skip("liblinear takes two classes")
    binary = isinstance(classifier, BernoulliNB) and classifier.binarize is None
    pipeline = make_pipeline(CountVectorizer(binary=binary), clone(classifier)).fit(TEXTS, classes)
    model = compare(pipeline)
    assert model.classes_.dtype == pipeline.classes_.dtype
    assert list(model.classes_) == list(pipeline.classes_)


@pytest.mark.parametrize("targets", [NUMBERS, np.column_stack([NUMBERS, -NUMBERS])], ids=["one", "two"])
@pytest.mark.parametrize(
    "regressor",
    [LinearRegression(), Ridge(), SGDRegressor(random_state=0), LinearSVR(random_state=0)],
    ids=repr,
)
def test_a_regressor(regressor: Any, targets: Any) -> None:
    if targets.ndim == 2 and isinstance(regressor, (SGDRegressor, LinearSVR)):
        pytest.skip("it takes one target")
    compare(make_pipeline(CountVectorizer(), MaxAbsScaler(), clone(regressor)).fit(TEXTS, targets))


@pytest.mark.parametrize(
    "steps",
    [
        [TruncatedSVD(5, random_state=0)],
        [TruncatedSVD(5, random_state=0), Normalizer()],
        [TruncatedSVD(5, random_state=0), StandardScaler(), LogisticRegression()],
        [StandardScaler(with_mean=False)],
        [StandardScaler(with_mean=False, with_std=False)],
        [MaxAbsScaler()],
        [Normalizer()],
        [Normalizer("l1")],
        [Normalizer("max")],
        [MaxAbsScaler(), Normalizer(), LinearSVC()],
        [LatentDirichletAllocation(4, random_state=0, max_iter=2), LogisticRegression()],
        ["passthrough", Normalizer()],
    ],
    ids=repr,
)
def test_a_pipeline(steps: list[Any]) -> None:
    steps = [step if isinstance(step, str) else clone(step) for step in steps]
    compare(make_pipeline(CountVectorizer(), *steps).fit(TEXTS, TWO))


def test_a_union_of_text_steps() -> None:
    union = make_union(
        CountVectorizer(),
        CountVectorizer(analyzer="char_wb", ngram_range=(2, 3)),
        make_pipeline(CountVectorizer(binary=True), LatentDirichletAllocation(3, random_state=0, max_iter=1)),
    )
    compare(make_pipeline(union, LogisticRegression()).fit(TEXTS, MANY))
    weighted = FeatureUnion(
        [("words", CountVectorizer()), ("gone", "drop"), ("pairs", CountVectorizer(ngram_range=(2, 2)))],
        transformer_weights={"pairs": 0.25},
    )
    compare(weighted.fit(TEXTS))


@pytest.mark.parametrize(
    "step", [StandardScaler(), MaxAbsScaler(), Normalizer("l1"), TruncatedSVD(3, random_state=0)], ids=repr
)
def test_a_step_alone_of_dense_rows(step: Any) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 6))
    rows[3] = 0
    step = clone(step).fit(rows)
    ours = ft.compile(step).transform(rows)
    assert isinstance(ours, np.ndarray)
    assert abs(ours - step.transform(rows)).max() < 1e-12


@pytest.mark.parametrize(
    "steps",
    [
        [TruncatedSVD(4, random_state=0)],
        [TruncatedSVD(4, random_state=0), Normalizer()],
        [Normalizer("l1")],
        [StandardScaler(with_mean=False)],
        [MaxAbsScaler(), TruncatedSVD(4, random_state=0), StandardScaler()],
    ],
    ids=repr,
)
def test_a_float32_pipeline_gives_float32(steps: list[Any]) -> None:
    pipeline = make_pipeline(CountVectorizer(dtype=np.float32), *[clone(step) for step in steps]).fit(TEXTS)
    model = compare(pipeline, absolute=1e-5)
    assert model.transform(TEXTS).dtype == pipeline.transform(TEXTS).dtype == np.float32


def test_the_dtype_is_that_of_scikit_learn() -> None:
    union = make_union(CountVectorizer(), CountVectorizer(ngram_range=(2, 2))).fit(TEXTS)
    assert ft.compile(union).transform(TEXTS).dtype == union.transform(TEXTS).dtype == np.int64
    rows = np.random.default_rng(0).normal(size=(40, 6))
    regressor = LinearRegression().fit(rows.astype(np.float32), rows[:, 0].astype(np.float32))
    ours, theirs = ft.compile(regressor).predict(rows), regressor.predict(rows)
    assert ours.dtype == theirs.dtype == np.float64
    assert abs(ours - theirs).max() < 1e-12
    sparse = SGDRegressor(random_state=0).fit(rows, rows[:, 0]).sparsify()
    assert abs(ft.compile(sparse).predict(rows) - sparse.predict(rows)).max() < 1e-12


def test_a_scikit_learn_that_gives_frames_is_compiled_as_well() -> None:
    with sklearn.config_context(transform_output="pandas"):
        pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(3, random_state=0, max_iter=1))
        model = ft.compile(pipeline.fit(TEXTS), check=(text for text in TEXTS))
    assert model.description["check"]["transform"]["largest"] < 1e-12


def test_columns_in_another_order_are_refused() -> None:
    pandas = pytest.importorskip("pandas")
    rows = pandas.DataFrame(np.random.default_rng(0).normal(size=(20, 3)), columns=list("abc"))
    model = ft.compile(StandardScaler().fit(rows))
    model.transform(rows)
    with pytest.raises(ft.Error, match="FT0101"):
        model.transform(rows[["c", "b", "a"]])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_scores_so_low_that_their_probability_is_0(dtype: Any) -> None:
    words = ["jazz", "garden", "soil"]
    pipeline = make_pipeline(CountVectorizer(dtype=dtype), SGDClassifier(loss="log_loss", random_state=0))
    classifier = pipeline.fit(words, words)[-1]
    classifier.coef_ = np.zeros((3, 3), dtype=dtype)
    lowest = np.log(np.finfo(dtype).max)
    for scores in ((-0.99, -1.01, -1.1), (-1.02, -0.99, -1.1), (-1.01, -1.02, -1.03), (-3.0, 0.0, -2.0)):
        classifier.intercept_ = (np.array(scores) * lowest).astype(dtype)
        with np.errstate(invalid="ignore"):
            expected = pipeline.predict_proba(words)
        found = ft.compile(pipeline).predict_proba(words)
        assert found.dtype == expected.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 if dtype is np.float64 else 1e-5)


def test_clip_is_refused() -> None:
    if "clip" not in MaxAbsScaler().get_params():
        pytest.skip("this scikit-learn has no clip")
    scaler = MaxAbsScaler(clip=True).fit(np.eye(3))
    with pytest.raises(ft.Error, match="FT0806"):
        ft.compile(scaler)


@pytest.mark.parametrize(
    "vectorizer",
    [
        CountVectorizer(binary=True, stop_words=["and", "walk"]),
        CountVectorizer(ngram_range=(1, 3), strip_accents="unicode"),
        CountVectorizer(vocabulary=["soil", "jazz", "never"]),
        CountVectorizer(dtype=np.uint8, analyzer="char", ngram_range=(1, 2), lowercase=False),
        TfidfVectorizer(),
        TfidfVectorizer(sublinear_tf=True, norm="l1", smooth_idf=False),
        TfidfVectorizer(use_idf=False, norm=None, stop_words="english"),
        TfidfVectorizer(dtype=np.float32, ngram_range=(1, 2)),
        HashingVectorizer(n_features=64),
        HashingVectorizer(n_features=1000, alternate_sign=False, norm="l1"),
        HashingVectorizer(norm=None, binary=True, dtype=np.float32),
        make_pipeline(CountVectorizer(), TfidfTransformer(norm=None)),
        make_pipeline(CountVectorizer(dtype=np.float32), TfidfTransformer(use_idf=False)),
        make_pipeline(HashingVectorizer(alternate_sign=False, norm=None, n_features=500), TfidfTransformer()),
    ],
    ids=repr,
)
def test_a_vectorizer(vectorizer: Any) -> None:
    fitted = clone(vectorizer).fit(TEXTS)
    single = "float32" in repr(vectorizer)
    compare(fitted, absolute=1e-6 if single else 1e-12)
    compare(
        make_pipeline(clone(vectorizer), LogisticRegression()).fit(TEXTS, MANY),
        absolute=1e-5 if single else 1e-12,
    )


def test_settings_after_fit_count_as_in_scikit_learn() -> None:
    vectorizer = TfidfVectorizer().fit(TEXTS)
    vectorizer.set_params(norm="l1", sublinear_tf=True, binary=True)
    compare(vectorizer)
