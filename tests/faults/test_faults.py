"""The short form of each fault test; `make faults` runs the long one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FAULTS = Path(__file__).parent


@pytest.mark.parametrize(
    "name", ["kills", "errors", "power", "seeds", "metadata", "cold_cache", "zombie", "killed_runs", "poison"]
)
def test_no_fault_leaves_a_bad_state(name: str) -> None:
    ran = subprocess.run([sys.executable, FAULTS, "--short", name], capture_output=True, text=True)
    if ran.returncode == 77:
        pytest.skip(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_guards_are_there_to_be_taken_out() -> None:
    """`make faults-guards` builds a copy without each one; here only that it finds them."""
    ran = subprocess.run([sys.executable, FAULTS / "guards.py", "--list"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.xdist_group("spark")
def test_no_kill_of_a_streams_driver_loses_a_row() -> None:
    ran = subprocess.run([sys.executable, FAULTS, "--short", "stream_kills"], capture_output=True, text=True)
    if ran.returncode == 77:
        pytest.skip(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
