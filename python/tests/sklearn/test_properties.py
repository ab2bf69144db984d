"""Whole pipelines of any settings over any texts, beside scikit-learn's own answer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import foretell as ft

pytest.importorskip("sklearn")
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline

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
    if kind is TfidfVectorizer:
        chosen |= {
            "use_idf": draw(st.booleans()),
            "smooth_idf": draw(st.booleans()),
            "sublinear_tf": draw(st.booleans()),
            "norm": draw(st.sampled_from([None, "l1", "l2"])),
        }
    return kind(**chosen)


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
        pipeline = make_pipeline(vectorizer, lda).fit(texts)
        model = ft.compile(pipeline)
        ours, theirs = model.transform(texts), pipeline.transform(texts)
    # A stop test that falls on the other side by rounding is rare enough never to be seen here.
    assert abs(ours - theirs).max() <= 1e-12
    one_by_one = np.concatenate([model.transform([text]) for text in texts])
    assert np.array_equal(ours, one_by_one)
