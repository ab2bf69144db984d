"""Retirement, garbage and the past, from Python: time passes by the files' own times."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from foretell.error import Error
from foretell.store import Store

DAY = 24 * 3600


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    for number in (1, 2, 3):
        model = tmp_path / "model.bin"
        model.write_bytes(b"model %d" % number)
        store.save("Topics", {"model": model})
    return store


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORETELL_CACHE", str(tmp_path / "cache"))


def age(store: Store, days: float, below: str = "") -> None:
    for file in (Path(store.url) / below).rglob("*"):
        if file.is_file():
            then = file.stat().st_mtime - days * DAY
            os.utime(file, (then, then))


def code_of(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(Error) as caught:
        call(*args, **kwargs)  # type: ignore[operator]
    return caught.value.code


def blobs(store: Store) -> list[str]:
    return sorted(file.name for file in Path(store.url).glob("blobs/*/*/*"))


def test_a_version_s_life(store: Store) -> None:
    store.promote("Topics@2", "production")
    assert code_of(store.retire, "Topics@2") == "FT0419"
    entry = store.retire("Topics@3", why="wrong labels", who="ana")
    assert (entry.kind, entry.who, entry.why) == ("retired", "ana", "wrong labels")
    assert store.version("Topics").version == 2
    assert [each.version for each in store.versions("Topics")] == [1, 2]
    assert [each.version for each in store.versions("Topics", retired=True)] == [1, 2, 3]
    assert code_of(store.promote, "Topics@3", "production") == "FT0412"
    assert store.open_files("Topics@3")["model"].read_bytes() == b"model 3"
    age(store, 29.9)
    assert store.collect_garbage(delete=True).purged == []
    assert store.restore("Topics@3").kind == "restored"
    assert store.retired("Topics@3") is None
    assert store.version("Topics").version == 3
    store.retire("Topics@3")
    age(store, 30.1)
    before = blobs(store)
    dry = store.collect_garbage()
    assert [(each.name, each.version, each.retired.kind) for each in dry.purged] == [("Topics", 3, "retired")]
    assert blobs(store) == before
    done = store.collect_garbage(delete=True, who="nightly")
    assert done.deleted == dry.deleted
    assert [size for _, size in done.deleted] == [7]
    assert len(blobs(store)) == 2
    assert code_of(store.restore, "Topics@3") == "FT0420"
    assert code_of(store.open_files, "Topics@3") == "FT0420"
    assert code_of(store.promote, "Topics@3", "production") == "FT0420"
    purged = store.retired("Topics@3")
    assert purged is not None
    assert (purged.kind, purged.who) == ("purged", "nightly")
    assert store.verify() == []
    assert store.verify("Topics@3") == []


def test_a_number_is_never_used_again(store: Store, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        store.retire(f"Topics@{number}")
    assert code_of(store.version, "Topics") == "FT0417"
    age(store, 31)
    assert len(store.collect_garbage(delete=True).purged) == 3
    assert blobs(store) == []
    assert store.save("Topics", {"model": tmp_path / "model.bin"}).version == 4
    assert store.version("Topics").version == 4
    assert store.open_files("Topics@4")["model"].read_bytes() == b"model 3"
    assert store.verify() == []


def test_in_use_counts_by_the_storage_s_own_time(store: Store) -> None:
    store.promote("Topics@1", "production")
    store.promote("Topics@2", "production")
    assert code_of(store.retire, "Topics@1") == "FT0419"
    age(store, 1, "retired")
    assert code_of(store.retire, "Topics@1", unused_for=timedelta(hours=25)) == "FT0419"
    assert store.retire("Topics@1", unused_for=timedelta(hours=23)).kind == "retired"
    assert code_of(store.retire, "Topics@3", unused_for=timedelta(minutes=59)) == "FT0101"


@pytest.mark.parametrize("reference", ["Topics", "Topics@latest", "Topics@production"])
def test_a_version_is_retired_by_its_number(store: Store, reference: str) -> None:
    store.promote("Topics@1", "production")
    assert code_of(store.retire, reference) == "FT0105"
    assert code_of(store.restore, reference) == "FT0105"


def test_the_past_is_told_by_time(store: Store) -> None:
    store.promote("Topics@1", "production")
    now = datetime.now(UTC)
    later, before = now + timedelta(minutes=5), now - timedelta(minutes=5)
    assert store.version("Topics@production", as_of=later).version == 1
    assert [entry.version for entry in store.history("Topics", "production", as_of=later)] == [1]
    assert store.history("Topics", "production", as_of=before) == []
    assert code_of(store.version, "Topics@production", as_of=before) == "FT0403"
    assert code_of(store.version, "Topics@1", as_of=later) == "FT0101"
    assert code_of(store.history, "Topics", "production", as_of=datetime(2026, 1, 1)) == "FT0101"


def test_what_a_killed_save_left_goes_after_seven_days(store: Store) -> None:
    (blob,) = (file for file in Path(store.url).glob("blobs/*/*/*") if file.read_bytes() == b"model 1")
    left = blob.with_name(blob.name.partition(".")[0] + "." + "0" * 32)
    left.write_bytes(b"model 1")
    (key, size) = store.collect_garbage(delete=True).young[0]
    assert (key, size) == (str(left.relative_to(store.url)), 7)
    temporary = blob.with_name(f".{'0' * 24}.tmp")
    temporary.write_bytes(b"mod")  # of a save that was killed while it wrote
    age(store, 7.1)
    assert store.collect_garbage(delete=True).deleted == [
        (key, size),
        (str(temporary.relative_to(store.url)), 3),
    ]
    assert not left.exists()
    assert not temporary.exists()
    assert store.verify() == []
