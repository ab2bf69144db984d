"""``foretell versions``: what a store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.cli.options import JsonOption, StoreOption, complete_name
from foretell.cli.printing import print_json, print_table, when_text
from foretell.cli.suggest import suggesting
from foretell.size import size_text

if TYPE_CHECKING:
    from foretell.store import Store


def versions(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="Its versions; without it every predictor.", autocompletion=complete_name
        ),
    ] = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """List the predictors of a store, or the versions of one."""
    from foretell.store import Store

    the_store = Store(store)
    if name is None:
        _list_names(the_store, as_json)
    else:
        with suggesting(the_store, name):
            _list_versions(the_store, name, as_json)


def _list_names(store: Store, as_json: bool) -> None:
    found: list[dict[str, Any]] = []
    for name in store.names():
        newest = store.version(name)
        found.append(
            {
                "name": name,
                "newest": newest.version,
                "saved": newest.created.isoformat(),
                "aliases": store.aliases(name),
            }
        )
    if as_json:
        print_json(found)
        return
    print_table(
        ["NAME", "NEWEST", "SAVED", "ALIASES"],
        [[row["name"], row["newest"], when_text(row["saved"]), _alias_list(row["aliases"])] for row in found],
        right=[1],
    )


def _alias_list(aliases: dict[str, int]) -> str:
    return ", ".join(f"{alias} → {version}" for alias, version in aliases.items())


def _list_versions(store: Store, name: str, as_json: bool) -> None:
    found: list[dict[str, Any]] = []
    for version in store.versions(name):
        found.append(
            {
                "name": version.name,
                "version": version.version,
                "saved": version.created.isoformat(),
                "aliases": version.aliases,
                "size": version.size,
                "metadata": version.metadata,
            }
        )
    if as_json:
        print_json(found)
        return
    rows = []
    for row in found:
        metadata = ", ".join(f"{key}={value}" for key, value in row["metadata"].items())
        aliases = ", ".join(row["aliases"])
        rows.append([row["version"], when_text(row["saved"]), aliases, size_text(row["size"]), metadata])
    print_table(["VERSION", "SAVED", "ALIASES", "SIZE", "METADATA"], rows, right=[0, 3])
