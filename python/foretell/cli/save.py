"""``foretell save``: makes a version of a class and a model file."""

from __future__ import annotations

import importlib
import importlib.util
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.cli.options import JsonOption, StoreOption, UncheckedOption, WhyOption, complete_name
from foretell.cli.printing import print_json
from foretell.error import Error, error, missing_extra
from foretell.nearest import did_you_mean
from foretell.size import size_text

if TYPE_CHECKING:
    from foretell.store import Store


def save(
    predictor: Annotated[
        str,
        typer.Argument(metavar="MODULE:CLASS", help="Such as topics:EventTopics; found from this folder."),
    ],
    model: Annotated[
        Path,
        typer.Option(
            "--model",
            metavar="FILE",
            help="A file made by pickle (.pkl, .pickle), joblib (.joblib) or skops (.skops). "
            "Reading a pickle runs the code in it.",
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="In the store; the class's unless given.",
            autocompletion=complete_name,
        ),
    ] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option("--metadata", metavar="KEY=VALUE", help="Kept with it; may be repeated."),
    ] = None,
    alias: Annotated[
        list[str] | None,
        typer.Option("--alias", metavar="ALIAS", help="Let it name the version; may be repeated."),
    ] = None,
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
) -> None:
    """Save a version of a predictor: its code, and a model from a file."""
    from foretell.parity.rows import read_rows
    from foretell.predictor.schema import Schema
    from foretell.store import Store

    pairs = _metadata(metadata or [])
    owner = _import_class(predictor)
    loaded = _load_model(model)
    the_store = Store(store)
    aliases = list(dict.fromkeys(alias or []))
    for each in aliases:
        _check_alias(the_store, name or owner.name, each)
    version = owner(store=the_store).save_model(
        loaded,
        model_key=name,
        metadata=pairs or None,
        alias=aliases[0] if aliases else None,
        example=read_rows(example, None if owner.input is None else Schema.of(owner.input))
        if example
        else None,
        why=why,
        unchecked=unchecked,
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


def _metadata(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise error("FT0101", f"--metadata is KEY=VALUE, but {text!r} was given")
        if key in found:
            raise error("FT0101", f"--metadata {key} is given twice")
        found[key] = value
    return found


def _check_alias(store: Store, name: str, alias: str) -> None:
    """FT0102 and FT0103, before anything is saved."""
    try:
        store.core.alias_version(name, alias)
    except Error as problem:
        if problem.code in ("FT0102", "FT0103"):
            raise


def _import_class(text: str) -> Any:
    """The predictor's class that MODULE:CLASS names, the current folder being searched first."""
    from foretell import Predictor

    module_name, colon, class_name = text.partition(":")
    if not colon or not class_name or module_name.endswith(".py") or "/" in module_name:
        dotted = module_name.removesuffix(".py").replace("/", ".").strip(".") or "MODULE"
        raise error(
            "FT0101",
            f"a class is named MODULE:CLASS, but {text!r} was given",
            f"write {dotted}:{class_name or 'CLASS'}",
        )
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        module = importlib.import_module(module_name)
    except Error:
        raise
    except Exception as raised:
        missing = isinstance(raised, ModuleNotFoundError) and raised.name == module_name
        raise error(
            "FT0101",
            f"module {module_name} cannot be imported: {type(raised).__name__}: {raised}",
            f"modules are looked for in {Path.cwd()} first" if missing else "",
        ) from raised
    classes = {key: value for key, value in vars(module).items() if isinstance(value, type)}
    known = [key for key, value in classes.items() if issubclass(value, Predictor) and value is not Predictor]
    found = getattr(module, class_name, None)
    if found is None:
        raise error(
            "FT0101",
            f"module {module_name} has no class {class_name}",
            did_you_mean(class_name, known, f"its predictors: {', '.join(known) or 'none'}"),
        )
    if class_name not in known:
        raise error(
            "FT0101", f"{text} is not a foretell.Predictor", f"its predictors: {', '.join(known) or 'none'}"
        )
    return found


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
