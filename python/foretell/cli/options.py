"""Options and arguments that commands have in common, their completion, and the store that they name."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from foretell.store import Store
    from foretell.version import Version


def _else_before_the_command(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    """The option as given after the command, else as given before it."""
    return value or ctx.find_root().params.get(param.name or "", value)


def _store_at(ctx: typer.Context) -> Store:
    """The store that a command line names, while it is completed."""
    from foretell.store import Store

    with redirect_stderr(io.StringIO()):  # the shell's line is no place for a notice
        return Store(ctx.params.get("store") or ctx.find_root().params.get("store"))


def complete_name(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of predictors in the store."""
    try:
        return [name for name in _store_at(ctx).names() if name.startswith(incomplete)]
    except Exception:  # completion has nobody to tell
        return []


def complete_reference(ctx: typer.Context, incomplete: str) -> list[str]:
    """NAME@ALIAS and NAME@NUMBER; the names alone until one is whole."""
    try:
        store = _store_at(ctx)
        name, at, _ = incomplete.partition("@")
        if not at:
            names = [known for known in store.names() if known.startswith(name)]
            if len(names) != 1:
                return names
            name = names[0]
        numbers = [str(version.version) for version in reversed(store.versions(name))]
        selectors = [*store.aliases(name), "latest", *numbers]
        return [f"{name}@{selector}" for selector in selectors if f"{name}@{selector}".startswith(incomplete)]
    except Exception:
        return []


def complete_alias(ctx: typer.Context, incomplete: str) -> list[str]:
    """Aliases of the predictor that the command line names."""
    try:
        named = ctx.params.get("reference") or ctx.params.get("name") or ""
        aliases = _store_at(ctx).aliases(named.partition("@")[0])
        return [alias for alias in aliases if alias.startswith(incomplete)]
    except Exception:
        return []


def complete_job(ctx: typer.Context, incomplete: str) -> list[str]:
    """Jobs that foretell.toml names."""
    from foretell.project import here

    try:
        return [name for name in here().jobs if name.startswith(incomplete)]
    except Exception:
        return []


StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="The store: a directory or a URL. Before or after the command.",
        callback=_else_before_the_command,
    ),
]
TrustStoreOption = Annotated[
    bool,
    typer.Option(
        "--trust-store",
        help="Run the code in a store that another user owns. Before or after the command.",
        callback=_else_before_the_command,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, kept for ever.")]

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The predictor's name.", autocompletion=complete_name)
]
ReferenceArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME@VERSION",
        help="VERSION is a number, an alias or latest; NAME alone is NAME@latest.",
        autocompletion=complete_reference,
    ),
]
AliasArgument = Annotated[
    str,
    typer.Argument(metavar="ALIAS", help="Such as production.", autocompletion=complete_alias),
]
OutputArgument = Annotated[str, typer.Argument(metavar="OUTPUT", help="The folder that runs wrote.")]


def resolve(store: Store, reference: str) -> Version:
    """The version that a reference names; an unknown one comes with what was probably meant."""
    from foretell.cli.suggest import suggesting

    name, _, selector = reference.partition("@")
    with suggesting(store, name, selector):
        return store.version(reference)
