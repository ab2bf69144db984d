"""Which attempts count as failed, so that the third stops the unit: only those that the version failed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import foretell as ft
from foretell import _core

RUN = """
import sys
import foretell as ft
from foretell.local.progress import Silent
ft.run("Length@production", input=sys.argv[1], output=sys.argv[2], store=sys.argv[3], workers=1, progress=Silent())
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True
        ).returncode
    ):
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def failed(output: Path) -> list[Path]:
    return list(output.glob("_foretell/units/*/failed/*/*.json"))


def test_a_full_disk_never_counts_however_often_it_is_met(project, small_disk):
    project.save()
    project.write("a.parquet", [f"text {i}" for i in range(2000)])
    project.output = small_disk / "out"
    with (small_disk / "ballast").open("wb") as ballast:
        while True:  # to the last page but those of the first records
            ballast.write(bytes(4096))
            ballast.flush()
            if shutil.disk_usage(small_disk).free <= 15 * 4096:
                break
    for _ in range(4):
        with pytest.raises(ft.Error) as refused:
            project.run(format="csv")
        assert refused.value.code == "FT0902", refused.value
    assert not failed(project.output)
    (small_disk / "ballast").unlink()
    assert project.run(format="csv").rows == 2000


def test_a_predictor_that_fails_three_times_stops_the_unit_with_its_last_reason(project):
    project.save()
    project.write("a.parquet", ["raise"] * 400)
    for _ in range(3):
        with pytest.raises(ft.Error) as refused:
            project.run()
        assert refused.value.code == "FT0307"
    last = refused.value
    assert len(failed(project.output)) == 3
    with pytest.raises(ft.Error) as refused:
        project.run()
    assert refused.value.code == "FT0606"
    assert f"failed 3 times by version 1, the last time with FT0307: {last.message}" in refused.value.message
    assert "no length for this" in refused.value.message
    assert refused.value.hint.startswith(f"foretell pin set {project.output} 1 VERSION --why …")
    project.code(project.job.replace('if text == "raise"', 'if text == "never"'))
    version = project.save(model=2)
    _core.Output.read(str(project.output)).repin(1, version.version, version.sha256, "ana", "it reads all")
    assert project.run().rows == 400
    assert {row["model_version"] for row in project.rows()} == {2}


def test_a_driver_that_is_killed_or_interrupted_never_counts(project):
    project.save()
    project.write("a.parquet", ["slow"] * 3000)
    for end in (signal.SIGINT, signal.SIGKILL) * 2:
        arguments = [sys.executable, "-c", RUN, project.input, project.output, project.store]
        process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
        before = set(project.output.glob("_foretell/staging/*/*"))
        while set(project.output.glob("_foretell/staging/*/*")) == before:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(end)
        process.wait()
    assert not failed(project.output)


def test_an_input_that_changed_never_counts(project):
    project.save()
    path = project.write("a.parquet", ["raise"] * 400)
    with pytest.raises(ft.Error) as refused:
        project.run()
    assert refused.value.code == "FT0307"
    project.write(path.name, ["ab"] * 50)
    for _ in range(3):
        with pytest.raises(ft.Error) as refused:
            project.run()
        assert refused.value.code == "FT0604"
    assert len(failed(project.output)) == 1
