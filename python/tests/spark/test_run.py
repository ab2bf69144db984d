"""``run`` with ``engine="spark"``: the rows, counts and files of the local engine, by Spark's tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell.local.progress import Silent
from foretell.spark import Spark

TEXTS = ["one", None, "bad", "skip", "fünf", "", "seven" * 30]


def write(project: Any, name: str, rows: int, first: int = 0) -> Path:
    folder = project.root / "in"
    folder.mkdir(exist_ok=True)
    table = pa.table(
        {
            "id": pa.array(range(first, first + rows), pa.int64()),
            "text": pa.array(
                [TEXTS[at % len(TEXTS)] if at < 7 else f"row {at}" for at in range(rows)], pa.string()
            ),
        }
    )
    pq.write_table(table, folder / name, row_group_size=50)
    return folder


def rows(output: Path) -> list[dict[str, Any]]:
    return pyarrow.dataset.dataset(output, format="parquet").to_table().sort_by("id").to_pylist()


def quarantined(output: Path) -> list[dict[str, Any]]:
    tables = [pq.read_table(path) for path in sorted((output / "_quarantine").iterdir())]
    return sorted(pa.concat_tables(tables).to_pylist(), key=lambda row: row["id"])


def run(project: Any, output: str, reference: str = "Length@production", **options: Any) -> Any:
    return ft.run(
        reference,
        output=project.root / output,
        store=project.store,
        progress=Silent(),
        **{"input": project.root / "in", "engine": "spark", **options},
    )


def test_gives_the_rows_of_the_local_engine(spark: Any, project: Any) -> None:
    project.save(alias="production")
    for at in range(3):
        write(project, f"{at}.parquet", 300, first=1000 * at)
    summary = run(project, "by-spark")
    local = run(project, "by-hand", engine="local", workers=1)
    assert rows(project.root / "by-spark") == rows(project.root / "by-hand")
    assert quarantined(project.root / "by-spark") == quarantined(project.root / "by-hand")
    for name in ("rows", "predicted", "bad", "skipped", "unstable"):
        assert summary.total(name) == local.total(name)
    assert summary.reasons == local.reasons
    assert (summary.rows, summary.total("bad")) == (900, 3)
    assert summary.workers == 2
    assert run(project, "by-spark").units[0].finished_before


def test_uses_the_active_session_and_leaves_it(spark: Any, project: Any) -> None:
    project.save(alias="production")
    write(project, "a.parquet", 20)
    run(project, "out", engine=Spark(settings={"spark.sql.shuffle.partitions": "2"}))
    assert spark.range(3).count() == 3
    with pytest.raises(ft.Error) as raised:
        run(project, "out2", engine=Spark("local[7]"))
    assert raised.value.code == "FT1006"
    with pytest.raises(ft.Error) as raised:
        run(project, "out2", engine=Spark(settings={"spark.executor.memory": "4g"}))
    assert raised.value.code == "FT1006"
    assert run(project, "out2").rows == 20


def test_rounds_score_what_is_new(spark: Any, project: Any) -> None:
    project.save(alias="production")
    write(project, "a.parquet", 30)
    assert run(project, "out", incremental=True).rows == 30
    assert run(project, "out", incremental=True).units == []
    project.save(model=2, alias="production")
    write(project, "b.parquet", 40, first=100)
    second = run(project, "out", incremental=True)
    assert [(unit.unit, unit.version, unit.rows) for unit in second.units] == [(2, 2, 40)]
    versions = {row["model_version"] for row in rows(project.root / "out") if row["id"] >= 100}
    assert versions == {2}


def test_what_an_interrupted_attempt_finished_is_taken_over_by_either_engine(
    spark: Any, project: Any
) -> None:
    project.save("Stops", str(project.root / "go"), alias="production")
    for at in range(4):
        write(project, f"{at}.parquet", 50, first=1000 * at)
    with pytest.raises(ft.Error) as raised:
        run(project, "out", "Stops@production", on_error="fail")
    assert raised.value.code == "FT0301"
    (project.root / "go").touch()
    summary = run(project, "out", "Stops@production", on_error="fail", engine="local")
    assert summary.units[0].adopted > 0
    assert len(rows(project.root / "out")) == 196  # four rows are skipped


def test_a_row_that_crashes_its_process_is_found(spark: Any, project: Any) -> None:
    project.save("Crashes", alias="production")
    write(project, "a.parquet", 200)
    write(project, "b.parquet", 200, first=1000)
    summary = run(project, "out", "Crashes@production")
    assert summary.total("bad") == 1
    (bad,) = quarantined(project.root / "out")
    assert bad["id"] == 1077
    assert bad["_error"]["code"] == "FT0314"
    assert bad["_error"]["file"].endswith("b.parquet")
    assert bad["_error"]["row"] == 77
    assert len(rows(project.root / "out")) == 399


def test_a_row_that_hangs_is_found_by_its_deadline(spark: Any, project: Any) -> None:
    project.save("Hangs", alias="production")
    write(project, "a.parquet", 200)
    summary = run(project, "out", "Hangs@production", deadline=3.0, batch_rows=50)
    assert summary.total("bad") == 1
    (bad,) = quarantined(project.root / "out")
    assert (bad["id"], bad["_error"]["code"]) == (77, "FT0313")


def test_a_broken_predictor_fails_the_unit(spark: Any, project: Any) -> None:
    project.save("Broken", alias="production")
    write(project, "a.parquet", 500)
    with pytest.raises(ft.Error) as raised:
        run(project, "out", "Broken@production")
    assert raised.value.code == "FT0307"
    assert not list((project.root / "out").glob("*.parquet"))


def test_too_many_bad_rows_are_told_after_all_is_in_place(spark: Any, project: Any) -> None:
    project.save("Half", alias="production")
    write(project, "a.parquet", 100)
    with pytest.raises(ft.Error) as raised:
        run(project, "out", "Half@production")
    assert raised.value.code == "FT0605"
    assert len(quarantined(project.root / "out")) == 50
    assert len(rows(project.root / "out")) == 50


def test_a_version_whose_load_crashes_leaves_the_one_before_it(spark: Any, project: Any) -> None:
    project.save("CrashesOnLoad", 1, alias="production")
    write(project, "a.parquet", 10)
    assert run(project, "out", "CrashesOnLoad@production", incremental=True).rows == 10
    project.save("CrashesOnLoad", 2, alias="production")
    write(project, "b.parquet", 10, first=100)
    with pytest.raises(ft.Error) as raised:
        run(project, "out", "CrashesOnLoad@production", incremental=True, strict=True)
    assert raised.value.code == "FT0502"
    summary = run(project, "out", "CrashesOnLoad@production", incremental=True)
    assert [unit.version for unit in summary.units] == [1]


def test_an_empty_input_gives_an_output_with_its_columns(spark: Any, project: Any) -> None:
    project.save(alias="production")
    write(project, "a.parquet", 0)
    run(project, "out")
    table = pyarrow.dataset.dataset(project.root / "out", format="parquet").to_table()
    assert table.column_names == ["id", "length", "model_version"]
    assert len(table) == 0


def test_workers_are_of_the_local_engine(project: Any) -> None:
    with pytest.raises(ft.Error) as raised:
        run(project, "out", workers=3)
    assert raised.value.code == "FT0101"
    with pytest.raises(ft.Error) as raised:
        run(project, "out", engine="flink")
    assert raised.value.code == "FT0101"


def test_a_class_that_loads_its_own_frame_wins_over_its_source(spark: Any, project: Any) -> None:
    project.save("Loads", 1000, alias="production")
    summary = run(project, "out", "Loads@production", input=None)
    assert summary.rows == 1000
    assert [row["id"] for row in rows(project.root / "out")] == list(range(1000))
    assert run(project, "out", "Loads@production", input=None).units[0].finished_before
    with pytest.raises(ft.Error) as raised:
        run(project, "rounds", "Loads@production", input=None, incremental=True)
    assert raised.value.code == "FT0707"
    write(project, "a.parquet", 10)
    assert run(project, "files", "Loads@production").rows == 10  # what is given wins over both


def test_a_frame_whose_rows_crash_a_process(spark: Any, project: Any) -> None:
    project.save("LoadsAndCrashes", 500, alias="production")
    summary = run(project, "out", "LoadsAndCrashes@production", input=None)
    assert (summary.rows, summary.total("bad")) == (500, 1)
    (bad,) = quarantined(project.root / "out")
    assert (bad["id"], bad["_error"]["code"]) == (77, "FT0314")


def test_an_empty_frame_gives_an_output_with_its_columns(spark: Any, project: Any) -> None:
    project.save("Loads", 0, alias="production")
    assert run(project, "out", "Loads@production", input=None).rows == 0
    table = pyarrow.dataset.dataset(project.root / "out", format="parquet").to_table()
    assert table.column_names == ["id", "length", "model_version"]


def test_a_frame_of_spark_is_not_gone_on_with_by_processes(spark: Any, project: Any) -> None:
    project.save("LoadsOnceThere", str(project.root / "go"), alias="production")
    with pytest.raises(ft.Error) as raised:
        run(project, "out", "LoadsOnceThere@production", input=None, on_error="fail")
    assert raised.value.code == "FT0301"
    (project.root / "go").touch()
    write(project, "a.parquet", 10)
    with pytest.raises(ft.Error) as raised:
        run(project, "out", "LoadsOnceThere@production", on_error="fail", engine="local")
    assert raised.value.code == "FT0601"
    assert run(project, "out", "LoadsOnceThere@production", input=None, on_error="fail").rows == 100
    with pytest.raises(ft.Error) as raised:  # finished, and by another input than this
        run(project, "out", "LoadsOnceThere@production", on_error="fail", engine="local")
    assert raised.value.code == "FT0601"


def test_one_engine_serves_one_run_after_another(spark: Any, project: Any) -> None:
    engine = Spark()
    project.save("Loads", 50, alias="production")
    assert run(project, "frame", "Loads@production", input=None, engine=engine).rows == 50
    write(project, "a.parquet", 10)
    assert run(project, "files", "Loads@production", engine=engine).rows == 10


def test_a_quarantine_is_an_input_of_a_predictor_that_keeps_all(spark: Any, project: Any) -> None:
    project.save("LoadsQuarantine", str(project.root / "first"), alias="production")
    project.save("Half", alias="production")
    write(project, "a.parquet", 100)
    run(project, "first", "Half@production", max_bad_ratio=1)
    assert run(project, "out", "LoadsQuarantine@production", input=None).rows == 50
    assert "_error" not in rows(project.root / "out")[0]
