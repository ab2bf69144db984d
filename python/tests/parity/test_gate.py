"""What a promotion asks for, and what it says when that is lacking."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import foretell as ft
from foretell.parity.gate import required_modes

Save = Callable[..., ft.Version]


def refused(work: Callable[[], Any]) -> ft.Error:
    with pytest.raises(ft.Error) as caught:
        work()
    assert caught.value.code == "FT0421", caught.value
    return caught.value


def named(alias: str = "production") -> int | None:
    return ft.Store().aliases("Well").get(alias)


def test_an_alias_moves_only_to_a_version_whose_check_allows_it(save: Save, project: Any) -> None:
    store = ft.Store()
    version = save("Well")
    problem = refused(lambda: store.promote("Well@1", "production"))
    assert problem.message == "production cannot move to Well@1: it has not been checked"
    assert "foretell check Well@1" in problem.hint
    ft.check(version.reference, keep=False)
    refused(lambda: store.promote("Well@1", "production"))
    report = ft.check(version.reference)
    assert store.promote("Well@1", "production").unchecked is False
    (kept,) = store.reports("Well@1")
    assert kept.manifest_sha256 == version.sha256
    assert ft.CheckReport.from_json(kept.report) == report
    # a report is about one version's bytes
    save("Well")
    refused(lambda: store.promote("Well@2", "production"))
    assert store.promote("Well@1", "production").sequence == 1


def test_a_check_that_fails_takes_back_what_another_allowed(
    save: Save, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ft.Store()
    version = save("Dies")
    failing = ft.check(version.reference)
    assert not failing.passed
    problem = refused(lambda: store.promote("Dies@1", "production"))
    assert "in its last check, process: FT0314: the process ended with status 9" in problem.message
    monkeypatch.setenv("FAULTS_LIVE", "1")
    assert ft.check(version.reference).passed
    monkeypatch.delenv("FAULTS_LIVE")
    assert store.promote("Dies@1", "production").sequence == 1
    ft.check(version.reference)
    refused(lambda: store.promote("Dies@1", "canary"))


def test_an_incomplete_check_allows_nothing_and_takes_nothing_back(save: Save, project: Any) -> None:
    store = ft.Store()
    version = save("Bare", 2, example=project.ROWS.slice(0, 3))
    ft.check(version.reference)
    problem = refused(lambda: store.promote("Bare@1", "production"))
    assert "3 distinct rows, and 100 are needed" in problem.message
    assert "--rows PATH" in problem.hint
    assert ft.check(version.reference, project.ROWS).complete
    assert not ft.check(version.reference).complete
    assert store.promote("Bare@1", "production").version == 1


def test_unchecked_needs_a_reason_and_stays_in_the_history(save: Save) -> None:
    store = ft.Store()
    save("Well")
    with pytest.raises(ft.Error) as caught:
        store.promote("Well@1", "production", unchecked=True)
    assert caught.value.code == "FT0101"
    store.promote("Well@1", "production", unchecked=True, why="the old one is down")
    (entry,) = store.history("Well", "production")
    assert (entry.unchecked, entry.why) == (True, "the old one is down")


def test_save_checks_before_it_moves_an_alias(save: Save, project: Any) -> None:
    assert save("Well", alias="production").aliases == ("production",)
    store = ft.Store()
    assert store.reports("Well@1")[0].report["passed"] is True
    assert store.history("Well", "production")[0].unchecked is False
    problem = refused(lambda: save("OtherItem", alias="production"))
    assert problem.message.startswith(
        "OtherItem@1 is saved, but production was not moved to it: in its check,"
    )
    assert store.aliases("OtherItem") == {}
    assert [version.version for version in store.versions("OtherItem")] == [1]
    few = refused(lambda: save("Bare", 2, alias="production", example=project.ROWS.slice(0, 3)))
    assert "its check is incomplete: 3 distinct rows" in few.message
    none = refused(lambda: save("Bare", 2, alias="production"))
    assert none.message.endswith("there is no row to check it with")
    assert named() == 1


def test_save_moves_an_alias_unchecked_with_a_reason(save: Save) -> None:
    with pytest.raises(ft.Error) as caught:
        save("Bare", 2, alias="production", unchecked=True)
    assert caught.value.code == "FT0101"
    assert ft.Store().exists() is False
    save("Bare", 2, alias="production", unchecked=True, why="a toy")
    assert ft.Store().history("Bare", "production")[0].unchecked is True


def test_files_that_are_no_predictor_have_no_modes_to_check(project: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("weights")
    store = ft.Store()
    store.save("Weights", {"weights": tmp_path / "file"})
    assert store.promote("Weights@1", "production").version == 1


def test_foretell_toml_asks_for_more_modes_and_only_known_ones(
    save: Save, project: Any, tmp_path: Path
) -> None:
    toml = tmp_path / "foretell.toml"
    save("Well")
    ft.check("Well@1")
    toml.write_text('store = "models"\n[aliases.production]\nrequire = ["item", "process"]\n')
    assert required_modes("production").count("item") == 1
    ft.Store().promote("Well@1", "production")
    for text, what in (
        ('require = ["warp"]', "which is no mode of a check"),
        ('require = "item"', "expected a list of modes"),
        ('requires = ["item"]', "'aliases.canary.requires' is not known"),
    ):
        toml.write_text(f'store = "models"\n[aliases.canary]\n{text}\n')
        with pytest.raises(ft.Error) as caught:
            ft.Store().promote("Well@1", "canary")
        assert caught.value.code == "FT0106"
        assert what in caught.value.message


def test_a_mode_that_an_engine_adds_is_asked_for_and_met_by_its_own_report(
    save: Save, project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foretell.parity import gate, modes

    (tmp_path / "foretell.toml").write_text('store = "models"\n[aliases.production]\nrequire = ["engine"]\n')
    monkeypatch.setattr(gate, "MODES", {**modes.MODES, "engine": modes.Mode("on an engine")})
    store = ft.Store()
    version = save("Well")
    ft.check("Well@1")
    problem = refused(lambda: store.promote("Well@1", "production"))
    assert "no check has tried the mode engine" in problem.message
    report = {"kind": "check", "passed": True, "complete": True, "passing": ["engine"]}
    store.append_report(version.reference, report)
    assert store.promote("Well@1", "production").version == 1
    store.append_report(version.reference, {**report, "passed": False, "findings": ["engine: 1 row differs"]})
    problem = refused(lambda: store.promote("Well@1", "canary"))
    assert "in its last check, engine: 1 row differs" in problem.message
