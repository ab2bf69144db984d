"""A whole pipeline of texts, compiled, against scikit-learn's own: texts in, topic probabilities out.

.venv/bin/python bench/native_pipeline.py                      community-calendar
.venv/bin/python bench/native_pipeline.py tech-talks 20newsgroups wikipedia-paragraphs

Targets: at least 25 × scikit-learn's speed on one thread; two threads at least 1.85 × one; a single event through
``predict(dict)`` in at most 1/25 of ``pipeline.transform([text])``; a model of 100 MB opened, warm, in at most
20 ms; probabilities within 1e-12. One core, BLAS on one thread, FORETELL_CPU as set.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from corpora import CORPORA, texts, vectorizer
from measure import announce, paired, seconds

TOPICS = 50
FITTED_ON = 10_000
TIMED = 20_000
SINGLE = 2_000
DOCUMENTS = 200_000


def fitted(documents: list[str]) -> Any:
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.pipeline import make_pipeline

    lda = LatentDirichletAllocation(
        TOPICS, learning_method="online", batch_size=256, max_iter=2, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_pipeline(vectorizer(), lda).fit(documents[:FITTED_ON])


def differences(pipeline: Any, model: Any, documents: list[str]) -> None:
    largest, above = 0.0, 0
    for first in range(0, len(documents), 5_000):
        piece = documents[first : first + 5_000]
        by_row = abs(model.transform(piece) - pipeline.transform(piece)).max(axis=1)
        largest = max(largest, float(by_row.max()))
        above += int((by_row > 1e-12).sum())
    print(f"  largest difference over {len(documents):,} documents: {largest:.1e}; {above} above 1e-12")


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[int(share * (len(times) - 1))] * 1e6


def single_items(pipeline: Any, model: Any, documents: list[str]) -> None:
    import foretell as ft

    predictor = ft.TextPredictor("EventTopics", model, text=["title", "description"])
    rows = [{"title": text[: len(text) // 3], "description": text[len(text) // 3 :]} for text in documents]
    joined = [" ".join(filter(None, row.values())) for row in rows[:SINGLE]]
    ours, theirs = [], []
    for first in range(0, SINGLE, SINGLE // 5):  # in turn, each warm
        piece = slice(first, first + SINGLE // 5)
        theirs += [seconds(lambda text=text: pipeline.transform([text])) for text in joined[piece]]
        ours += [seconds(lambda row=row: predictor.predict(row)) for row in rows[piece]]
    for name, times in (("pipeline.transform([text])", theirs), ("foretell predict(dict)", ours)):
        print(f"  {name:<34} p50 {percentile(times, 0.5):9.1f} µs, p99 {percentile(times, 0.99):9.1f} µs")
    print(
        f"  a single event: 1/{statistics.median(theirs) / statistics.median(ours):.0f} of scikit-learn's time"
    )


def loading(folder: Path) -> None:
    """A model of 100 MB: 50 topics of 250,000 words."""
    import numpy as np
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    import foretell as ft

    words = 250_000
    pipeline = make_pipeline(
        CountVectorizer(vocabulary=[f"word{i}" for i in range(words)]), LatentDirichletAllocation(TOPICS)
    )
    random = np.random.default_rng(0)
    lda = pipeline[1]
    lda.components_ = random.gamma(0.1, 1.0, (TOPICS, words)) + 1e-3
    lda.exp_dirichlet_component_ = lda.components_ / lda.components_.sum(axis=1, keepdims=True)
    lda.doc_topic_prior_, lda.topic_word_prior_, lda.n_features_in_ = 1 / TOPICS, 1 / TOPICS, words
    lda.n_batch_iter_, lda.n_iter_, lda.bound_ = 1, 1, 0.0
    pipeline[0]._validate_vocabulary()
    path = folder / "large.foretell"
    ft.compile(pipeline).save(path)
    ft.NativeModel.open(path)
    times = [seconds(lambda: ft.NativeModel.open(path)) * 1e3 for _ in range(20)]
    print(
        f"  opening a model of {path.stat().st_size / 1e6:.0f} MB, warm: {statistics.median(times):.2f} ms "
        f"({min(times):.2f} – {max(times):.2f})"
    )


def measure(corpus: str) -> None:
    import foretell as ft

    announce(f"{corpus}, K = {TOPICS}")
    documents = texts(corpus, DOCUMENTS)
    pipeline = fitted(documents)
    began = time.perf_counter()
    model = ft.compile(pipeline)
    print(f"  compiled in {time.perf_counter() - began:.2f} s, {model.nbytes / 1e6:.1f} MB")
    timed = documents[FITTED_ON : FITTED_ON + TIMED] or documents
    paired(
        f"{len(timed):,} documents, texts to topics, one thread",
        lambda: model.transform(timed),
        lambda: pipeline.transform(timed),
        "scikit-learn",
        pairs=3,
    )
    paired(
        "two threads",
        lambda: model.transform(timed, threads=2),
        lambda: model.transform(timed),
        "foretell, one thread",
        pairs=7,
    )
    single_items(pipeline, model, timed)
    differences(pipeline, model, documents)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", help=", ".join(CORPORA))
    options = parser.parse_args()
    for corpus in options.corpora or ["community-calendar"]:
        measure(corpus)
    with tempfile.TemporaryDirectory() as folder:
        loading(Path(folder))


if __name__ == "__main__":
    main()
