"""What all commands have in common: help, version, errors, exit statuses, terminals and pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Environment = Callable[..., dict[str, str]]


ALL_COMMANDS = [
    "save",
    "versions",
    "show",
    "check",
    "compare",
    "promote",
    "rollback",
    "history",
    "predict",
    "run",
    "runs",
    "pin",
    "verify",
    "explain",
]


def test_help_lists_every_command_and_exit_status(foretell: Command) -> None:
    answer = foretell("--help")
    assert answer.status == 0
    for name in ALL_COMMANDS:
        assert f" {name} " in answer.out
    for status in (0, 1, 2, 3, 4, 5, 6, 7, 8, 130):
        assert f"\n {status} " in answer.out


def test_every_command_has_help(foretell: Command) -> None:
    for name in ALL_COMMANDS:
        answer = foretell(name, "--help")
        assert answer.status == 0, answer.err
        assert f"Usage: foretell {name}" in answer.out
    assert "Usage: foretell pin set" in foretell("pin", "set", "-h").out


def test_the_command_alone_prints_its_help(foretell: Command) -> None:
    answer = foretell()
    assert answer.status == 0
    assert "Usage: foretell" in answer.out


def test_version_is_the_package_version(foretell: Command) -> None:
    import foretell as package

    assert foretell("--version").out == f"foretell {package.__version__}\n"


def test_help_loads_no_heavy_package(here: Path, environment: Environment) -> None:
    code = (
        "import sys; sys.argv = ['foretell', '--help']\n"
        "from foretell.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pyarrow', 'sklearn', 'pandas', 'polars', 'joblib', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr


def test_help_imports_no_library_of_data(here: Path, environment: Environment) -> None:
    """What it takes is measured by bench/start_up.py; what it must not load is known."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "foretell", "--help"],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & {
        "numpy",
        "pyarrow",
        "pandas",
        "polars",
        "sklearn",
        "duckdb",
        "pyspark",
        "cloudpickle",
    }


def test_an_unknown_command_names_the_nearest(foretell: Command) -> None:
    answer = foretell("explian")
    assert answer.status == 2
    assert answer.err == (
        "error[FT0101]: there is no command 'explian'\n"
        "  = hint: did you mean explain? `foretell --help` lists them\n"
        "  = explain: foretell explain FT0101\n"
    )
    assert answer.out == ""


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["explain", "--jsn"], "no such option: --jsn"),
        (["--nonsense"], "no such option: --nonsense"),
        (["runs"], "missing argument 'OUTPUT'"),
        (["pin", "set", "out", "one", "2", "--why", "x"], "invalid value for 'UNIT'"),
        (["pin", "shw"], "no such command 'shw'"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_way(foretell: Command, arguments: list[str], found: str) -> None:
    answer = foretell(*arguments)
    assert answer.status == 2
    assert answer.err.startswith("error[FT0101]: ")
    assert found in answer.err
    assert "--help` says what it takes" in answer.err


def test_a_fault_shows_its_traceback_only_when_asked(foretell_process: Command) -> None:
    assert "Traceback" not in foretell_process("explain", "FT9999").err
    assert "Traceback" in foretell_process("--debug", "explain", "FT9999").err
    assert "Traceback" in foretell_process("explain", "FT9999", FORETELL_DEBUG="1").err


def test_without_typer_the_command_says_what_to_install(here: Path, environment: Environment) -> None:
    for package in ("typer", "rich"):
        code = f"import sys; sys.modules['{package}'] = None; from foretell.cli import main; main()"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
        assert done.returncode == 2
        assert done.stderr.startswith(f"error[FT0107]: {package} is not installed\n")
        assert "hint: pip install 'foretell[cli]'" in done.stderr


def test_a_reader_that_goes_away_is_no_error(here: Path, environment: Environment) -> None:
    for command in (["explain", "--json"], ["explain"]):
        reading, writing = os.pipe()
        os.close(reading)  # nobody will ever read
        done = subprocess.run(
            [sys.executable, "-m", "foretell", *command],
            stdout=writing,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        os.close(writing)
        assert (done.returncode, done.stderr) == (141, b"")


def test_a_terminal_without_unicode_gets_escapes(foretell_process: Command) -> None:
    answer = foretell_process("explain", "Über", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert answer.status == 2
    assert "there is no error code '\\xdcber'" in answer.err
    answer = foretell_process("--help", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert answer.status == 0
    assert "explain" in answer.out


def test_messages_have_no_colour_outside_a_terminal(foretell_process: Command) -> None:
    answer = foretell_process("explain", "FT9999", FORCE_COLOR="")
    assert "\x1b" not in answer.err


def test_messages_have_colour_on_a_terminal_unless_it_is_unwanted(
    here: Path, environment: Environment
) -> None:
    import pty

    def on_a_terminal(**more: str) -> bytes:
        controller, terminal = pty.openpty()
        subprocess.run(
            [sys.executable, "-m", "foretell", "explain", "FT9999"],
            stderr=terminal,
            stdin=subprocess.DEVNULL,
            env=environment(TERM="xterm", **more),
        )
        os.close(terminal)
        try:
            return os.read(controller, 10_000)
        finally:
            os.close(controller)

    assert b"\x1b[1;31merror[FT0108]" in on_a_terminal()
    assert b"\x1b" not in on_a_terminal(NO_COLOR="1")


def test_the_package_is_a_command_too(foretell_process: Command) -> None:
    assert foretell_process("--version").out.startswith("foretell ")


def test_completion_scripts_are_offered(foretell_process: Command) -> None:
    answer = foretell_process("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert answer.status == 0
    assert "_FORETELL_COMPLETE=complete_bash" in answer.out
