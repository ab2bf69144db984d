"""What cannot be compiled is refused by name, and runs in Python all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import foretell as ft

pytest.importorskip("sklearn")
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

TEXTS = ["jazz concert tonight", "garden plants and soil", "jazz in the garden", "café, Straße"] * 5


class Own(CountVectorizer):
    pass


def broken(**changes: object) -> CountVectorizer:
    vectorizer = CountVectorizer().fit(TEXTS)
    for name, value in changes.items():
        setattr(vectorizer, name, value)
    return vectorizer


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (CountVectorizer, "is a class"),
        (CountVectorizer(), "not fitted"),
        (LatentDirichletAllocation(), "not fitted"),
        (
            CountVectorizer(tokenizer=str.split, token_pattern=None).fit(TEXTS),
            "tokenizer= is a Python function",
        ),
        (CountVectorizer(preprocessor=str.upper).fit(TEXTS), "preprocessor= is a Python function"),
        (CountVectorizer(analyzer=str.split).fit(TEXTS), "analyzer= is a Python function"),
        (CountVectorizer(strip_accents=str.upper).fit(TEXTS), "strip_accents= is a Python function"),
        (CountVectorizer(token_pattern=r"(?<=j)azz").fit(TEXTS), "token_pattern"),
        (CountVectorizer(encoding="latin-1").fit(TEXTS), "latin-1"),
        (broken(input="filename"), "input='filename'"),
        (Own().fit(TEXTS), "subclass of CountVectorizer"),
        (broken(vocabulary_={"a": 0, "b": 2}), "not 0, 1, 2"),
        (broken(vocabulary_={"a": 0, "b": 0}), "not 0, 1, 2"),
        (broken(vocabulary_={"a": 0, 3: 1}), "no text"),
        (broken(vocabulary_={"\ud800": 0}), "UTF-8"),
        (NMF(2), "depends on the other rows"),
        (TfidfVectorizer(vocabulary=["a"]), "not fitted"),
        (CountVectorizer(dtype=np.longdouble).fit(TEXTS), "dtype="),
        (LogisticRegression().fit([[0.0], [1.0]], np.array([0, 2**63], dtype=np.uint64)), "64 bits"),
        (LogisticRegression().fit([[0.0], [1.0]], ["\ud800", "b"]), "UTF-8"),
        (RidgeClassifier().fit([[0.0], [1.0]], [[0, 1], [1, 1]]), "several labels"),
        (Normalizer(), "not fitted"),
        (make_pipeline("passthrough"), "no step"),
        (object(), "no native form"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_is_refused_by_name(estimator: object, words: str) -> None:
    with pytest.raises(ft.Error, match="FT0806") as caught:
        ft.compile(estimator)
    assert words in caught.value.message


def test_a_damaged_lda_is_refused() -> None:
    counts = CountVectorizer().fit_transform(TEXTS)
    for damage in (np.nan, -1.0, np.inf):
        lda = LatentDirichletAllocation(2, random_state=0).fit(counts)
        lda.exp_dirichlet_component_[0, 0] = damage
        with pytest.raises(ft.Error, match="FT0806"):
            ft.compile(lda)


def test_what_is_refused_is_saved_all_the_same(tmp_path: Path) -> None:
    pipeline = make_pipeline(
        CountVectorizer(tokenizer=str.split, token_pattern=None), LatentDirichletAllocation(2, random_state=0)
    ).fit(TEXTS)

    class Topics(ft.Predictor):
        def predict_bulk(self, rows):
            return self.model.transform([row["text"] for row in rows])

    predictor = Topics(store=tmp_path / "models")
    predictor.save_model(pipeline)
    predictor.load_model()
    assert len(predictor.predict({"text": "jazz"})["prediction"]) == 2


def test_a_difference_is_told() -> None:
    pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(TEXTS)

    good = pipeline.transform
    pipeline.transform = lambda texts: good(texts) + 1e-3
    with pytest.raises(ft.Error, match="FT0507"):
        ft.compile(pipeline, check=TEXTS)


def test_a_check_without_rows_says_so() -> None:
    pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(TEXTS)
    with pytest.raises(ft.Error, match="FT0101"):
        ft.compile(pipeline, check=[])
