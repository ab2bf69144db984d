"""Every snippet of the pages runs: a page's blocks in their order, in one folder and one Python process.

```python    runs in the page's process; a block that begins with `# NAME.py` is also kept as that file
```sh        runs in bash, in the page's folder; `foretell` is on the path
```text      right after one of these is what it prints, `…` any text; elsewhere it is not looked at.
             A command that prints `error[…` has to fail.

Commands are as a reader types them, with three exceptions: of `make` it is only seen that its goals are there, of
`pip` that the extras are, and what would go on for ever (`--follow`) is ended after a few seconds.

What a page takes for granted (data, a trained model) is made by setup/PAGE.py beside this file, which runs
first in the page's process; several make the project of setup/project.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SETUP = Path(__file__).parent / "setup"
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md"))),
]
BLOCK = re.compile(r"^```([\w{}-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = {"python", "sh", "text", "toml", "", "{toctree}", "{eval-rst}"}

COMMANDS = {
    "foretell": """#!/bin/sh
case " $* " in
*" --follow "*)
  timeout --preserve-status --signal TERM 6 "$FORETELL_DOCS_PYTHON" -m foretell "$@" && exit
  [ $? = 130 ]  # it ended within a round
  ;;
*) exec "$FORETELL_DOCS_PYTHON" -m foretell "$@" ;;
esac
""",
    "make": """#!/bin/sh
exec /usr/bin/env -i PATH=/usr/bin:/bin make --dry-run --directory "$FORETELL_DOCS_ROOT" "$@" > /dev/null
""",
    "pip": """#!/bin/sh
exec "$FORETELL_DOCS_PYTHON" -c '
import os, re, sys, tomllib
project = tomllib.load(open(os.environ["FORETELL_DOCS_ROOT"] + "/pyproject.toml", "rb"))["project"]
for wanted in sys.argv[2:]:
    name, extras = re.fullmatch(r"(\\w+)\\[([\\w,]+)\\]", wanted).groups()
    assert sys.argv[1] == "install" and name == project["name"], sys.argv
    assert set(extras.split(",")) <= set(project["optional-dependencies"]), extras
' "$@"
""",
}

# Runs what it reads, a JSON string a line, in __main__; answers with the output, or the traceback.
INTERPRETER = """
import contextlib, io, json, linecache, sys, traceback
for number, line in enumerate(sys.stdin):
    text, name, out, fine = json.loads(line), f"<block {number}>", io.StringIO(), True
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(text, name, "exec"), vars(sys.modules["__main__"]))
    except BaseException:
        fine = False
        out.write(traceback.format_exc())
    print(json.dumps([fine, out.getvalue()]), flush=True)
"""


class Block(NamedTuple):
    language: str
    text: str
    line: int
    follows: bool  # nothing stands between it and the block before


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    found, end = [], 0
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        found.append(Block(block[1], block[2], line, not text[end : block.start()].strip()))
        end = block.end()
    return found


def runnable() -> list[str]:
    return [page for page in PAGES if any(block.language in ("python", "sh") for block in blocks(page))]


class World:
    """A folder and a Python process in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        bin = Path(sys.executable).parent
        self.env = os.environ | {
            "PATH": f"{folder / 'bin'}:{bin}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(folder), str(SETUP), *sys.path]),
            "FORETELL_CACHE": str(folder / "cache"),
            "FORETELL_DOCS_ROOT": str(ROOT),
            "FORETELL_DOCS_PYTHON": sys.executable,
            "COLUMNS": "120",
        }
        self.env.pop("FORETELL_STORE", None)
        (folder / "bin").mkdir()
        for name, text in COMMANDS.items():
            command = folder / "bin" / name
            command.write_text(text)
            command.chmod(0o755)
        self.process = subprocess.Popen(
            [sys.executable, "-c", INTERPRETER],
            cwd=folder,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def python(self, text: str) -> str:
        if name := re.match(r"# (\S+\.py)\n", text):
            path = self.folder / name[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()
        fine, output = json.loads(self.process.stdout.readline())
        assert fine, output
        return str(output)

    def sh(self, text: str, fails: bool = False) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"exit status {done.returncode}\n{done.stdout}"
        return done.stdout

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def lines_of(text: str) -> list[str]:
    """Lines without the spaces at their ends, and no empty ones."""
    return [line for line in (re.sub(r"\s+", " ", line).strip() for line in text.splitlines()) if line]


def prints(expected: str, output: str) -> bool:
    """Whether the expected lines are in the output, in their order; `…` is any text."""
    left = iter(lines_of(output))
    return all(
        any(re.fullmatch(".*".join(re.escape(part) for part in wanted.split("…")), line) for line in left)
        for wanted in lines_of(expected)
        if wanted != "…"
    )


def test_output_is_compared() -> None:
    assert prints("a\n…\nrows: … s\n", "a\nb\nrows: 5 s\n")
    assert not prints("rows: 5\na", "a\nrows: 5")
    assert not prints("row", "rows")


@pytest.mark.parametrize("page", PAGES)
def test_no_command_of_a_page_escapes_the_tests(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    left = BLOCK.sub("", text)
    assert {block.language for block in blocks(page)} <= LANGUAGES
    assert not re.findall(r"^ *```.*", left, re.MULTILINE), "a block within a list does not run"
    assert not re.findall(r"\n\n {4,}.*", left), "an indented block does not run: fence it"


@pytest.mark.parametrize("page", runnable())
def test_the_snippets_of_a_page_run(page: str, world: World) -> None:
    if page == "docs/spark.md" and shutil.which("java") is None and not os.environ.get("CI"):
        pytest.skip("Java is not installed: make setup installs it")
    setup = SETUP / (page.removesuffix(".md").replace("/", "_") + ".py")
    if setup.exists():
        world.python(setup.read_text(encoding="utf-8"))
    output = None
    found = blocks(page)
    for block, after in zip(found, [*found[1:], None], strict=True):
        try:
            if block.language == "python":
                output = world.python(block.text)
            elif block.language == "sh":
                fails = after is not None and after.follows and after.text.startswith("error[")
                output = world.sh(block.text, fails)
            elif block.language == "text" and block.follows and output is not None:
                assert prints(block.text, output), f"it printed:\n{output}\nand the page says:\n{block.text}"
        except AssertionError as failure:
            pytest.fail(f"{page}:{block.line}: {failure}", pytrace=False)
