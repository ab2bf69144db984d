"""Real corpora in full: terms and counts as scikit-learn's."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
from settings import DATA, settings
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

from foretell import _core

CORPORA = {
    "community-calendar": "community-calendar/events.jsonl.zst",
    "tech-talks": "tech-talks/talks-en.jsonl.zst",
    "20newsgroups": "20newsgroups/20news-bydate.jsonl.zst",
    "wikipedia-paragraphs": "wikipedia-paragraphs/en.jsonl.zst",
}


def texts(corpus: str) -> Iterator[str]:
    zstandard = pytest.importorskip("zstandard")
    path = DATA / CORPORA[corpus]
    if not path.exists():
        pytest.skip(f"{corpus} is not on this machine")
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as reader:
        for line in io.TextIOWrapper(reader, encoding="utf-8"):
            row = json.loads(line)
            yield " ".join(filter(None, (row.get("title"), row.get("description"))))


def assert_equal(found: tuple[Any, Any, Any], expected: Any) -> None:
    for one, other in zip(found, (expected.indptr, expected.indices, expected.data), strict=True):
        np.testing.assert_array_equal(one, other)


def compare(corpus: str, vectorizer: dict[str, Any], limit: int | None) -> None:
    documents = texts(corpus)
    fitted = list(islice(documents, 20_000))
    peer = CountVectorizer(min_df=2, **vectorizer).fit(fitted)
    terms = sorted(peer.vocabulary_, key=peer.vocabulary_.__getitem__)
    stop_words = peer.get_stop_words()
    chosen = {**vectorizer, "stop_words": sorted(stop_words) if stop_words else None}
    native = _core.CountVectorizer(settings(**chosen), terms)
    assert_equal(native.transform(fitted), peer.transform(fitted))
    rest = islice(documents, limit)
    while chunk := list(islice(rest, 50_000)):
        assert_equal(native.transform(chunk), peer.transform(chunk))


@pytest.mark.parametrize("corpus", ["community-calendar", "tech-talks", "20newsgroups"])
def test_counts_of_words(corpus: str) -> None:
    compare(corpus, {"stop_words": "english"}, None)


@pytest.mark.slow
def test_counts_of_words_of_all_wikipedia_paragraphs() -> None:
    compare("wikipedia-paragraphs", {"stop_words": "english"}, None)


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["tech-talks", "20newsgroups"])
@pytest.mark.parametrize(
    "vectorizer",
    [
        {"ngram_range": (1, 2), "strip_accents": "unicode", "stop_words": "english"},
        {"analyzer": "char_wb", "ngram_range": (2, 4)},
        {"analyzer": "char", "ngram_range": (3, 3), "strip_accents": "ascii"},
        {"token_pattern": r"\S+", "lowercase": False},
    ],
    ids=["bigrams", "char_wb", "char", "runs"],
)
def test_counts_by_other_settings(corpus: str, vectorizer: dict[str, Any]) -> None:
    compare(corpus, vectorizer, None)


def test_hashes_of_a_corpus() -> None:
    documents = list(texts("tech-talks"))
    peer = HashingVectorizer(n_features=2**18)
    native = _core.HashingVectorizer(settings(), n_features=2**18)
    assert_equal(native.transform(documents), peer.transform(documents))
