from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Command = Callable[..., Any]


def test_one_code_is_explained(foretell: Command) -> None:
    answer = foretell("explain", "FT0402")
    assert answer.status == 0
    assert answer.out.startswith("FT0402: there is no such version\n\nThe predictor is known")


@pytest.mark.parametrize("spelling", ["FT0402", "ft0402", "0402", "402", "FT402"])
def test_a_code_may_be_spelled_shorter(foretell: Command, spelling: str) -> None:
    assert foretell("explain", spelling, "--json").json["code"] == "FT0402"


def test_without_a_code_all_are_listed(foretell: Command) -> None:
    from foretell import _core

    answer = foretell("explain")
    assert answer.status == 0
    listed = [line.split("  ")[0] for line in answer.out.splitlines()[1:]]
    assert listed == [code for code, _, _ in _core.catalogue()]
    assert [entry["code"] for entry in foretell("explain", "--json").json] == listed


@pytest.mark.parametrize("unknown", ["FT0499", "FT9999", "x", ""])
def test_an_unknown_code_is_refused(foretell: Command, unknown: str) -> None:
    answer = foretell("explain", unknown)
    assert answer.status == 2
    assert answer.err.startswith(f"error[FT0108]: there is no error code '{unknown}'\n")
    assert "`foretell explain` lists them" in answer.err
