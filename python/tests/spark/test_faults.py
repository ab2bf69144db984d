"""Frames under strain: crashes, skew, a million rows in a partition, nulls and nesting, wide strings."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest


@pytest.mark.parametrize(("does", "told"), [("kill", ""), ("segfault", "in predict_item")])
def test_a_crash_in_a_task_is_told_and_leaves_the_session_in_use(
    spark: Any, project: Any, tmp_path: Path, does: str, told: str
) -> None:
    """Local masters make one attempt; others four, see test_cluster.py."""
    with_stack = "spark.sql.execution.pyspark.udf.faulthandler.enabled"
    spark.conf.set(with_stack, "true")
    noted = tmp_path / "attempts"
    predictor = project.load("Faulty", {"does": does, "times": 1, "file": str(noted)})
    frame = spark.createDataFrame([(1, "a"), (2, "now"), (3, "b")], "id long, text string").coalesce(1)
    with pytest.raises(Exception, match=r"Python worker exited unexpectedly \(crashed\)") as raised:
        predictor.predict(frame).collect()
    assert told in str(raised.value)
    assert len(noted.read_text().split()) == 1
    spark.conf.unset(with_stack)
    assert [row.length for row in predictor.predict(frame).collect()] == [1, 3, 1]


def test_a_million_rows_in_one_partition(spark: Any, project: Any) -> None:
    predictor = project.load("InBulk")
    frame = spark.range(0, 10**6, 1, 1).selectExpr("id", "cast(id as string) as text")
    expected = frame.selectExpr("count(*)", "sum(length(text))", "sum(id)").first()
    for out in (
        predictor.predict(frame).filter("_error is null").select("id", "length"),
        frame.select("id", predictor.spark.column("text").length.alias("length")),
    ):
        assert out.selectExpr("count(*)", "sum(length)", "sum(id)").first() == expected


def test_skewed_partitions_of_many_and_of_no_rows(spark: Any, project: Any) -> None:
    predictor = project.load("InBulk")
    frame = spark.range(100_000).selectExpr("id", "cast(id as string) as text", "id < 7 as few")
    skewed = frame.repartition(16, "few").select("id", "text")
    out = predictor.predict(skewed)
    assert out.rdd.getNumPartitions() == 16
    found = out.selectExpr("count(*)", "count(distinct id)", "sum(length)").first()
    assert tuple(found) == (100_000, 100_000, sum(len(str(at)) for at in range(100_000)))


def test_nulls_in_every_column(spark: Any, project: Any) -> None:
    schema = (
        "id long, text string, nested struct<a: array<map<string, decimal(5,2)>>>, at timestamp, kind binary"
    )
    rows = [(None,) * 5] * 3 + [(1, "a", None, None, None)]
    frame = spark.createDataFrame(rows, schema)
    out = project.load("KeepsAll").predict(frame)
    found = out.orderBy("length").collect()
    assert [row.length for row in found] == [0, 0, 0, 1]
    assert all(row._error is None and row.nested is None and row.at is None for row in found)
    column = project.load().spark.column("text").length.alias("n")
    assert sorted(row.n for row in frame.select(column).collect()) == [0, 0, 0, 1]


def test_nested_columns_are_read_as_everywhere(spark: Any, project: Any) -> None:
    predictor = project.load("Nested")
    when = datetime.datetime(2026, 3, 29, 12, 30, tzinfo=datetime.UTC)
    rows = [
        {
            "tags": ["a", None, "ä"],
            "place": {"name": "x", "at": {"lat": 1.5, "seen": [when]}},
            "facts": {"n": 7},
        },
        {"tags": [], "place": {"name": None, "at": None}, "facts": {}},
        {"tags": None, "place": None, "facts": None},
        {"tags": ["b"], "place": {"name": "y", "at": {"lat": None, "seen": None}}, "facts": {"m": None}},
    ]
    schema = (
        "tags array<string>, place struct<name: string, at: struct<lat: double, seen: array<timestamp>>>,"
        " facts map<string, bigint>"
    )
    frame = spark.createDataFrame([tuple(row.values()) for row in rows], schema).coalesce(1)
    types = predictor._ready().contract.input.to_arrow()
    expected = predictor.predict(pa.Table.from_pylist(rows, types)).column("told").to_pylist()
    assert "['a', None, 'ä']" in expected[0]
    assert [row.told for row in predictor.predict(frame).collect()] == expected
    assert [row[0] for row in frame.select(predictor.spark.column().told).collect()] == expected


def test_wide_strings(spark: Any, project: Any) -> None:
    megabytes = 2**20
    frame = spark.range(0, 48, 1, 2).selectExpr(
        "id", f"repeat(if(id % 2 = 0, 'ü', 'x'), if(id = 5, 40, 2) * {megabytes}) as text"
    )
    out = project.load("KeepsAll").predict(frame)
    found = out.selectExpr("id", "length", "text = repeat(left(text, 1), length) as same", "_error").collect()
    assert sorted((row.id, row.length) for row in found) == [
        (at, (40 if at == 5 else 2) * megabytes) for at in range(48)
    ]
    assert all(row.same and row._error is None for row in found)
