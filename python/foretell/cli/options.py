"""Options and arguments that commands have in common, their completion, and the store that they name."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.error import Error, error

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


def complete_numbered(ctx: typer.Context, incomplete: str) -> list[str]:
    """NAME@NUMBER; the names alone until one is whole."""
    found = complete_reference(ctx, incomplete)
    return [each for each in found if "@" not in each or each.rpartition("@")[2].isdigit()]


def complete_retired(ctx: typer.Context, incomplete: str) -> list[str]:
    """NAME@NUMBER of every retired version; none is made out from its name alone."""
    try:
        store = _store_at(ctx)
        name = incomplete.partition("@")[0]
        names = [known for known in store.names() if known.startswith(name)]
        everything = [each for known in names for each in store.versions(known, retired=True)]
        found = [each for each in everything if each.reference.startswith(incomplete)]
        return [each.reference for each in found if store.retired(each) is not None]
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
UncheckedOption = Annotated[
    bool,
    typer.Option(
        "--unchecked",
        help="Move the alias although no check allows it; --why says why, the history keeps both.",
    ),
]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, kept for ever.")]

AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="As it was then: 2026-11-01 (the end of that day) or 2026-11-01T12:30, in UTC unless it says so.",
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="In the store; the class's unless given.",
        autocompletion=complete_name,
    ),
]
MetadataOption = Annotated[
    list[str] | None,
    typer.Option("--metadata", metavar="KEY=VALUE", help="Kept with it; may be repeated."),
]
AliasOption = Annotated[
    list[str] | None,
    typer.Option("--alias", metavar="ALIAS", help="Let it name the version; may be repeated."),
]

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


def resolve(store: Store, reference: str, as_of: datetime | None = None) -> Version:
    """The version that a reference names; an unknown one comes with what was probably meant."""
    from foretell.cli.suggest import suggesting

    name, _, selector = reference.partition("@")
    with suggesting(store, name, selector):
        return store.version(reference, as_of=as_of)


def time_of(text: str | None) -> datetime | None:
    """The time that ``--as-of`` gives: a date is its end, a time without a zone is UTC."""
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
        only_date = len(text) <= len("2026-11-01")
        when = when + timedelta(days=1, seconds=-1) if only_date else when
        return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as cause:
        raise error(
            "FT0101",
            f"{text!r} is not a time",
            "write 2026-11-01, or 2026-11-01T12:30, or 2026-11-01T12:30+01:00",
        ) from cause


def metadata_of(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise error("FT0101", f"--metadata is KEY=VALUE, but {text!r} was given")
        if key in found:
            raise error("FT0101", f"--metadata {key} is given twice")
        found[key] = value
    return found


def checked_aliases(store: Store, name: str, given: list[str] | None) -> list[str]:
    """Each alias once. FT0102 and FT0103, before anything is saved."""
    aliases = list(dict.fromkeys(given or []))
    for alias in aliases:
        _check_alias(store, name, alias)
    return aliases


def _check_alias(store: Store, name: str, alias: str) -> None:
    """FT0102 and FT0103, before anything is saved."""
    try:
        store.core.alias_version(name, alias)
    except Error as problem:
        if problem.code in ("FT0102", "FT0103"):
            raise
