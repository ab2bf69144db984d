"""Whole pipelines of any settings over any texts, beside scikit-learn's own answer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import foretell as ft

pytest.importorskip("sklearn")
from sklearn.decomposition import LatentDirichletAllocation, TruncatedSVD
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, Normalizer, StandardScaler
from sklearn.svm import LinearSVC, LinearSVR

TEXT = st.text(
    st.one_of(
        st.sampled_from("aAbBcCéÉßΣσςİıJ j kK"),
        st.sampled_from(" \t\n.,-_’'0123½²①"),
        st.sampled_from("日本語हिन्दीﬁÅ\u0301\u0307\u200d\ufeff"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)
TEXTS = st.lists(TEXT, min_size=8, max_size=20).map(lambda texts: [*texts, "aa bb cc aa", "BB aa éé", ""])

VOCABULARY = ["aa", "a", " a", "bb cc", "éé", "never"]


@st.composite
def vectorizers(draw: Any) -> Any:
    kind = draw(st.sampled_from([CountVectorizer, TfidfVectorizer, HashingVectorizer]))
    analyzer = draw(st.sampled_from(["word", "char", "char_wb"]))
    least = draw(st.integers(1, 2))
    chosen: dict[str, Any] = {
        "analyzer": analyzer,
        "ngram_range": (least, draw(st.integers(least, 3))),
        "lowercase": draw(st.booleans()),
        "strip_accents": draw(st.sampled_from([None, "unicode", "ascii"])),
        "binary": draw(st.booleans()),
    }
    if analyzer == "word":
        chosen["token_pattern"] = draw(
            st.sampled_from([r"(?u)\b\w\w+\b", r"(?u)\b\w+\b", r"[a-zA-Z]+", r"\S+"])
        )
        chosen["stop_words"] = draw(st.sampled_from([None, ["aa", "é"]]))
    if kind is HashingVectorizer:
        chosen |= {
            "n_features": draw(st.integers(1, 300)),
            "alternate_sign": False,
            "norm": draw(st.sampled_from([None, "l1", "l2"])),
        }
    else:
        chosen |= draw(
            st.sampled_from(
                [{}, {"min_df": 2}, {"max_df": 0.9}, {"max_features": 4}, {"vocabulary": VOCABULARY}]
            )
        )
    if kind is TfidfVectorizer:
        chosen |= {
            "use_idf": draw(st.booleans()),
            # (Without smoothing a term in no document has an infinite weight, which is refused.)
            "smooth_idf": "vocabulary" in chosen or draw(st.booleans()),
            "sublinear_tf": draw(st.booleans()),
            "norm": draw(st.sampled_from([None, "l1", "l2"])),
        }
    return kind(**chosen)


CLASSIFIERS = st.one_of(
    st.builds(LogisticRegression, C=st.sampled_from([1e-3, 1.0, 100.0]), fit_intercept=st.booleans()),
    st.builds(
        SGDClassifier,
        loss=st.sampled_from(["hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron"]),
        penalty=st.sampled_from(["l2", "l1", "elasticnet"]),
        average=st.booleans(),
        random_state=st.just(0),
    ),
    st.builds(LinearSVC, C=st.sampled_from([0.01, 1.0]), fit_intercept=st.booleans(), dual=st.just(True)),
    st.builds(RidgeClassifier, alpha=st.sampled_from([0.1, 10.0]), fit_intercept=st.booleans()),
    st.builds(MultinomialNB, alpha=st.sampled_from([1e-3, 1.0]), fit_prior=st.booleans()),
    st.builds(ComplementNB, alpha=st.sampled_from([1e-3, 1.0]), norm=st.booleans()),
    st.builds(
        BernoulliNB,
        alpha=st.sampled_from([1e-3, 1.0]),
        fit_prior=st.booleans(),
        binarize=st.sampled_from([0.0, 0.5]),
    ),
)
REGRESSORS = st.one_of(
    st.builds(LinearRegression, fit_intercept=st.booleans()),
    st.builds(Ridge, alpha=st.sampled_from([0.1, 10.0]), fit_intercept=st.booleans()),
    st.builds(SGDRegressor, penalty=st.sampled_from(["l2", "l1"]), random_state=st.just(0)),
    st.builds(LinearSVR, C=st.sampled_from([0.01, 1.0]), random_state=st.just(0)),
)
SCALERS = st.one_of(
    st.none(),
    st.builds(StandardScaler, with_mean=st.just(False), with_std=st.booleans()),
    st.builds(MaxAbsScaler),
    st.builds(Normalizer, norm=st.sampled_from(["l1", "l2", "max"])),
    st.builds(TfidfTransformer, norm=st.sampled_from(["l1", "l2", None]), sublinear_tf=st.booleans()),
)


@st.composite
def unions(draw: Any) -> Any:
    """One vectorizer, or two side by side."""
    if draw(st.booleans()):
        return draw(vectorizers())
    weights = draw(st.sampled_from([None, {"one": 0.5}, {"one": 2.0, "other": 3.0}]))
    return FeatureUnion(
        [("one", draw(vectorizers())), ("other", draw(vectorizers()))], transformer_weights=weights
    )


def scale_of(pipeline: Any, texts: list[str]) -> Any:
    """1 + the sum of |w · x| for each text: what a sum's rounding is relative to."""
    head = pipeline[-1]
    weights = getattr(head, "coef_", None)
    if weights is None:
        weights = getattr(head, "feature_log_prob_", getattr(head, "components_", None))
    if weights is None:
        return 1.0
    rows = abs(pipeline[:-1].transform(texts))
    return 1 + np.asarray(rows @ abs(np.atleast_2d(weights)).T).max(axis=1)


def fitted_or_none(pipeline: Any, texts: list[str], targets: Any) -> Any:
    """None where scikit-learn itself refuses the texts: no words, or one feature too few."""
    try:
        return pipeline.fit(texts, targets)
    except ValueError:
        return None


@settings(max_examples=120, deadline=None)
@given(
    vectorizer=unions(),
    scaler=SCALERS,
    head=st.one_of(
        CLASSIFIERS, REGRESSORS, st.none(), st.builds(TruncatedSVD, st.just(2), random_state=st.just(0))
    ),
    texts=TEXTS,
    classes=st.integers(2, 4),
    kind=st.sampled_from([int, str]),
)
def test_estimators_give_what_those_of_scikit_learn_give(
    vectorizer: Any, scaler: Any, head: Any, texts: list[str], classes: int, kind: Any
) -> None:
    steps = [step for step in (vectorizer, scaler, head) if step is not None]
    numbers = [len(text) % classes for text in texts]
    numbers[:classes] = range(classes)
    targets = [kind(number) for number in numbers] if hasattr(head, "predict") else numbers
    if isinstance(head, (LinearRegression, Ridge, SGDRegressor, LinearSVR)):
        targets = [float(number) for number in numbers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = fitted_or_none(make_pipeline(*steps), texts, targets)
        assume(pipeline is not None)
        model = ft.compile(pipeline)
        limit = 1e-12 * scale_of(pipeline, texts)
        answers = {
            name: (getattr(model, name)(texts), getattr(pipeline, name)(texts)) for name in model.methods
        }
    margins = np.inf
    for name in ("decision_function", "predict_proba"):  # labels may differ where two scores are nearly one
        if name in answers:
            scores = np.asarray(answers[name][1])
            scores = np.column_stack([-scores, scores]) if scores.ndim == 1 else scores
            best = np.sort(scores, axis=1)
            margins = np.minimum(margins, best[:, -1] - best[:, -2])
    for name, (ours, theirs) in answers.items():
        one_by_one = [getattr(model, name)([text]) for text in texts[:4]]
        if hasattr(theirs, "toarray"):
            ours, theirs = ours.toarray(), theirs.toarray()
            one_by_one = [one.toarray() for one in one_by_one]
        if name == "predict" and hasattr(pipeline, "classes_"):
            assert ((ours == theirs) | (margins <= limit)).all()
        else:
            difference = abs(ours - theirs)
            difference = difference.max(axis=1) if difference.ndim == 2 else difference
            assert (difference <= limit * (1 + abs(theirs).max())).all(), name
        assert np.array_equal(np.concatenate(one_by_one), ours[:4])


@settings(max_examples=60, deadline=None)
@given(
    vectorizer=vectorizers(),
    texts=TEXTS,
    topics=st.sampled_from([2, 3, 5, 8, 10, 16]),
    alpha=st.sampled_from([None, 0.001, 0.1, 1.0]),
)
def test_topics_are_those_of_scikit_learn(
    vectorizer: Any, texts: list[str], topics: int, alpha: float | None
) -> None:
    lda = LatentDirichletAllocation(topics, doc_topic_prior=alpha, random_state=0, max_iter=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = fitted_or_none(make_pipeline(vectorizer, lda), texts, None)
        assume(pipeline is not None)
        model = ft.compile(pipeline)
        ours, theirs = model.transform(texts), pipeline.transform(texts)
    # A stop test that falls on the other side by rounding is rare enough never to be seen here.
    assert abs(ours - theirs).max() <= 1e-12
    one_by_one = np.concatenate([model.transform([text]) for text in texts])
    assert np.array_equal(ours, one_by_one)
