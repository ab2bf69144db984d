"""Reports on versions, from Python; src/store/report_log_test.cc has the damage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foretell.error import Error
from foretell.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    model = tmp_path / "model.bin"
    model.write_bytes(b"the model")
    store = Store(tmp_path / "store")
    for _ in range(2):
        store.save("Topics", {"model": model})
    store.promote("Topics@1", "production")
    return store


def test_reports_are_kept_with_their_version(store: Store) -> None:
    check: dict[str, Any] = {"kind": "check", "passed": True, "modes": ["item", "bulk"], "größe": 0.1}
    first = store.append_report("Topics@production", check)
    assert (first.sequence, first.report) == (1, check)
    assert "@" in first.who
    store.append_report("Topics@1", {"kind": "compare"}, who="ana")
    reports = Store(store.url).reports("Topics@1")
    assert reports[0] == first
    assert (reports[1].who, reports[1].report) == ("ana", {"kind": "compare"})
    assert {each.manifest_sha256 for each in reports} == {store.version("Topics@1").sha256}
    assert store.reports("Topics@latest") == []
    assert store.verify() == []


@pytest.mark.parametrize(
    "report", [{"a": float("nan")}, {"a": object()}, {"a": "x" * (17 << 20)}, {"a": {1}}]
)
def test_what_cannot_be_kept_is_refused(store: Store, report: dict[str, Any]) -> None:
    with pytest.raises(Error) as caught:
        store.append_report("Topics@1", report)
    assert caught.value.code == "FT0101"
    assert store.reports("Topics@1") == []


def test_a_damaged_report_is_refused_and_found(store: Store) -> None:
    store.append_report("Topics@1", {"passed": False})
    (file,) = Path(store.url).glob("reports/topics/000000000001/*.json")
    file.write_bytes(file.read_bytes().replace(b"false", b"true"))
    with pytest.raises(Error) as caught:
        store.reports("Topics@1")
    assert caught.value.code == "FT0418"
    assert [finding.code for finding in store.verify()] == ["FT0418"]
    assert store.version("Topics@production").version == 1  # the version itself is sound


def test_an_unchecked_promotion_is_told_for_ever(store: Store) -> None:
    assert store.promote("Topics@2", "production", why="urgent", unchecked=True).unchecked
    assert [entry.unchecked for entry in store.history("Topics", "production")] == [False, True]
