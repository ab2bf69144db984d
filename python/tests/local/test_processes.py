"""The worker processes of a run end with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import foretell as ft

RUN = """
import sys
import foretell as ft
ft.run("Length@production", input=sys.argv[1], output=sys.argv[2], store=sys.argv[3], workers=2)
"""


def start(project) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, project.input, project.output, project.store],
        stderr=subprocess.PIPE,
        text=True,
    )


def gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def noting(project, then: str) -> Path:
    """A predictor whose worker notes its process in a folder at a row \"note\", and goes on with ``then``."""
    notes = project.root / "notes"
    notes.mkdir()
    project.code(
        project.job.replace(
            'if text == "raise":',
            f'if text == "note":\n            open(f"{notes}/{{os.getpid()}}", "w").close()\n'
            f'            {then}\n        if text == "raise":',
        )
    )
    project.save()
    return notes


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_driver_even_when_they_hang(project, signum, alive, wait_until):
    notes = noting(project, "time.sleep(600)")
    for name in ("a.parquet", "b.parquet"):
        project.write(name, ["note"] * 10)
    driver = start(project)
    assert wait_until(lambda: len(list(notes.iterdir())) == 2)
    workers = [int(path.name) for path in notes.iterdir()]
    assert all(map(alive, workers))
    driver.send_signal(signum)
    told = driver.communicate(timeout=30)[1]
    assert ("run the same again to finish unit 1" in told) == (signum == signal.SIGINT)
    assert wait_until(lambda: not any(map(alive, workers)), 5)
    assert not list(project.output.glob("*.parquet"))


def test_what_user_code_prints_goes_to_standard_error(project, capfd):
    noting(project, "print('printed by user code')")
    project.write("a.parquet", ["note"])
    project.run()
    told = capfd.readouterr()
    assert told.out == ""
    assert "printed by user code" in told.err


def test_what_a_worker_started_ends_with_the_run(project, alive, wait_until):
    notes = noting(
        project,
        f"import subprocess; p = subprocess.Popen(['sleep', '600']); "
        f'open(f"{project.root}/notes/{{p.pid}}", "w").close()',
    )
    project.write("a.parquet", ["note", "ab"])
    project.run()
    children = [int(path.name) for path in notes.iterdir()]
    assert len(children) == 2
    assert wait_until(lambda: not any(map(alive, children)), 5)


def test_what_a_worker_started_ends_with_a_run_that_is_killed(project, alive, wait_until):
    started = (
        f"p = __import__('subprocess').Popen(['sleep', '600']); open(f'{project.root}/notes/{{p.pid}}', 'w')"
    )
    notes = noting(project, f"{started}; time.sleep(600)")
    project.write("a.parquet", ["note"])
    driver = start(project)
    assert wait_until(lambda: len(list(notes.iterdir())) == 2)
    both = [int(path.name) for path in notes.iterdir()]
    assert all(map(alive, both))
    group = os.getpgid(both[0])
    driver.kill()
    driver.communicate(timeout=30)  # to the end of what all of them may have written
    assert wait_until(lambda: not any(map(alive, both)), 10)
    assert wait_until(lambda: gone(group)), "with the process that saw to it"


def test_user_code_may_wait_for_all_of_its_children(project):
    project.code(project.job.replace('if text == "raise":', 'if text == "raise":\n            os.wait()'))
    project.save()
    project.write("a.parquet", ["raise", "ab"])
    with pytest.raises(ft.Error):
        project.run(on_error="fail")


def test_what_a_worker_registered_for_its_end_is_done(project):
    notes = noting(project, f"import atexit; atexit.register(os.mkdir, '{project.root}/notes/said-goodbye')")
    project.write("a.parquet", ["note"])
    project.run()
    assert (notes / "said-goodbye").exists()


def test_replacements_that_die_at_once_stop_the_run(project, monkeypatch):
    opened = project.root / "opened"
    project.code(
        project.job.replace(
            "    keep = [",
            f"    def setup(self):\n        if 'foretell.local.worker' in sys.orig_argv:\n"
            f"            if os.path.exists('{opened}'):\n                os._exit(9)\n"
            f"            open('{opened}', 'w').close()\n\n    keep = [",
        )
    )
    project.save()
    project.write("a.parquet", ["ab", "exit", "ab"])
    with pytest.raises(ft.Error) as stopped:
        project.run()
    assert stopped.value.code == "FT0502"
    assert "status 9" in stopped.value.message
    assert os.listdir(project.output) == ["_foretell"]


def test_a_process_that_is_killed_while_it_loads_is_replaced(project):
    killed = project.root / "killed"
    project.code(
        project.job.replace(
            "    keep = [",
            f"    def setup(self):\n        if 'foretell.local.worker' in sys.orig_argv:\n"
            f"            if not os.path.exists('{killed}'):\n                open('{killed}', 'w').close()\n"
            "                os.kill(os.getpid(), 9)\n\n    keep = [",
        )
    )
    project.save()
    project.write("a.parquet", ["ab", "abc"])
    summary = project.run()
    assert killed.exists()
    assert [row["length"] for row in project.rows()] == [2, 3]
    assert summary.crashes == 1
