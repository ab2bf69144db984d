"""What a compiled LDA says to people: its topics by their best words, and the words that speak for a topic."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    from foretell.display import Topics
    from foretell.lda.topics import Explanation
    from foretell.models.native import NativeModel


MOST_WORDS = 50


class TopicModel:
    """The LDA within a model, and the vectorizer before it, if there is one. FT0101 for a model without LDA."""

    def __init__(self, model: NativeModel) -> None:
        self._core = model._core
        self._steps: Sequence[Mapping[str, Any]] = model.description.get("steps") or [model.description]
        self._at = next((at for at, step in enumerate(self._steps) if step["kind"] == "lda"), -1)
        if self._at < 0:
            raise error("FT0101", "the model has no topics: it holds no LatentDirichletAllocation")

    def topics(self, n: int, reference: Any) -> Topics:
        from foretell.display import Topic, Topics
        from foretell.lda.topics import COHERENT_WORDS, c_npmi, count_together

        words, weights = self._array("best_words"), self._array("best_weights")
        topics = int(self._steps[self._at]["topics"])
        words, weights = words.reshape(topics, -1), weights.reshape(topics, -1)
        try:
            n = 0 if isinstance(n, bool) else operator.index(n)
        except TypeError:
            n = 0
        if not 1 <= n <= MOST_WORDS:
            raise error("FT0101", "topics have 1 to 50 words", "ask for so many: topics(10)")
        n = min(n, words.shape[1])
        coherence = None
        if reference is not None:
            together = count_together(words[:, : min(n, COHERENT_WORDS)], self._counts(reference))
            coherence = c_npmi(*together)
        names = self._names()
        return Topics(
            Topic(
                number,
                tuple(names(int(word)) for word in words[number, :n]),
                tuple(float(weight) for weight in weights[number, :n]),
                coherence=None if coherence is None else float(coherence[number]),
            )
            for number in range(topics)
        )

    def explain(self, text: Any) -> Explanation:
        import numpy as np

        from foretell.lda.topics import explain

        counts = self._counts([text] if isinstance(text, (str, bytes)) else text)
        if counts.rows != 1:
            raise error("FT0101", f"{counts.rows} documents were given, expected one")
        lda = self._step(self._at)
        shares = lda.apply_csr(*counts.arrays, "transform")[0]
        settings = self._steps[self._at]
        # The parameters add up to the number of words and the prior's.
        gamma = shares * (counts.values.sum() + len(shares) * settings["doc_topic_prior"])
        kept = np.unique(counts.ids)
        rows = self._array("word_topics").reshape(int(settings["words"]), -1)[kept, : len(shares)]
        names = self._names()
        counts = type(counts)(
            counts.row_starts, np.searchsorted(kept, counts.ids).astype(np.int32), counts.values, len(kept)
        )
        return explain(counts, gamma, rows.T, [names(int(word)) for word in kept])

    def _array(self, name: str) -> Any:
        place = f"{self._at}/" if self._is_pipeline() else ""
        return self._core.array(place + name)

    def _is_pipeline(self) -> bool:
        return self._core.step(0) is not None

    def _step(self, at: int) -> Any:
        return self._core.step(at) if self._is_pipeline() else self._core

    def _counts(self, x: Any) -> Any:
        """Counts of texts, or as they were given, before the LDA."""
        from foretell.lda.counts import Counts, counts_of

        if not self._core.takes_texts:
            return counts_of(x, "the model")
        if self._at != 1:
            raise error("FT0101", "the model's LDA does not follow its vectorizer at once")
        vectorizer = self._step(0)
        starts, ids, values = vectorizer.apply_texts(x, "transform")
        return Counts(starts, ids, values, int(vectorizer.shape("transform")[0]))

    def _names(self) -> Any:
        """From a word's id to the word, or to "word 17" where the model has no vocabulary."""
        place = "0/0/" if self._steps[0]["kind"] == "pipeline" else "0/"  # TF-IDF: counts, then weights
        kinds = [step["kind"] for step in self._steps[0].get("steps", self._steps[:1])]
        if self._at != 1 or kinds[0] != "count_vectorizer":
            return lambda word: f"word {word}"
        terms, offsets = self._core.array(f"{place}terms"), self._core.array(f"{place}term_offsets")
        return lambda word: terms[offsets[word] : offsets[word + 1]].tobytes().decode()
