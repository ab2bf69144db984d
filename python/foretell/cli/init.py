"""``foretell init``: a new project that works at once."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Made where it is missing; the current one unless given.")
    ] = Path(),
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Of the predictor's class, and in the store.")
    ] = "EventTopics",
) -> None:
    """Make a project: a predictor, made-up data, a test, foretell.toml. Nothing that is there is touched."""
    from foretell.starter import write_project

    for path in write_project(folder, name):
        print(f"  {folder / path}")
    print("next:")
    if folder.resolve() != Path.cwd():
        print(f"  cd {folder}")
    if find_spec("sklearn") is None:
        print("  pip install 'foretell[sklearn]'")
    print(f"  foretell train {name}")
    print(f"  foretell check {name}@1")
    print(f"  foretell promote {name}@1 production")
    print("  foretell run --job nightly")
