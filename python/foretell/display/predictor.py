"""A predictor in a notebook: its version, what it reads and gives, which steps its class writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretell.display.tables import fields_html
from foretell.predictor.contract import Contract
from foretell.predictor.forms import step_of

if TYPE_CHECKING:
    from foretell.predictor.predictor import Predictor
    from foretell.predictor.schema import Schema

_STEPS = (
    ("prepare", "prepare_bulk"),
    ("extract_features", "extract_features_bulk"),
    ("predict_item", "predict_bulk"),
)


def predictor_html(predictor: Predictor) -> str:
    """A table; what is not declared is said so."""
    from foretell.predictor.predictor import Predictor

    contract = Contract.of(predictor, predictor._saved)
    steps = []
    for item, bulk in _STEPS:
        step = step_of(predictor, Predictor, item, bulk)
        steps += [name for name, given in ((item, step.item), (bulk, step.bulk)) if given is not None]
    model = vars(predictor).get("model")
    version = predictor.version
    return fields_html(
        str(predictor.name),
        {
            "version": "none loaded" if version is None else version.reference,
            "model": "none yet" if model is None else f"{type(model).__module__}.{type(model).__qualname__}",
            "input": _columns(contract.input, "every column, as it comes"),
            "output": _columns(contract.output, "learnt from the first answer"),
            "keep": "every column of the input" if contract.keep is None else ", ".join(contract.keep),
            "steps": ", ".join(steps) or "none: predict_item or predict_bulk is needed",
            "source": None if predictor.source is None else _source(predictor.source),
        },
    )


def _columns(schema: Schema | None, otherwise: str) -> str:
    return otherwise if schema is None else "\n".join(f"{name}: {kind}" for name, kind in schema.items())


def _source(source: object) -> str:
    text = repr(source)
    return text if len(text) <= 200 else f"{type(source).__module__}.{type(source).__qualname__}"
