"""The frozen store of format 1 is read by every release, and can be written on."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from foretell.error import Error
from foretell.store import Store

FORMATS = Path(__file__).parents[2] / "tests" / "formats"
FROZEN = FORMATS / "store-1"
LIFE = FORMATS / "store-1-life"


def test_the_frozen_store_is_read_whole() -> None:
    store = Store(FROZEN)
    assert store.names() == ["Other", "team/EventTopics"]
    assert store.verify() == []
    assert [version.version for version in store.versions("team/EventTopics")] == [1, 2]  # 3 is retired
    assert store.version("team/EventTopics").version == 2
    assert store.version("team/EventTopics@3").version == 3  # pins still open it
    live = store.version("team/EventTopics@production")
    assert live.version == 1
    assert live.metadata == {"trained on": "2026-11-01", "größe": 1.5}
    assert live.manifest["schemas"] == {"input": {"title": "string"}}
    history = store.history("team/EventTopics", "production")
    assert [(entry.kind, entry.version, entry.undoes) for entry in history] == [
        ("promote", 1, None),
        ("promote", 2, None),
        ("rollback", 1, 2),
    ]


def test_the_frozen_files_open_with_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORETELL_CACHE", str(tmp_path / "cache"))
    files = Store(FROZEN).open_files("team/EventTopics@2")
    assert {path: file.read_text() for path, file in files.items()} == {
        "model/weights.bin": "weights of the second model\n",
        "model/vocabulary.txt": "a vocabulary\n",
    }


def test_a_copy_of_the_frozen_store_goes_on(tmp_path: Path) -> None:
    store = Store(shutil.copytree(FROZEN, tmp_path / "store"))
    with pytest.raises(Error) as caught:
        store.promote("team/EventTopics@3", "production")
    assert caught.value.code == "FT0412"
    model = tmp_path / "model"
    model.write_text("weights of the second model\n")
    saved = store.save("team/EventTopics", {"model": model})
    assert saved.version == 4
    blob = store.version("team/EventTopics@2").manifest["files"][0]["blob"]
    assert saved.manifest["files"][0]["blob"] == blob  # equal bytes are kept once
    assert store.promote("team/EventTopics@4", "production").sequence == 4
    assert store.verify() == []


def test_the_frozen_life_of_versions_is_read_whole() -> None:
    store = Store(LIFE)
    assert store.verify() == []
    assert [version.version for version in store.versions("team/Topics")] == [1, 2, 3]
    assert store.version("team/Topics").version == 3
    states = [store.retired(f"team/Topics@{number}") for number in range(1, 6)]
    assert [state and (state.kind, state.who, state.why) for state in states] == [
        None,
        None,
        None,
        ("purged", "nightly", "every night"),
        ("retired", "ana", "overtaken"),
    ]
    first, second = store.history("team/Topics", "production")
    assert (first.unchecked, second.unchecked) == (True, False)
    check, compare = store.reports("team/Topics@2")
    assert (check.sequence, check.who, check.report["modes"]) == (1, "ana", ["item", "bulk"])
    assert check.report["largest"] == 0.25
    assert compare.report == {"kind": "compare", "with": 1, "größe": None}
    assert check.manifest_sha256 == second.manifest_sha256 == store.version("team/Topics@2").sha256


def test_a_copy_of_the_frozen_life_goes_on(tmp_path: Path) -> None:
    store = Store(shutil.copytree(LIFE, tmp_path / "store"))
    with pytest.raises(Error) as caught:
        store.restore("team/Topics@4")
    assert caught.value.code == "FT0420"
    assert store.restore("team/Topics@5").sequence == 2
    assert store.append_report("team/Topics@2", {}).sequence == 3
    assert store.promote("team/Topics@5", "production").sequence == 3
    assert store.collect_garbage(delete=True).purged == []
    assert store.verify() == []


@pytest.mark.parametrize(("root", "name"), [(FROZEN, "eventtopics"), (LIFE, "topics")])
def test_the_files_are_as_the_page_describes_them(root: Path, name: str) -> None:
    """Without foretell's own reader: what docs/formats.md says is enough to read a store."""
    for file in root.rglob("*.json"):
        text = file.read_bytes()
        first, second, rest = text.split(b"\n", 2)
        assert (first, second[:18]) == (b"{", b'  "body_sha256": "')
        assert second == b'  "body_sha256": "%s",' % hashlib.sha256(rest).hexdigest().encode()
        assert json.loads(text)["format"] == 1
    previous = ""
    for file in sorted((root / "aliases" / f"team__{name}" / "production").iterdir()):
        assert json.loads(file.read_text())["previous_entry_sha256"] == previous
        previous = hashlib.sha256(file.read_bytes()).hexdigest()
    for manifest in root.glob("versions/*/*.json"):
        log = sorted((root / "retired" / manifest.parent.name / manifest.stem).glob("*.json"))
        if log and json.loads(log[-1].read_text())["kind"] == "purged":
            continue
        for entry in json.loads(manifest.read_text())["files"]:
            blob = (root / entry["blob"]).read_bytes()
            assert (len(blob), hashlib.sha256(blob).hexdigest()) == (entry["size"], entry["sha256"])
    for report in root.glob("reports/*/*/*.json"):
        version = root / "versions" / report.parts[-3] / f"{report.parts[-2]}.json"
        digest = hashlib.sha256(version.read_bytes()).hexdigest()
        assert json.loads(report.read_text())["manifest_sha256"] == digest
