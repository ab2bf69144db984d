"""A stream of Kafka's messages: scored rows, quarantined ones that were no rows, tombstones left out; each once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pyarrow.parquet as pq

import foretell as ft
from foretell.local.progress import Silent
from foretell.spark import Spark, stream

SCHEMA = {"id": "int64", "text": "string"}


def start(project: Any, broker: Any, topic: str, **options: Any) -> list[Any]:
    told: list[Any] = []
    running = stream(
        "Length@production",
        input=ft.kafka(broker.servers, topic, schema=SCHEMA, options={"maxOffsetsPerTrigger": "40"}),
        output=project.root / "out",
        store=project.store,
        progress=Silent(),
        trigger="available now",
        on_unit=told.append,
        **options,
    )
    assert running.await_termination()
    return told


def rows(output: Path) -> list[dict[str, Any]]:
    return pyarrow.dataset.dataset(output, format="parquet").to_table().sort_by("id").to_pylist()


def quarantined(output: Path) -> list[dict[str, Any]]:
    found = [
        row for path in sorted((output / "_quarantine").iterdir()) for row in pq.read_table(path).to_pylist()
    ]
    return sorted(found, key=lambda row: row["offset"])


def test_messages_become_rows_once(spark: Any, broker: Any, project: Any) -> None:
    project.save(alias="production")
    topic = broker.topic()
    good = [{"value": json.dumps({"id": at, "text": f"row {at}"}).encode()} for at in range(100)]
    odd = [{"value": None, "key": b"k"}, {"value": b"{no json"}, {"value": b'{"id": "x", "text": "y"}'}]
    odd += [{"value": b'{"id": 1000, "text": "bad"}'}]
    broker.send(topic, [*good[:50], *odd, *good[50:]])
    told = start(project, broker, topic, max_bad_ratio=1)
    assert [row["id"] for row in rows(project.root / "out")] == list(range(100))
    assert sum(unit.rows for unit in told) == 104
    assert (sum(unit.bad for unit in told), sum(unit.skipped for unit in told)) == (3, 1)
    bad = quarantined(project.root / "out")
    assert [row["_error"]["code"] for row in bad] == ["FT0704", "FT0704", "FT0301"]
    assert [row["offset"] for row in bad] == [51, 52, 53]
    assert bad[0]["value"] == b"{no json"  # as it came, so that a quarantine is an input again
    assert [row["id"] for row in bad] == [None, None, 1000]
    broker.send(topic, [{"value": b'{"id": 2000, "text": "later"}'}])
    assert [unit.rows for unit in start(project, broker, topic, max_bad_ratio=1)] == [1]


def test_messages_are_counted_alike_by_processes_of_their_own(spark: Any, broker: Any, project: Any) -> None:
    project.save(alias="production")
    topic = broker.topic()
    values: list[Any] = [b'{"id": 1, "text": "one"}', b"no", None, b'{"id": 2, "text": "bad"}', b'{"id": 3}']
    broker.send(topic, [{"value": value} for value in values])
    (unit,) = start(project, broker, topic, engine=Spark(isolate=True), max_bad_ratio=1)
    assert (unit.rows, unit.predicted, unit.bad, unit.skipped) == (5, 2, 2, 1)
    assert [row["id"] for row in rows(project.root / "out")] == [1, 3]
    assert [(row["_error"]["code"], row["_error"]["row"]) for row in quarantined(project.root / "out")] == [
        ("FT0704", 1),
        ("FT0301", 3),
    ]
