"""The store from Python: what a user sees of saving, naming, moving and verifying versions."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from foretell import _core
from foretell.error import ArgumentError, Error, StorageError, StoreError
from foretell.store import Store, store_url
from foretell.version import Version


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"the model")
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def code_of(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(Error) as caught:
        call(*args, **kwargs)  # type: ignore[operator]
    return caught.value.code


def test_a_version_comes_back_as_it_was_saved(store: Store, model: Path) -> None:
    saved = store.save(
        "Topics", {"model/a.bin": model}, {"loader": "x"}, metadata={"trained on": "2026-11-01"}
    )
    assert saved.reference == "Topics@1"
    assert store.version("Topics") == saved
    assert store.version("Topics@1").manifest["loader"] == "x"
    assert saved.metadata == {"trained on": "2026-11-01"}
    assert saved.size == 9
    assert saved.created.utcoffset() is not None
    assert [version.version for version in store.versions("Topics")] == [1]
    assert store.names() == ["Topics"]
    assert store.verify() == []
    assert saved.manifest["files"][0]["sha256"] == _core.sha256_file(model)


def test_aliases_move_and_are_shown_on_versions(store: Store, model: Path) -> None:
    for _ in range(2):
        store.save("Topics", {"model": model})
    first = store.promote("Topics@1", "production", why="the first")
    assert "@" in first.who
    store.promote("Topics@latest", "production", who="ana", expect=1)
    assert store.aliases("Topics") == {"production": 2}
    assert store.version("Topics@production").aliases == ("production",)
    undone = store.rollback("Topics", "production", undo=2)
    assert (undone.kind, undone.version, undone.undoes) == ("rollback", 1, 2)
    assert [entry.who for entry in store.history("Topics", "production")][1] == "ana"
    assert "Topics@1 (production)" in repr(store.version("Topics@production"))


def test_a_version_shows_itself_safely_as_html(store: Store, model: Path) -> None:
    version = store.save("Topics", {"model": model}, metadata={"note": "<script>"})
    assert "&lt;script&gt;" in version._repr_html_()
    assert "<script>" not in version._repr_html_()
    assert isinstance(version, Version)


def test_errors_have_their_class_and_code(store: Store, model: Path) -> None:
    assert code_of(store.names) == "FT0410"
    store.save("Topics", {"model": model})
    assert code_of(store.version, "Other") == "FT0401"
    assert code_of(store.version, "Topics@9") == "FT0402"
    assert code_of(store.version, "Topics@live") == "FT0403"
    assert code_of(store.version, "Topics@") == "FT0105"
    assert code_of(store.save, "a__b", {}) == "FT0102"
    assert code_of(store.save, "Topics", {"../x": model}) == "FT0104"
    assert code_of(store.save, "TOPICS", {"x": model}) == "FT0414"
    assert code_of(store.save, "Topics", {"x": model.parent / "absent"}) == "FT0901"
    assert code_of(store.save, "Topics", {}, {"files": 1}) == "FT0101"
    assert code_of(store.save, "Topics", {}, {"x": object()}) == "FT0101"
    assert code_of(store.save, "Topics", {}, {"x": float("nan")}) == "FT0101"
    assert code_of(store.save, "Topics", {}, {"x": "\ud800"}) == "FT0101"
    assert code_of(store.promote, "Topics@1", "latest") == "FT0103"
    assert code_of(Store, "s3://bucket/models") == "FT0904"
    with pytest.raises(StoreError):
        store.version("Topics@9")
    with pytest.raises(ArgumentError):
        store.version("@")
    with pytest.raises(StorageError):
        Store("ftp://x")
    assert len(store.versions("Topics")) == 1


def test_what_progress_raises_stops_the_save(store: Store, model: Path) -> None:
    told: list[tuple[int, int]] = []
    store.save("Topics", {"model": model}, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 9), (9, 9)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.save("Topics", {"model": model}, progress=stop)
    assert len(store.versions("Topics")) == 1


def test_threads_save_at_once(store: Store, model: Path) -> None:
    def save() -> None:
        for _ in range(5):
            store.save("Topics", {"model": model})

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [version.version for version in store.versions("Topics")] == list(range(1, 21))


def test_a_damaged_blob_is_found(store: Store, model: Path) -> None:
    store.save("Topics", {"model": model})
    (blob,) = Path(store.url).glob("blobs/sha256/*/*")
    blob.write_bytes(b"the modeL")
    assert [finding.code for finding in store.verify("Topics@1")] == ["FT0409"]
    assert [finding.code for finding in store.verify("Topics")] == ["FT0409"]
    assert store.verify()[0].key.startswith("blobs/")


def test_a_store_of_a_newer_format_is_refused(store: Store, model: Path) -> None:
    store.save("Topics", {"model": model})
    (Path(store.url) / "store.json").write_text('{"format": 99, "something": "new"}')
    assert code_of(Store, store.url) == "FT0407"


def test_a_store_survives_pickling_and_memory_is_shared(store: Store, model: Path) -> None:
    store.save("Topics", {"model": model})
    assert pickle.loads(pickle.dumps(store)).names() == ["Topics"]
    Store("memory://pickled").save("Topics", {"model": model})
    assert Store("memory://pickled").names() == ["Topics"]


def test_which_store_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    below = project / "notebooks" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    monkeypatch.delenv("FORETELL_STORE", raising=False)
    assert store_url() == str(below / "models")
    assert str(below / "models") in capsys.readouterr().err
    store_url()
    assert capsys.readouterr().err == ""  # once
    (project / "foretell.toml").write_text('store = "kept/models"\n')
    assert store_url() == str(project / "kept/models")
    (project / "foretell.toml").write_text('[store]\nurl = "memory://x"\n')
    assert store_url() == "memory://x"
    monkeypatch.setenv("FORETELL_STORE", "~/elsewhere")
    assert store_url() == os.path.expanduser("~/elsewhere")
    assert store_url(Path("here")) == "here"


def test_the_package_stays_light() -> None:
    code = "import sys, foretell.store; print([m for m in ('numpy', 'pyarrow') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_a_path_that_is_not_utf8_is_refused_by_its_code(tmp_path: Path) -> None:
    strange = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    assert code_of(Store, strange) == "FT0104"
    assert code_of(_core.Output.read, strange) == "FT0104"
    options = {"predictor": "P", "store": "/models", "mode": "bounded"}
    assert code_of(lambda: _core.Output.open(strange, **options)) == "FT0104"
    assert not list(tmp_path.iterdir())
