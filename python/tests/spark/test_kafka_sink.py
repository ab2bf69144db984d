"""Predictions as messages: what a reader of the topic gets, and what is told when it cannot be written."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import foretell as ft
from foretell.sinks import open_sink
from foretell.spark.kafka_sink import check_topic, write_messages


def headers(message: Any) -> dict[str, str]:
    return {name: value.decode() for name, value in message.headers()}


def test_predictions_come_with_run_unit_and_row(spark: Any, broker: Any, project: Any) -> None:
    topic = broker.topic(partitions=2)
    rows = [(i, text) for i, text in enumerate(["one", "bad", None, "skip", "fünf\n", ""])]
    frame = spark.createDataFrame(rows, "id long, text string").repartition(3)
    predicted = project.load().predict(frame)
    write_messages(predicted, broker.servers, topic, run="r-1", unit=7, key="id")
    received = broker.received(topic)
    assert len(received) == 6
    values = {message.key(): json.loads(message.value()) for message in received}
    assert values[b"0"] == {"id": 0, "length": 3, "model_version": 1, "_error": None}
    assert values[b"1"]["length"] is None
    assert values[b"1"]["_error"]["code"] == "FT0301"
    assert values[b"4"]["length"] == 5
    told = [headers(message) for message in received]
    assert {(one["run"], one["unit"]) for one in told} == {("r-1", "7")}
    assert len({one["row"] for one in told}) == 6
    assert all(one["row"].isdigit() for one in told)


def test_a_value_is_the_line_of_a_json_lines_file(spark: Any, broker: Any, tmp_path: Path) -> None:
    when = datetime.datetime(2026, 3, 29, 12, 30, 1, 5, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "n": pa.array([0, 1, 2], pa.int64()),
            "a.b`c": ['ü\n"', None, ""],
            "when": pa.array([when, None, when], pa.timestamp("us", "UTC")),
            "x": [float("nan"), 1.0, 1e300],
            "raw": [b"\xff", None, b""],
            "price": pa.array(["1.25", None, "0.50"]).cast(pa.decimal128(9, 2)),
            "list": [[{"t": 1.5}], None, []],
        }
    )
    with open_sink("jsonl", tmp_path / "a.jsonl", table.drop_columns(["n"]).schema) as sink:
        for batch in table.drop_columns(["n"]).to_batches():
            sink.write(batch)
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        topic = broker.topic()
        write_messages(
            spark.createDataFrame(table), broker.servers, topic, run="r", unit=1, key="a.b`c", row="n"
        )
    finally:
        spark.conf.unset("spark.sql.session.timeZone")
    received = sorted(broker.received(topic), key=lambda message: headers(message)["row"])
    assert [headers(message)["row"] for message in received] == ["0", "1", "2"]
    assert [message.key() for message in received] == ['ü\n"'.encode(), None, b""]
    assert [message.value() for message in received] == (tmp_path / "a.jsonl").read_bytes().splitlines()


def test_what_was_written_is_a_source_again(spark: Any, broker: Any) -> None:
    topic = broker.topic()
    frame = spark.createDataFrame([(1, [0.25, 0.75]), (2, None)], "id long, topics array<double>")
    for _ in range(2):  # a replay
        write_messages(frame, broker.servers, topic, run="r", unit=3, key="id")
    decode = ft.kafka(broker.servers, topic, schema={"id": "int64", "topics": "list<double>"}).decoder()
    table = ft.kafka(broker.servers, topic).read_frame(spark).toArrow()
    rows, faults = decode(table.combine_chunks().to_batches()[0])
    assert not faults
    found = sorted((row["id"], row["topics"]) for row in rows.to_pylist())
    assert found == [(1, [0.25, 0.75])] * 2 + [(2, None)] * 2
    told = [tuple(headers(message).items()) for message in broker.received(topic)]
    assert len(set(told)) == 2  # a reader can tell the second time from the first


def test_a_frame_without_rows_and_one_without_a_key(spark: Any, broker: Any) -> None:
    topic = broker.topic()
    frame = spark.createDataFrame([(1,)], "id long")
    write_messages(frame.where("id > 1"), broker.servers, topic, run="r", unit=1)
    assert broker.received(topic) == []
    write_messages(frame, broker.servers, topic, run="r", unit=2)
    [message] = broker.received(topic)
    assert (message.key(), message.value()) == (None, b'{"id": 1}')


def test_what_cannot_be_written_is_told_on_the_driver(spark: Any, broker: Any) -> None:
    from confluent_kafka.admin import (
        AclBinding,
        AclOperation,
        AclPermissionType,
        ResourcePatternType,
        ResourceType,
    )

    frame = spark.createDataFrame([(1, "x" * 2_000_000)], "id long, text string")
    topic = broker.topic()

    def refused(
        code: str, *parts: str, servers: str = broker.servers, topic: str = topic, **more: Any
    ) -> None:
        with pytest.raises(ft.Error) as raised:
            write_messages(frame, servers, topic, run="r", unit=1, **more)
        assert raised.value.code == code, raised.value
        for part in parts:
            assert part in str(raised.value)

    refused("FT0203", "'nothing'", key="nothing")
    refused("FT0101", "kafka.acks", options={"kafka.acks": "0"})
    refused("FT0706", "has no topic nothing-here", topic="nothing-here")
    quick = {"kafka.default.api.timeout.ms": "2000", "kafka.request.timeout.ms": "1000"}
    refused("FT0706", "127.0.0.1:1 do not answer", servers="127.0.0.1:1", options=quick)
    refused("FT0706", topic, "larger than")
    closed = broker.topic()

    def rule(operation: Any, permission: Any) -> None:
        binding = AclBinding(
            ResourceType.TOPIC,
            closed,
            ResourcePatternType.LITERAL,
            "User:ANONYMOUS",
            "*",
            operation,
            permission,
        )
        admin = broker.admin()
        admin.create_acls([binding])[binding].result(30)

    check_topic(spark, broker.servers, closed)
    rule(AclOperation.READ, AclPermissionType.ALLOW)
    refused("FT0706", f"may not write to the topic {closed}", topic=closed)
    rule(AclOperation.DESCRIBE, AclPermissionType.DENY)
    refused("FT0706", f"the topic {closed} of {broker.servers} is not for this user", topic=closed)
    assert broker.received(topic) == []
