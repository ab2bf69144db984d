"""``predictor.spark.column`` and ``register``: a version as a column function, in Python and in SQL."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import foretell as ft

TIMES = "the `.times"
ROWS = [(1, "one", 2), (2, "bad", 13), (3, None, None), (4, "skip", 0), (5, "fünf", 1)]
SCHEMA = "id long, text string, `the ``.times` int"


@pytest.fixture
def frame(spark: Any) -> Any:
    return spark.createDataFrame(ROWS, SCHEMA)


@pytest.fixture
def repeat(project: Any) -> Any:
    return project.load("Repeat", "")


def refused(code: str, call: Any, *arguments: Any, **named: Any) -> ft.Error:
    with pytest.raises(ft.Error) as raised:
        call(*arguments, **named)
    assert raised.value.code == code
    return raised.value


def by_id(frame: Any) -> list[dict[str, Any]]:
    return sorted((row.asDict(recursive=True) for row in frame.collect()), key=lambda row: row["id"])


def test_predicts_what_a_table_gives(frame: Any, repeat: Any) -> None:
    out = by_id(frame.select("id", repeat.spark.column("text", "`the ``.times`").alias("p")))
    table = pa.Table.from_pylist([dict(zip(["id", "text", TIMES], row, strict=True)) for row in ROWS])
    expected = repeat.predict(table, on_error="null").to_pylist()
    assert [{"id": row["id"], **row["p"]} for row in out] == expected
    assert [row["length"] for row in expected] == [6, None, 0, None, 4]
    assert [row["_error"] and row["_error"]["code"] for row in expected] == [
        None,
        "FT0301",
        None,
        "FT0306",
        None,
    ]


def test_says_its_type_and_name(frame: Any, repeat: Any) -> None:
    out = frame.select(repeat.spark.column())
    assert out.columns == ["Repeat(text, the `.times)"]
    assert out.dtypes[0][1] == (
        "struct<repeated:string,length:bigint,model_version:bigint,_error:struct<code:string,message:string>>"
    )


def test_takes_columns_by_place_by_name_and_by_their_own_names(frame: Any, repeat: Any) -> None:
    from pyspark.sql import functions as F

    ways = [
        repeat.spark.column(),
        repeat.spark.column("text", F.col("`the ``.times`")),
        repeat.spark.column("text", **{TIMES: frame["`the ``.times`"]}),
        repeat.spark.column(**{TIMES: "`the ``.times`", "text": F.lower("text")}),
    ]
    for way in ways:
        assert [row["repeated"] for row in by_id(frame.select("id", way.repeated.alias("repeated")))] == [
            "oneone",
            None,
            "",
            None,
            "fünf",
        ]
    (row,) = frame.where("id = 1").select(repeat.spark.column(F.lit("x"), F.lit(3)).repeated).collect()
    assert row[0] == "xxx"


def test_one_column_in_and_one_out(spark: Any, project: Any) -> None:
    frame = spark.createDataFrame([("a",), ("bad",), (None,)], "text string")
    rows = frame.select(project.load().spark.column("text").alias("p")).select("p.*").collect()
    assert [(row.length, row.model_version, row._error is None) for row in rows] == [
        (1, 1, True),
        (None, 1, False),
        (0, 1, True),
    ]


def test_refuses_arguments_that_do_not_fit(spark: Any, repeat: Any) -> None:
    column = repeat.spark.column
    assert "reads text, the `.times" in refused("FT0101", column, "a", "b", "c").message
    assert "'the `.times'" in refused("FT0203", column, "text").message
    assert "did you mean text?" in refused("FT0101", column, txt="a").hint
    assert "twice" in refused("FT0101", column, "a", text="a").message
    assert "lit" in refused("FT0101", column, "a", 3).hint


def test_refuses_versions_that_a_column_cannot_run(spark: Any, project: Any) -> None:
    assert "which columns it reads" in refused("FT0101", project.load("Undeclared").spark.column).message
    project.save("Untyped")
    refused("FT0101", ft.load("Untyped", store=project.store).spark.column, "text")
    assert "no saved version" in refused("FT0101", project.module.Length(1).spark.column, "text").message


def test_a_column_of_another_type_is_told_with_its_code(frame: Any, repeat: Any) -> None:
    with pytest.raises(Exception, match=r"FT0205: column 'the `\.times' is string, expected int64"):
        frame.select(repeat.spark.column("text", "text")).collect()


def test_answers_in_sql(spark: Any, frame: Any, project: Any) -> None:
    first, second = project.load(), project.load("Length", 2)
    frame.createOrReplaceTempView("events")
    query = "select id, length(text).length, length(text).model_version from events where id <> 2 order by id"
    try:
        for predictor, expected in ((first, [3, 0, None, 4]), (second, [6, 0, None, 8])):
            predictor.spark.register(spark, "length_of")
            rows = spark.sql(query.replace("length(text)", "length_of(text)")).collect()
            assert [row[1] for row in rows] == expected
            assert {row[2] for row in rows} == {predictor.version.version}
        with pytest.raises(Exception, match="FT0203: 2 arguments were given, and Length@2 reads text"):
            spark.sql("select length_of(text, text) from events").collect()
    finally:
        spark.catalog.dropTempView("events")
    refused("FT0101", first.spark.register, spark, "no name")


def test_empty_frames_and_partitions_load_nothing(spark: Any, project: Any, tmp_path: Path) -> None:
    noted = tmp_path / "loads"
    column = project.load("Counted", str(noted)).spark.column("text")
    noted.unlink()  # what the driver and the check at the start noted
    empty = spark.createDataFrame([], "text string")
    assert empty.select(column).collect() == []
    one = spark.createDataFrame([("a",)], "text string").repartition(5)
    assert [row[0] for row in one.select(column.length).collect()] == [1]
    assert not noted.exists()  # each worker had it already


def test_scores_each_row_once_however_often_it_is_named(frame: Any, project: Any, tmp_path: Path) -> None:
    noted = tmp_path / "calls"
    column = project.load("Repeat", str(noted)).spark.column()
    frame.select("id", column.repeated, column.length).collect()
    assert len(noted.read_text()) == 3


@pytest.fixture
def large_types(spark: Any) -> Iterator[None]:
    spark.conf.set("spark.sql.execution.arrow.useLargeVarTypes", "true")
    yield
    spark.conf.unset("spark.sql.execution.arrow.useLargeVarTypes")


def test_large_types_of_spark(large_types: None, frame: Any, repeat: Any, project: Any) -> None:
    rows = by_id(frame.select("id", repeat.spark.column().alias("p")))
    assert rows[0]["p"]["repeated"] == "oneone"
    assert by_id(project.load("KeepsAll").predict(frame))[4]["text"] == "fünf"


def test_casts_predictions_to_types_that_spark_has(spark: Any, project: Any) -> None:
    column = project.load("OtherTypes").spark.column("id").alias("p")
    (row,) = spark.range(1).select(column).select("p.*").collect()
    assert row._error is None
    assert (row.unsigned, row.unsigned64, row.chosen) == (2**32 - 1, 2**63 - 1, "yes")
    assert row.seconds.astimezone(datetime.UTC) == datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert row.nested.asDict() == {"a": [1, 255], "b": {"x": 7}}
    assert row.span == datetime.timedelta(milliseconds=5)


def test_a_broken_predictor_raises_nothing_in_a_task(spark: Any, project: Any) -> None:
    column = project.load("Broken").spark.column(text="cast_id").alias("p")
    frame = spark.range(5000).selectExpr("cast(id as string) as cast_id").repartition(1)
    counts = frame.select(column).groupBy("p._error.code").count().collect()
    assert sum(row["count"] for row in counts) == 5000
    assert {row.code for row in counts} == {"FT0301", "FT0307"}


def test_a_thread_without_a_session_of_its_own_uses_the_process_one(spark: Any, project: Any) -> None:
    import threading

    from foretell.spark.session import session

    predictor, found = project.load(), []

    def work() -> None:
        found.append(session())
        found.append(predictor.spark.column("text"))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] == (spark, False)  # not ours to stop
    assert len(found) == 2
