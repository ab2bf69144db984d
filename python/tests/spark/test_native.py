"""A native model in Spark's three ways: equal bits, as everywhere."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

import foretell as ft
from foretell.starter.events import events_jsonl


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    import json

    rows = [json.loads(line) for line in events_jsonl().splitlines()]
    rows[7]["title"] = rows[9]["description"] = None
    return [{"id": row["id"], "title": row["title"], "description": row["description"]} for row in rows]


@pytest.fixture
def topics(project: Any, events: list[dict[str, Any]]) -> Any:
    texts = [f"{row['title']} {row['description']}" for row in events]
    model = make_pipeline(CountVectorizer(), LatentDirichletAllocation(7, max_iter=2, random_state=0)).fit(
        texts
    )
    declared = ft.TextPredictor(
        "Topics", ft.compile(model), text=["title", "description"], keep=["id"], store=project.store
    )
    declared.save_model()
    return ft.load("Topics@1", store=project.store)


def test_a_version_without_code_gives_equal_bits_in_every_way(
    spark: Any, topics: Any, events: list[dict[str, Any]]
) -> None:
    expected = {row["id"]: row for row in topics.predict(pa.Table.from_pylist(events)).to_pylist()}
    frame = spark.createDataFrame(events, "id string, title string, description string").repartition(3)
    rows = [row.asDict() for row in topics.predict(frame).collect()]
    assert {row["id"]: row for row in rows} == expected
    column = frame.select("id", topics.spark.column().alias("p")).select("id", "p.*")
    assert {row["id"]: row for row in (found.asDict() for found in column.collect())} == expected
    topics.spark.register(spark, "topics_of")
    frame.createOrReplaceTempView("events_of")
    found = spark.sql("select id, topics_of(title, description).topics as topics from events_of").collect()
    assert {row.id: row.topics for row in found} == {at: row["topics"] for at, row in expected.items()}
    answers = topics.spark.map_rdd(frame.rdd).collect()
    assert {row.id: row.asDict() for row in answers} == expected
