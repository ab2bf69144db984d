"""Streams: a unit of work for each micro-batch, by the version that the alias names when it begins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell import _core
from foretell.local.progress import Silent
from foretell.spark import Stream, stream

SCHEMA = "id long, text string"


def write(project: Any, name: str, first: int, rows: int = 10) -> None:
    folder = project.root / "in"
    folder.mkdir(exist_ok=True)
    table = pa.table(
        {
            "id": pa.array(range(first, first + rows), pa.int64()),
            "text": pa.array([f"row {at}" for at in range(rows)]),
        }
    )
    pq.write_table(table, folder / f"_{name}")
    (folder / f"_{name}").rename(folder / name)


def streamed(spark: Any, project: Any, files: int = 1) -> Any:
    (project.root / "in").mkdir(exist_ok=True)
    reader = spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", files)
    return reader.parquet(str(project.root / "in"))


def start(spark: Any, project: Any, reference: str = "Length@production", **options: Any) -> Stream:
    return stream(
        reference,
        frame=options.pop("frame", None) or streamed(spark, project),
        output=project.root / "out",
        store=project.store,
        progress=Silent(),
        **{"trigger": "available now", **options},
    )


def finish(spark: Any, project: Any, reference: str = "Length@production", **options: Any) -> None:
    assert start(spark, project, reference, **options).await_termination()


def rows(output: Path) -> list[dict[str, Any]]:
    return pyarrow.dataset.dataset(output, format="parquet").to_table().sort_by("id").to_pylist()


def units(project: Any) -> list[tuple[int, int, int]]:
    found = _core.Output.read(str(project.root / "out")).read_units()
    return [(unit.number, unit.pin["version"], unit.commit["counts"]["rows"]) for unit in found]


def code_of(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(ft.Error) as raised:
        call(*arguments, **options)
    return raised.value.code


def test_a_unit_for_each_micro_batch_by_the_version_of_the_moment(spark: Any, project: Any) -> None:
    project.save(alias="production")
    write(project, "a.parquet", 0)
    write(project, "b.parquet", 100)
    finish(spark, project)
    project.save(model=2, alias="production")
    write(project, "c.parquet", 200)
    told: list[Any] = []
    finish(spark, project, on_unit=told.append)
    assert units(project) == [(1, 1, 10), (2, 1, 10), (3, 2, 10)]
    assert [(unit.unit, unit.version, unit.rows) for unit in told] == [(3, 2, 10)]
    found = rows(project.root / "out")
    assert [row["id"] for row in found] == [*range(10), *range(100, 110), *range(200, 210)]
    assert {row["model_version"] for row in found if row["id"] >= 200} == {2}
    assert {row["length"] for row in found if row["id"] >= 200} == {10}
    finish(spark, project)  # nothing new, no unit
    assert len(units(project)) == 3


def test_equals_a_run_over_the_same_files(spark: Any, project: Any) -> None:
    project.save(alias="production")
    for at in range(3):
        write(project, f"{at}.parquet", 1000 * at, 50)
    finish(spark, project)
    ft.run(
        "Length@production",
        input=project.root / "in",
        output=project.root / "run",
        store=project.store,
        workers=1,
        progress=Silent(),
    )
    assert rows(project.root / "out") == rows(project.root / "run")


def test_an_alias_that_moves_takes_effect_without_a_restart(spark: Any, project: Any) -> None:
    project.save(alias="production")
    told: list[Any] = []
    with start(spark, project, trigger=0.2, on_unit=told.append) as running:
        write(project, "a.parquet", 0)
        running.query.processAllAvailable()
        project.save(model=2, alias="production")
        write(project, "b.parquet", 100)
        running.query.processAllAvailable()
        ft.Store(project.store).rollback("Length", "production")
        write(project, "c.parquet", 200)
        running.query.processAllAvailable()
        assert running.is_active
    assert [unit.version for unit in told] == [1, 2, 1]


def test_a_version_that_cannot_serve_leaves_the_one_before(spark: Any, project: Any) -> None:
    project.save("CrashesOnLoad", 1, alias="production")
    write(project, "a.parquet", 0)
    finish(spark, project, "CrashesOnLoad@production")
    project.save("CrashesOnLoad", 2, alias="production")
    write(project, "b.parquet", 100)
    assert code_of(finish, spark, project, "CrashesOnLoad@production", strict=True) == "FT0502"
    finish(spark, project, "CrashesOnLoad@production")
    assert [version for _, version, _ in units(project)] == [1, 1]


def test_a_version_that_fails_three_attempts_stops_with_the_line_to_paste(spark: Any, project: Any) -> None:
    project.save("Broken", alias="production")
    write(project, "a.parquet", 0, 100)
    with pytest.raises(ft.Error) as raised:
        finish(spark, project, "Broken@production")
    assert raised.value.code == "FT0606"
    assert "foretell pin set" in raised.value.hint


def test_a_persons_pin_lets_it_go_on(spark: Any, project: Any) -> None:
    project.save("Mended", 1, alias="production")
    write(project, "a.parquet", 0, 100)
    assert code_of(finish, spark, project, "Mended@production") == "FT0606"
    version = project.save("Mended", 2)
    _core.Output.read(str(project.root / "out")).repin(
        1, version.version, version.sha256, "a person", "it works"
    )
    finish(spark, project, "Mended@production")
    assert units(project) == [(1, 2, 100)]


def test_bad_rows_go_to_quarantine_with_their_batch(spark: Any, project: Any) -> None:
    project.save(alias="production")
    (project.root / "in").mkdir()
    pq.write_table(
        pa.table({"id": [1, 2, 3], "text": ["a", "bad", "skip"]}), project.root / "in" / "a.parquet"
    )
    finish(spark, project)
    assert [row["id"] for row in rows(project.root / "out")] == [1]
    (bad,) = pq.read_table(project.root / "out" / "_quarantine").to_pylist()
    assert (bad["id"], bad["text"], bad["_error"]["code"]) == (2, "bad", "FT0301")
    assert (bad["_error"]["file"], bad["_error"]["version"]) == ("batch 0, partition 0", 1)
    again = ft.run(
        "Length@production",
        input=project.root / "out" / "_quarantine",
        output=project.root / "again",
        store=project.store,
        progress=Silent(),
        max_bad_ratio=1,
    )
    assert again.rows == 1


def test_too_many_bad_rows_stop_it_after_they_are_committed(spark: Any, project: Any) -> None:
    project.save("Half", alias="production")
    write(project, "a.parquet", 0, 100)
    assert code_of(finish, spark, project, "Half@production") == "FT0605"
    assert units(project) == [(1, 1, 100)]
    project.save("Half", 2, alias="production")  # one that is well
    write(project, "b.parquet", 200, 50)
    finish(spark, project, "Half@production", max_bad_ratio=0.5)
    assert units(project) == [(1, 1, 100), (2, 2, 50)]


def test_a_unit_that_comes_again_is_not_counted_again(spark: Any, project: Any) -> None:
    project.save("Half", alias="production")
    write(project, "a.parquet", 0, 30)  # 15 bad rows are not too many, 30 would be
    finish(spark, project, "Half@production")
    shutil.rmtree(
        project.root / "out" / "_checkpoint" / "commits"
    )  # as if it was killed before Spark noted it
    finish(spark, project, "Half@production")
    assert units(project) == [(1, 1, 30)]


def test_a_lost_checkpoint_is_refused_unless_it_is_a_new_lineage(spark: Any, project: Any) -> None:
    project.save(alias="production")
    write(project, "a.parquet", 0)
    finish(spark, project)
    shutil.rmtree(project.root / "out" / "_checkpoint")
    assert code_of(start, spark, project) == "FT0603"
    finish(spark, project, new_lineage=True)
    assert units(project) == [(1, 1, 10), (2, 1, 10)]
    write(project, "b.parquet", 100)
    finish(spark, project)
    assert units(project)[2:] == [(3, 1, 10)]


def test_a_new_lineage_closes_what_the_old_one_left_open(spark: Any, project: Any) -> None:
    project.save("Mended", 1, alias="production")
    write(project, "a.parquet", 0, 100)
    assert code_of(finish, spark, project, "Mended@production") == "FT0606"
    shutil.rmtree(project.root / "out" / "_checkpoint")
    project.save("Mended", 2, alias="production")
    finish(spark, project, "Mended@production", new_lineage=True)
    assert units(project) == [(1, 1, 0), (2, 2, 100)]
    assert len(rows(project.root / "out")) == 100


def test_refuses_checkpoints_of_others(spark: Any, project: Any, tmp_path: Path) -> None:
    project.save(alias="production")
    write(project, "a.parquet", 0)
    foreign = (
        streamed(spark, project)
        .writeStream.format("noop")
        .option("checkpointLocation", str(tmp_path / "foreign"))
    )
    foreign.trigger(availableNow=True).start().awaitTermination()
    assert code_of(start, spark, project, checkpoint=tmp_path / "foreign") == "FT0603"
    finish(spark, project)
    other = stream(
        "Length@production",
        frame=streamed(spark, project),
        output=project.root / "out2",
        store=project.store,
        progress=Silent(),
        trigger="available now",
    )
    assert other.await_termination()
    assert code_of(start, spark, project, checkpoint=project.root / "out2" / "_checkpoint") == "FT0603"


def test_a_second_driver_is_refused_while_one_lives(spark: Any, project: Any) -> None:
    project.save(alias="production")
    with start(spark, project, trigger="1s"):
        assert code_of(start, spark, project) == "FT0602"
    finish(spark, project)


def test_input_that_differs_from_the_pin_stops_it(spark: Any, project: Any) -> None:
    project.save("Mended", 1, alias="production")
    write(project, "a.parquet", 0, 100)
    write(project, "b.parquet", 100, 100)
    assert code_of(finish, spark, project, "Mended@production") == "FT0606"
    metadata = project.root / "out" / "_checkpoint" / "metadata"
    metadata.write_text(json.dumps({"id": "00000000-0000-0000-0000-000000000000"}))
    (metadata.parent / ".metadata.crc").unlink(missing_ok=True)
    assert code_of(finish, spark, project, "Mended@production") == "FT0604"


def test_a_checkpoint_whose_offsets_are_gone_is_lost(spark: Any, project: Any) -> None:
    project.save(alias="production")
    write(project, "a.parquet", 0)
    finish(spark, project)
    for name in ("offsets", "commits", "sources"):
        shutil.rmtree(project.root / "out" / "_checkpoint" / name)
    assert code_of(start, spark, project) == "FT0603"


def test_refuses_what_does_not_stream(spark: Any, project: Any) -> None:
    project.save(alias="production")
    batch = spark.createDataFrame([(1, "a")], SCHEMA)
    assert code_of(start, spark, project, frame=batch) == "FT1003"
    assert code_of(start, spark, project, frame=[1]) == "FT1003"
    assert code_of(start, spark, project, trigger="soon") == "FT0101"
    assert code_of(start, spark, project, engine="local") == "FT0101"
    assert code_of(start, spark, project, "Nobody@production") == "FT0401"
    renamed = streamed(spark, project).withColumnRenamed("text", "words")
    write(project, "a.parquet", 0)
    assert code_of(finish, spark, project, frame=renamed) == "FT0203"


def test_empty_micro_batches_make_empty_units(spark: Any, project: Any) -> None:
    project.save(alias="production")
    write(project, "a.parquet", 0, 0)
    write(project, "b.parquet", 0, 5)
    finish(spark, project)
    assert sorted(count for _, _, count in units(project)) == [0, 5]


def test_starts_from_a_predictor_and_follows_its_alias(spark: Any, project: Any) -> None:
    project.save("Streams", 1, alias="production")
    write(project, "a.parquet", 0)
    predictor = ft.load("Streams@production", store=project.store)
    running = predictor.spark.start(output=project.root / "out", trigger="available now", progress=Silent())
    assert running.await_termination()
    project.save("Streams", 2, alias="production")
    write(project, "b.parquet", 100)
    predictor.spark.start(output="out", trigger="available now", progress=Silent()).await_termination()
    assert [version for _, version, _ in units(project)] == [1, 2]
    assert code_of(project.module.Length(1).spark.start, output="other") == "FT0101"


def test_a_command_streams_until_it_is_told_to_end(spark: Any, project: Any) -> None:
    import os
    import signal
    import subprocess
    import sys

    project.save("Streams", 1, alias="production")
    write(project, "a.parquet", 0)
    options = "--engine spark --master local[1] --follow --trigger 1s --output out --json --conf spark.ui.enabled=false"
    process = subprocess.Popen(
        [sys.executable, "-m", "foretell", "run", "Streams@production", *options.split()],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "FORETELL_STORE": str(project.store), "SPARK_LOCAL_IP": "127.0.0.1"},
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["rows"] == 10
    write(project, "b.parquet", 100)
    assert json.loads(process.stdout.readline())["units"][0]["unit"] == 2
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert "the same command again goes on" in told


def test_text_is_read_in_the_types_that_the_predictor_declares(spark: Any, project: Any) -> None:
    project.save(alias="production")
    (project.root / "in").mkdir()
    (project.root / "in" / "a.csv").write_text("id,text\n1,12\n2,345\n")
    source = ft.files(project.root / "in")
    assert source.schema().field("text").type == pa.int64()  # where nobody says more
    running = stream(
        "Length@production",
        input=source,
        output=project.root / "out",
        store=project.store,
        progress=Silent(),
        trigger="available now",
    )
    assert running.await_termination()
    assert [(row["id"], row["length"]) for row in rows(project.root / "out")] == [(1, 2), (2, 3)]
    predictor = ft.load("Length@production", store=project.store).with_source(source)
    frame = predictor.load_input_dataframe(spark)
    assert dict(frame.dtypes) == {"id": "bigint", "text": "string"}
    assert sorted(row.length for row in predictor.predict(frame).collect()) == [2, 3]


def test_a_stream_starts_again_while_the_alias_names_a_version_that_cannot_be_loaded(
    spark: Any, project: Any
) -> None:
    project.save("StreamsUnlessBroken", 1, alias="production")
    write(project, "a.parquet", 0)
    options = {"output": project.root / "out", "store": project.store, "progress": Silent()}
    options["trigger"] = "available now"
    assert stream("StreamsUnlessBroken@production", **options).await_termination()
    project.save("StreamsUnlessBroken", 2, alias="production")
    write(project, "b.parquet", 100)
    assert code_of(stream, "StreamsUnlessBroken@production", strict=True, **options) == "FT0502"
    assert stream("StreamsUnlessBroken@production", **options).await_termination()
    assert [version for _, version, _ in units(project)] == [1, 1]


def test_stop_waits_for_the_micro_batch_on_its_way(spark: Any, project: Any) -> None:
    import time

    project.save("Slow", 1, alias="production")
    running = start(spark, project, "Slow@production", trigger=0.2)
    write(project, "a.parquet", 0, 15)
    while not _core.Output.read(str(project.root / "out")).unit_numbers():
        time.sleep(0.05)
    running.stop()
    assert units(project) == [(1, 1, 15)]
    assert not running.is_active
    assert code_of(running.await_termination, 0) == "FT0101"
