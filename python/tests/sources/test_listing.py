"""Paths, globs, folders and URLs: what they name, and in which order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell import Error
from foretell.sources import InputFile, files
from foretell.sources.listing import check_file, list_path, local_file


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "events/b.csv",
        "events/a.csv",
        "events/2026/01/c.csv",
        "events/2026/d.csv",
        "events/_part.csv",
        "events/.hidden.csv",
        "events/_foretell/units/e.csv",
        "events/_quarantine/q.csv",
        "events/README.md",
        "x[1].csv",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n1\n")
    return tmp_path


def names(tree: Path, *paths: str, base: Path | None = None) -> list[str]:
    source = files(list(paths)).with_base(base or tree)
    return [os.path.relpath(file.path, tree) for file in source.list_files()]


def test_what_paths_name(tree: Path) -> None:
    every = ["events/2026/01/c.csv", "events/2026/d.csv", "events/a.csv", "events/b.csv"]
    assert names(tree, "events") == every
    assert names(tree, "events/") == every
    assert names(tree, "events/*.csv") == ["events/a.csv", "events/b.csv"]
    assert names(tree, "events/**/*.csv") == every
    assert names(tree, "*/[ab].csv") == ["events/a.csv", "events/b.csv"]
    assert names(tree, "events/2026/*/?.csv") == ["events/2026/01/c.csv"]
    assert names(tree, "events/b.csv", "events/*.csv") == ["events/a.csv", "events/b.csv"]
    assert names(tree, str(tree / "events" / "a.csv")) == ["events/a.csv"]
    assert names(tree, f"file://{tree}/events/*.csv") == ["events/a.csv", "events/b.csv"]
    assert names(tree, "x[1].csv") == ["x[1].csv"]


def test_a_hidden_root_that_is_named_is_read(tree: Path) -> None:
    assert names(tree, "events/_quarantine") == ["events/_quarantine/q.csv"]
    assert names(tree, "events/_quarantine/*.csv") == ["events/_quarantine/q.csv"]
    assert names(tree, "events/_part.csv") == ["events/_part.csv"]
    assert names(tree, "events/_*.csv") == ["events/_part.csv"]


def test_a_loop_of_links_ends(tree: Path) -> None:
    (tree / "events" / "loop").symlink_to(tree / "events")
    assert len(names(tree, "events")) == 4
    (tree / "link").symlink_to(tree / "events")
    assert len(names(tree, "link")) == 4


def test_hidden_folders_are_not_even_opened(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What another run has there may vanish at any moment.
    opened: list[str] = []
    scandir = os.scandir

    def watched(folder: str) -> Iterator[os.DirEntry[str]]:
        opened.append(os.path.relpath(folder, tree))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", watched)
    assert len(names(tree, "events")) == 4
    assert len(names(tree, "**/*.csv")) == 5
    assert set(opened) == {".", "events", "events/2026", "events/2026/01"}


def test_relative_paths_are_told_with_their_base(tree: Path) -> None:
    with pytest.raises(Error) as raised:
        names(tree, "nothing/*.csv")
    assert raised.value.code == "FT0701"
    assert str(tree) in raised.value.hint


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with open(os.path.join(os.fsencode(tmp_path), b"\xff.csv"), "w"):
        pass
    with pytest.raises(Error) as raised:
        list_path(str(tmp_path / "*.csv"), None)
    assert raised.value.code == "FT0104"


def test_a_file_is_compared_by_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    planned = local_file(str(path))
    check_file(planned)
    for changed in (
        InputFile(planned.path, planned.size + 1, planned.mtime_ns),
        InputFile(planned.path, planned.size, planned.mtime_ns - 1),
    ):
        with pytest.raises(Error) as raised:
            check_file(changed)
        assert raised.value.code == "FT0604"


def test_a_remote_file_system_is_listed_like_a_local_one(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any file system of pyarrow goes one way; a folder behind an unknown scheme takes a bucket's place."""
    from pyarrow import fs

    from foretell.sources import listing

    bucket = fs.SubTreeFileSystem(str(tree), fs.LocalFileSystem())
    whole = listing.file_system

    def file_system(path: str) -> tuple[fs.FileSystem, str]:
        if path.startswith("s3://"):
            return bucket, path.removeprefix("s3://").split("?")[0]
        return whole(path)

    for module in ("listing", "text", "parquet", "arrow_ipc"):
        monkeypatch.setattr(f"foretell.sources.{module}.file_system", file_system)

    def urls(url: str) -> list[str]:
        return [file.path for file in files(url).list_files()]

    q = "?region=x"
    assert urls("s3://events/*.csv") == ["s3://events/a.csv", "s3://events/b.csv"]
    assert urls("s3://events/a.csv" + q) == ["s3://events/a.csv" + q]
    assert urls("s3://events/*.csv" + q) == [f"s3://events/{n}.csv{q}" for n in "ab"]
    assert len(urls("s3://events")) == 4
    assert urls("s3://events/**/c.csv") == ["s3://events/2026/01/c.csv"]
    assert urls("s3://events/_quarantine") == ["s3://events/_quarantine/q.csv"]
    source = files("s3://events/*.csv" + q)
    plan = source.plan()
    assert [row for s in plan["splits"] for b in source.read_split(plan, s) for row in b.to_pylist()] == [
        {"a": 1},
        {"a": 1},
    ]
    (tree / "events" / "a.csv").write_text("a\n12\n")
    with pytest.raises(Error) as raised:
        source.check_unchanged(plan)
    assert raised.value.code == "FT0604"


def test_importing_loads_neither_numpy_nor_pyarrow() -> None:
    code = (
        "import sys, foretell.sources, foretell.sinks, foretell.sinks.frames\n"
        "foretell.sources.files('events/*.parquet', types={}).describe()\n"
        "print([name for name in ('numpy', 'pyarrow', 'pandas', 'polars') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
