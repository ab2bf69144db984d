"""ft.LDA: scikit-learn's conventions, training, conversions, errors."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import foretell as ft

sklearn = pytest.importorskip("sklearn")


Make = Callable[..., Any]


def lda(topics: int = 8, **parameters: Any) -> ft.LDA:
    return ft.LDA(topics, random_state=0, **parameters)


def test_checks_of_scikit_learn_pass() -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    if not hasattr(checks, "estimator_checks_generator"):
        pytest.skip("scikit-learn before 1.6 runs other checks")
    results = checks.check_estimator(
        ft.LDA(2, max_iter=2),
        expected_failed_checks={
            "check_positive_only_tag_during_fit": "the message of FT0206 has other words",
            "check_dtype_object": "FT0101 is a ValueError, and a TypeError is expected",
        },
        on_skip=None,
    )
    assert len(results) > 40


def test_it_is_a_step_of_a_pipeline_and_clones() -> None:
    from sklearn.base import clone
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    texts = ["jazz concert tonight", "football match today", "jazz band plays", "football team wins"] * 5
    pipeline = make_pipeline(CountVectorizer(), lda(2))
    topics = pipeline.fit_transform(texts)
    assert topics.shape == (20, 2)
    np.testing.assert_allclose(topics.sum(axis=1), 1)
    assert list(pipeline.get_feature_names_out()) == ["lda0", "lda1"]
    again = clone(pipeline).fit(texts)
    assert again.transform(texts).tobytes() == topics.tobytes()
    assert clone(lda(5, batch_size=7)).get_params()["batch_size"] == 7


@pytest.mark.parametrize("method", ["batch", "online"])
def test_threads_give_the_same_bits(method: str, counts: Make) -> None:
    x = counts()
    one = lda(learning_method=method).fit(x)
    three = lda(learning_method=method, n_jobs=3).fit(x)
    assert one.components_.tobytes() == three.components_.tobytes()
    assert one.transform(x).tobytes() == three.transform(x).tobytes()
    other = ft.LDA(8, learning_method=method, random_state=1).fit(x)
    assert not np.allclose(one.components_, other.components_)


def test_partial_fit_of_the_pieces_is_fit_online(counts: Make) -> None:
    x = counts(320)
    whole = lda(learning_method="online", max_iter=1, batch_size=64).fit(x)
    pieces = lda(batch_size=64, total_samples=320)
    for first in range(0, 320, 64):
        pieces.partial_fit(x[first : first + 64])
        pieces = pickle.loads(pickle.dumps(pieces))
    assert pieces.components_.tobytes() == whole.components_.tobytes()
    assert pieces.n_batch_iter_ == whole.n_batch_iter_ == 6
    assert (
        lda(batch_size=64, total_samples=320).partial_fit(x).components_.tobytes()
        == whole.components_.tobytes()
    )


@pytest.mark.parametrize("method", ["batch", "online"])
def test_topics_are_as_good_as_those_of_scikit_learn(method: str, counts: Make) -> None:
    from sklearn.decomposition import LatentDirichletAllocation

    x, unseen = counts(1500), counts(300, documents=1)
    ours, theirs = [], []
    for seed in range(5):
        parameters = {"learning_method": method, "random_state": seed, "max_iter": 8}
        ours.append(ft.LDA(8, **parameters).fit(x).completion_score(unseen))
        peer = LatentDirichletAllocation(8, **parameters).fit(x)
        theirs.append(ft.LDA.from_sklearn(peer).completion_score(unseen))
    spread = np.std(ours) + np.std(theirs) + 0.005
    assert np.mean(ours) > np.mean(theirs) - spread, (ours, theirs)
    assert min(ours) > lda(8, max_iter=0).fit(x).completion_score(unseen) + 0.2


def test_score_and_perplexity_are_those_of_scikit_learn(counts: Make) -> None:
    x = counts()
    ours = lda(learning_method="online", total_samples=5000).fit(x)
    theirs = ours.to_sklearn()
    assert ours.score(x) == pytest.approx(theirs.score(x), rel=1e-9)
    assert ours.perplexity(x) == pytest.approx(theirs.perplexity(x), rel=1e-9)
    assert ours.perplexity(x, sub_sampling=True) == pytest.approx(
        theirs.perplexity(x, sub_sampling=True), rel=1e-9
    )


def test_to_scikit_learn_and_back(counts: Make) -> None:
    x = counts()
    ours = lda(20, doc_topic_prior=0.07).fit(x)
    theirs = ours.to_sklearn()
    np.testing.assert_allclose(theirs.transform(x), ours.transform(x), rtol=0, atol=1e-12)
    theirs.partial_fit(x)
    back = ft.LDA.from_sklearn(theirs)
    np.testing.assert_allclose(back.transform(x), theirs.transform(x), rtol=0, atol=1e-12)
    np.testing.assert_allclose(back.components_, theirs.components_, rtol=1e-12)
    assert back.get_params()["doc_topic_prior"] == 0.07
    copied = pickle.loads(pickle.dumps(back))
    assert copied.transform(x).tobytes() == back.transform(x).tobytes()
    before = back.completion_score(x)
    assert back.partial_fit(x).completion_score(x) != before
    with pytest.raises(ft.Error, match=r"FT0101.*components_"):
        ft.LDA.from_sklearn(type(theirs)(3))


def test_early_stopping_ends_when_the_held_out_likelihood_has_settled(counts: Make) -> None:
    x = counts(600)
    stopped = lda(max_iter=200, early_stopping=True, tol=1e-3).fit(x)
    assert 3 <= stopped.n_iter_ < 200
    assert len(stopped.validation_scores_) == stopped.n_iter_
    assert stopped.validation_scores_[-1] > stopped.validation_scores_[0]
    again = lda(max_iter=200, early_stopping=True, tol=1e-3, n_jobs=2).fit(x)
    assert again.validation_scores_ == stopped.validation_scores_
    with pytest.raises(ft.Error, match=r"FT0101.*holds out 0 of 3"):
        lda(early_stopping=True).fit(x[:3])


def test_texts_are_counted(counts: Make) -> None:
    texts = ["jazz concert tonight", "football match today", "jazz band plays", "football team wins"] * 5
    model = lda(2).fit(texts)
    assert model.transform(np.array(texts[:2], dtype=object)).shape == (2, 2)
    assert "jazz" in set(model.vectorizer_.get_feature_names_out())
    with pytest.raises(ft.Error, match=r"FT0101: one text"):
        model.transform("jazz")
    with pytest.raises(ft.Error, match=r"FT0101.*row 1"):
        model.transform(["jazz", None])
    with pytest.raises(ft.Error, match=r"FT0101.*fitted with counts"):
        lda(2).fit(counts()).transform(texts)


@pytest.mark.parametrize(
    ("value", "what"),
    [(-1.0, "negative"), (np.nan, "NaN"), (np.inf, "infinite")],
    ids=["negative", "nan", "infinite"],
)
def test_values_that_are_no_counts_are_refused(value: float, what: str, counts: Make) -> None:
    x = counts(50).toarray()
    model = lda(2, max_iter=1).fit(x)
    before = model.components_.tobytes()
    x[3, 4] = value
    for call in (model.transform, model.partial_fit, model.fit, model.score):
        with pytest.raises(ft.Error, match=rf"FT0206: row 3 .*{what}"):
            call(x)
    assert model.components_.tobytes() == before


def test_partial_fit_counts_the_mini_batches_before_one_that_is_refused(counts: Make) -> None:
    x = counts(50).toarray()
    model, good = lda(2, batch_size=10).partial_fit(x), lda(2, batch_size=10).partial_fit(x)
    good.partial_fit(x[:30])
    x[35, 4] = -1
    with pytest.raises(ft.Error, match="FT0206"):
        model.partial_fit(x)
    assert model.components_.tobytes() == good.components_.tobytes()
    assert model.n_batch_iter_ == good.n_batch_iter_ == 9


@pytest.mark.parametrize("compiled", [True, False])
def test_texts_are_counted_as_the_vectorizer_counts_them(compiled: bool, counts: Make) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [
        "jazz concert tonight",
        "Football match today",
        "jazz band plays, naïve",
        "football team wins",
    ] * 5
    more = ["JAZZ team, naïve", "", "unheard"]
    model = lda(2, vectorizer=TfidfVectorizer(tokenizer=None if compiled else str.split)).fit(texts)
    assert (model._counting is not None) == compiled
    expected = model.transform(model.vectorizer_.transform(more))
    for one in (model, pickle.loads(pickle.dumps(model))):
        np.testing.assert_allclose(one.transform(more), expected, rtol=0, atol=1e-12)
    assert not hasattr(model.fit(counts()), "vectorizer_")


def test_other_bad_input_is_refused(counts: Make) -> None:
    model = lda(2, max_iter=1)
    for call in (model.transform, model.score, lambda _: model.components_):
        with pytest.raises(ft.Error, match=r"FT0101.*not fitted"):
            call(counts(5))
    model.fit(counts(50))
    with pytest.raises(ft.Error, match=r"FT0101.*150 features.*200"):
        model.transform(counts(5)[:, :150])
    with pytest.raises(ft.Error, match=r"FT0101.*0 sample"):
        model.transform(counts(5)[:0])
    with pytest.raises(ft.Error, match=r"FT0101.*1D"):
        model.transform([1.0, 2.0])


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_components": 0}, {"learning_method": "gibbs"}, {"learning_decay": 2}, {"learning_offset": 0.5},
        {"max_iter": -1}, {"batch_size": 0}, {"doc_topic_prior": -1}, {"topic_word_prior": float("nan")},
        {"n_jobs": 0}, {"max_doc_update_iter": 0}, {"mean_change_tol": -1}, {"random_state": -1},
        {"validation_fraction": 1.0}, {"n_iter_no_change": 0}, {"tol": -1}, {"total_samples": 0},
    ],
    ids=lambda one: next(iter(one)),
)  # fmt: skip
def test_parameters_out_of_range_are_refused(parameters: dict[str, Any], counts: Make) -> None:
    with pytest.raises(ft.Error, match=rf"FT0101.*{next(iter(parameters))}"):
        ft.LDA(**parameters).fit(counts(20))
    with pytest.raises(ft.Error, match=r"FT0101.*'topics'"):
        ft.LDA().set_params(topics=3)


def test_documents_without_words_have_equal_topics(counts: Make) -> None:
    x = counts(50).toarray()
    x[7] = 0
    topics = lda(4, max_iter=2).fit_transform(x)
    np.testing.assert_array_equal(topics[7], np.full(4, 0.25))


def test_it_does_not_import_scikit_learn() -> None:
    script = (
        "import sys, numpy, foretell as ft\n"
        "model = ft.LDA(2, random_state=0).fit(numpy.ones((4, 3)))\n"
        "model.transform(numpy.ones((1, 3))), model.score(numpy.ones((2, 3)))\n"
        "assert not {'sklearn', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_training_is_quiet_without_a_terminal(capfd: pytest.CaptureFixture[str], counts: Make) -> None:
    lda(max_iter=3).fit(counts())
    assert capfd.readouterr() == ("", "")
