"""``foretell versions``: what a store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.cli.options import JsonOption, StoreOption, complete_name
from foretell.cli.printing import print_json, print_table, when_text
from foretell.cli.suggest import suggesting
from foretell.error import Error
from foretell.size import size_text

if TYPE_CHECKING:
    from foretell.store import Store
    from foretell.version import Version


def versions(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="Its versions; without it every predictor.", autocompletion=complete_name
        ),
    ] = None,
    retired: Annotated[
        bool, typer.Option("--retired", help="Those that are retired or purged, too.")
    ] = False,
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
            _list_versions(the_store, name, retired, as_json)


def _list_names(store: Store, as_json: bool) -> None:
    found: list[dict[str, Any]] = []
    for name in store.names():
        newest = _newest(store, name)
        found.append(
            {
                "name": name,
                "newest": newest.version if newest else None,
                "saved": newest.created.isoformat() if newest else "",
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


def _newest(store: Store, name: str) -> Version | None:
    """None when every version is retired."""
    try:
        return store.version(name)
    except Error as problem:
        if problem.code != "FT0417":
            raise
        return None


def _alias_list(aliases: dict[str, int]) -> str:
    return ", ".join(f"{alias} → {version}" for alias, version in aliases.items())


def _list_versions(store: Store, name: str, with_retired: bool, as_json: bool) -> None:
    found: list[dict[str, Any]] = []
    for version in store.versions(name, retired=with_retired):
        found.append(
            {
                "name": version.name,
                "version": version.version,
                "saved": version.created.isoformat(),
                "aliases": version.aliases,
                "size": version.size,
                "metrics": version.metrics,
                "metadata": version.metadata,
                **({"retired": _retirement(store, version)} if with_retired else {}),
            }
        )
    if as_json:
        print_json(found)
        return
    rows = []
    from foretell.version import metric_text

    for row in found:
        metrics = ", ".join(f"{key}={metric_text(value)}" for key, value in row["metrics"].items())
        metadata = ", ".join(f"{key}={value}" for key, value in row["metadata"].items())
        aliases = ", ".join(row["aliases"])
        rows.append(
            [row["version"], when_text(row["saved"]), aliases, size_text(row["size"]), metrics, metadata]
        )
        if with_retired:
            rows[-1].append(_retired_text(row["retired"]))
    columns = ["VERSION", "SAVED", "ALIASES", "SIZE", "METRICS", "METADATA"]
    print_table(columns + ["RETIRED"] * with_retired, rows, right=[0, 3])


def _retirement(store: Store, version: Version) -> dict[str, str] | None:
    entry = store.retired(version)
    if entry is None:
        return None
    return {"kind": entry.kind, "who": entry.who, "when": entry.when, "why": entry.why}


def _retired_text(entry: dict[str, str] | None) -> str:
    if entry is None:
        return ""
    why = f": {entry['why']}" if entry["why"] else ""
    return f"{entry['kind']} {when_text(entry['when'])} by {entry['who']}{why}"
