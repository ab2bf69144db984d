"""``predictor.spark.map_rdd``: an RDD of dicts or Rows in, an RDD of their answers out."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

import foretell as ft


def refused(code: str, call: Any, *arguments: Any) -> ft.Error:
    with pytest.raises(ft.Error) as raised:
        call(*arguments)
    assert raised.value.code == code
    return raised.value


def test_predicts_what_a_list_of_dicts_gives(spark: Any, project: Any) -> None:
    texts = ["one", "bad", None, "skip", "fünf"]
    for kind in ("Length", "KeepsAll"):
        predictor = project.load(kind)
        rows = [{"id": at, "text": texts[at % 5], "other": (at,)} for at in range(3000)]
        out = predictor.spark.map_rdd(spark.sparkContext.parallelize(rows, 3))
        assert out.getNumPartitions() == 3
        assert out.collect() == predictor.predict(rows, on_error="null")


def test_rows_give_rows_that_make_a_frame(spark: Any, project: Any) -> None:
    from pyspark.sql import Row

    predictor = project.load("KeepsAll")
    frame = spark.createDataFrame(
        [(1, "one", (1, [2])), (2, "bad", None), (3, None, (None, []))],
        "id long, text string, nested struct<a: int, b: array<long>>",
    )
    out = predictor.spark.map_rdd(frame.rdd)
    expected = predictor.predict(frame)
    assert sorted(out.collect()) == sorted(expected.collect())
    assert isinstance(out.first().nested, Row)
    assert sorted(spark.createDataFrame(out, expected.schema).collect()) == sorted(expected.collect())


def test_structs_of_predictions_are_rows_in_rows(spark: Any, project: Any) -> None:
    from pyspark.sql import Row

    predictor = project.load("OtherTypes")
    (row,) = predictor.spark.map_rdd(spark.sparkContext.parallelize([Row(id=1)], 1)).collect()
    assert row.nested.a == [1, 255]
    (answer,) = predictor.spark.map_rdd(spark.sparkContext.parallelize([{"id": 1}], 1)).collect()
    assert answer == predictor.predict([{"id": 1}])[0]
    assert answer["seconds"] == datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def test_a_row_that_lacks_a_column_is_a_bad_row(spark: Any, project: Any) -> None:
    from pyspark.sql import Row

    predictor = project.load()
    rows = [
        {"id": 1, "text": "a"},
        {"id": 2},
        {"text": "b"},
        {"id": 4, "text": 7},
        Row(id=5, other="c"),
        {"id": 6, "text": "dd"},
    ]
    found = predictor.spark.map_rdd(spark.sparkContext.parallelize(rows, 1)).collect()
    assert [row["id"] for row in found] == [1, 2, None, 4, 5, 6]
    assert [row["length"] for row in found] == [1, None, None, None, None, 2]
    assert {row["model_version"] for row in found} == {1}
    codes = [(row.asDict() if isinstance(row, Row) else row).get("_error") for row in found]
    assert [code and code["code"] for code in codes] == [None, "FT0203", "FT0203", "FT0205", "FT0203", None]
    assert "'id' to keep" in found[2]["_error"]["message"]


def test_loads_once_in_a_worker_and_nothing_for_empty_partitions(
    spark: Any, project: Any, tmp_path: Any
) -> None:
    noted = tmp_path / "loads"
    predictor = project.load("Counted", str(noted))
    rows = spark.sparkContext.parallelize([{"id": at, "text": "a"} for at in range(10)], 20)
    assert predictor.spark.map_rdd(rows).map(lambda row: row["length"]).sum() == 10
    assert predictor.predict(spark.createDataFrame([(1, "a")], "id long, text string")).count() == 1
    pids = noted.read_text().split()
    assert len(pids) == len(set(pids))
    assert predictor.spark.map_rdd(spark.sparkContext.emptyRDD()).collect() == []


def test_a_broken_predictor_raises_nothing_in_a_task(spark: Any, project: Any) -> None:
    rows = spark.sparkContext.parallelize([{"id": at, "text": "a"} for at in range(2500)], 1)
    found = project.load("Broken").spark.map_rdd(rows).collect()
    assert [row["id"] for row in found] == list(range(2500))
    assert {row["_error"]["code"] for row in found} == {"FT0301", "FT0307"}


def test_refuses_what_is_no_rdd(spark: Any, project: Any) -> None:
    predictor = project.load()
    assert "predict(df)" in refused("FT0101", predictor.spark.map_rdd, spark.range(1)).hint
    refused("FT0101", project.module.Length(1).spark.map_rdd, spark.sparkContext.emptyRDD())
    with pytest.raises(Exception, match="FT0101: an element of the RDD is int, expected a dict or a Row"):
        predictor.spark.map_rdd(spark.sparkContext.parallelize([1])).collect()
