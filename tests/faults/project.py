"""A project with a predictor, a store with versions of it, inputs, and real `foretell` processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from harness import ROOT, drive

JOB = '''
import ctypes
import os
import resource
import time

import foretell as ft


class Length(ft.Predictor):
    """The model is a factor; the prediction a length times it. A text says what goes wrong with it."""

    input = ft.schema(text="string")
    output = ft.schema(length="int64")
    keep = ["id"]

    def predict_item(self, row):
        text = row.text
        if text == "throw":
            raise ValueError("no length for this")
        if text == "exit":
            os._exit(3)
        if text == "crash":
            ctypes.string_at(0)
        if text == "hang":
            time.sleep(600)
        if text == "leak":
            # As much as there is, which is not the whole machine here.
            size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (size + (1 << 26),) * 2)
            kept = []
            while True:
                kept.append(bytearray(1 << 24))
        if text.startswith("slow"):
            time.sleep(0.004)
        return len(text) * self.model
'''


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.input = root / "in"
        self.input.mkdir(parents=True)
        (root / "foretell.toml").write_text('store = "models"\n')
        (root / "job.py").write_text(JOB)
        path = os.pathsep.join([str(ROOT / "python"), str(root), os.environ.get("PYTHONPATH", "")])
        self.environment = {
            **os.environ,
            "PYTHONPATH": path,
            "FORETELL_CACHE": str(root / "cache"),
            "OMP_NUM_THREADS": "1",
        }

    def python(self, code: str) -> None:
        subprocess.run([sys.executable, "-c", code], cwd=self.root, env=self.environment, check=True)

    def save(self, *models: int) -> None:
        """A version each."""
        self.python(f"from job import Length\nfor model in {list(models)}:\n    Length().save_model(model)\n")

    def promote(self, version: int) -> None:
        ended = drive(["promote", self.root / "models", "Length", "production", version])
        assert ended.code == 0, ended

    def command(self, output: Path, *options: str) -> list[str]:
        words = ["run", "Length@production", "--input", str(self.input), "--output", str(output), "--quiet"]
        return [sys.executable, "-m", "foretell", *words, *options]

    def start(self, output: Path, *options: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*before, *self.command(output, *options)],
            cwd=self.root,
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, output: Path, *options: str) -> str:
        """Runs to the end; what was said on standard error."""
        process = self.start(output, *options)
        said = process.communicate()[1]
        if process.returncode != 0:
            raise RuntimeError(f"the run ended with {process.returncode}: {said}")
        return said

    def write(self, name: str, first: int, texts: list[str]) -> None:
        """An input file of rows (id, text), that appears whole."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({"id": pa.array(range(first, first + len(texts)), pa.int64()), "text": texts})
        hidden = self.root / f"{name}.new"
        pq.write_table(table, hidden)
        hidden.rename(self.input / name)


def rows(output: Path) -> list[dict[str, Any]]:
    """Every visible row, with the unit whose file it is in, by id."""
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = []
    for path in sorted(output.glob("part-*.parquet")):
        unit = int(path.name.split("-")[1])
        found += [{**row, "unit": unit} for row in pq.read_table(path).to_pylist()]
    return sorted(found, key=lambda row: int(row["id"]))


def not_once(output: Path, count: int) -> str | None:
    """What is wrong, unless every row from 0 to ``count`` is visible once and none is in quarantine."""
    if bad := quarantined(output):
        return f"{len(bad)} sound rows are in quarantine: {bad[:2]}"
    counts = Counter(int(row["id"]) for row in rows(output))
    if sorted(counts.elements()) == list(range(count)):
        return None
    twice = [one for one, times in counts.items() if times > 1]
    missing = sorted(set(range(count)) - counts.keys())
    return f"{len(twice)} rows twice, {len(missing)} missing: {missing[:5]}; {counts.total()} of {count}"


def quarantined(output: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = []
    for path in sorted((output / "_quarantine").glob("part-*.parquet")):
        found += pq.read_table(path).to_pylist()
    return sorted(found, key=lambda row: int(row["id"]))
