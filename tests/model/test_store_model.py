"""The store's protocol holds in every reachable state, and each shortcut is found out."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("store_model", Path(__file__).with_name("store_model.py"))
assert SPEC is not None
assert SPEC.loader is not None
store_model = importlib.util.module_from_spec(SPEC)
sys.modules["store_model"] = store_model
SPEC.loader.exec_module(store_model)

Rules = store_model.Rules
SHORTCUTS = [field.name for field in fields(Rules) if field.type == "bool"]


@pytest.mark.parametrize(
    ("actors", "ticks", "least"),
    [
        (("saver", "saver", "collector"), 3, 10_000),
        (("saver", "retirer", "collector"), 6, 3_000),
        (("promoter", "retirer", "collector"), 5, 1_000),
        (("retirer", "restorer", "collector"), 5, 500),
    ],
)
def test_the_protocol_holds(actors: tuple[str, ...], ticks: int, least: int) -> None:
    states, found, way = store_model.explore(Rules(actors=actors, ticks=ticks))
    assert not found, "\n".join([found, *way])
    assert states > least


@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_a_shortcut_is_found_out(shortcut: str) -> None:
    actors = store_model.NEEDS.get(shortcut, ("saver", "saver", "collector"))
    ticks = 6 if shortcut in store_model.NEEDS else 3
    rules = replace(Rules(actors=actors, ticks=ticks), **{shortcut: True})
    _, found, way = store_model.explore(rules)
    assert found, shortcut
    assert way


@pytest.mark.slow
@pytest.mark.parametrize(
    ("actors", "ticks"),
    [
        (("saver", "saver", "retirer", "collector"), 4),
        (("saver", "promoter", "retirer", "collector"), 5),
        (("promoter", "retirer", "restorer", "collector"), 6),
        (("promoter", "promoter", "retirer", "collector"), 5),
        (("saver", "saver", "saver"), 3),
    ],
)
def test_the_protocol_holds_in_a_larger_world(actors: tuple[str, ...], ticks: int) -> None:
    _, found, way = store_model.explore(Rules(actors=actors, ticks=ticks, lost=1))
    assert not found, "\n".join([found, *way])
