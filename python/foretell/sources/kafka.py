"""`ft.kafka`: the messages of a topic, read by Spark.

    source = ft.kafka("broker:9092", "events", schema=ft.schema(id="string", title="string"))

Spark moves the messages as bytes; what they hold is read by foretell where they are scored (``decode.py``), by the
rules that files have, so that a message that cannot be read is a bad row and not the end of a stream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from foretell.error import error
from foretell.sources.decode import MESSAGE, Decode
from foretell.sources.source import SparkOnly, pick_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.predictor.schema import Schema

Offsets: TypeAlias = Mapping[int, tuple[int, int]]
"""Of each partition: the first offset to read, and the one behind the last."""

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")

# Options of Spark's source that an argument sets, or that would let messages be passed over.
_OWN = {
    "kafka.bootstrap.servers": "servers",
    "subscribe": "topic",
    "subscribepattern": "topic",
    "assign": "topic",
    "startingoffsets": "starting",
    "startingtimestamp": "starting",
    "startingoffsetsbytimestamp": "starting",
    "startingoffsetsbytimestampstrategy": "starting",
    "endingoffsets": "",
    "endingtimestamp": "",
    "endingoffsetsbytimestamp": "",
    "failondataloss": "",
    "includeheaders": "",
}


def kafka(
    servers: str | Sequence[str],
    topic: str,
    *,
    schema: Any = None,
    starting: str | datetime | Mapping[int, int] = "earliest",
    max_bytes: int | None = None,
    prefix: str = "",
    options: Mapping[str, str] | None = None,
) -> Kafka:
    """A Kafka topic as a source for Spark: `ft.kafka("broker:9092", "events", schema=ft.schema(title="string"))`.

    With ``schema`` (`ft.schema`, or a mapping of names to types) a message's value is a JSON object, read by the
    rules of JSON Lines: columns that it lacks are null, others are passed over. Behind these columns come the
    message's own: ``key``, ``topic``, ``partition``, ``offset``, ``timestamp`` and ``value``, the raw bytes;
    ``prefix`` is put before their names where the schema has one of them. Without ``schema`` there are only these.

    A message that is no JSON object, has other types, or is longer than ``max_bytes`` is a bad row (FT0704), with
    its value; a tombstone (no value) is a skipped one where there is a schema, else a null value.

    ``starting`` is where the first run begins: "earliest", "latest" (streams), an aware `datetime` (the first
    message of that time or later) or offsets by partition, all of them. ``options`` are Spark's for Kafka:
    ``kafka.security.protocol``, ``maxOffsetsPerTrigger`` … Messages that are gone before they were read stop a
    stream: ``failOnDataLoss`` stays true.

    It needs Spark's Kafka connector, of Spark's own release. FT0101 for an argument that is not valid, FT0210 for
    a schema with a message's own name. Nothing is looked at before it is read. Thread-safe.
    """
    named = [servers] if isinstance(servers, str) else list(servers)
    if not named or not all(isinstance(one, str) and one.strip() for one in named):
        raise error("FT0101", "ft.kafka needs the address of a broker", 'ft.kafka("broker:9092", "events")')
    if not isinstance(topic, str) or not _TOPIC.fullmatch(topic) or topic in (".", ".."):
        raise error(
            "FT0101",
            f"{topic!r} is not the name of a topic",
            "one topic, of letters, digits, '.', '_' and '-', at most 249",
        )
    if max_bytes is not None and max_bytes < 1:
        raise error("FT0101", f"max_bytes={max_bytes} lets no message pass")
    columns = None if schema is None else _columns(schema, prefix)
    given = dict(options or {})
    for name in given:
        if name.lower() in _OWN:
            argument = _OWN[name.lower()]
            hint = f"use the argument {argument}=" if argument else "leave it out: foretell sets it"
            raise error("FT0101", f"the option {name} is not one to give", hint)
    return Kafka(",".join(named), topic, columns, _checked(starting), max_bytes, prefix, given)


def _columns(schema: Any, prefix: str) -> Schema:
    from foretell.predictor.schema import Schema

    columns = Schema.of(schema)
    if not len(columns):
        raise error("FT0101", "the schema has no column", "leave schema= out to get the raw messages")
    for name in MESSAGE:
        if prefix + name in columns:
            raise error(
                "FT0210",
                f"the schema's column {prefix + name!r} has the name of a column that every message has",
                'name those otherwise: prefix="kafka_"',
            )
    return columns


def _checked(starting: Any) -> str | datetime | dict[int, int]:
    if starting in ("earliest", "latest"):
        return str(starting)
    if isinstance(starting, datetime) and starting.tzinfo is not None:
        return starting
    if isinstance(starting, Mapping) and starting:
        given = dict(starting)
        if all(type(number) is int and number >= 0 for pair in given.items() for number in pair):
            return given
    raise error(
        "FT0101",
        f"starting={starting!r} says no place in a topic",
        '"earliest", "latest", an aware datetime, or offsets by partition: {0: 120, 1: 98}',
    )


class Kafka(SparkOnly):
    """See `kafka`."""

    def __init__(
        self,
        servers: str,
        topic: str,
        columns: Schema | None,
        starting: str | datetime | dict[int, int],
        max_bytes: int | None,
        prefix: str,
        options: dict[str, str],
    ) -> None:
        self.servers = servers
        self.topic = topic
        self._columns = columns
        self._starting = starting
        self._max_bytes = max_bytes
        self._prefix = prefix
        self._options = options

    def describe(self) -> str:
        return f"the topic {self.topic} of {self.servers}"

    def __repr__(self) -> str:
        return f"ft.kafka({self.servers!r}, {self.topic!r})"

    def options(self) -> dict[str, Any]:
        """What is read, as JSON; without Kafka's own settings, which may be secret."""
        starting: Any = self._starting
        return {
            "schema": None if self._columns is None else dict(self._columns),
            "starting": starting.isoformat() if isinstance(starting, datetime) else starting,
            "max_bytes": self._max_bytes,
            "prefix": self._prefix,
            "options": {k: v for k, v in self._options.items() if not k.lower().startswith("kafka.")},
        }

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """Of the rows that `decoder` makes. FT0202 for a type that JSON cannot be read as."""
        return pick_columns(self.decoder().schema(), columns, self.describe())

    def decoder(self) -> Decode:
        """Makes rows of messages, in any process."""
        columns = None if self._columns is None else tuple(self._columns.items())
        return Decode(columns, self._max_bytes, self._prefix)

    def offsets(self, spark: Any) -> dict[int, tuple[int, int]]:
        """What a batch reads: of each partition the first offset from ``starting`` on, and the one behind the last
        as it is now. FT0701 for an unknown topic, FT0702 for servers that cannot be reached, FT0903; FT1004 over
        Spark Connect."""
        from foretell.spark.broker import Broker

        if self._starting == "latest":
            raise error(
                "FT0101",
                "a batch that starts at the latest message has none",
                'starting="earliest", or a time',
            )
        with Broker(spark, self.servers, self._options) as broker:
            return broker.offsets(self.topic, self._starting)

    def read_frame(self, spark: Any, offsets: Offsets | None = None) -> Any:
        """The messages that are there now, or those of ``offsets``, as a Spark frame with the columns that Spark's
        own source has: each of its actions reads the same ones. For `decoder`, batch by batch.

        What `offsets` raises; FT0107 without Spark's Kafka connector.
        """
        from foretell.spark.broker import opened

        ranges = self.offsets(spark) if offsets is None else offsets
        first = {str(partition): since for partition, (since, _) in ranges.items()}
        last = {str(partition): until for partition, (_, until) in ranges.items()}
        return opened(
            spark.read.options(**self._reading())
            .option("assign", json.dumps({self.topic: sorted(map(int, ranges))}))
            .option("startingOffsets", json.dumps({self.topic: first}))
            .option("endingOffsets", json.dumps({self.topic: last}))
        )

    def bounds(self, spark: Any) -> dict[str, Any]:
        return {"offsets": {str(at): list(between) for at, between in self.offsets(spark).items()}}

    def read_within(self, spark: Any, bounds: Mapping[str, Any]) -> Any:
        return self.read_frame(
            spark, {int(at): (since, until) for at, (since, until) in bounds["offsets"].items()}
        )

    def read_stream(self, spark: Any) -> Any:
        """The topic as a streaming frame of Spark with the columns that Spark's own source has, for `decoder`.

        Nothing is passed over silently: messages that are gone before they were read end the query. Raises as
        `read_frame`; over Spark Connect, which cannot ask first, a topic is only looked for once the query runs.
        """
        from foretell.spark.broker import Broker, opened
        from foretell.spark.session import is_connect

        if not is_connect(spark):
            with Broker(spark, self.servers, self._options) as broker:
                broker.partitions(self.topic)
        reader = spark.readStream.options(**self._reading()).option("subscribe", self.topic)
        if isinstance(self._starting, datetime):
            reader = reader.option("startingTimestamp", str(milliseconds(self._starting)))
            reader = reader.option("startingOffsetsByTimestampStrategy", "latest")
        elif isinstance(self._starting, dict):
            by_partition = {str(partition): offset for partition, offset in self._starting.items()}
            reader = reader.option("startingOffsets", json.dumps({self.topic: by_partition}))
        else:
            reader = reader.option("startingOffsets", self._starting)
        return opened(reader)

    def _reading(self) -> dict[str, str]:
        return {
            **self._options,
            "kafka.bootstrap.servers": self.servers,
            "failOnDataLoss": "true",
            "includeHeaders": "false",
        }


def milliseconds(time: datetime) -> int:
    """Since 1970, as Kafka counts, rounded up: no message before ``time``."""
    return -((datetime.fromtimestamp(0, UTC) - time) // timedelta(milliseconds=1))
