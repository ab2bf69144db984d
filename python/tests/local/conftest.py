"""A project with predictors that do what real ones do, good and bad; a store; inputs."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell.local import RunSummary
from foretell.local.progress import Silent

JOB = (Path(__file__).parent / "job.txt").read_text()


class Project:
    """What a test works with: ``save`` versions, ``write`` inputs, ``run``, read what came out."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._monkeypatch = monkeypatch
        self.job = JOB
        self.code(JOB)
        self.store = root / "models"
        self.input = root / "in"
        self.output = root / "out"
        self.input.mkdir()

    def code(self, text: str) -> None:
        """Writes the project's module, and imports it as it is now."""
        path = self.root / "job.py"
        path.write_text(text)
        shutil.rmtree(self.root / "__pycache__", ignore_errors=True)  # two writes may fall into one second
        spec = importlib.util.spec_from_file_location("job", path)
        assert spec is not None
        assert spec.loader is not None
        self.module = importlib.util.module_from_spec(spec)
        self._monkeypatch.setitem(sys.modules, "job", self.module)
        spec.loader.exec_module(self.module)

    def save(self, kind: str = "Length", model: int = 1, alias: str | None = "production") -> ft.Version:
        return getattr(self.module, kind)(store=self.store).save_model(
            model, alias=alias, unchecked=True, why="a test of something else"
        )

    def write(self, name: str, texts: list[str | None], first: int = 0, row_group: int = 1000) -> Path:
        table = pa.table(
            {
                "id": pa.array(range(first, first + len(texts)), pa.int64()),
                "text": pa.array(texts, pa.string()),
                "other": pa.array(["x"] * len(texts), pa.string()),
            }
        )
        pq.write_table(table, self.input / name, row_group_size=row_group)
        return self.input / name

    def run(self, reference: str = "Length@production", **options: Any) -> RunSummary:
        given = {"input": self.input, "output": self.output, "workers": 1, "progress": Silent(), **options}
        return ft.run(reference, store=self.store, **given)

    def rows(self, output: Path | None = None, format: str = "parquet") -> list[dict[str, Any]]:
        table = pyarrow.dataset.dataset(output or self.output, format=format).to_table()
        return table.sort_by("id").to_pylist()

    def quarantined(self, output: Path | None = None) -> list[dict[str, Any]]:
        folder = (output or self.output) / "_quarantine"
        if not folder.exists():
            return []
        tables = [pq.read_table(path) for path in sorted(folder.iterdir())]
        return sorted(pa.concat_tables(tables).to_pylist(), key=lambda row: row["id"])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "foretell.toml").write_text('store = "models"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORETELL_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    return Project(tmp_path, monkeypatch)


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process is there, and has not ended."""

    def ask(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    return ask


@pytest.fixture
def wait_until() -> Callable[..., bool]:
    """Whether something became true within a time."""

    def wait(true: Callable[[], Any], seconds: float = 60) -> bool:
        end = time.monotonic() + seconds
        while not (done := true()) and time.monotonic() < end:
            time.sleep(0.02)
        return bool(done)

    return wait
