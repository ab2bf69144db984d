from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.fixture
def complete(foretell_process: Command) -> Callable[[str], list[str]]:
    """What bash would offer for the last word of a command line."""

    def ask(line: str) -> list[str]:
        words = line.split(" ")
        answer = foretell_process(
            _FORETELL_COMPLETE="complete_bash",
            COMP_WORDS=line,
            COMP_CWORD=str(len(words) - 1),
            _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1",
        )
        assert answer.err == ""
        return answer.out.split()

    return ask


def test_commands_and_codes_complete(complete: Callable[[str], list[str]], here: Path) -> None:
    assert complete("foretell pro") == ["promote"]
    assert complete("foretell explain FT041") == [f"FT041{digit}" for digit in range(10)]
    assert complete("foretell pin s") == ["show", "set"]


def test_names_versions_and_aliases_complete_from_the_store(
    complete: Callable[[str], list[str]], topics: Path
) -> None:
    assert complete("foretell versions T") == ["Topics"]
    assert complete("foretell show To") == ["Topics@production", "Topics@latest", "Topics@2", "Topics@1"]
    assert complete("foretell show Topics@p") == ["Topics@production"]
    assert complete("foretell rollback Topics ") == ["production"]
    assert complete("foretell promote Topics@2 pro") == ["production"]
    assert complete("foretell --store nowhere show To") == []
    assert complete("foretell show --store models To")[0] == "Topics@production"


def test_completion_loads_nothing_heavy(topics: Path, environment: Callable[..., dict[str, str]]) -> None:
    code = (
        "import sys; sys.argv = ['foretell']\n"
        "from foretell.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pyarrow', 'sklearn', 'pandas', 'joblib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    asked = {"_FORETELL_COMPLETE": "complete_bash", "COMP_WORDS": "foretell show To", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(**asked)
    )
    assert done.returncode == 0, done.stderr
    assert "Topics@production" in done.stdout
