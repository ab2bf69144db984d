"""A bounded run over what Spark alone reads: a topic as it was when the run began, a table of the catalog."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pytest

import foretell as ft
from foretell.spark.engine import SparkScorers

SCHEMA = {"id": "int64", "text": "string"}


def message(number: int, text: str | None = "x") -> dict[str, Any]:
    return {"value": json.dumps({"id": number, "text": text}).encode()}


def run(project: Any, source: Any) -> ft.RunSummary:
    return ft.run(
        "Length@production",
        input=source,
        output=project.root / "out",
        store=project.store,
        engine="spark",
        max_bad_ratio=1.0,
    )


def ids(output: Path) -> list[int]:
    table = pyarrow.dataset.dataset(output, format="parquet").to_table()
    return sorted(table["id"].to_pylist())


def test_a_run_scores_the_messages_that_are_there(spark: Any, broker: Any, project: Any) -> None:
    project.save(alias="production")
    topic = broker.topic(partitions=2)
    broker.send(topic, [message(i) for i in range(30)])
    broker.send(topic, [{"value": b"garbage"}, {"value": None}, message(30, "bad"), message(31, None)])
    summary = run(project, ft.kafka(broker.servers, topic, schema=SCHEMA))
    assert [summary.total(what) for what in ("rows", "predicted", "bad", "skipped")] == [34, 31, 2, 1]
    assert ids(project.root / "out") == [*range(30), 31]
    quarantine = pyarrow.dataset.dataset(project.root / "out" / "_quarantine", format="parquet").to_table()
    assert sorted(quarantine["value"].to_pylist()) == [b"garbage", message(30, "bad")["value"]]


def test_a_run_that_goes_on_scores_what_it_began_with(
    spark: Any, broker: Any, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.save(alias="production")
    topic, other = broker.topic(), broker.topic()
    broker.send(topic, [message(i) for i in range(5)])
    source = ft.kafka(broker.servers, topic, schema=SCHEMA)

    def stopped(*given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SparkScorers, "score", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(project, source)
    broker.send(topic, [message(i) for i in range(5, 9)])
    for another in (ft.kafka(broker.servers, other, schema=SCHEMA), project.root / "job.py"):
        with pytest.raises(ft.Error, match=r"FT0601.*pinned to the topic.*now (the topic|files)"):
            run(project, another)
    run(project, source)
    assert ids(project.root / "out") == list(range(5))


def test_a_run_over_a_table(spark: Any, project: Any) -> None:
    project.save(alias="production")
    name = f"default.t_{uuid.uuid4().hex[:8]}"
    spark.sql(f"create table {name} (id long, text string) using parquet")
    try:
        spark.sql(f"insert into {name} values (1, 'a'), (2, null)")
        assert run(project, ft.table(name)).rows == 2
        assert ids(project.root / "out") == [1, 2]
    finally:
        spark.sql(f"drop table {name}")


def test_rounds_of_a_topic_are_refused(spark: Any, broker: Any, project: Any) -> None:
    project.save(alias="production")
    source = ft.kafka(broker.servers, broker.topic(), schema=SCHEMA)
    with pytest.raises(ft.Error, match=r"FT0707.*the topic(.|\n)*--follow"):
        ft.run(
            "Length@production",
            input=source,
            output=project.root / "out",
            store=project.store,
            engine="spark",
            incremental=True,
        )
