"""Projects made of text, and real Python processes that save and load from them."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import foretell

PACKAGE = str(Path(foretell.__file__).parent.parent)

# Saving and loading as every process of these tests does it.
TOOLS = """
import json, sys
from pathlib import Path
from foretell.code import carry, load_class, class_digest
from foretell import models

def save(cls, directory, model=None):
    directory = Path(directory)
    carried = carry(cls, directory, model=model)
    described = models.save(model, directory, carried)
    (directory / "version.json").write_text(json.dumps([carried.to_json(), described]))
    return carried

def files_of(directory):
    directory = Path(directory)
    return {p.relative_to(directory).as_posix(): p for p in directory.rglob("*") if p.is_file()}

def load(directory):
    code, described = json.loads((Path(directory) / "version.json").read_text())
    loaded = load_class(code, files_of(directory))
    return loaded, models.load(described, files_of(directory), loaded)
"""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's tests keep what they share."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "tools").mkdir()
    (folder / "tools" / "version_tools.py").write_text(TOOLS)
    return folder


@pytest.fixture(scope="module")
def write(workplace: Path) -> Callable[[dict[str, str]], Path]:
    """Writes files given as {path: text} below a new folder."""
    count = itertools.count()

    def make(files: dict[str, str], folder: str = "project") -> Path:
        root = workplace / f"{folder}-{next(count)}"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return root

    return make


@pytest.fixture(scope="module")
def python(workplace: Path) -> Callable[..., str]:
    """Runs Python text in a new process; what it printed. ``how``: script, stdin, command or interactive."""

    def run(text: str, cwd: Path | None = None, how: str = "script", expect: int = 0) -> str:
        folder = cwd or workplace / "elsewhere"
        folder.mkdir(exist_ok=True, parents=True)
        text = textwrap.dedent(text)
        command, stdin = [sys.executable], None
        if how == "script":
            (folder / "script_of_test.py").write_text(text)
            command += ["script_of_test.py"]
        elif how == "command":
            command += ["-c", text]
        else:
            command, stdin = [*command, "-q", "-i"], text
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        environment["PYTHONPATH"] = os.pathsep.join([PACKAGE, str(workplace / "tools")])
        done = subprocess.run(
            command, cwd=folder, input=stdin, text=True, capture_output=True, timeout=120, env=environment
        )
        (folder / "script_of_test.py").unlink(missing_ok=True)
        assert done.returncode == expect, done.stdout + done.stderr
        if how == "interactive":
            assert "Error" not in done.stderr, done.stderr
        return done.stdout

    return run
