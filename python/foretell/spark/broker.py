"""What the driver asks a Kafka broker before rows flow, so that what is wrong is told at once and by name.

It asks through Kafka's own client in Spark's JVM, which Spark's connector brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from foretell.error import Error, error
from foretell.spark.session import is_connect

LONGEST_ANSWER = (
    20  # seconds; the options kafka.default.api.timeout.ms and kafka.request.timeout.ms say otherwise
)
_CLIENT = "org.apache.kafka.clients.admin"


def opened(reader: Any) -> Any:
    """``load()`` of a reader, of frames or of streams, that has its options. FT0107 without the connector."""
    try:
        return reader.format("kafka").load()
    except Exception as raised:
        if "find data source" in str(raised):
            raise no_connector() from raised
        raise


def no_connector() -> Error:
    from pyspark import __version__

    package = f"org.apache.spark:spark-sql-kafka-0-10_2.13:{__version__}"
    return error(
        "FT0107",
        "Spark's Kafka connector is not there",
        f"start Spark with it: --packages {package}, or the setting spark.jars.packages",
    )


class Broker:
    """A connection to a topic's servers. FT0702 when they cannot be reached, FT0903 when they do not let us in,
    FT0107 without Spark's connector, FT1004 over Spark Connect, where the JVM is elsewhere."""

    def __init__(self, spark: Any, servers: str, options: Mapping[str, str]) -> None:
        from py4j.java_gateway import JavaPackage

        if is_connect(spark):
            raise error(
                "FT1004",
                "a topic's offsets are asked for through the driver's own JVM",
                "use a session that is not of Spark Connect",
            )
        self.servers = servers
        self._jvm = spark.sparkContext._jvm
        self._committed = options.get("kafka.isolation.level") == "read_committed"
        given = {name[6:]: value for name, value in options.items() if name.lower().startswith("kafka.")}
        settings = self._jvm.java.util.HashMap()
        for name, value in {
            "default.api.timeout.ms": str(LONGEST_ANSWER * 1000),
            "request.timeout.ms": str(LONGEST_ANSWER * 500),
            **given,
            "bootstrap.servers": servers,
        }.items():
            settings.put(name, value)
        client = getattr(self._jvm, f"{_CLIENT}.AdminClient")
        if isinstance(client, JavaPackage):  # what py4j takes an unknown class for
            raise no_connector()
        self._admin = self._told(lambda: client.create(settings), "")

    def __enter__(self) -> Broker:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._admin.close(self._jvm.java.time.Duration.ZERO)

    def partitions(self, topic: str) -> list[int]:
        """FT0701 for a topic that is not there."""
        names = self._jvm.java.util.ArrayList()
        names.add(topic)
        found = self._told(lambda: self._admin.describeTopics(names).allTopicNames().get(), topic)
        return sorted(partition.partition() for partition in found.get(topic).partitions())

    def may_write(self, topic: str) -> bool:
        """Whether this user may write to a topic; FT0701."""
        names = self._jvm.java.util.ArrayList()
        names.add(topic)
        asked = getattr(self._jvm, f"{_CLIENT}.DescribeTopicsOptions")().includeAuthorizedOperations(True)
        found = self._told(lambda: self._admin.describeTopics(names, asked).allTopicNames().get(), topic)
        allowed = found.get(topic).authorizedOperations()
        return allowed is None or any(operation.name() == "WRITE" for operation in allowed)

    def offsets(self, topic: str, starting: str | datetime | Mapping[int, int]) -> dict[int, tuple[int, int]]:
        """Of each partition the first offset from ``starting`` on, and the one behind the last."""
        partitions = self.partitions(topic)
        last = self._listed(topic, partitions, "latest")
        if isinstance(starting, Mapping):
            if sorted(starting) != partitions:
                raise error(
                    "FT0101",
                    f"starting= names the partitions {sorted(starting)}, and {topic} has {partitions}",
                    "name them all",
                )
            first = dict(starting)
        else:
            first = self._listed(topic, partitions, starting)
        # -1: no message of that time or later. A message may have come since the last were asked for.
        return {at: (min(first[at], last[at]) if first[at] >= 0 else last[at], last[at]) for at in partitions}

    def _listed(self, topic: str, partitions: list[int], which: str | datetime) -> dict[int, int]:
        from foretell.sources.kafka import milliseconds

        jvm = self._jvm
        spec = getattr(jvm, f"{_CLIENT}.OffsetSpec")
        wanted = jvm.java.util.HashMap()
        places = {at: jvm.org.apache.kafka.common.TopicPartition(topic, at) for at in partitions}
        for place in places.values():
            if isinstance(which, datetime):
                wanted.put(place, spec.forTimestamp(milliseconds(which)))
            else:
                wanted.put(place, spec.latest() if which == "latest" else spec.earliest())
        levels = jvm.org.apache.kafka.common.IsolationLevel
        level = levels.READ_COMMITTED if self._committed else levels.READ_UNCOMMITTED
        options = getattr(jvm, f"{_CLIENT}.ListOffsetsOptions")(level)
        found = self._told(lambda: self._admin.listOffsets(wanted, options).all().get(), topic)
        return {at: found.get(place).offset() for at, place in places.items()}

    def _told(self, ask: Any, topic: str) -> Any:
        """The answer; Kafka's own error as one of ours."""
        from py4j.protocol import Py4JJavaError

        try:
            return ask()
        except Py4JJavaError as raised:
            cause = raised.java_exception
            while cause.getCause() is not None:
                cause = cause.getCause()
            kind, said = cause.getClass().getSimpleName(), cause.getMessage()
            raise self._error(kind, said, topic) from raised

    def _error(self, kind: str, said: str, topic: str) -> Error:
        if kind in ("UnknownTopicOrPartitionException", "InvalidTopicException"):
            return error(
                "FT0701", f"{self.servers} has no topic {topic}", "is the name right? or make it first"
            )
        if "Authorization" in kind or "Authentication" in kind:
            what = f"the topic {topic} of {self.servers}" if topic else self.servers
            return error("FT0903", f"{what} is not for this user: {said}", "see the options kafka.sasl.…")
        return error(
            "FT0702",
            f"the Kafka servers {self.servers} do not answer: {said}",
            "are the address and the options kafka.security.… right?",
        )
