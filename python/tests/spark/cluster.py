"""A standalone Spark cluster on the loopback address: a master and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pyspark

SPARK_HOME = Path(pyspark.__file__).parent
SECONDS = 120
"""How long a part of it may take to start, on a machine that does much else."""


class Cluster:
    """``url``: the master's. ``folder``: what Spark writes. Stopped by ``stop``, with every executor."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            arguments = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0"]
            log = self._start("master", [*arguments, "--webui-port", "0"])
            self.url = self._told(log, r"Starting Spark master at (spark://\S+)")
            port = self._told(log, r"Successfully started service 'MasterUI' on port (\d+)")
            self._state = f"http://127.0.0.1:{port}/json/"
            for number in range(workers):  # each on a host of its own: Spark speculates on another one
                arguments = ["org.apache.spark.deploy.worker.Worker", "--host", f"127.0.0.{number + 1}"]
                arguments += ["--cores", "1", "--memory", "1g", "--webui-port", "0", self.url]
                self._start(f"worker-{number}", arguments)
            self._until(lambda: self.state()["aliveworkers"] == workers, "the workers")
        except BaseException:
            self.stop()
            raise

    def state(self) -> dict[str, Any]:
        """What the master tells: workers, applications that run or ran."""
        with urlopen(self._state) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def submit(
        self, *script: str | Path, options: Mapping[str, str] | None = None, python: str = sys.executable
    ) -> subprocess.CompletedProcess[str]:
        """``spark-submit`` of a script and its arguments; executors run Python by ``python``."""
        settings = {
            "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.executor.memory": "512m",
            "spark.sql.shuffle.partitions": "2",
            "spark.log.level": "ERROR",
            **(options or {}),
        }
        given = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
        return subprocess.run(
            [SPARK_HOME / "bin" / "spark-submit", "--master", self.url, *given, *script],
            env={
                **_environment(),
                **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
                "SPARK_LOCAL_DIRS": str(self.folder / "driver"),
                "PYSPARK_PYTHON": python,
                "PYSPARK_DRIVER_PYTHON": sys.executable,
                "PYTHONWARNINGS": "ignore",
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def stop(self) -> None:
        for process in reversed(self._processes):
            os.killpg(process.pid, signal.SIGKILL)  # the executors that a worker started, too
            process.wait()

    def _start(self, name: str, arguments: list[str]) -> Path:
        """A process of Spark's, without this package on its path; gives its log."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", SPARK_HOME / "bin" / "spark-class", *arguments],
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.folder,
                env={
                    **_environment(),
                    "SPARK_WORKER_DIR": str(self.folder / name),
                    "SPARK_LOCAL_DIRS": str(self.folder / name),
                    "SPARK_DAEMON_MEMORY": "256m",
                },
            )
        self._processes.append(process)
        return log

    def _told(self, log: Path, pattern: str) -> str:
        self._until(lambda: re.search(pattern, log.read_text()) is not None, f"{pattern} in {log}")
        found = re.search(pattern, log.read_text())
        assert found is not None
        return found[1]

    def _until(self, condition: Any, what: str) -> None:
        end = time.monotonic() + SECONDS
        while not condition():
            if time.monotonic() > end or any(process.poll() is not None for process in self._processes):
                logs = "\n".join(path.read_text()[-2000:] for path in self.folder.glob("*.log"))
                raise RuntimeError(f"waited in vain for {what}:\n{logs}")
            time.sleep(0.2)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    kept.pop("PYTHONPATH", None)
    return {**kept, "SPARK_LOCAL_IP": "127.0.0.1"}
