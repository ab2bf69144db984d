"""``foretell save``: makes a version of a class and a model file."""

from __future__ import annotations

import importlib
import importlib.util
import pickle
from pathlib import Path
from typing import Annotated, Any

import typer

from foretell.cli.classes import PREDICTOR, predictor_class
from foretell.cli.options import (
    AliasOption,
    JsonOption,
    MetadataOption,
    NameOption,
    StoreOption,
    TrustStoreOption,
    UncheckedOption,
    WhyOption,
    checked_aliases,
    complete_reference,
    metadata_of,
)
from foretell.cli.printing import print_json
from foretell.error import Error, error, missing_extra
from foretell.size import size_text


def save(
    predictor: Annotated[str, PREDICTOR],
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            metavar="FILE",
            help="A file made by pickle (.pkl, .pickle), joblib (.joblib) or skops (.skops). "
            "Reading a pickle runs the code in it.",
        ),
    ] = None,
    model_from: Annotated[
        str | None,
        typer.Option(
            "--model-from",
            metavar="NAME@VERSION",
            help="Instead of a file: the model of a version, with the class's code as it is now.",
            autocompletion=complete_reference,
        ),
    ] = None,
    name: NameOption = None,
    metadata: MetadataOption = None,
    alias: AliasOption = None,
    example: Annotated[
        list[str] | None,
        typer.Option(
            "--example",
            metavar="PATH",
            help="Files with rows to keep for `foretell check`, such as 100; by default rows of the class's source. "
            "May be repeated.",
        ),
    ] = None,
    unchecked: UncheckedOption = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
    store: StoreOption = None,
    trust_store: TrustStoreOption = False,
) -> None:
    """Save a version of a predictor: its code, and a model from a file or of another version."""
    from foretell.cli.suggest import suggesting
    from foretell.parity.rows import read_rows
    from foretell.predictor.schema import Schema
    from foretell.store import Store

    if (model is None) == (model_from is None):
        raise error("FT0101", "save needs either --model FILE or --model-from NAME@VERSION")
    pairs = metadata_of(metadata or [])
    owner = predictor_class(predictor)
    loaded = ... if model is None else _load_model(model)
    the_store = Store(store)
    aliases = checked_aliases(the_store, name or owner.name, alias)
    from_name, _, selector = (model_from or "").rpartition("@")
    with suggesting(the_store, from_name or name or owner.name, selector):
        version = owner(store=the_store).save_model(
            loaded,
            model_key=name,
            metadata=pairs or None,
            alias=aliases[0] if aliases else None,
            model_from=model_from,
            example=read_rows(example, None if owner.input is None else Schema.of(owner.input))
            if example
            else None,
            why=why,
            unchecked=unchecked,
            trust_store=trust_store,
        )
    for other in aliases[1:]:
        the_store.promote(version.reference, other, why=why, unchecked=unchecked)
    if as_json:
        print_json(
            {"name": version.name, "version": version.version, "sha256": version.sha256, "aliases": aliases}
        )
        return
    named = "".join(f", {alias}" for alias in aliases)
    print(f"{version.reference} saved{named}: {size_text(version.size)} in {the_store.url}")
    print(f"next: foretell {'show' if aliases else 'check'} {version.reference}")


def _load_model(path: Path) -> Any:
    """The object in a model file; FT0101 for another kind of file, FT0502 when it cannot be read."""
    readers = {".pkl": _read_pickle, ".pickle": _read_pickle, ".joblib": _read_joblib, ".skops": _read_skops}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise error(
            "FT0101", f"{path} is no model file that can be read", f"its name ends in {', '.join(readers)}"
        )
    try:
        return reader(path)
    except (Error, OSError):
        raise
    except Exception as raised:  # unpickling runs code: anything may be raised
        text = " ".join(str(raised).split())
        raise error("FT0502", f"{path} cannot be read: {type(raised).__name__}: {text}") from raised


def _read_pickle(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return pickle.load(file)
    except pickle.UnpicklingError:
        if importlib.util.find_spec("joblib") is None:
            raise
        return _read_joblib(path)  # joblib.dump to a name that ends in .pkl is an old custom


def _read_joblib(path: Path) -> Any:
    try:
        import joblib
    except ModuleNotFoundError:
        raise missing_extra("joblib", "sklearn") from None
    return joblib.load(path)


def _read_skops(path: Path) -> Any:
    try:
        import skops.io
    except ModuleNotFoundError:
        raise missing_extra("skops", "skops") from None
    unknown = skops.io.get_untrusted_types(file=path)
    if unknown:
        raise error(
            "FT0503",
            f"{path} holds types that skops does not know as safe: {', '.join(unknown)}",
            "look at them; if they are yours, load the file in Python with trusted=[…] and call save_model",
        )
    return skops.io.load(path)
