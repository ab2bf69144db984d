"""Training LDA: held-out likelihood, CPU time and coherence, beside scikit-learn, gensim and tomotopy.

.venv/bin/python bench/lda_training.py                          20,000 events of community-calendar, 50 topics, 5 seeds
.venv/bin/python bench/lda_training.py tech-talks --documents 5000 --seeds 3 --topics 20

Target: variational Bayes at scikit-learn's held-out likelihood per token, at least 10 × faster. gensim and tomotopy
are measured where they are installed.

The likelihood is by document completion, the same for all: of 2,000 unseen documents every second entry is predicted
from the topics that the others give, which are inferred by variational Bayes with alpha = 1/K from the trained
beta = E[beta]. Coherence is C_NPMI of the ten best words over the training documents. CPU seconds are those of this
process, one thread; reading and counting words are left out. "as good" is the time until ours had reached the
likelihood of scikit-learn's run with the same seed, its mini-batches or iterations being gone through until then.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from corpora import texts, vectorizer
from measure import announce

HELD_OUT = 2_000
MOST_PASSES = 60  # of ours, until it is as good


@dataclass
class Corpus:
    """Counts, as SciPy has them, and the words."""

    train: Any
    held_out: Any
    words: list[str]


@dataclass
class Result:
    seconds: float
    likelihood: float
    coherence: float


def corpus_of(name: str, documents: int) -> Corpus:
    import numpy as np

    counts = vectorizer()
    listed = texts(name)
    chosen = [listed[at] for at in np.random.default_rng(0).permutation(len(listed))[: documents + HELD_OUT]]
    train = counts.fit_transform(chosen[:documents]).astype(np.float64)
    held_out = counts.transform(chosen[documents:]).astype(np.float64)
    train.sort_indices()
    held_out.sort_indices()
    return Corpus(train, held_out, list(counts.get_feature_names_out()))


def completion(beta: Any, held_out: Any) -> float:
    """Log likelihood per token of every second entry, given the others."""
    import numpy as np

    from foretell import _core
    from foretell.lda.counts import counts_of

    counts = counts_of(held_out, "the benchmark")
    row = np.repeat(np.arange(counts.rows), np.diff(counts.row_starts))
    second = (np.arange(len(counts.ids)) - counts.row_starts[row]) % 2 == 1
    starts = np.concatenate(([0], np.cumsum(np.bincount(row[~second], minlength=counts.rows))))
    inference = _core.Lda(np.ascontiguousarray(beta), doc_topic_prior=1 / len(beta))
    theta = inference.transform(starts, counts.ids[~second], counts.values[~second], counts.columns)
    tokens = counts.values[second]
    probability = np.einsum("ik,ki->i", theta[row[second]], beta[:, counts.ids[second]])
    return float(tokens @ np.log(probability) / tokens.sum())


def judged(seconds: float, weights: Any, corpus: Corpus) -> Result:
    import numpy as np

    from foretell.lda.counts import counts_of
    from foretell.lda.topics import best_words, c_npmi, count_together

    beta = weights / weights.sum(axis=1, keepdims=True)
    together, documents = count_together(best_words(beta, 10), counts_of(corpus.train, "the benchmark"))
    return Result(seconds, completion(beta, corpus.held_out), float(np.nanmean(c_npmi(together, documents))))


def scikit_learn(corpus: Corpus, topics: int, seed: int, method: str, passes: int) -> Result:
    from sklearn.decomposition import LatentDirichletAllocation

    model = LatentDirichletAllocation(topics, learning_method=method, max_iter=passes, random_state=seed)
    began = time.process_time()
    model.fit(corpus.train)
    return judged(time.process_time() - began, model.components_, corpus)


def foretell(corpus: Corpus, topics: int, seed: int, method: str, passes: int) -> Result:
    import foretell as ft

    model = ft.LDA(topics, learning_method=method, max_iter=passes, random_state=seed)
    began = time.process_time()
    model.fit(corpus.train)
    return judged(time.process_time() - began, model.components_, corpus)


def foretell_until(corpus: Corpus, topics: int, seed: int, method: str, likelihood: float) -> Result:
    """Ours, pass by pass until it is as likely; the time of looking is left out."""
    import foretell as ft
    from foretell.lda.counts import counts_of

    model = ft.LDA(
        topics, learning_method=method, max_iter=1, random_state=seed, total_samples=corpus.train.shape[0]
    )
    counts = counts_of(corpus.train, "the benchmark")
    began = time.process_time()
    state = model._begin(counts.columns)
    seconds = time.process_time() - began
    result = Result(seconds, -float("inf"), float("nan"))
    for took in _passes(state, counts, method):
        seconds += took
        result = judged(seconds, state.components, corpus)
        if result.likelihood >= likelihood:
            break
    return result


def _passes(state: Any, counts: Any, method: str) -> Iterator[float]:
    """Goes through the documents again and again; the seconds of each pass."""
    from foretell import _core

    step = 1
    for _ in range(MOST_PASSES):
        began = time.process_time()
        size = 128 if method == "online" else counts.rows
        for first in range(0, counts.rows, size):
            last = min(first + size, counts.rows)
            rate = _core.LdaTraining.rate(0.7, 10.0, step) if method == "online" else 1.0
            state.learn(counts, first=first, last=last, rate=rate, scale=counts.rows / (last - first))
            step += 1
        yield time.process_time() - began


def gensim(corpus: Corpus, topics: int, seed: int, passes: int) -> Result:
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaModel

    documents = list(Sparse2Corpus(corpus.train, documents_columns=False))
    names = dict(enumerate(corpus.words))
    began = time.process_time()
    model = LdaModel(documents, topics, id2word=names, passes=passes, random_state=seed, eval_every=None)
    return judged(time.process_time() - began, model.get_topics().astype(float), corpus)


def tomotopy(corpus: Corpus, topics: int, seed: int, sweeps: int) -> Result:
    import numpy as np
    import tomotopy as tp

    model = tp.LDAModel(k=topics, alpha=0.1, eta=0.02, seed=seed)
    for row in range(corpus.train.shape[0]):
        one = corpus.train[row]
        ids = np.repeat(one.indices, one.data.astype(int))
        if len(ids):
            model.add_doc([str(word) for word in ids])
    began = time.process_time()
    model.train(sweeps, workers=1)
    seconds = time.process_time() - began
    weights = np.full((topics, corpus.train.shape[1]), 1e-12)
    ids = np.array([int(word) for word in model.used_vocabs])
    for topic in range(topics):
        weights[topic, ids] = model.get_topic_word_dist(topic)
    return judged(seconds, weights, corpus)


def told(name: str, results: list[Result], note: str = "") -> None:
    def spread(values: list[float], form: str) -> str:
        return f"{statistics.mean(values):{form}} ({min(values):{form}} – {max(values):{form}})"

    print(
        f"  {name:<34} {spread([r.seconds for r in results], '6.2f')} s   "
        f"{spread([r.likelihood for r in results], '.4f')}   C_NPMI {statistics.mean(r.coherence for r in results):.3f}"
        f"{note}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", nargs="?", default="community-calendar")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--topics", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    announce(
        "training LDA: CPU seconds, held-out log likelihood per token, mean (least – greatest) over seeds"
    )
    corpus = corpus_of(options.corpus, options.documents)
    print(
        f"  {options.corpus}: {corpus.train.shape[0]:,} documents, {len(corpus.words):,} words, "
        f"{int(corpus.train.sum()):,} tokens; {options.topics} topics, {options.seeds} seeds"
    )
    topics, seeds = options.topics, range(options.seeds)
    for method, passes in (("online", 1), ("online", 3), ("batch", 10)):
        theirs, same, good = [], [], []
        for seed in seeds:
            theirs.append(scikit_learn(corpus, topics, seed, method, passes))
            same.append(foretell(corpus, topics, seed, method, passes))
            good.append(foretell_until(corpus, topics, seed, method, theirs[-1].likelihood))
        told(f"scikit-learn {method}, {passes} passes", theirs)
        faster = statistics.median(a.seconds / b.seconds for a, b in zip(theirs, same, strict=True))
        told(f"foretell     {method}, {passes} passes", same, f"   {faster:.1f} × faster")
        reached = sum(b.likelihood >= a.likelihood for a, b in zip(theirs, good, strict=True))
        faster = statistics.median(a.seconds / b.seconds for a, b in zip(theirs, good, strict=True))
        told(
            f"foretell     {method}, as good",
            good,
            f"   {faster:.1f} × faster; {reached} of {len(good)} came to it",
        )
    peers: list[tuple[str, Callable[[int], Result]]] = [
        ("gensim, 3 passes", lambda seed: gensim(corpus, topics, seed, 3)),
        ("tomotopy, 50 sweeps", lambda seed: tomotopy(corpus, topics, seed, 50)),
        ("tomotopy, 150 sweeps", lambda seed: tomotopy(corpus, topics, seed, 150)),
    ]
    for name, peer in peers:
        try:
            told(name, [peer(seed) for seed in seeds])
        except ImportError:
            print(f"  {name}: not installed")


if __name__ == "__main__":
    main()
