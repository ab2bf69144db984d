"""What a key of ``foretell.toml`` may be set to: the kinds of values, and what is said of a wrong one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Value:
    """``take(given)``: the value, or None where it is not of this kind."""

    expected: str
    take: Callable[[Any], Any]
    choices: tuple[str, ...] = ()


def check(kind: Value, given: Any) -> tuple[Any, str]:
    """The value, and what is wrong with it ("" when nothing is)."""
    value = kind.take(given)
    if value is not None:
        return value, ""
    return None, f"{say(given)}, expected {kind.expected}"


def say(given: Any) -> str:
    """A value as TOML has it, with its type."""
    if isinstance(given, str):
        return f'the text "{given}"'
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, (int, float)):
        return f"the number {given}"
    return f"a {'table' if isinstance(given, dict) else type(given).__name__} ({given!r})"


def text(what: str) -> Value:
    return Value(f"text: {what}", lambda given: given if isinstance(given, str) and given else None)


def texts(what: str) -> Value:
    """A list of texts, each once; it may be empty."""

    def take(given: Any) -> Any:
        fits = isinstance(given, list) and all(isinstance(one, str) and one for one in given)
        return given if fits and len(set(given)) == len(given) else None

    return Value(what, take)


def settings(what: str) -> Value:
    """A table of names and values, taken as texts: true is "true"."""

    def take(given: Any) -> Any:
        if not isinstance(given, dict):
            return None
        found = {}
        for name, value in _flat(given):
            if not isinstance(value, (str, bool, int, float)):
                return None
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
        return found

    return Value(f"a table: {what}", take)


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """``spark.executor.memory = "4g"`` is a table within tables to TOML."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def flag(what: str) -> Value:
    return Value(f"true or false: {what}", lambda given: given if isinstance(given, bool) else None)


def choice(*names: str) -> Value:
    quoted = ", ".join(f'"{name}"' for name in names)
    return Value(
        f"one of {quoted}",
        lambda given: given if isinstance(given, str) and given in names else None,
        names,
    )


def paths(what: str) -> Value:
    def take(given: Any) -> Any:
        many = [given] if isinstance(given, str) else given
        fits = isinstance(many, list) and many and all(isinstance(one, str) and one for one in many)
        return many if fits else None

    return Value(f"text: {what}", take)


def whole(what: str, least: int) -> Value:
    return Value(what, lambda given: given if type(given) is int and given >= least else None)


def number(what: str, least: float, most: float) -> Value:
    def take(given: Any) -> Any:
        return given if type(given) in (int, float) and least <= given <= most else None

    return Value(what, take)


def seconds(what: str) -> Value:
    """More than nothing; a number, or a number with a unit."""

    def take(given: Any) -> Any:
        if isinstance(given, str):
            found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", given)
            given = float(found[1]) * _SECONDS[found[2]] if found else None
        fits = type(given) in (int, float) and 0 < given < math.inf
        return float(given) if fits else None

    return Value(what, take)
