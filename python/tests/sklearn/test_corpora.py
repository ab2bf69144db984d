"""Real corpora in full, through whole pipelines beside scikit-learn's."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import foretell as ft

pytest.importorskip("sklearn")
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data"


@pytest.mark.slow
@pytest.mark.parametrize(
    "corpus", ["community-calendar", "tech-talks", "20newsgroups", "wikipedia-paragraphs"]
)
def test_topics_of_a_run_are_those_of_scikit_learn(corpus: str) -> None:
    if not (DATA / corpus).exists():
        pytest.skip(f"{corpus} is not on this machine")
    ran = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "equal_to_sklearn.py"), corpus],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def posts() -> tuple[list[str], list[str]]:
    """Texts and labels of 20newsgroups."""
    zstandard = pytest.importorskip("zstandard")
    path = DATA / "20newsgroups" / "20news-bydate.jsonl.zst"
    if not path.exists():
        pytest.skip("20newsgroups is not on this machine")
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as reader:
        rows = [json.loads(line) for line in io.TextIOWrapper(reader, encoding="utf-8")]
    return [f"{row['title']} {row['description']}" for row in rows], [row["category"] for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize(
    "steps",
    [
        [TfidfVectorizer(min_df=2, sublinear_tf=True), LogisticRegression(max_iter=50)],
        [TfidfVectorizer(min_df=2, ngram_range=(1, 2), stop_words="english"), ComplementNB()],
        [HashingVectorizer(n_features=2**18), SGDClassifier(loss="modified_huber", random_state=0)],
        [TfidfVectorizer(min_df=5), TruncatedSVD(50, random_state=0)],
    ],
    ids=lambda steps: type(steps[-1]).__name__,
)
def test_posts_are_classified_as_scikit_learn_does(
    steps: list[Any], posts: tuple[list[str], list[str]]
) -> None:
    texts, labels = posts
    pipeline = make_pipeline(*steps).fit(texts[:5_000], labels[:5_000])
    model = ft.compile(pipeline)
    for name in model.methods:
        ours, theirs = getattr(model, name)(texts, threads=2), getattr(pipeline, name)(texts)
        if name == "predict":
            assert np.mean(ours == theirs) == 1
        else:
            assert abs(ours - theirs).max() <= 1e-12 * (1 + abs(theirs).max())
