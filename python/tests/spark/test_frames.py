"""``predict`` of a Spark frame: a frame comes out, equal to what a table gives."""

from __future__ import annotations

import datetime
import decimal
import warnings
from typing import Any

import pyarrow as pa
import pytest

import foretell as ft

ROWS = [(1, "one", "x"), (2, "bad", "y"), (3, None, None), (4, "skip", "z"), (5, "fünf", "")]
SCHEMA = "id long, text string, other string"


def as_dicts(frame: Any) -> list[dict[str, Any]]:
    return sorted((row.asDict(recursive=True) for row in frame.collect()), key=lambda row: row["id"])


def test_predicts_what_a_table_gives(spark: Any, project: Any) -> None:
    predictor = project.load("KeepsAll")
    frame = predictor.predict(spark.createDataFrame(ROWS, SCHEMA))
    assert frame.columns == ["id", "text", "other", "length", "model_version", "_error"]
    names = ["id", "text", "other"]
    table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in ROWS])
    expected = predictor.predict(table, on_error="null").to_pylist()
    assert as_dicts(frame) == expected
    assert [row["length"] for row in expected] == [3, None, 0, None, 4]
    assert [row["_error"] and row["_error"]["code"] for row in expected] == [
        None,
        "FT0301",
        None,
        "FT0306",
        None,
    ]


def test_sends_no_other_columns_than_it_needs(spark: Any, project: Any) -> None:
    predictor = project.load()
    rows = [(1, "a", "x", 7)]
    frame = spark.createDataFrame(rows, "id long, text string, `a.b``c` string, unused int")
    out = predictor.predict(frame)
    assert out.columns == ["id", "length", "model_version", "_error"]
    plan = out._jdf.queryExecution().optimizedPlan().toString()
    assert "unused" not in plan.split("MapInArrow")[1].split("\n")[1]
    assert as_dicts(out)[0]["length"] == 1


def test_keeps_columns_of_any_name_and_type(spark: Any, project: Any) -> None:
    predictor = project.load("KeepsAll")
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        columns = (
            "id long, text string, `a.b``c` string, time timestamp, naive timestamp_ntz, day date, price decimal(10,2),"
            " list array<struct<x: int, y: map<string, binary>>>, flag boolean, tiny tinyint, real float, nothing void"
        )
        when = datetime.datetime(2026, 3, 29, 12, 30, 1, 5)
        full = (
            1,
            "t",
            "dots",
            when,
            when,
            when.date(),
            decimal.Decimal("1.25"),
            [(1, {"k": b"v"})],
            True,
            7,
            0.5,
            None,
        )
        rows = [full, (2, *[None] * 11)]
        given = spark.createDataFrame(rows, columns)
        out = predictor.predict(given)
        assert out.schema.fields[:12] == given.schema.fields
        kept = out.drop("length", "model_version", "_error")
        assert sorted(kept.collect()) == sorted(given.collect())
    finally:
        spark.conf.unset("spark.sql.session.timeZone")


@pytest.mark.parametrize("ansi", ["true", "false"])
def test_casts_predictions_to_types_that_spark_has(spark: Any, project: Any, ansi: str) -> None:
    predictor = project.load("OtherTypes")
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        out = predictor.predict(spark.createDataFrame([(1,)], "id long"))
        assert dict(out.dtypes) == {
            "half": "float",
            "unsigned": "bigint",
            "unsigned64": "decimal(20,0)",
            "seconds": "timestamp",
            "naive": "timestamp_ntz",
            "day": "date",
            "clock": "time(6)",
            "texts": "array<string>",
            "pair": "array<float>",
            "nested": "struct<a:array<smallint>,b:map<string,smallint>>",
            "chosen": "string",
            "wide": "decimal(20,2)",
            "bytes": "binary",
            "long_bytes": "binary",
            "span": "interval day to second",
            "model_version": "bigint",
            "_error": "struct<code:string,message:string>",
        }
        (row,) = out.selectExpr("*", "unix_timestamp(seconds) as epoch").collect()
    finally:
        spark.conf.unset("spark.sql.session.timeZone")
        spark.conf.unset("spark.sql.ansi.enabled")
    assert row._error is None
    assert row.epoch == datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC).timestamp()
    assert (row.half, row.unsigned, row.unsigned64, row.chosen) == (0.5, 2**32 - 1, 2**63 - 1, "yes")
    assert row.naive == datetime.datetime(2026, 1, 2, 3, 4, 5)
    assert row.day == datetime.date(2026, 1, 2)
    assert row.clock == datetime.time(3, 4, 5)
    assert (row.texts, row.pair, row.wide) == (["a", "b"], [1.0, 2.0], decimal.Decimal("1.50"))
    assert row.nested.asDict() == {"a": [1, 255], "b": {"x": 7}}
    assert (bytes(row.bytes), bytes(row.long_bytes)) == (b"ab", b"abc")
    assert row.span == datetime.timedelta(milliseconds=5)


def test_loads_once_in_a_worker(spark: Any, project: Any, tmp_path: Any) -> None:
    noted = tmp_path / "loads"
    predictor = project.load("Counted", str(noted))
    frame = spark.range(100).selectExpr("id", "cast(id as string) as text")
    for partitions in (8, 5):  # several tasks a worker, two stages and jobs
        assert predictor.predict(frame.repartition(partitions)).filter("length = 1").count() == 100
    pids = noted.read_text().split()
    assert len(pids) == len(set(pids))


def test_an_empty_frame_and_empty_partitions(spark: Any, project: Any) -> None:
    predictor = project.load()
    empty = spark.createDataFrame([], "id long, text string")
    assert predictor.predict(empty).collect() == []
    one = spark.createDataFrame([(1, "a")], "id long, text string").repartition(7)
    assert predictor.predict(one).count() == 1


def test_a_broken_predictor_raises_nothing_in_a_task(spark: Any, project: Any) -> None:
    predictor = project.load("Broken")
    frame = spark.range(5000).selectExpr("id", "cast(id as string) as text").repartition(1)
    codes = {
        row.code: row["count"] for row in predictor.predict(frame).groupBy("_error.code").count().collect()
    }
    assert sum(codes.values()) == 5000
    assert codes["FT0307"] > 4900  # uncalled, once it was clear


def test_refuses_what_does_not_fit_on_the_driver(spark: Any, project: Any) -> None:
    predictor = project.load()

    def refused(frame: Any, code: str, told: str) -> None:
        with pytest.raises(ft.Error) as raised:
            predictor.predict(frame)
        assert raised.value.code == code
        assert told in raised.value.message

    refused(spark.createDataFrame([(1,)], "id long"), "FT0203", "'text'")
    refused(spark.createDataFrame([("a",)], "text string"), "FT0203", "'id'")
    refused(spark.createDataFrame([(1, 2)], "id long, text long"), "FT0205", "'text'")
    refused(
        spark.createDataFrame([(1, "a", "b")], "id long, text string, id2 string").toDF("id", "text", "id"),
        "FT0204",
        "'id'",
    )
    stream = spark.readStream.format("rate").load().selectExpr("value as id", "'a' as text")
    refused(stream, "FT1003", "streaming")


def test_refuses_an_interval_of_the_calendar(spark: Any, project: Any) -> None:
    predictor = project.load("KeepsAll")
    with pytest.raises(ft.Error) as raised:
        predictor.predict(spark.sql("select 1L as id, 'a' as text, make_interval(1) as i"))
    assert raised.value.code == "FT0202"
    assert "'i' is interval" in raised.value.message


def test_refuses_predictors_that_executors_cannot_open(spark: Any, project: Any) -> None:
    frame = spark.createDataFrame([(1, "a")], "id long, text string")

    def refused(predictor: Any, code: str) -> ft.Error:
        with pytest.raises(ft.Error) as raised:
            predictor.predict(frame)
        assert raised.value.code == code
        return raised.value

    assert "no saved version" in refused(project.module.Length(1), "FT0101").message
    project.save("Untyped")
    assert "ft.schema" in refused(ft.load("Untyped", store=project.store), "FT0308").hint
    project.save()

    class Length(project.module.Length):  # type: ignore[misc, name-defined]
        def predict_item(self, row: Any) -> Any:
            return 7

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = Length(store=project.store).load_model()
    assert "is not the class" in refused(other, "FT0101").message


def test_a_version_that_cannot_be_opened_on_an_executor_is_told_by_the_driver(
    spark: Any, project: Any
) -> None:
    predictor = project.load()
    for blob in (project.store / "blobs").rglob("*"):
        if blob.is_file():
            blob.chmod(0o600)
            blob.write_bytes(b"damaged")
    with pytest.raises(ft.Error) as raised:
        predictor.predict(spark.createDataFrame([(1, "a")], "id long, text string"))
    assert raised.value.code == "FT0409"
