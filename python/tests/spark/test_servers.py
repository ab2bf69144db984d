"""tools/servers: a broker is there when it says so, and gone when whoever started it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

STARTER = """
import subprocess, sys, time
started = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(started.stdout.readline().split()[1], flush=True)
time.sleep(600)
"""


def is_up(servers: str) -> bool:
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    try:
        AdminClient({"bootstrap.servers": servers, "log_level": 0}).list_topics(timeout=2)
    except KafkaException:
        return False
    return True


def wait_until_gone(servers: str) -> None:
    until = time.monotonic() + 60
    while is_up(servers):
        assert time.monotonic() < until, "the broker is still there"
        time.sleep(0.2)


def test_brokers_run_side_by_side_and_go_on_from_their_folder(broker: Any, tmp_path: Path) -> None:
    other = type(broker)("--data", str(tmp_path / "data"))
    assert other.servers != broker.servers
    topic = other.topic()
    other.send(topic, [{"value": b"kept"}])
    port = other.servers.split(":")[1]
    other.end()
    assert not is_up(other.servers)
    again = type(broker)("--data", str(tmp_path / "data"), "--port", port)
    try:
        assert again.servers == other.servers
        assert [message.value() for message in again.received(topic)] == [b"kept"]
    finally:
        again.end()
    assert is_up(broker.servers)


@pytest.mark.parametrize("whom", ["starter", "script"])
def test_a_broker_ends_with_whoever_is_killed(broker: Any, whom: str, tmp_path: Path) -> None:
    script = Path(__file__).parents[3] / "tools" / "servers"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, script, "kafka", "--tied"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        assert starter.stdout is not None
        servers = starter.stdout.readline().strip()
        assert is_up(servers)
        if whom == "script":
            children = Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)
        else:
            starter.kill()
        wait_until_gone(servers)
    finally:
        starter.kill()
        starter.communicate()


def test_a_setting_that_kafka_refuses_is_told(broker: Any) -> None:
    with pytest.raises(RuntimeError, match=r"Invalid value none for configuration num\.io\.threads"):
        type(broker)("--setting", "num.io.threads=none")
