"""The example that a save keeps, and the check of a predictor that is at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell.parity.rows import example_of
from foretell.predictor import example as examples

Save = Callable[..., ft.Version]


def kept(version: ft.Version) -> pa.Table:
    table = example_of(ft.Store(), version)
    assert table is not None
    return table


def test_rows_of_the_source_are_kept_with_hard_ones(save: Save, project: Any) -> None:
    version = save("Well")
    table = kept(version)
    assert version.manifest["check"] == {"rows": 103, "hard": 3, "origin": "source", "needed": 100}
    assert table.column_names == ["title", "n", "x", "when", "id"]
    assert set(table["id"].to_pylist()[:100]) <= set(range(400))
    nulls, empty, long = table.slice(100).to_pylist()
    assert set(nulls.values()) == {None}
    assert (empty["title"], empty["n"], empty["x"], empty["when"]) == ("", 0, 0.0, None)
    assert len(long["title"].encode()) == 1 << 20
    assert "title 1" in long["title"]
    size = next(file["size"] for file in version.manifest["files"] if file["path"] == examples.FILE)
    assert size < 20_000


def test_the_megabyte_is_shared_by_the_texts_and_no_character_is_cut(save: Save, project: Any) -> None:
    project.Bare.source = pa.table({"a": ["ü" * 7] * 3, "b": ["日本"] * 3, "x": [1.0, 2.0, 3.0]})
    project.Bare.input = ft.schema(a="string", b="string", x="double")
    long = kept(save("Bare", 2)).to_pylist()[-1]
    assert 0.99 < (len(long["a"].encode()) + len(long["b"].encode())) / (1 << 20) <= 1
    assert set(long["a"]) == {"ü", " "}
    assert long["x"] == 1.0


def test_text_files_are_read_in_the_declared_types(save: Save, project: Any, tmp_path: Path) -> None:
    lines = [f"{i},title {i},{i}.5,2026-03-01T{i % 24:02}:00:00Z" for i in range(150)]
    (tmp_path / "rows.csv").write_text("n,title,x,when\n" + "\n".join(lines) + "\n")
    project.Well.source = ft.files(tmp_path / "rows.csv")
    project.Well.keep = []
    table = kept(save("Well"))
    assert table.schema.field("when").type == pa.timestamp("us", "UTC")
    assert table.num_rows == 103


def test_of_large_text_files_the_beginning_is_read(
    save: Save, project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "_LARGEST_TEXT", 10)
    (tmp_path / "rows.jsonl").write_text("".join(f'{{"x": {i}.5}}\n' for i in range(3000)))
    project.Bare.source = ft.files(tmp_path / "rows.jsonl")
    version = save("Bare", 2)
    values = kept(version)["x"].to_pylist()[:100]
    assert max(values) < 1000
    assert version.manifest["check"]["needed"] == 100


def test_a_source_that_cannot_be_read_is_told_and_the_version_saved(save: Save, project: Any) -> None:
    project.Well.source = ft.files("nowhere/*.parquet")
    with pytest.warns(UserWarning, match=r"no example of Well could be drawn from its source \(FT0701"):
        version = save("Well")
    assert version.manifest["example"] is None
    assert version.manifest["check"] is None


def test_a_given_example_is_kept_as_it_is(save: Save, project: Any) -> None:
    version = save("Well", example=project.ROWS.slice(10, 5))
    assert kept(version).to_pylist() == project.ROWS.slice(10, 5).to_pylist()
    assert version.manifest["check"] == {"rows": 5, "hard": 0, "origin": "given", "needed": 100}


def test_a_predictor_at_hand_is_checked_before_it_is_saved(project: Any) -> None:
    report = project.OtherItem().check()
    assert (report.reference, report.rows, report.version) == ("OtherItem", 103, None)
    assert [result.mode for result in report.modes if not result.passed] == ["item"]
    assert report.lacking == ("process was not tried: the predictor is no saved version",)
    assert project.Well().check(project.ROWS).rows == 400
    assert ft.Store().exists() is False
    with pytest.raises(ft.Error) as caught:
        project.Bare(2).check()
    assert caught.value.code == "FT0701"


def test_a_loaded_predictor_is_checked_with_its_versions_example(
    save: Save, project: Any, tmp_path: Path
) -> None:
    pq.write_table(project.ROWS, tmp_path / "rows.parquet")
    save("Bare", 2, example=project.ROWS.slice(0, 7).select(["x"]))
    report = project.Bare().load_model().check()
    assert report.rows == 7
    assert ft.Store().reports("Bare@1") == []
