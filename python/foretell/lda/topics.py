"""Topics for people: their best words, how coherent these are, and what a document's words speak for.

All of it from plain arrays, so that a compiled model can use it as ft.LDA does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.display import Topic, Topics
from foretell.display.tables import Table
from foretell.error import error

if TYPE_CHECKING:
    import numpy as np

    from foretell.lda.counts import Counts

    Array = np.ndarray[Any, Any]

COHERENT_WORDS = 20  # of a topic, at most, that its coherence is computed over


def best_words(components: Array, count: int) -> Array:
    """Topics × count: word ids by falling weight, ties by id."""
    import numpy as np

    count = min(count, components.shape[1])
    least = np.partition(components, -count, axis=1)[:, -count]
    found = np.empty((len(components), count), dtype=np.int32)
    for topic, weights in enumerate(components):
        candidates = np.flatnonzero(weights >= least[topic])
        found[topic] = candidates[np.argsort(-weights[candidates], kind="stable")[:count]]
    return found


def count_together(words: Array, counts: Counts) -> tuple[Array, int]:
    """(topics × n × n numbers of documents that have both words, number of documents) of best words."""
    import numpy as np

    from foretell import _core

    together: Any = _core.count_together(*counts.arrays, np.ascontiguousarray(words, dtype=np.int32))
    return together, counts.rows


def c_npmi(together: Array, documents: int) -> Array:
    """Each topic's coherence: the mean over pairs of its words of log(p_ij / (p_i p_j)) / -log p_ij.

    In [-1, 1]; a pair that is never together counts -1, one that is in every document 1 (Bouma 2009; Röder, Both,
    Hinneburg 2015, with whole documents as windows). A pair of which one word never occurs is left out; NaN
    for a topic without any pair.
    """
    import numpy as np

    size = together.shape[1]
    first, second = np.triu_indices(size, 1)
    both = together[:, first, second] / documents
    single = together[:, np.arange(size), np.arange(size)] / documents
    with np.errstate(divide="ignore", invalid="ignore"):
        npmi = np.log(both / (single[:, first] * single[:, second])) / -np.log(both)
    npmi[both == 0] = -1
    npmi[both == 1] = 1
    known = (single[:, first] > 0) & (single[:, second] > 0)
    with np.errstate(invalid="ignore"):
        found: Array = np.where(known, npmi, 0).sum(axis=1) / known.sum(axis=1)
    return found


def topics_of(
    components: Array, names: Sequence[str], n: int = 10, *, together: tuple[Array, int] | None = None
) -> Topics:
    """The topics by their ``n`` best words; ``together`` is what ``count_together`` gave for their best words.

    ``components``: topics × words, of any scale; ``names``: the words. The coherence is over the first n words
    of ``together``, at most as many as it has. FT0101 for n below 1 or another number of names.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise error("FT0101", f"topics of {n!r} words were asked for", "ask for one word or more")
    if len(names) != components.shape[1]:
        raise error("FT0101", f"{len(names)} names were given for {components.shape[1]} words")
    coherence = None if together is None else c_npmi(together[0][:, :n, :n], together[1])
    totals = components.sum(axis=1)
    return Topics(
        Topic(
            number,
            tuple(str(names[word]) for word in best),
            tuple(float(components[number, word] / (totals[number] or 1.0)) for word in best),
            coherence=None if coherence is None else float(coherence[number]),
        )
        for number, best in enumerate(best_words(components, n))
    )


@dataclass(frozen=True)
class Evidence:
    """A word that is ``count`` times in a document, a ``part`` of which a topic accounts for."""

    word: str
    count: float
    part: float

    def __str__(self) -> str:
        times = "" if self.count == 1 else f" ×{self.count:g}"
        return f"{self.word}{times} {self.part:.0%}"


@dataclass(frozen=True)
class TopicEvidence:
    """A topic, its ``share`` of a document, and the words that speak for it, those that count most first."""

    number: int
    share: float
    words: tuple[Evidence, ...]


class Explanation(Table[TopicEvidence]):
    """The topics of a document that some of its words speak for, by falling share."""

    caption = "Topics of the document"

    def columns(self) -> Sequence[str]:
        return ("topic", "share", "words")

    def cells(self, item: TopicEvidence) -> Sequence[Any]:
        return (item.number, f"{item.share:.1%}", ", ".join(map(str, item.words)))

    def __repr__(self) -> str:
        return "\n".join(f"{number}  {share:>6}  {words}" for number, share, words in map(self.cells, self))


def explain(counts: Counts, gamma: Array, expected: Array, names: Sequence[str]) -> Explanation:
    """Which words of the one document of ``counts`` speak for which topic.

    ``gamma``: its Dirichlet parameters, one a topic; ``expected``: exp(E[log beta]), topics × words. A word's
    parts are phi of Hoffman, Blei, Bach 2010, proportional to exp(E[log theta_k]) exp(E[log beta_kw]); those below
    5 % are left out.
    """
    import numpy as np

    from foretell.lda.bound import digamma

    known = counts.values > 0
    ids, values = counts.ids[known], counts.values[known]
    log_theta = digamma(gamma)
    weights = np.exp(log_theta - log_theta.max())[:, None] * expected[:, ids]
    totals = weights.sum(axis=0)
    parts = np.where(totals > 0, weights / np.where(totals > 0, totals, 1), 1 / len(gamma))
    shares = gamma / gamma.sum()
    found = Explanation()
    for topic in np.argsort(-shares, kind="stable"):
        words = [
            Evidence(str(names[ids[j]]), float(values[j]), float(parts[topic, j]))
            for j in np.argsort(-values * parts[topic], kind="stable")
            if parts[topic, j] >= 0.05
        ]
        if words:
            found.append(TopicEvidence(int(topic), float(shares[topic]), tuple(words)))
    return found
