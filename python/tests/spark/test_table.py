"""`ft.table`: a table of the catalog, in batch and as a stream."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import foretell as ft

from .streams import streamed


@pytest.fixture
def name(spark: Any) -> Any:
    made = f"default.t_{uuid.uuid4().hex[:8]}"
    spark.sql(f"create table {made} (id long, title string) using parquet")
    yield made
    spark.sql(f"drop table {made}")


def ids(spark: Any, source: Any, checkpoint: Path) -> list[int]:
    return sorted(row.id for row in streamed(source.read_stream(spark), checkpoint))


def test_a_table_is_read_in_batch_and_as_a_stream(spark: Any, name: str, tmp_path: Path) -> None:
    source = ft.table(name)
    spark.sql(f"insert into {name} values (1, 'a'), (2, null)")
    assert sorted(tuple(row) for row in source.read_frame(spark).collect()) == [(1, "a"), (2, None)]
    assert source.schema().names == ["id", "title"]
    assert ids(spark, source, tmp_path) == [1, 2]
    before = set(files(spark, name))
    spark.sql(f"insert into {name} values (3, 'c')")
    for path in set(files(spark, name)) - before:
        os.utime(path, (1_000_000_000, 1_000_000_000))  # far older than the others
    assert ids(spark, source, tmp_path) == [3]
    assert ids(spark, source, tmp_path) == []


def files(spark: Any, name: str) -> list[Path]:
    place = spark.sql(f"describe formatted {name}").where("col_name = 'Location'").first().data_type
    return list(Path(urlsplit(place).path).glob("*.parquet"))


def test_a_table_that_is_not_there_is_told(spark: Any) -> None:
    for name in ("nothing", "default.nothing", "no.such", "not a name"):
        for read in ("read_frame", "read_stream"):
            with pytest.raises(ft.Error, match=f"FT0701.*{name}"):
                getattr(ft.table(name), read)(spark)
    with pytest.raises(ft.Error, match="FT0101"):
        ft.table(" ")


def test_a_view_has_no_stream(spark: Any) -> None:
    spark.range(3).createOrReplaceTempView("three")
    try:
        assert ft.table("three").read_frame(spark).count() == 3
        with pytest.raises(ft.Error, match="FT0702"):
            ft.table("three").read_stream(spark)
    finally:
        spark.catalog.dropTempView("three")


def test_here_it_is_refused_by_name() -> None:
    source = ft.table("default.events")
    for read in (source.read, lambda: source.sample(3), source.plan, source.list_files):
        with pytest.raises(ft.Error, match=r"FT0707.*the table default\.events is read by Spark alone"):
            read()
