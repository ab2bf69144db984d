"""A real Spark session in this process, and predictors in a store. All Spark tests share one worker's session."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import foretell as ft

JOB = (Path(__file__).parent / "job.txt").read_text()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(
                pytest.mark.xdist_group("spark")
            )  # starting Spark twice takes longer than it saves


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """``local[2]``, one session for all tests; it checks what Python hands back against the declared schema."""
    if shutil.which("java") is None:
        if os.environ.get("CI"):
            pytest.fail("Java is missing, and CI runs the Spark tests")
        pytest.skip("Java is not installed: make setup installs it")
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.execution.arrow.pyspark.validateSchema.enabled", "true")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.local.dir", str(folder / "local"))
        .config("spark.driver.memory", "1g")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


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
