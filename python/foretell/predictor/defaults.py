"""The steps as every predictor has them: each form that a class does not write is derived from the other."""

from __future__ import annotations

from typing import Any

from foretell.predictor.contract import Contract
from foretell.predictor.forms import incomplete, step_of
from foretell.predictor.outputs import first
from foretell.predictor.pieces import items_of


class DefaultForms:
    """What ``super()`` gives to a class that overrides a step, and what calling a derived form does."""

    def prepare(self, row: Any) -> Any:
        """Clean-up, row by row, the same in every mode. Default: the row."""
        return row

    def prepare_bulk(self, rows: Any) -> Any:
        """The same for a batch. Default: ``prepare`` of each row."""
        given = step_of(self, _base(), "prepare", "prepare_bulk").item
        return rows if given is None else [given(row) for row in rows]

    def extract_features(self, row: Any) -> Any:
        """Row → features. Default: the row."""
        return row

    def extract_features_bulk(self, rows: Any) -> Any:
        """The same for a batch. Default: ``extract_features`` of each row."""
        given = step_of(self, _base(), "extract_features", "extract_features_bulk").item
        return rows if given is None else [given(row) for row in rows]

    def predict_item(self, features: Any) -> Any:
        """Features → prediction. Default: ``predict_bulk`` of one."""
        given = step_of(self, _base(), "predict_item", "predict_bulk").bulk
        if given is None:
            raise incomplete(type(self))
        return first(given([features]), Contract.of(self).output, "predict_bulk")

    def predict_bulk(self, features: Any) -> Any:
        """The same for a batch. Default: ``predict_item`` of each."""
        given = step_of(self, _base(), "predict_item", "predict_bulk").item
        if given is None:
            raise incomplete(type(self))
        return [given(one) for one in items_of(features)]

    def setup(self) -> None:
        """Once per process and model, after ``self.model`` is there: clients, caches, tables."""


def _base() -> type:
    """The class at which a predictor's own methods end."""
    from foretell.predictor.predictor import Predictor

    return Predictor
