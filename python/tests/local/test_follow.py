"""`follow`: rounds as files and rows come; what is half-written waits; what fails is tried again; how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell.local.following import follow
from foretell.local.input import Settling
from foretell.local.progress import Silent
from foretell.sources import InputFile


class Noted(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def followed(project, **options):
    given = {
        "input": project.input,
        "output": project.output,
        "interval": 0.05,
        "workers": 1,
        "progress": Silent(),
    }
    return closing(follow("Length@production", store=project.store, **{**given, **options}))


def start(project, *options: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "foretell", "run", "Length@production", "--follow", "--interval", "0.2s"]
    command += ["--input", f"{project.input}/*.jsonl", "--output", project.output, "--store", project.store]
    command += ["--workers", "1", "--json", *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for(what, seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < give_up, "it did not come to that"
        time.sleep(0.02)


def units(project) -> int:
    return len(list((project.output / "_foretell" / "units").glob("*/published.json")))


def test_each_round_is_a_unit_by_the_alias_as_it_stands(project):
    project.save(model=1)
    with followed(project) as rounds:
        project.write("a.parquet", ["ab"] * 10)
        assert next(rounds).rows == 10
        project.save(model=2)
        project.write("b.parquet", ["ab"] * 5, first=10)
        summary = next(rounds)
    assert (summary.units[0].unit, summary.units[0].version, summary.rows) == (2, 2, 5)
    assert [(row["id"], row["model_version"]) for row in project.rows()] == [
        (i, 1 if i < 10 else 2) for i in range(15)
    ]
    assert project.run(incremental=True).units == []


def test_an_input_that_is_not_there_yet_is_waited_for(project):
    project.save()
    told = Noted()
    with followed(project, input=project.root / "later", progress=told) as rounds:
        (project.root / "later").mkdir()
        shutil.copy(project.write("a.parquet", ["ab"]), project.root / "later")
        assert next(rounds).rows == 1


def test_a_file_has_settled_when_it_looks_the_same_often_enough():
    settling = Settling(2)
    one, two = InputFile("a", 10, 1), InputFile("a", 20, 2)
    assert settling.settled([one]) == []
    assert settling.settled([two]) == []
    assert settling.settled([two]) == [two]
    assert settling.settled([]) == []
    assert settling.settled([two]) == [], "it was gone"
    assert Settling(1).settled([one]) == [one]


def test_a_file_that_is_being_written_is_not_read_early(project):
    project.save()
    path = project.input / "slow.jsonl"
    writer = (
        "import json, sys, time\n"
        "with open(sys.argv[1], 'w') as file:\n"
        "    for i in range(100):\n"
        "        file.write(json.dumps({'id': i, 'text': 'ab'}) + '\\n')\n"
        "        file.flush()\n"
        "        time.sleep(0.05)\n"
    )
    writing = subprocess.Popen([sys.executable, "-c", writer, path])
    with followed(project, interval=0.5) as rounds:
        summary = next(rounds)
    assert writing.poll() == 0, "the writer was done before the file was taken"
    assert summary.rows == 100
    assert len(project.rows()) == 100


def test_killed_between_two_rounds_or_within_each_row_is_scored_once(project):
    project.save()
    (project.input / "a.jsonl").write_text("".join(f'{{"id": {i}, "text": "ab"}}\n' for i in range(50)))
    first = start(project)
    wait_for(lambda: units(project) == 1)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    (project.input / "b.jsonl").write_text(
        "".join(f'{{"id": {i}, "text": "slow"}}\n' for i in range(50, 250))
    )
    second = start(project)
    wait_for(lambda: (project.output / "_foretell" / "units" / f"{2:012d}").exists())
    time.sleep(0.5)
    os.killpg(second.pid, signal.SIGKILL)
    second.communicate()
    third = start(project)
    line = json.loads(third.stdout.readline())
    assert line["units"][0]["unit"] == 2, "a line a round"
    third.send_signal(signal.SIGTERM)
    out, err = third.communicate(timeout=20)
    assert (third.returncode, out) == (0, ""), err
    assert [row["id"] for row in project.rows()] == list(range(250))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second(project, how):
    project.save()
    process = start(project)
    lines = iter(process.stderr.readline, "")
    assert any("waiting for new input" in line for line in lines)
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(how)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "ended between two rounds" in err
    assert time.monotonic() - began < 3  # a second, on a machine that does other things


def test_a_signal_within_a_round_keeps_what_is_finished_and_says_how_to_go_on(project):
    project.save()
    (project.input / "a.jsonl").write_text("".join(f'{{"id": {i}, "text": "slow"}}\n' for i in range(400)))
    process = start(project)
    wait_for(lambda: (project.output / "_foretell" / "units" / f"{1:012d}").exists())
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "the same command again finishes the rest" in err
    assert project.run(input=f"{project.input}/*.jsonl", incremental=True).rows == 400
    assert len(project.rows()) == 400


def test_a_round_that_fails_is_tried_again_and_then_stopped(project):
    project.save()
    project.write("a.parquet", ["raise"] * 1000)
    told = Noted()
    with followed(project, progress=told) as rounds, pytest.raises(ft.Error) as stopped:
        next(rounds)
    assert stopped.value.code == "FT0606"
    assert "pin set" in stopped.value.hint
    assert [note.split(":")[0] for note in told.notes if "tried again" in note] == ["FT0307"] * 3


def test_a_store_out_of_reach_is_waited_for(project):
    project.save()
    project.write("a.parquet", ["ab"] * 3)

    class Returns(Noted):
        def note(self, text: str) -> None:
            super().note(text)
            if "tried again" in text:
                away.rename(project.store)

    told = Returns()
    away = project.root / "away"
    with followed(project, progress=told) as rounds:
        assert next(rounds).rows == 3
        project.store.rename(away)
        project.write("b.parquet", ["ab"] * 2, first=3)
        assert next(rounds).rows == 2
    assert any("tried again" in note for note in told.notes)


def test_what_waiting_cannot_mend_stops_it(project):
    project.save()
    pq.write_table(pa.table({"id": [1]}), project.input / "a.parquet")
    with followed(project, input=project.input) as rounds, pytest.raises(ft.Error) as stopped:
        next(rounds)
    assert stopped.value.code == "FT0203"
    (project.input / "a.parquet").unlink()
    project.write("a.parquet", ["ab"])
    with followed(project) as rounds:
        next(rounds)
        project.write("a.parquet", ["abc"] * 2)
        with pytest.raises(ft.Error) as stopped:
            next(rounds)
    assert stopped.value.code == "FT0604"


@pytest.mark.parametrize("options", [{"interval": 0}, {"settle": 0}, {"workers": 0}])
def test_wrong_options_are_refused_at_once(project, options):
    with pytest.raises(ft.Error) as refused:
        follow("Length@production", output=project.output, store=project.store, **options)
    assert refused.value.code == "FT0101"


def test_a_query_is_followed(project):
    pytest.importorskip("duckdb")
    project.save()
    source = ft.sql(
        "select id, text, id // 4 as step from events",
        events=ft.files(project.input),
        cursor="step",
        key="id",
    )
    project.write("a.parquet", ["ab"] * 6)
    with followed(project, input=source) as rounds:
        assert next(rounds).rows == 6
        project.write("b.parquet", ["ab"] * 4, first=6)
        assert next(rounds).rows == 4
    assert [row["id"] for row in project.rows()] == list(range(10))


def test_options_of_follow_alone_need_it(project):
    command = [sys.executable, "-m", "foretell", "run", "Length@1", "--output", "out", "--interval"]
    answer = subprocess.run([*command, "10s"], capture_output=True, text=True)
    assert answer.returncode == 2
    assert "--follow" in answer.stderr
    answer = subprocess.run([*command, "soon", "--follow"], capture_output=True, text=True)
    assert answer.returncode == 2
    assert "soon" in answer.stderr
