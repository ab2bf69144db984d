"""Rows of a Spark frame as messages of a Kafka topic, at least once.

What is written again, after a failure, is told by its headers: ``run``, ``unit`` and ``row`` together name a row, so
a reader that must not see one twice keeps the last it has seen of each. The value is the row as `foretell` writes it
to JSON Lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.spark.broker import Broker, no_connector
from foretell.spark.contract import renamed, selected

if TYPE_CHECKING:
    import pyarrow as pa

_OWN = {"kafka.bootstrap.servers", "topic", "includeheaders", "kafka.acks", "kafka.enable.idempotence"}
_NUMBER = "__foretell_row"
_SAID = re.compile(r"org\.apache\.kafka\.common\.errors\.\w+: ([^\n]*)")


def check_topic(spark: Any, servers: str, topic: str, options: Mapping[str, str] | None = None) -> None:
    """FT0706 when the servers do not answer, have no such topic, or let this user not write to it; FT0101 for an
    option that is not to be given; FT0107 without Spark's connector, FT1004 over Spark Connect."""
    for name in options or {}:
        if name.lower() in _OWN:
            raise error("FT0101", f"the option {name} is not one to give", "foretell sets it")
    try:
        with Broker(spark, servers, options or {}) as broker:
            writable = broker.may_write(topic)
    except Error as problem:
        if problem.code in ("FT0701", "FT0702", "FT0903"):
            raise error("FT0706", problem.message, problem.hint) from problem
        raise
    if not writable:
        raise error(
            "FT0706",
            f"this user may not write to the topic {topic} of {servers}",
            "ask for the right to write, or see the options kafka.sasl.…",
        )


def write_messages(
    frame: Any,
    servers: str,
    topic: str,
    *,
    run: str,
    unit: int,
    key: str | None = None,
    row: str | None = None,
    options: Mapping[str, str] | None = None,
) -> None:
    """Writes every row of a frame, one action, and returns once the broker has all of them (``acks=all``).

    ``key``: the column that keys the messages, which stays in the value too: text as UTF-8, bytes as they are, others
    as their JSON. ``row``: the column of whole numbers that numbers a unit's rows, which is not in the value; without
    one Spark numbers them, and a row has the same number again only where the frame is cut alike. ``options``:
    ``kafka.…`` settings of the producer.

    FT0203 when a column is not there; what `check_topic` raises; FT0706 with Kafka's words when the broker refuses a
    message, such as one that is too long. Some messages may have been written then.
    """
    for name in (key, row):
        if name is not None and name not in frame.columns:
            raise error(
                "FT0203", f"the frame has no column {name!r}", "its columns are " + ", ".join(frame.columns)
            )
    check_topic(frame.sparkSession, servers, topic, options)
    from pyspark.sql.functions import array, col, encode, lit, monotonically_increasing_id, struct

    if row is None:
        frame, row = frame.withColumn(_NUMBER, monotonically_increasing_id()), _NUMBER
    columns = tuple(frame.columns)
    task = ToMessages(columns, key, row)
    messages = selected(frame, columns).mapInArrow(task, "key binary, value binary, row string")
    headers = [
        struct(lit(name).alias("key"), encode(value, "UTF-8").alias("value"))
        for name, value in (("run", lit(run)), ("unit", lit(str(unit))), ("row", col("row")))
    ]
    writer = messages.select("key", "value", array(*headers).alias("headers")).write.format("kafka")
    writer = writer.options(**(options or {})).options(
        **{"kafka.bootstrap.servers": servers, "topic": topic, "includeHeaders": "true", "kafka.acks": "all"}
    )
    try:
        writer.save()
    except Exception as raised:
        raise _refused(str(raised), servers, topic) from raised


def _refused(said: str, servers: str, topic: str) -> Error:
    if "find data source" in said:
        return no_connector()
    kafka = _SAID.search(said)
    if kafka is not None:
        return error(
            "FT0706",
            f"{servers} took not all messages for the topic {topic}: {kafka[1]}",
            "mend it, and write them again: their headers tell which there are",
        )
    return error("FT1005", f"the messages for {topic} could not be made: {said.strip().splitlines()[0]}", "")


@dataclass(frozen=True)
class ToMessages:
    """What a task does: key, value and the row's number as Spark's Kafka writer takes them."""

    columns: tuple[str, ...]
    key: str | None
    row: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        from foretell.sinks.text import json_objects

        for batch in renamed(batches, self.columns):
            values = [
                text.encode("utf-8", "surrogatepass") for text in json_objects(batch.drop_columns([self.row]))
            ]
            key = (
                pa.nulls(batch.num_rows, pa.binary()) if self.key is None else _bytes(batch.column(self.key))
            )
            numbers = batch.column(self.row).cast(pa.string())
            yield pa.RecordBatch.from_arrays(
                [key, pa.array(values, pa.binary()), numbers], names=["key", "value", "row"]
            )


def _bytes(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    from foretell.sinks.text import json_texts

    if column.type in (pa.string(), pa.binary(), pa.large_string(), pa.large_binary()):
        return column.cast(pa.binary())
    texts = json_texts(column)
    return pa.array([None if text == "null" else text.encode() for text in texts], pa.binary())
