"""A run from its input to its output: batch, resume, incremental, policies, refusals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell import _core
from foretell.local.planning import other_option
from foretell.local.progress import Silent

RUN = """
import sys
import foretell as ft
from foretell.local.progress import Silent
ft.run("Length@production", input=sys.argv[1], output=sys.argv[2], store=sys.argv[3], workers=2, progress=Silent())
"""


def start(project) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, project.input, project.output, project.store], start_new_session=True
    )


def test_each_row_is_scored_once_by_one_known_version(project):
    version = project.save(model=2)
    project.write("a.parquet", [f"text {i}" for i in range(2500)])
    project.write("b.parquet", [f"more {i}" for i in range(700)], first=2500)
    summary = project.run(workers=2)
    rows = project.rows()
    assert [row["id"] for row in rows] == list(range(3200))
    assert all(row["length"] == 2 * len(f"text {row['id']}") for row in rows[:2500])
    assert {row["model_version"] for row in rows} == {version.version}
    assert set(rows[0]) == {"id", "length", "model_version"}
    assert (summary.rows, summary.total("predicted"), summary.total("bad")) == (3200, 3200, 0)
    stages = summary.units[0].stage_seconds
    assert set(stages) == {"reading", "features", "predicting", "writing"}
    assert all(taken >= 0 for taken in stages.values())
    assert stages["predicting"] > 0
    assert json.loads(json.dumps(summary.to_json()))["units"][0]["version"] == version.version


def test_a_version_is_durable_before_a_pin_names_it(project, tmp_path):
    """Its save may have been killed just before that: the run syncs the version's folder, as any reader may."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    project.save()
    project.write("a.parquet", ["a", "bb"])
    log = tmp_path / "calls"
    traced = ["strace", "-y", "-o", str(log), "-e", "trace=fsync,renameat2", sys.executable, "-c", RUN]
    ended = subprocess.run(
        [*traced, project.input, project.output, project.store], capture_output=True, text=True
    )
    if "ptrace" in ended.stderr:
        pytest.skip("this machine allows no tracing")
    assert ended.returncode == 0, ended.stderr
    calls = log.read_text().splitlines()
    synced = [at for at, call in enumerate(calls) if call.startswith("fsync") and "/versions/length>" in call]
    pinned = [
        at for at, call in enumerate(calls) if "/units/000000000001>" in call and call.startswith("renameat2")
    ]
    assert synced
    assert synced[0] < pinned[0]
    assert not [call for call in calls if call.startswith("renameat2") and f"{project.store}/" in call]


def test_a_run_keeps_the_columns_that_it_is_told_to(project):
    project.save()
    project.write("a.parquet", ["a", "bb"])
    project.run(keep=["other", "id"])
    assert [list(row) for row in project.rows()] == [["other", "id", "length", "model_version"]] * 2
    for other, found in ((None, "keep=['other', 'id'], not None"), (["id"], "not ['id']")):
        with pytest.raises(ft.Error, match="FT0601") as stopped:
            project.run(keep=other)
        assert found in stopped.value.message


@pytest.mark.parametrize(
    ("keep", "code", "said"),
    [
        (["nowhere"], "FT0203", "no column 'nowhere' to keep"),
        (["id", "id"], "FT0210", "two columns 'id'"),
        ("id", "FT0101", "expected a list of column names"),
    ],
)
def test_columns_that_cannot_be_kept(project, keep, code, said):
    project.save()
    project.write("a.parquet", ["a", "bb"])
    with pytest.raises(ft.Error, match=code) as stopped:
        project.run(keep=keep)
    assert said in stopped.value.message
    assert not list(project.output.glob("part-*"))


def test_the_pin_of_an_earlier_release_says_nothing_of_columns():
    pinned = {"format": "parquet", "on_error": "null", "version_column": "v"}
    assert other_option(pinned, {**pinned, "keep": None}) == ""
    assert other_option(pinned, {**pinned, "keep": ["id"]}) == "it has keep=None, not ['id']"


class Notes(Silent):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


def inodes(project):
    return {path: path.stat().st_ino for path in project.output.glob("*.parquet")}


def test_a_finished_run_is_not_scored_again_and_says_so(project):
    project.save()
    project.write("a.parquet", ["x"] * 100)
    project.run()
    before = inodes(project)
    notes = Notes()
    summary = project.run(progress=notes)
    assert summary.units[0].finished_before
    assert notes.texts == ["already finished by Length@1: nothing to do"]
    assert project.run("Length@1").units[0].finished_before, "the same version by its number"
    assert inodes(project) == before


def refused_as_finished(project, reference="Length@production", **options):
    before = inodes(project)
    with pytest.raises(ft.Error) as refused:
        project.run(reference, **options)
    assert refused.value.code == "FT0601"
    assert "is finished, by Length@1 from 2 files; " in refused.value.message
    assert "another --output" in refused.value.hint
    assert "--incremental" in refused.value.hint
    assert inodes(project) == before
    return refused.value.message


def test_a_finished_run_by_another_version_from_another_input_or_in_another_form_is_refused(project):
    project.save()
    paths = [project.write(f"{name}.parquet", ["x"] * 10) for name in "ab"]
    project.run()
    assert "it has format='parquet', not 'csv'" in refused_as_finished(project, format="csv")
    assert "lacks" in refused_as_finished(project, input=paths[0])
    assert "and now" in refused_as_finished(project, input=project.root / "nowhere")
    project.write("a.parquet", ["xyz"] * 11)
    assert "a.parquet changed since" in refused_as_finished(project)
    paths[0].unlink()
    assert "lacks" in refused_as_finished(project)
    project.save(model=5)
    assert "Length@production is version 2" in refused_as_finished(project)
    with pytest.raises(ft.Error) as refused:
        project.run("Length@3")
    assert refused.value.code == "FT0402"


def test_new_files_for_a_finished_run_are_refused_by_name(project):
    project.save()
    for name in "ab":
        project.write(f"{name}.parquet", ["x"] * 10)
    project.run()
    project.write("c.parquet", ["x"] * 10)
    project.write("d.parquet", ["x"] * 10)
    message = refused_as_finished(project)
    assert "c.parquet, which is not among them, and 1 more" in message


def test_a_run_that_a_person_pinned_anew_is_finished_for_the_command_that_began_it(project):
    project.save()
    project.write("a.parquet", ["raise"] * 400)
    with pytest.raises(ft.Error):
        project.run("Length@1")
    project.code(project.job.replace('if text == "raise"', 'if text == "never"'))
    version = project.save(model=2)
    _core.Output.read(str(project.output)).repin(1, version.version, version.sha256, "ana", "it reads all")
    assert project.run("Length@1").units[0].version == 2
    assert project.run("Length@1").units[0].finished_before


def test_a_killed_run_is_finished_by_the_version_that_it_began_with(project):
    project.save(model=1)
    for number in range(6):
        project.write(f"{number}.parquet", ["slow"] * 60, first=60 * number)
    process = start(project)
    done = project.output / "_foretell"
    deadline = time.monotonic() + 60
    while not list(done.glob("staging/*/*/part-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not list(project.output.glob("*.parquet")), "nothing is visible before the commit"
    project.save(model=7)  # production moves
    whole = {path.name: path.stat().st_ino for path in done.glob("staging/*/*/part-*.parquet")}
    summary = project.run()
    rows = project.rows()
    assert [row["id"] for row in rows] == list(range(360))
    assert {row["length"] for row in rows} == {4}
    assert {row["model_version"] for row in rows} == {1}
    adopted = [
        path for path in project.output.glob("*.parquet") if whole.get(path.name) == path.stat().st_ino
    ]
    assert len(adopted) == summary.units[0].adopted > 0, "finished parts are kept, not written again"
    assert summary.units[0].adopted_rows > 0
    scored = 360 - summary.units[0].adopted_rows
    assert summary.rows_per_second == pytest.approx(scored / summary.seconds), "not those of an earlier call"


def test_two_runs_on_one_output_the_second_refuses_at_once(project):
    project.save()
    project.write("a.parquet", ["slow"] * 300)
    process = start(project)
    while not (project.output / "_foretell" / "units").exists():
        time.sleep(0.01)
    with pytest.raises(ft.Error) as refused:
        project.run()
    assert refused.value.code == "FT0602"
    assert str(process.pid) in refused.value.message
    assert process.wait() == 0
    assert len(project.rows()) == 300


def test_incremental_scores_only_what_is_new_by_the_alias_as_it_stands(project):
    project.save(model=1)
    project.write("a.parquet", ["ab"] * 10)
    first = project.run(incremental=True)
    project.save(model=2)
    project.write("b.parquet", ["ab"] * 5, first=10)
    second = project.run(incremental=True)
    third = project.run(incremental=True)
    assert (first.rows, second.rows, third.units) == (10, 5, [])
    assert str(third).endswith("nothing new")
    assert [(row["length"], row["model_version"]) for row in project.rows()] == [(2, 1)] * 10 + [(4, 2)] * 5


def test_an_input_that_changed_is_an_error_unless_it_may_be_rescored(project):
    project.save()
    project.write("a.parquet", ["ab"] * 10)
    project.run(incremental=True)
    project.write("a.parquet", ["abc"] * 12)
    with pytest.raises(ft.Error) as refused:
        project.run(incremental=True)
    assert refused.value.code == "FT0604"
    assert "a.parquet" in refused.value.message
    assert "--rescore-changed" in refused.value.hint
    assert project.run(incremental=True, rescore_changed=True).rows == 12
    assert len(project.rows()) == 22


def test_an_input_that_changed_since_the_pin_stops_the_resumed_run(project):
    project.save()
    path = project.write("a.parquet", ["slow"] * 400)
    process = start(project)
    while not (project.output / "_foretell" / "units").exists():
        time.sleep(0.01)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.2)
    project.write(path.name, ["other"] * 400)
    with pytest.raises(ft.Error) as refused:
        project.run()
    assert refused.value.code == "FT0604"
    assert not list(project.output.glob("*.parquet"))


def test_bounded_and_incremental_runs_do_not_share_an_output(project):
    project.save()
    project.write("a.parquet", ["ab"])
    project.run()
    with pytest.raises(ft.Error) as refused:
        project.run(incremental=True)
    assert refused.value.code == "FT0601"


def test_an_output_belongs_to_one_predictor(project):
    project.save()
    project.write("a.parquet", ["ab"])
    project.run()
    project.module.Untyped(store=project.store).save_model(0, model_key="Other", example=[{"text": "a"}])
    with pytest.raises(ft.Error) as refused:
        project.run("Other@1")
    assert refused.value.code == "FT0603"


def test_a_folder_with_other_files_is_refused(project):
    project.save()
    project.write("a.parquet", ["ab"])
    project.output.mkdir()
    (project.output / "mine.txt").write_text("keep me")
    with pytest.raises(ft.Error) as refused:
        project.run()
    assert refused.value.code == "FT0601"
    assert (project.output / "mine.txt").read_text() == "keep me"


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_text_outputs_hold_the_same_rows(project, format):
    project.save(model=3)
    project.write("a.parquet", ["ab", "abc", "ä"])
    project.run(format=format)
    rows = project.rows(format="csv" if format == "csv" else "json")
    assert [(row["id"], row["length"], row["model_version"]) for row in rows] == [
        (0, 6, 1),
        (1, 9, 1),
        (2, 3, 1),
    ]


def test_an_untyped_version_is_refused_with_the_line_to_paste(project):
    project.module.Untyped(store=project.store).save_model(
        0, alias="production", unchecked=True, why="a test"
    )
    project.write("a.parquet", ["ab"])
    with pytest.raises(ft.Error) as refused:
        project.run("Untyped@production")
    assert refused.value.code == "FT0308"
    assert "output = ft.schema(" in refused.value.hint


def test_empty_input_gives_an_empty_output_with_its_columns(project):
    project.save()
    project.write("a.parquet", [])
    assert project.run().rows == 0
    assert [field.name for field in pq.read_schema(next(project.output.glob("*.parquet")))] == [
        "id",
        "length",
        "model_version",
    ]


def test_no_input_is_said_before_anything_is_written(project):
    project.save()
    with pytest.raises(ft.Error) as refused:
        project.run()
    assert refused.value.code == "FT0701"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"format": "xml"}, "FT0101"),
        ({"on_error": "ignore"}, "FT0101"),
        ({"workers": -1}, "FT0101"),
        ({"max_bad_ratio": 2.0}, "FT0101"),
        ({"deadline": 0.0}, "FT0101"),
        ({"reference": "Length@9"}, "FT0402"),
        ({"reference": "Length@nobody"}, "FT0403"),
        ({"reference": "Nobody@1"}, "FT0401"),
        ({"reference": "Length@@"}, "FT0105"),
    ],
)
def test_wrong_options_are_refused(project, options, code):
    project.save()
    project.write("a.parquet", ["ab"])
    with pytest.raises(ft.Error) as refused:
        project.run(**options)
    assert refused.value.code == code
    assert not list(project.output.glob("*.parquet"))


def test_a_version_that_cannot_load_leaves_the_one_before_it_in_place(project, monkeypatch):
    project.save(model=1)
    project.write("a.parquet", ["ab"] * 3)
    project.run(incremental=True)
    project.save("DiesAtLoad")
    monkeypatch.setenv("FORETELL_TEST_LOAD", "raise")
    project.write("b.parquet", ["ab"] * 2, first=3)
    with pytest.raises(ft.Error) as refused:
        project.run(incremental=True, strict=True)
    assert refused.value.code == "FT0502"
    assert "foretell rollback Length production" in refused.value.hint
    assert project.run(incremental=True).units[0].version == 1
    assert {row["model_version"] for row in project.rows()} == {1}


def test_input_that_cannot_serve_is_refused_before_it_is_pinned(project):
    project.save()
    path = project.write("a.parquet", ["ab"])
    pq.write_table(pq.read_table(path).drop_columns("text"), path)
    with pytest.raises(ft.Error) as refused:
        project.run()
    assert refused.value.code == "FT0203"
    project.write("a.parquet", ["ab"])
    assert project.run().rows == 1, "the corrected input goes into the same output"


def test_a_version_that_does_not_fit_the_input_leaves_the_one_before_it_in_place(project):
    project.save(model=1)
    project.write("a.parquet", ["ab"] * 3)
    project.run(incremental=True)
    project.code(project.job.replace('text="string"', 'text="string", city="string"'))
    project.save(model=2)
    project.write("b.parquet", ["ab"] * 2, first=3)
    with pytest.raises(ft.Error) as refused:
        project.run(incremental=True, strict=True)
    assert refused.value.code == "FT0203"
    assert project.run(incremental=True).units[0].version == 1
    assert {row["model_version"] for row in project.rows()} == {1}


def test_a_worker_that_dies_while_it_loads_is_named(project, monkeypatch):
    project.save("DiesAtLoad")
    project.write("a.parquet", ["ab"] * 3)
    monkeypatch.setenv("FORETELL_TEST_LOAD", "die")
    with pytest.raises(ft.Error) as refused:
        project.run()
    assert refused.value.code == "FT0502"
    assert "status 9" in refused.value.message
