"""The corpora that benchmarks and comparisons read, and the vectorizer that they count with."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from measure import DATA

CORPORA = {
    "community-calendar": "community-calendar/events.jsonl.zst",
    "tech-talks": "tech-talks/talks-en.jsonl.zst",
    "20newsgroups": "20newsgroups/20news-bydate.jsonl.zst",
    "wikipedia-paragraphs": "wikipedia-paragraphs/en.jsonl.zst",
}


def texts(corpus: str, limit: int | None = None) -> list[str]:
    """Title and description of its documents, the first ``limit`` of them."""
    return joined((row.get("title"), row.get("description")) for row in islice(rows(corpus), limit))


def joined(pairs: Iterable[tuple[str | None, str | None]]) -> list[str]:
    """As a person would join them, without foretell: null and "" left out."""
    return [" ".join(filter(None, pair)) for pair in pairs]


def rows(corpus: str) -> Iterator[dict[str, Any]]:
    """Its documents as they lie in its file."""
    import zstandard

    with (
        (DATA / CORPORA[corpus]).open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as reader,
    ):
        for line in io.TextIOWrapper(reader, encoding="utf-8"):
            yield json.loads(line)


def vectorizer() -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(min_df=5, max_df=0.4, stop_words="english")
