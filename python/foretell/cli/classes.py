"""The predictor's class that a command line names: MODULE:CLASS, or a name that foretell.toml has."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import typer

from foretell.error import Error, error
from foretell.nearest import did_you_mean


def complete_predictor(incomplete: str) -> list[str]:
    """Names of predictors in foretell.toml."""
    from foretell.project import here

    try:
        return [name for name in here().predictors if name.startswith(incomplete)]
    except Exception:  # completion has nobody to tell
        return []


PREDICTOR = typer.Argument(
    metavar="NAME|MODULE:CLASS",
    help="A name that foretell.toml has below [predictors], or a class, such as topics:EventTopics, found from "
    "this folder.",
    autocompletion=complete_predictor,
)


def predictor_class(text: str) -> Any:
    """The class that is named. FT0101 when there is none; FT0106 for a foretell.toml that is not right."""
    folder = Path.cwd()
    if ":" not in text and text.isidentifier():
        folder, text = _from_project(text)
    module_name, colon, class_name = text.partition(":")
    if not colon or not class_name or module_name.endswith(".py") or "/" in module_name:
        dotted = module_name.removesuffix(".py").replace("/", ".").strip(".") or "MODULE"
        raise error(
            "FT0101",
            f"a class is named MODULE:CLASS, but {text!r} was given",
            f"write {dotted}:{class_name or 'CLASS'}",
        )
    return _imported(module_name, class_name, folder)


def _from_project(name: str) -> tuple[Path, str]:
    """The folder and the MODULE:CLASS that foretell.toml has for a name; as it is given where there is none."""
    from foretell.project import find_project

    project = find_project()
    if project is None or not project.predictors:
        raise error(
            "FT0101",
            f"a class is named MODULE:CLASS, but {name!r} was given",
            f'write MODULE:{name}, or name it in foretell.toml: [predictors] {name} = "MODULE:{name}"',
        )
    known = project.predictors
    if name not in known:
        raise error(
            "FT0101",
            f"{project.file} names no predictor {name}; it names {', '.join(known)}",
            did_you_mean(name, known, "or name a class: MODULE:CLASS"),
        )
    return project.root, known[name]


def _imported(module_name: str, class_name: str, folder: Path) -> Any:
    from foretell import Predictor

    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(module_name)
    except Error:
        raise
    except Exception as raised:
        missing = isinstance(raised, ModuleNotFoundError) and raised.name == module_name
        raise error(
            "FT0101",
            f"module {module_name} cannot be imported: {type(raised).__name__}: {raised}",
            f"modules are looked for in {folder} first" if missing else "",
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
            "FT0101",
            f"{module_name}:{class_name} is not a foretell.Predictor",
            f"its predictors: {', '.join(known) or 'none'}",
        )
    return found
