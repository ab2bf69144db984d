"""Topic probabilities of an event's title and description: the predictor of the demo.

This class is all that a data scientist writes. The same class predicts a dict in a notebook, runs over
files in batch, and goes on incrementally.
"""

from __future__ import annotations

from typing import Any

from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline, make_pipeline

import foretell as ft

TOPICS = 50


class EventTopics(ft.Predictor):
    """Topic probabilities, and the topic that stands out."""

    input = ft.schema(title="string", description="string")
    output = ft.schema(topic="int64", topics="list<double>")
    keep = ["id", "title"]

    def prepare(self, row: ft.Row) -> Any:
        if not row.title and not row.description:
            return ft.skip("no title and no description")
        if row.description and ("\ufffd" in row.description or "\x00" in row.description):
            raise ValueError("the description is not text")
        return row

    def extract_features(self, row: ft.Row) -> str:
        return ft.join_text(row.title, row.description)

    def predict_bulk(self, texts: list[str]) -> dict[str, Any]:
        topics = self.model.transform(texts)
        return {"topic": topics.argmax(axis=1), "topics": topics}

    def train(
        self, texts: list[str], rows: Any = None, *, seed: int = 0, topics: int = TOPICS
    ) -> ft.NativeModel:
        return ft.compile(topic_pipeline(texts, seed, topics))


def topic_pipeline(texts: list[str], seed: int, topics: int = TOPICS) -> Pipeline:
    """scikit-learn's pipeline, fitted; ``train`` compiles it, so that C++ runs it and gives the same numbers."""
    return make_pipeline(
        CountVectorizer(min_df=5, max_df=0.05, stop_words="english"),
        LatentDirichletAllocation(
            topics, learning_method="online", batch_size=256, max_iter=5, random_state=seed
        ),
    ).fit(texts)
