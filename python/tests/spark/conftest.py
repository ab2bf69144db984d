"""A real Spark session in this process, and predictors in a store. All Spark tests share one worker's session."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import foretell as ft

from .cluster import Cluster

JOB = (Path(__file__).parent / "job.txt").read_text()
SERVERS = Path(__file__).parents[3] / "tools" / "servers"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(
                pytest.mark.xdist_group("spark")
            )  # starting Spark twice takes longer than it saves


@pytest.fixture(scope="session")
def kafka_jars() -> str:
    """Spark's Kafka connector, for ``spark.jars``; empty where it cannot be fetched (in CI it has to be), and beside
    another release of Spark than its own."""
    found = subprocess.run([SERVERS, "jars"], capture_output=True, text=True)
    if found.returncode != 0 and os.environ.get("CI"):
        pytest.fail(f"Spark's Kafka connector is missing, and CI tests it: {found.stderr}")
    from pyspark import __version__

    jars = found.stdout.strip()
    return jars if f"spark-sql-kafka-0-10_2.13-{__version__}.jar" in jars else ""


@pytest.fixture(scope="session")
def java() -> None:
    """Skips where there is no Java, but in CI."""
    if shutil.which("java") is None:
        if os.environ.get("CI"):
            pytest.fail("Java is missing, and CI runs the Spark tests")
        pytest.skip("Java is not installed: make setup installs it")


@pytest.fixture(scope="session")
def spark(java: None, tmp_path_factory: pytest.TempPathFactory, kafka_jars: str) -> Iterator[Any]:
    """``local[2]``, one session for all tests; it checks what Python hands back against the declared schema."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", "2")
        .config("spark.sql.execution.arrow.pyspark.validateSchema.enabled", "true")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.local.dir", str(folder / "local"))
        .config("spark.driver.memory", "1g")
        .config("spark.jars", kafka_jars)
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def cluster(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers of one core each; foretell is not on their path."""
    started = Cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    started.stop()


class Project:
    """A module of predictors in a folder of its own, and a store beside it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import importlib.util

        self.root = root
        self.store = root / "models"
        (root / "foretell.toml").write_text("")
        path = root / "job.py"
        path.write_text(JOB)
        spec = importlib.util.spec_from_file_location("job", path)
        assert spec is not None
        assert spec.loader is not None
        self.module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "job", self.module)
        spec.loader.exec_module(self.module)
        monkeypatch.chdir(root)

    def save(self, kind: str = "Length", model: Any = 1, alias: str | None = None) -> ft.Version:
        predictor = getattr(self.module, kind)(store=self.store)
        return predictor.save_model(
            model, alias=alias, unchecked=alias is not None, why="a test of something else"
        )

    def load(self, kind: str = "Length", model: Any = 1) -> Any:
        """A predictor of a new version of this kind."""
        return ft.load(f"{kind}@{self.save(kind, model).version}", store=self.store)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


class Broker:
    """A Kafka broker in a process of its own, and a client that is not Spark's."""

    def __init__(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [SERVERS, "kafka", "--tied", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline().split()
        if ready[:1] != ["ready"]:
            _, said = self._process.communicate()
            raise RuntimeError(said)
        self.servers = ready[1]

    def end(self) -> None:
        self._process.communicate()

    def topic(self, partitions: int = 1, **settings: str) -> str:
        """A new one, of a name that no other test has."""
        from confluent_kafka.admin import NewTopic

        name = f"t-{uuid.uuid4().hex[:8]}"
        admin = self.admin()
        admin.create_topics([NewTopic(name, partitions, 1, config=settings)])[name].result(30)
        return name

    def admin(self) -> Any:
        from confluent_kafka.admin import AdminClient

        return AdminClient({"bootstrap.servers": self.servers})

    def send(self, topic: str, messages: Sequence[Mapping[str, Any]]) -> None:
        """Each as ``Producer.produce`` takes it: value, key, partition, headers …"""
        from confluent_kafka import Producer

        failed: list[Any] = []
        producer = Producer({"bootstrap.servers": self.servers, "message.max.bytes": 8 << 20})
        for message in messages:
            producer.produce(
                topic, on_delivery=lambda problem, sent: problem and failed.append(problem), **message
            )
        producer.flush(30)
        assert not failed, failed[0]

    def received(self, topic: str) -> list[Any]:
        """All that is in a topic, by partition and offset."""
        from confluent_kafka import Consumer, TopicPartition

        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "tests"})
        try:
            partitions = consumer.list_topics(topic, 30).topics[topic].partitions
            left = {at: consumer.get_watermark_offsets(TopicPartition(topic, at), 30) for at in partitions}
            consumer.assign([TopicPartition(topic, at, low) for at, (low, _) in left.items()])
            wanted = sum(high - low for low, high in left.values())
            found: list[Any] = []
            while len(found) < wanted and (message := consumer.poll(30)) is not None:
                assert message.error() is None, message.error()
                found.append(message)
            assert len(found) == wanted
        finally:
            consumer.close()
        return sorted(found, key=lambda message: (message.partition(), message.offset()))


@pytest.fixture(scope="session")
def broker(kafka_jars: str) -> Iterator[Broker]:
    """One for all tests of a worker, which make topics of their own in it."""
    if not kafka_jars:
        pytest.skip("there is no Kafka connector for this release of Spark, or it could not be fetched")
    started = Broker()
    yield started
    started.end()
