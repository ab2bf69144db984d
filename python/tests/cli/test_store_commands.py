"""versions, show, promote, rollback, history, verify."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


def cells(line: str) -> list[str]:
    return [cell for cell in line.split("  ") if cell.strip()]


def test_versions_lists_names_then_versions(foretell: Command, bare_topics: Path) -> None:
    answer = foretell("versions")
    assert answer.status == 0, answer.err
    assert answer.out.splitlines()[1].startswith("Topics       2  20")
    assert "production → 1" in answer.out
    first, second = foretell("versions", "Topics").out.splitlines()[1:]
    assert "production" in first
    assert "trained=2026-11-01" in first
    assert second.split()[0] == "2"
    listed = foretell("versions", "Topics", "--json").json
    assert [(row["version"], row["aliases"]) for row in listed] == [(1, ["production"]), (2, [])]
    assert foretell("versions", "--json").json[0]["aliases"] == {"production": 1}


@pytest.mark.parametrize("arguments", [["versions", "Topcis"], ["history", "topic"], ["verify", "Tpics"]])
def test_an_unknown_name_comes_with_the_nearest(
    foretell: Command, bare_topics: Path, arguments: list[str]
) -> None:
    answer = foretell(*arguments)
    assert answer.status == 3
    assert answer.err.startswith("error[FT0401]")
    assert "did you mean Topics?" in answer.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["versions", "a b"], "FT0102"),
        (["show", "Topics@a b"], "FT0105"),
        (["show", "@1"], "FT0105"),
        (["promote", "Topics@1", "latest"], "FT0103"),
        (["promote", "Topics@1", "12"], "FT0103"),
        (["rollback", "Topics", "a/b"], "FT0103"),
        (["history", "Topics", "-x"], "FT0101"),
    ],
)
def test_what_is_outside_the_grammar_is_a_wrong_command_line(
    foretell: Command, bare_topics: Path, arguments: list[str], code: str
) -> None:
    answer = foretell(*arguments)
    assert answer.status == 2, answer.err
    assert answer.err.startswith(f"error[{code}]")


@pytest.mark.parametrize(
    "arguments",
    [["versions"], ["versions", "Topics"], ["show", "Topics@1"], ["verify"], ["history", "Topics"]],
)
def test_a_store_that_is_not_there_is_refused_and_not_made(
    foretell: Command, here: Path, arguments: list[str]
) -> None:
    answer = foretell(*arguments, "--store", "nowhere")
    assert answer.status == 3, answer.err
    assert answer.err.startswith("error[FT0410]")
    assert not (here / "nowhere").exists()


def test_the_store_is_named_before_or_after_the_command(
    foretell: Command, bare_topics: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORETELL_STORE", "nowhere")
    assert foretell("versions").status == 3
    assert foretell("--store", "models", "versions").status == 0
    assert foretell("versions", "--store", "models").status == 0
    assert foretell("--store", "elsewhere", "versions", "--store", "models").status == 0


def test_show_of_a_version_without_code_shows_what_there_is(foretell: Command, bare_topics: Path) -> None:
    answer = foretell("show", "Topics@production")
    assert answer.status == 0, answer.err
    fields = {line.split("  ")[0]: line for line in answer.out.splitlines()}
    assert "Topics@1" in fields["version"]
    assert "production" in fields["aliases"]
    assert "trained = 2026-11-01" in fields["metadata"]
    assert fields["files"].endswith("2.0 KB  model/weights")
    assert "code" not in fields


def test_promotion_and_rollback_are_told_and_kept(foretell: Command, bare_topics: Path) -> None:
    answer = foretell("promote", "Topics@2", "production", "--why", "better")
    assert answer.status == 0, answer.err
    assert answer.out == (
        "Topics@production: version 1 → 2 (entry 2)\nto undo: foretell rollback Topics production --undo 2\n"
    )
    again = foretell("promote", "Topics@2", "production")
    assert again.out == "Topics@production names version 2 already; nothing was changed\n"
    back = foretell("rollback", "Topics", "production", "--why", "worse")
    assert back.status == 0, back.err
    first, second = back.out.splitlines()
    assert first == "Topics@production: version 2 → 1 (entry 3)"
    assert second.startswith("undone: entry 2, promotion of version 2 by ")
    assert second.endswith(": better")
    entries = foretell("history", "Topics", "production", "--json").json
    assert [(e["sequence"], e["kind"], e["version"], e["why"]) for e in entries] == [
        (1, "promote", 1, ""),
        (2, "promote", 2, "better"),
        (3, "rollback", 1, "worse"),
    ]
    table = foretell("history", "Topics").out.splitlines()
    assert len(table) == 4
    assert "undoes 2" in table[3]


def test_a_promotion_that_expects_another_version_is_refused(foretell: Command, bare_topics: Path) -> None:
    answer = foretell("promote", "Topics@2", "production", "--expect", "2")
    assert answer.status == 3
    assert answer.err.startswith("error[FT0404]")
    assert foretell("promote", "Topics@2", "production", "--expect", "1").status == 0


def test_undoing_the_same_entry_twice_undoes_no_other(foretell: Command, bare_topics: Path) -> None:
    foretell("promote", "Topics@2", "production")
    assert foretell("rollback", "Topics", "production", "--undo", "2").status == 0
    answer = foretell("rollback", "Topics", "production", "--undo", "2")
    assert answer.status == 0, answer.err
    assert answer.out == "Topics@production: entry 3 undid entry 2 before; nothing was changed\n"
    assert len(foretell("history", "Topics", "production", "--json").json) == 3


def test_an_unknown_alias_comes_with_the_nearest(foretell: Command, bare_topics: Path) -> None:
    for arguments in (["rollback", "Topics", "prduction"], ["history", "Topics", "prduction"]):
        answer = foretell(*arguments)
        assert answer.status == 3, answer.out
        assert answer.err.startswith("error[FT0403]")
        assert "did you mean Topics@production?" in answer.err


def test_verify_is_silent_about_what_is_well_and_names_what_is_not(
    foretell: Command, bare_topics: Path
) -> None:
    assert foretell("verify").out == "the store: every byte is as it was saved\n"
    assert foretell("verify", "Topics").out == "Topics: every byte is as it was saved\n"
    assert foretell("verify", "Topics@production").out == "Topics@production: every byte is as it was saved\n"
    manifest = foretell("show", "Topics@2", "--json").json
    entry = next(file for file in manifest["files"] if file["path"].startswith("model/"))
    blob = bare_topics / entry["blob"]
    blob.chmod(0o600)
    data = bytearray(blob.read_bytes())
    data[0] ^= 1
    blob.write_bytes(bytes(data))
    for arguments in (["verify"], ["verify", "Topics"], ["verify", "Topics@2"]):
        answer = foretell(*arguments)
        assert answer.status == 1, answer.out
        assert "FT0409" in answer.out
        assert entry["blob"] in answer.out
    found = foretell("verify", "Topics", "--json")
    assert found.status == 1
    assert [finding["code"] for finding in found.json] == ["FT0409"]
    assert foretell("verify", "Topics@1").status == 0
