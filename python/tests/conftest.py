"""What tests of several folders need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest


@pytest.fixture
def told_by_instruction_set() -> Callable[..., dict[str, str]]:
    """What a script prints as a process of its own, for each instruction set that this CPU runs."""

    def told(script: str, *arguments: str) -> dict[str, str]:
        printed = {}
        for instruction_set in ("baseline", "v3", "v4"):
            child = subprocess.run(
                [sys.executable, "-c", script, *arguments],
                env={**os.environ, "FORETELL_CPU": instruction_set},
                capture_output=True,
                text=True,
            )
            if "FT0106" in child.stderr:
                continue  # this CPU does not run it
            assert child.returncode == 0, child.stderr
            printed[instruction_set] = child.stdout
        return printed

    return told
