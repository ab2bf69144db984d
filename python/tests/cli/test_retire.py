"""retire, restore, gc, and the views of what they did."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


def age(store: Path, days: float) -> None:
    for file in store.rglob("*"):
        if file.is_file():
            then = file.stat().st_mtime - days * 24 * 3600
            os.utime(file, (then, then))


def files(store: Path) -> list[Path]:
    return sorted(file for file in store.rglob("*") if file.is_file())


def test_retiring_and_restoring_are_told(foretell: Command, bare_topics: Path) -> None:
    answer = foretell("retire", "Topics@2", "--why", "wrong labels")
    assert answer.status == 0, answer.err
    assert answer.out == (
        "Topics@2 is retired (entry 1); its files are kept for thirty days\n"
        "to undo: foretell restore Topics@2\n"
    )
    again = foretell("retire", "Topics@2", "--why", "again")
    assert again.out.startswith("Topics@2 is retired already, by ")
    assert again.out.endswith(": wrong labels; nothing was changed\n")
    assert "2" not in [line.split()[0] for line in foretell("versions", "Topics").out.splitlines()[1:]]
    table = foretell("versions", "Topics", "--retired").out.splitlines()
    assert table[0].split()[-1] == "RETIRED"
    assert "retired 20" in table[2]
    assert table[2].endswith(": wrong labels")
    one, two = foretell("versions", "Topics", "--retired", "--json").json
    assert one["retired"] is None
    assert (two["retired"]["kind"], two["retired"]["why"]) == ("retired", "wrong labels")
    shown = {line.split("  ")[0]: line for line in foretell("show", "Topics@2").out.splitlines()}
    assert shown["retired"].endswith(": wrong labels")
    assert "retired" not in foretell("show", "Topics@1").out
    assert foretell("show", "Topics").out.splitlines()[0].split() == ["version", "Topics@1"]
    refused = foretell("promote", "Topics@2", "production")
    assert refused.status == 3
    assert refused.err.startswith("error[FT0412]")
    assert "foretell restore Topics@2" in refused.err
    assert foretell("restore", "Topics@2", "--json").json["kind"] == "restored"
    assert foretell("restore", "Topics@2").out == "Topics@2 is back (entry 2)\n"
    assert foretell("promote", "Topics@2", "production").status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["retire", "Topics@1"], 3, "FT0419"),
        (["retire", "Topics"], 2, "FT0105"),
        (["retire", "Topics@production"], 2, "FT0105"),
        (["retire", "Topics@9"], 3, "FT0402"),
        (["retire", "Topcis@2"], 3, "FT0401"),
        (["retire", "Topics@2", "--unused-for", "0"], 2, "FT0101"),
        (["restore", "Topics@2"], 2, "FT0101"),
        (["restore", "Topics@9"], 3, "FT0402"),
    ],
)
def test_what_cannot_be_retired_or_restored_is_refused(
    foretell: Command, bare_topics: Path, arguments: list[str], status: int, code: str
) -> None:
    answer = foretell(*arguments)
    assert answer.status == status, answer.err
    assert answer.err.startswith(f"error[{code}]")


def test_gc_is_a_dry_run_unless_told(foretell: Command, bare_topics: Path) -> None:
    assert foretell("gc").out == "to delete: 0 files (0 B) that no version names\n"
    foretell("retire", "Topics@2", "--why", "wrong labels")
    waiting = foretell("gc").out.splitlines()
    assert waiting[1].split()[:2] == ["Topics@2", "kept"]
    age(bare_topics, 31)
    before = files(bare_topics)
    dry = foretell("gc")
    assert dry.status == 0, dry.err
    lines = dry.out.splitlines()
    assert lines[1].split()[:3] == ["Topics@2", "to", "purge"]
    assert lines[1].endswith("wrong labels")
    assert lines[2].startswith("to delete: 1 file (")
    assert lines[3] == "nothing was changed; to do it: foretell gc --delete"
    planned = foretell("gc", "--json").json
    assert planned["dry_run"] is True
    assert files(bare_topics) == before
    done = foretell("gc", "--delete", "--json").json
    assert done["dry_run"] is False
    assert done["purged"] == planned["purged"]
    assert [each["version"] for each in done["purged"]] == ["Topics@2"]
    assert done["deleted"] == planned["deleted"]
    assert not (bare_topics / done["deleted"][0]["key"]).exists()
    shown = {line.split("  ")[0]: line for line in foretell("show", "Topics@2").out.splitlines()}
    assert "its files are gone; purged 20" in shown["retired"]
    gone = foretell("restore", "Topics@2")
    assert gone.status == 3
    assert gone.err.startswith("error[FT0420]")
    assert foretell("show", "Topics@2", "--code").err.startswith("error[FT0420]")
    assert foretell("verify").status == 0


def test_a_predictor_whose_versions_are_all_retired_is_listed(foretell: Command, bare_topics: Path) -> None:
    model = bare_topics.parent / "model"
    model.write_text("x")
    from foretell.store import Store

    Store(bare_topics).save("Old", {"model": model})
    assert foretell("retire", "Old@1").status == 0
    answer = foretell("versions")
    assert answer.status == 0, answer.err
    assert answer.out.splitlines()[1].split() == ["Old"]
    assert foretell("versions", "--json").json[0]["newest"] is None


def test_history_and_show_look_back(foretell: Command, bare_topics: Path) -> None:
    foretell("promote", "Topics@2", "production")
    assert len(foretell("history", "Topics", "--as-of", "2999-01-01", "--json").json) == 2
    assert foretell("history", "Topics", "--as-of", "2020-01-01", "--json").json == []
    shown = foretell("show", "Topics@production", "--as-of", "2999-01-01T12:30").out
    assert shown.splitlines()[0].split() == ["version", "Topics@2"]
    early = foretell("show", "Topics@production", "--as-of", "2020-01-01T12:30+01:00")
    assert early.status == 3
    assert "named no version yet at 2020-01-01T11:30:00Z" in early.err
    for wrong in ("yesterday", "2026-13-01", "9999-12-31T23:59:59-10:00"):
        assert foretell("history", "Topics", "--as-of", wrong).status == 2, wrong


def test_a_rollback_says_which_entry_to_name(foretell: Command, bare_topics: Path) -> None:
    assert foretell("rollback", "Topics", "production").err.startswith("error[FT0411]")
    foretell("promote", "Topics@2", "production")
    assert foretell("rollback", "Topics", "production", "--undo", "1").err.startswith("error[FT0404]")
