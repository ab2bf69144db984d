"""Best words, coherence, explanations."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import foretell as ft
from foretell.lda.topics import best_words, c_npmi

pytest.importorskip("sklearn")
Make = Callable[..., Any]

TEXTS = [
    "jazz concert tonight with jazz band",
    "band plays jazz concert",
    "concert band rehearsal",
    "football match today",
    "football team wins match",
    "team plays football match",
] * 5


def model(**parameters: Any) -> ft.LDA:
    return ft.LDA(2, random_state=1, max_iter=30, topic_word_prior=0.1, **parameters).fit(TEXTS)


def test_best_words_fall_by_weight_and_then_by_id() -> None:
    random = np.random.default_rng(0)
    weights = random.integers(0, 9, (5, 40)).astype(float)
    np.testing.assert_array_equal(best_words(weights, 7), np.argsort(-weights, axis=1, kind="stable")[:, :7])
    assert best_words(weights, 99).shape == (5, 40)


def test_c_npmi_is_its_formula() -> None:
    # Words 0 and 1 always together in 4 of 8 documents, word 2 in 4 others; a third pair independent.
    together = np.array([[[4, 4, 0], [4, 4, 2], [0, 2, 4]]])
    expected = (1 + -1 + 0) / 3
    assert c_npmi(together, 8)[0] == pytest.approx(expected)
    everywhere = np.array([[[8, 8], [8, 8]]])
    assert c_npmi(everywhere, 8)[0] == 1
    assert np.isnan(c_npmi(np.array([[[8, 0], [0, 0]]]), 8)[0])


def test_topics_have_words_weights_and_coherence() -> None:
    lda = model()
    topics = lda.topics(3)
    assert [len(topic.words) for topic in topics] == [3, 3]
    assert {topic.words[0] for topic in topics} <= {"jazz", "concert", "band", "football", "match"}
    for topic in topics:
        assert sorted(topic.weights, reverse=True) == list(topic.weights)
        assert topic.weights[0] == pytest.approx(
            lda.components_[topic.number].max() / lda.components_[topic.number].sum()
        )
        assert topic.coherence is not None
        assert 0 < topic.coherence <= 1
    assert "coherence" in topics._repr_html_()
    other = lda.topics(3, reference=["jazz football", "concert match", "band team"])
    assert max(topic.coherence or 0 for topic in other) < min(topic.coherence or 0 for topic in topics)
    again = pickle.loads(pickle.dumps(lda)).topics(3)
    assert [topic.coherence for topic in again] == [topic.coherence for topic in topics]


def test_coherence_is_that_of_the_documents_counted_plainly(counts: Make) -> None:
    x = counts(400)
    lda = ft.LDA(4, random_state=0).fit(x)
    present = x.toarray() > 0
    for topic in lda.topics(5):
        words = [int(word[1:]) for word in topic.words]
        values = []
        for a in range(5):
            for b in range(a + 1, 5):
                both = np.mean(present[:, words[a]] & present[:, words[b]])
                apart = np.mean(present[:, words[a]]) * np.mean(present[:, words[b]])
                values.append(np.log(both / apart) / -np.log(both) if both else -1)
        assert topic.coherence == pytest.approx(np.mean(values))


def test_an_explanation_says_which_words_speak_for_which_topic() -> None:
    lda = model()
    explanation = lda.explain("jazz jazz football unheard")
    parts = {(topic.number, word.word): word for topic in explanation for word in topic.words}
    music = max(parts, key=lambda key: parts[key].part if key[1] == "jazz" else 0)[0]
    assert parts[music, "jazz"].count == 2
    assert parts[1 - music, "football"].part > 0.5
    for name in ("jazz", "football"):
        assert sum(word.part for (_, known), word in parts.items() if known == name) == pytest.approx(
            1, abs=0.06
        )
    assert {topic.number: topic.share for topic in explanation} == {
        k: pytest.approx(value) for k, value in enumerate(lda.transform(["jazz jazz football unheard"])[0])
    }
    assert "jazz ×2" in repr(explanation)
    assert "jazz ×2" in explanation._repr_html_()
    assert list(lda.explain("unheard")) == []


def test_what_cannot_be_shown_is_refused(counts: Make) -> None:
    lda = model()
    with pytest.raises(ft.Error, match="FT0101"):
        lda.topics(0)
    with pytest.raises(ft.Error, match=r"FT0101.*30 documents"):
        lda.explain(TEXTS)
    partial = ft.LDA(2, random_state=1).partial_fit(counts())
    assert all(topic.coherence is None for topic in partial.topics(3))
    assert all(topic.coherence is not None for topic in partial.topics(3, reference=counts()))
