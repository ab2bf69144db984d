"""The protocol holds in every reachable state, and each shortcut is found out."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("units_model", Path(__file__).with_name("units_model.py"))
assert SPEC is not None
assert SPEC.loader is not None
units_model = importlib.util.module_from_spec(SPEC)
sys.modules["units_model"] = units_model
SPEC.loader.exec_module(units_model)

Rules = units_model.Rules
SHORTCUTS = [field.name for field in fields(Rules) if field.type == "bool"]


def test_the_protocol_holds() -> None:
    states, found, way = units_model.explore(Rules(units=1, crashes=1, repins=1, alias_moves=1))
    assert not found, "\n".join([found, *way])
    assert states > 1000
    states, found, way = units_model.explore(Rules(units=2, crashes=0, repins=0, alias_moves=1, attempts=1))
    assert not found, "\n".join([found, *way])
    assert states > 1000


@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_a_shortcut_is_found_out(shortcut: str) -> None:
    units = 2 if shortcut == "go_on_before_published" else 1
    rules = replace(Rules(units=units), **{shortcut: True})
    _, found, way = units_model.explore(rules)
    assert found, shortcut
    assert way


@pytest.mark.slow
def test_the_protocol_holds_in_a_larger_world() -> None:
    for rules in (Rules(units=1, attempts=3, crashes=2, repins=2), Rules(units=2)):
        _, found, way = units_model.explore(rules)
        assert not found, "\n".join([found, *way])
