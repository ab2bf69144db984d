"""`ft.kafka` against a real broker: each message once, in order, and none lost without a word."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import foretell as ft
from foretell.spark.types import as_spark_takes, fit, spark_of_arrow

from .streams import streamed

SCHEMA = {"id": "int64", "title": "string"}


def event(number: int, title: str = "x") -> bytes:
    return json.dumps({"id": number, "title": title}).encode()


def decoded(source: Any, frame: Any) -> list[Any]:
    """Rows that the source's decoder makes in tasks, each with its fault's code."""
    decode = source.decoder()
    fields = [pa.field(f.name, as_spark_takes(f.type, f.name)) for f in decode.schema()]
    schema = pa.schema([*fields, pa.field("fault", pa.string())])

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            made, faults = decode(batch)
            codes = {row: code for row, code, _ in faults}
            column = pa.array([codes.get(row) for row in range(made.num_rows)], pa.string())
            yield fit(made.append_column("fault", column), schema)

    found: list[Any] = frame.mapInArrow(rows, spark_of_arrow(schema)).collect()
    return sorted(found, key=lambda row: (row.partition, row.offset))


def test_a_stream_reads_each_message_once_in_order(spark: Any, broker: Any, tmp_path: Path) -> None:
    topic = broker.topic(partitions=2)
    source = ft.kafka(broker.servers, topic, schema=SCHEMA, options={"maxOffsetsPerTrigger": "150"})
    broker.send(topic, [{"value": event(i), "partition": i % 2, "key": b"%d" % i} for i in range(400)])
    found = streamed(source.read_stream(spark), tmp_path / "checkpoint")
    assert len(found) == 400
    for partition in (0, 1):
        mine = [row for row in found if row.partition == partition]
        assert [row.offset for row in mine] == list(range(200))
        assert [bytes(row.value) for row in mine] == [event(i) for i in range(partition, 400, 2)]
    broker.send(topic, [{"value": event(1000)}])
    [new] = streamed(source.read_stream(spark), tmp_path / "checkpoint")
    assert bytes(new.value) == event(1000)


def test_tombstones_garbage_and_a_megabyte_come_through(spark: Any, broker: Any, tmp_path: Path) -> None:
    topic = broker.topic(**{"max.message.bytes": str(4 << 20)})
    source = ft.kafka(broker.servers, topic, schema=SCHEMA, max_bytes=2 << 20)
    long = "y" * (1 << 20)
    values = [event(1), None, b"\xff\x00garbage", event(2, long), b"[]", event(3, long * 3), event(4)]
    broker.send(topic, [{"value": value, "key": b"k"} for value in values])
    stream: list[Any] = []
    query = (
        source.read_stream(spark)
        .writeStream.foreachBatch(lambda frame, batch: stream.extend(decoded(source, frame)))
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(120)
    for rows in (stream, decoded(source, source.read_frame(spark))):
        assert [row.id for row in rows] == [1, None, None, 2, None, None, 4]
        assert [row.fault for row in rows] == [None, "FT0306", "FT0704", None, "FT0704", "FT0704", None]
        assert rows[3].title == long
        assert [row.value and bytes(row.value) for row in rows] == values
        assert {row.topic for row in rows} == {topic}
        assert all(abs(row.timestamp.timestamp() - time.time()) < 600 for row in rows)


def test_messages_that_are_gone_stop_a_stream(spark: Any, broker: Any, tmp_path: Path) -> None:
    from confluent_kafka import TopicPartition

    topic = broker.topic()
    source = ft.kafka(broker.servers, topic)
    broker.send(topic, [{"value": b"a"}])
    assert len(streamed(source.read_stream(spark), tmp_path / "checkpoint")) == 1
    broker.send(topic, [{"value": b"b"}] * 5)
    admin = broker.admin()
    admin.delete_records([TopicPartition(topic, 0, 4)])[TopicPartition(topic, 0, 4)].result(30)
    with pytest.raises(Exception, match=r"(?i)data may have been lost"):
        streamed(source.read_stream(spark), tmp_path / "checkpoint")


def test_a_frame_keeps_the_messages_that_it_began_with(spark: Any, broker: Any) -> None:
    topic = broker.topic(partitions=2)
    source = ft.kafka(broker.servers, topic)
    assert source.offsets(spark) == {0: (0, 0), 1: (0, 0)}
    broker.send(topic, [{"value": b"%d" % i, "partition": i % 2} for i in range(6)])
    frame = source.read_frame(spark)
    broker.send(topic, [{"value": b"late", "partition": 0}])
    assert sorted(bytes(row.value) for row in frame.collect()) == [b"%d" % i for i in range(6)]
    assert frame.count() == 6
    assert source.offsets(spark) == {0: (0, 4), 1: (0, 3)}
    some = source.read_frame(spark, {0: (1, 3)})
    assert [(row.partition, row.offset) for row in some.collect()] == [(0, 1), (0, 2)]


def test_a_topic_is_read_from_a_time_or_from_offsets(spark: Any, broker: Any, tmp_path: Path) -> None:
    topic = broker.topic(partitions=2)
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    first = int(now.timestamp() * 1000)
    broker.send(topic, [{"value": b"%d" % i, "partition": 0, "timestamp": first + 10 * i} for i in range(5)])
    broker.send(topic, [{"value": b"early", "partition": 1, "timestamp": first}])
    since = ft.kafka(
        broker.servers, topic, starting=now + datetime.timedelta(milliseconds=20, microseconds=1)
    )
    assert since.offsets(spark) == {0: (3, 5), 1: (1, 1)}
    assert [bytes(row.value) for row in since.read_frame(spark).collect()] == [b"3", b"4"]
    assert [bytes(row.value) for row in streamed(since.read_stream(spark), tmp_path / "time")] == [b"3", b"4"]
    behind = ft.kafka(broker.servers, topic, starting={0: 4, 1: 1})
    assert behind.offsets(spark) == {0: (4, 5), 1: (1, 1)}
    assert [bytes(row.value) for row in streamed(behind.read_stream(spark), tmp_path / "offsets")] == [b"4"]
    with pytest.raises(ft.Error, match=r"FT0101.*\[0\].*\[0, 1\]"):
        ft.kafka(broker.servers, topic, starting={0: 4}).offsets(spark)
    with pytest.raises(ft.Error, match="FT0101"):
        ft.kafka(broker.servers, topic, starting="latest").read_frame(spark)


def test_what_cannot_be_read_is_told_on_the_driver(spark: Any, broker: Any) -> None:
    for read in ("read_frame", "read_stream"):
        with pytest.raises(ft.Error, match=r"FT0701.*no topic nothing-here"):
            getattr(ft.kafka(broker.servers, "nothing-here"), read)(spark)
        quick = {"kafka.default.api.timeout.ms": "2000", "kafka.request.timeout.ms": "1000"}
        with pytest.raises(ft.Error, match=r"FT0702.*127\.0\.0\.1:1 do not answer"):
            getattr(ft.kafka("127.0.0.1:1", "events", options=quick), read)(spark)


WITHOUT_CONNECTOR = """
from pyspark.sql import SparkSession
import foretell as ft
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
for read in ("read_frame", "read_stream"):
    try:
        getattr(ft.kafka("127.0.0.1:1", "events"), read)(spark)
    except ft.Error as problem:
        print(problem.code, problem.hint)
"""


@pytest.mark.slow
def test_without_the_connector_its_name_is_told(spark: Any) -> None:
    child = subprocess.run([sys.executable, "-c", WITHOUT_CONNECTOR], capture_output=True, text=True)
    lines = [line for line in child.stdout.splitlines() if line.startswith("FT")]
    assert len(lines) == 2, child.stderr
    for line in lines:
        assert line.startswith("FT0107")
        assert "spark-sql-kafka-0-10_2.13:" in line


def test_here_it_is_refused_by_name(tmp_path: Path) -> None:
    source = ft.kafka(["one:9092", "two:9092"], "events", schema=SCHEMA)
    for read in (source.read, lambda: source.sample(3), source.plan, source.list_files):
        with pytest.raises(ft.Error, match=r"FT0707.*events of one:9092,two:9092 is read by Spark alone"):
            read()
    assert source.schema().names[:3] == ["id", "title", "key"]
    with pytest.raises(ft.Error, match="FT0203"):
        source.schema(["nothing"])


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (("", "events"), {}),
        (([], "events"), {}),
        (("broker:9092", "two topics"), {}),
        (("broker:9092", "events"), {"starting": "yesterday"}),
        (("broker:9092", "events"), {"starting": datetime.datetime(2026, 1, 1)}),
        (("broker:9092", "events"), {"starting": {"0": 1}}),
        (("broker:9092", "events"), {"max_bytes": 0}),
        (("broker:9092", "events"), {"schema": {}}),
        (("broker:9092", "events"), {"options": {"failOnDataLoss": "false"}}),
        (("broker:9092", "events"), {"options": {"subscribePattern": ".*"}}),
    ],
)
def test_arguments_that_are_not_valid_are_refused(arguments: tuple[Any, Any], options: Any) -> None:
    with pytest.raises(ft.Error, match="FT0101"):
        ft.kafka(*arguments, **options)


def test_secrets_are_not_told() -> None:
    options = {"kafka.sasl.jaas.config": "secret", "maxOffsetsPerTrigger": "5"}
    source = ft.kafka("broker:9092", "events", options=options)
    told = json.dumps([source.options(), source.describe(), repr(source)])
    assert "secret" not in told
    assert "maxOffsetsPerTrigger" in told
