"""Documents at the edges, through whole pipelines: no words, unknown words, one word, a megabyte, a million counts."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import foretell as ft

pytest.importorskip("sklearn")
from sklearn.decomposition import LatentDirichletAllocation, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

FITTED = ["jazz concert tonight", "garden plants and soil", "a jazz walk in the garden", "soil, plants"] * 10
LABELS = [0, 1, 0, 1] * 10
DOCUMENTS = [
    "",
    " \n\t",
    "nothing of this was seen",
    "jazz",
    "x" * 2**20,
    "jazz " + "é" * 2**20 + " soil",
    "the jazz walk, the jazz walk",
    "the jazz walk, the jazz walk",
    "jazz " * 1_000_000,
    "jazz soil " * 500_000 + "garden",
]
PIPELINES = {
    "counts and LDA": lambda: make_pipeline(CountVectorizer(), LatentDirichletAllocation(5, random_state=0)),
    "alpha of 0.001": lambda: make_pipeline(
        CountVectorizer(), LatentDirichletAllocation(5, doc_topic_prior=0.001, random_state=0)
    ),
    "bigrams and LDA": lambda: make_pipeline(
        CountVectorizer(ngram_range=(1, 2)), LatentDirichletAllocation(3, random_state=0)
    ),
    "hashes and LDA": lambda: make_pipeline(
        HashingVectorizer(n_features=97, alternate_sign=False, norm=None),
        LatentDirichletAllocation(3, random_state=0),
    ),
    "weights and a classifier": lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()),
    "weights and SVD": lambda: make_pipeline(
        TfidfVectorizer(sublinear_tf=True), TruncatedSVD(2, random_state=0)
    ),
    "counts and naive Bayes": lambda: make_pipeline(CountVectorizer(), MultinomialNB()),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_is_what_scikit_learn_gives(name: str) -> None:
    pipeline = PIPELINES[name]().fit(FITTED, LABELS)
    model = ft.compile(pipeline)
    for method in model.methods:
        ours, theirs = getattr(model, method)(DOCUMENTS), getattr(pipeline, method)(DOCUMENTS)
        if method == "predict":
            assert (ours == theirs).all()
        else:
            # (Naive Bayes sums up a million logarithms; scikit-learn's own rounding is relative to them.)
            limit = 1e-9 if "Bayes" in name else 1e-12
            assert abs(ours - theirs).max() <= limit * (1 + abs(theirs).max())
        alone = np.concatenate([getattr(model, method)([text]) for text in DOCUMENTS])
        assert np.array_equal(ours, alone)
        assert np.array_equal(ours[6], ours[7])


@pytest.mark.parametrize("topics", [2, 10, 64])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_counts_of_a_million(topics: int, dtype: Any) -> None:
    random = np.random.default_rng(0)
    fitted = random.poisson(0.3, (200, 80)).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lda = LatentDirichletAllocation(topics, random_state=0, max_iter=2).fit(fitted)
    rows = random.poisson(0.1, (60, 80)).astype(dtype)
    rows[:20] *= 1e6
    rows[20:25] = 0
    rows[25:30, 3] = 1e6
    difference = abs(ft.compile(lda).transform(rows) - lda.transform(rows)).max(axis=1)
    assert difference.max() <= (1e-12 if dtype is np.float64 else 1e-4)
    assert np.median(difference) <= (1e-14 if dtype is np.float64 else 1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"mean_change_tol": 0.0},
        {"mean_change_tol": 0.0, "max_doc_update_iter": 1_000},
        {"mean_change_tol": 10.0},
        {"max_doc_update_iter": 0},
        {"max_doc_update_iter": 1},
        {"doc_topic_prior": 0.5, "topic_word_prior": 0.9},  # after fit without effect
        {"n_components": 9},  # as well
    ],
    ids=str,
)
def test_settings_after_fit_count_where_they_do_in_scikit_learn(settings: dict[str, Any]) -> None:
    pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(4, random_state=0)).fit(FITTED)
    pipeline[-1].set_params(**settings)
    documents = [*DOCUMENTS[:4], *FITTED[:4], "jazz " * 50]
    expected = pipeline.transform(documents)
    assert abs(ft.compile(pipeline).transform(documents) - expected).max() <= 1e-12


@pytest.mark.parametrize("n_components", [1, 7, 200])
def test_a_document_without_words_is_uniform_to_the_bit(n_components: int) -> None:
    lda = LatentDirichletAllocation(n_components, random_state=0, max_iter=1)
    pipeline = make_pipeline(CountVectorizer(), lda).fit(FITTED)
    assert np.array_equal(ft.compile(pipeline).transform([""]), pipeline.transform([""]))
