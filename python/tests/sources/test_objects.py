"""Objects in memory as sources, and samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from foretell import Error
from foretell.sources import as_source, files, sample_frame

ROWS = [{"id": 1, "text": "a"}, {"id": 2, "text": None}]
TABLE = pa.Table.from_pylist(ROWS)


def objects(tmp_path: Path) -> dict[str, Any]:
    pq.write_table(TABLE, tmp_path / "a.parquet")
    return {
        "path": tmp_path / "a.parquet",
        "paths": [str(tmp_path / "a.parquet")],
        "source": files(tmp_path / "a.parquet"),
        "table": TABLE,
        "batch": TABLE.to_batches()[0],
        "dataset": pa.dataset.dataset(tmp_path / "a.parquet"),
        "reader": TABLE.to_reader(),
        "pandas": TABLE.to_pandas(),
        "polars": pl.from_arrow(TABLE),
        "lazy": pl.from_arrow(TABLE).lazy(),
        "dicts": ROWS,
    }


FRAMES = ["table", "batch", "dataset", "reader", "pandas", "polars", "lazy", "dicts"]
NAMES = ["path", "paths", "source", *FRAMES]


@pytest.mark.parametrize("name", NAMES)
def test_anything_with_rows_is_a_source(tmp_path: Path, name: str) -> None:
    source = as_source(objects(tmp_path)[name])
    assert source.describe()
    assert source.schema(["text"]).names == ["text"]
    assert source.read(["text", "id"], limit=1).read_all().to_pylist() == [{"text": "a", "id": 1}]
    if name != "reader":
        assert source.read().read_all().to_pylist() == ROWS
        assert source.sample(1, seed=3).num_rows == 1
        assert source.sample(9).to_pylist() == ROWS


def test_a_reader_is_read_once() -> None:
    source = as_source(TABLE.to_reader())
    assert source.read().read_all().num_rows == 2
    with pytest.raises(Error) as raised:
        source.read()
    assert raised.value.code == "FT0702"


def test_what_lies_in_memory_cannot_be_planned() -> None:
    source = as_source(TABLE)
    for attempt in (source.plan, source.list_files, lambda: source.check_unchanged({})):
        with pytest.raises(Error, match="memory of this process") as raised:
            attempt()
        assert raised.value.code == "FT0707"


def test_other_objects_are_refused() -> None:
    for given in (3, None, object(), [1, 2], {1, 2}):
        with pytest.raises(Error) as raised:
            as_source(given)
        assert raised.value.code == "FT0707"


def test_pandas_nan_is_null_and_named_index_levels_are_columns() -> None:
    frame = pd.DataFrame({"t": pd.Series(["a", np.nan], dtype=object), "u": ["x", None], "f": [1.0, np.nan]})
    expected = [{"t": "a", "u": "x", "f": 1.0}, {"t": None, "u": None, "f": None}]
    assert as_source(frame).read().read_all().to_pylist() == expected
    assert as_source(frame.iloc[::-1]).read().read_all().to_pylist() == expected[::-1]
    named = frame.rename_axis("key")
    assert [row["key"] for row in as_source(named).read().read_all().to_pylist()] == [0, 1]
    two = pd.DataFrame({"x": [1]}, index=pd.MultiIndex.from_tuples([("p", "q")], names=["a", None]))
    assert as_source(two).read().read_all().to_pylist() == [{"a": "p", "x": 1}]
    with pytest.raises(Error) as raised:
        as_source(frame.rename_axis("t")).read()
    assert raised.value.code == "FT0204"


def test_columns_without_a_common_type_are_named() -> None:
    for given in ([{"x": 1}, {"x": "a"}], pd.DataFrame({"x": [1, "a"]})):
        with pytest.raises(Error, match='column "x"') as raised:
            as_source(given).read()
        assert raised.value.code == "FT0205"
    with pytest.raises(Error, match='two columns named "x"') as raised:
        as_source(pd.DataFrame([[1, 2]], columns=["x", "x"])).read()
    assert raised.value.code == "FT0204"
    assert as_source([{"x": 1}, {"y": 2.5, "x": None}]).read().read_all().to_pylist() == [
        {"x": 1, "y": None},
        {"x": None, "y": 2.5},
    ]


def test_zero_rows() -> None:
    for given in ([], TABLE.slice(0, 0), TABLE.slice(0, 0).to_pandas(), TABLE.slice(0, 0).to_batches() or []):
        source = as_source(given)
        assert source.read().read_all().num_rows == 0
        assert source.sample(5).num_rows == 0


def write_parts(folder: Path, files_: int, rows: int, group: int) -> None:
    for part in range(files_):
        first = part * rows
        table = pa.table({"id": list(range(first, first + rows)), "text": ["t"] * rows})
        pq.write_table(table, folder / f"{part:03}.parquet", row_group_size=group)


def test_a_sample_is_drawn_from_across_files_and_repeats(tmp_path: Path) -> None:
    write_parts(tmp_path, 10, 1000, 100)
    source = files(tmp_path / "*.parquet")
    sample = source.sample(500, seed=7)["id"].to_pylist()
    assert sample == sorted(set(sample))
    assert len(sample) == 500
    assert sample == source.sample(500, seed=7)["id"].to_pylist()
    assert sample != source.sample(500, seed=8)["id"].to_pylist()
    # Each file has a tenth of the rows: 50 are expected of each, with a deviation of about 7.
    counts = [sum(part * 1000 <= i < part * 1000 + 1000 for i in sample) for part in range(10)]
    assert all(20 <= count <= 85 for count in counts)
    assert source.sample(20_000).num_rows == 10_000
    assert source.sample(0).num_rows == 0


def test_a_small_sample_of_many_pieces_is_still_spread(tmp_path: Path) -> None:
    write_parts(tmp_path, 70, 10, 10)
    sample = files(tmp_path).sample(60, seed=1)["id"].to_pylist()
    assert len(sample) == 60
    assert len({i // 10 for i in sample}) > 15


def test_the_kept_sample_is_used_until_something_changes(tmp_path: Path) -> None:
    folder, cache = tmp_path / "in", tmp_path / "cache"
    folder.mkdir()
    write_parts(folder, 2, 100, 100)
    source = files(folder / "*.parquet")
    first = sample_frame(source, 50, cache_dir=cache)
    assert list(first.columns) == ["id", "text"]
    kept = list(cache.iterdir())
    assert len(kept) == 1
    pq.write_table(pa.table({"id": [-1], "text": ["kept"]}), kept[0])
    assert sample_frame(source, 50, cache_dir=cache)["text"].tolist() == ["kept"]
    assert sample_frame(source, 50, refresh=True, cache_dir=cache).equals(first)
    assert sample_frame(source, 50, cache_dir=cache).equals(first)
    kept[0].write_bytes(b"damaged")
    assert sample_frame(source, 50, cache_dir=cache).equals(first)
    write_parts(folder, 3, 100, 100)
    assert len(sample_frame(source, 250, cache_dir=cache)) == 250
    assert len(sample_frame(source, 50, seed=1, cache_dir=cache)) == 50
    assert len(sample_frame(as_source(TABLE), 1, cache_dir=cache)) == 1
    assert len(list(cache.iterdir())) == 3
