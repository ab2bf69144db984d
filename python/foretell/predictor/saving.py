"""Saving a version: the class's code, the model, what both were made with, and what goes in and out."""

from __future__ import annotations

import copy
import inspect
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.predictor import example as examples
from foretell.predictor.contract import Contract
from foretell.predictor.forms import check_complete
from foretell.predictor.schema import Schema

if TYPE_CHECKING:
    from foretell.code import CarriedCode
    from foretell.predictor.stored_model import StoredModel
    from foretell.version import Version

SAMPLE_ROWS = 100
"""Rows of a source that are predicted to infer the output."""


def save_model(
    predictor: Any,
    model: Any,
    model_key: str | None,
    metadata: Mapping[str, Any] | None,
    *,
    alias: str | None,
    example: Any,
    loader: str | None = None,
    why: str = "",
    unchecked: bool = False,
    training: Mapping[str, Any] | None = None,
    stored: StoredModel | None = None,
) -> Version:
    """See ``Predictor.save_model``. ``training``: what the manifest keeps of how the model was made. ``stored``:
    where the model comes from, when it is another version's."""
    from foretell import models
    from foretell.code import carry
    from foretell.loading import open_store
    from foretell.predictor.text import TextPredictor
    from foretell.store import default_who

    owner = type(predictor)
    is_text = isinstance(predictor, TextPredictor)
    name = model_key if model_key is not None else predictor.name
    told = check_before(predictor, name, metadata, alias, why, unchecked)
    kept = None if example is None else examples.given(example)
    if is_text:
        predictor = copy.copy(predictor)
        predictor.model = model  # refused where it does not fit; compiled where it is not yet
        model = predictor.model
    contract, inferred = _complete(predictor, model, None if kept is None else kept.rows)
    if kept is None:
        kept = examples.drawn(predictor, contract)
    if kept is None and stored is not None:
        kept = stored.example()
    with tempfile.TemporaryDirectory(prefix="foretell-save-") as folder:
        directory = Path(folder)
        named = None if stored is not None else model  # a stored model's own code is not carried again
        carried = None if is_text else carry(owner, directory, model=named)
        if stored is None:
            description = models.save(model, directory, carried, loader=loader, predictor=predictor)
        else:
            description = stored.description_under(carried, directory, predictor)
        if kept is not None:
            kept.write(directory / examples.FILE)
        fields = {
            "kind": "text" if is_text else "python",
            "signature": contract.to_json(),
            "inferred": inferred,
            "parity": {"rtol": float(predictor.parity_rtol), "atol": float(predictor.parity_atol)},
            **_made_of(predictor, model, carried),
            "model": description,
            "example": None if kept is None else examples.FILE,
            "check": None if kept is None else kept.to_json(),
            "who": default_who(),
            **({} if training is None else {"training": dict(training)}),
            **({} if stored is None else {"model_from": stored.origin()}),
        }
        written = [path for path in sorted(directory.rglob("*")) if path.is_file()]
        files = {str(path.relative_to(directory)): path for path in written}
        if stored is not None:
            files |= stored.model_files
        store = open_store(predictor._store)
        version = store.save(name, files, fields, metadata=told, progress=_progress(name))
        if alias is not None:
            from foretell.parity.gate import check_and_promote

            check_and_promote(store, version, alias, why, unchecked)
            version = store.version(version.reference)
    return version


def _made_of(predictor: Any, model: Any, carried: CarriedCode | None) -> dict[str, Any]:
    """The class's code, and what it runs with; or what a predictor without code says of itself."""
    from foretell.code import environment

    if carried is None:
        return {"predictor": predictor.to_json()}
    imports = [type(model).__module__.partition(".")[0]]
    return {"code": carried.to_json(), "environment": environment(carried, imports=imports)}


def check_before(
    predictor: Any,
    name: str,
    metadata: Mapping[str, Any] | None,
    alias: str | None,
    why: str,
    unchecked: bool,
) -> dict[str, Any]:
    """What can be refused before there is a model; the metadata as JSON values."""
    from foretell.predictor.predictor import Predictor
    from foretell.predictor.text import TextPredictor

    check_complete(predictor, Predictor)
    if not isinstance(predictor, TextPredictor):
        _check_made_without_arguments(type(predictor))
    _check_reference(name, alias)
    if unchecked and alias is not None and not why.strip():
        raise error("FT0101", "an unchecked promotion needs a reason", "say why=…")
    return _json(metadata)


def _check_made_without_arguments(owner: type) -> None:
    """FT0309 for a class that no other process could make an instance of."""
    try:
        parameters = list(inspect.signature(owner).parameters.values())
    except (TypeError, ValueError):
        return
    for parameter in parameters:
        if parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            raise error(
                "FT0309",
                f"{owner.__name__}() needs the argument {parameter.name!r}, and versions are opened without",
                "give it a default, or keep what it says in the model",
            )


def _check_reference(name: str, alias: str | None) -> None:
    """Before anything is written: FT0102, FT0103, FT0105."""
    from foretell import _core

    _core.parse_reference(name)
    if alias is None:
        return
    if alias.isdigit() or alias.lower() == "latest":
        raise error(
            "FT0103", f"{alias!r} always means a version itself, and is no alias", "choose another name"
        )
    _core.parse_reference(f"{name}@{alias}")


def _json(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    try:
        made: dict[str, Any] = json.loads(json.dumps(dict(metadata or {}), allow_nan=False))
        return made
    except (TypeError, ValueError) as problem:
        raise error(
            "FT0101",
            f"the metadata cannot be written as JSON: {problem}",
            "use texts, numbers, booleans, None, and lists and dicts of them",
        ) from problem


def _complete(predictor: Any, model: Any, example: Any) -> tuple[Contract, list[str]]:
    """The contract with what the class leaves open inferred, and what that is.

    With an example, its columns are the input, and all of its rows must be predicted. Without one, a
    sample of a local source is predicted to find the output.
    """
    probe = copy.copy(predictor)
    probe.version = probe._saved = None
    probe.model = model
    contract = Contract.of(probe)
    inferred = []
    if example is not None and contract.input is None:
        contract = replace(contract, input=Schema.of(example.schema))
        inferred.append("input")
    if example is not None:
        predicted = _predictions(probe, example, "fail")
    elif contract.output is None and predictor.source is not None:
        predicted = _predictions_of_source(probe)
    else:
        return contract, inferred
    if contract.output is None and predicted:
        contract = replace(contract, output=Schema(predicted))
        inferred.append("output")
    return contract, inferred


def _predictions(probe: Any, rows: Any, on_error: str) -> list[tuple[str, Any]]:
    """Names and Arrow types of the predictions for these rows; none where some column is all null."""
    import pyarrow as pa

    scorer = probe._ready()
    answer = scorer.stream(rows, scorer.contract.keeping(), on_error).read_all()
    found = [(f.name, f.type) for f in answer.schema if f.name not in ("model_version", "_error")]
    return [] if any(pa.types.is_null(kind) for _, kind in found) else found


def _predictions_of_source(probe: Any) -> list[tuple[str, Any]]:
    """The same for the first rows of the source; none, with a warning, where it cannot be read here."""
    from foretell.predictor.declared import declared_source

    try:
        return _predictions(probe, declared_source(probe.source).read(limit=SAMPLE_ROWS), "null")
    except Error as problem:
        warnings.warn(
            f"the output of {probe.name} could not be inferred from its source ({problem.code}: "
            f"{problem.message}), so the version does not declare it; give example=, or declare output",
            stacklevel=4,
        )
        return []


def _progress(name: str) -> Callable[[int, int], None] | None:
    """Tells a person at a terminal how far a save is that takes more than a second."""
    if not sys.stderr.isatty():
        return None
    start = time.monotonic()
    shown = [start]

    def tell(done: int, total: int) -> None:
        now = time.monotonic()
        finished = done >= total and shown[0] > start
        if (now - start > 1 and now - shown[0] > 0.2) or finished:
            shown[0] = now
            percent = 100 * done // max(total, 1)
            end = "\n" if finished else ""
            print(
                f"\rsaving {name}: {percent} % of {total / 1e6:,.0f} MB", end=end, file=sys.stderr, flush=True
            )

    return tell
