"""Which of a step's two forms a class gives, item or bulk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from foretell.error import error


class Step(NamedTuple):
    """The methods that a predictor gives for one step, bound; None where it gives none."""

    item: Callable[[Any], Any] | None
    bulk: Callable[[Any], Any] | None


def step_of(predictor: Any, base: type, item: str, bulk: str) -> Step:
    """The forms of one step, from the most derived class that gives either.

    A class that overrides the item form alone has with it also changed what the bulk form of its base
    stands for; that one is left out, so that both modes predict alike.
    """
    for owner in type(predictor).__mro__:
        if owner is base:
            break
        given = vars(owner)
        if item in given or bulk in given:
            return Step(
                getattr(predictor, item) if item in given else None,
                getattr(predictor, bulk) if bulk in given else None,
            )
    return Step(None, None)


def check_complete(predictor: Any, base: type) -> None:
    """FT0309 unless the class has a way to predict, and its instances need no arguments."""
    step = step_of(predictor, base, "predict_item", "predict_bulk")
    if step.item is None and step.bulk is None:
        raise incomplete(type(predictor))


def incomplete(owner: type) -> Exception:
    return error(
        "FT0309",
        f"{owner.__name__} has neither predict_item nor predict_bulk",
        "add `def predict_item(self, features): return self.model.predict([features])[0]`, "
        "or `def predict_bulk(self, features): return self.model.predict(features)`",
    )
