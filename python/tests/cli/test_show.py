from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]


def test_show_tells_people_what_a_version_is(foretell: Command, topics: Path) -> None:
    answer = foretell("show", "Topics@production")
    assert answer.status == 0, answer.err
    fields = {line.split("  ")[0]: line for line in answer.out.splitlines()}
    assert "Topics@1" in fields["version"]
    assert "production" in fields["aliases"]
    assert "topics:Topics" in fields["code"]
    assert "held by each process" in fields["model"]
    assert "id: int64" in fields["input"]
    assert "length: int64" in fields["output"]
    assert "trained = 2026-11-01" in fields["metadata"]
    assert "the same" in fields["here"]
    assert "code/topics.py" in answer.out


def test_show_prints_the_manifest_and_the_code(foretell: Command, topics: Path) -> None:
    manifest = foretell("show", "Topics@2", "--json").json
    assert (manifest["name"], manifest["version"]) == ("Topics", 2)
    answer = foretell("show", "Topics@2", "--code")
    assert answer.out.startswith("# topics.py\n")
    assert (topics.parent / "topics.py").read_text() in answer.out
