"""``foretell promote``, ``rollback`` and ``history``: aliases, and every move that they made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.cli.options import (
    AliasArgument,
    AsOfOption,
    JsonOption,
    NameArgument,
    ReferenceArgument,
    StoreOption,
    UncheckedOption,
    WhyOption,
    complete_alias,
    resolve,
    time_of,
)
from foretell.cli.printing import by_text, print_json, print_table, when_text
from foretell.cli.suggest import suggesting
from foretell.error import Error, error

if TYPE_CHECKING:
    from datetime import datetime

    from foretell._core import AliasEntry
    from foretell.store import Store


def promote(
    reference: ReferenceArgument,
    alias: AliasArgument,
    why: WhyOption = "",
    expect: Annotated[
        int | None,
        typer.Option("--expect", metavar="N", min=1, help="Refuse unless the alias names version N now."),
    ] = None,
    retry_on_conflict: Annotated[
        bool,
        typer.Option(
            "--retry-on-conflict", help="When somebody else moved it meanwhile, move it all the same."
        ),
    ] = False,
    unchecked: UncheckedOption = False,
    store: StoreOption = None,
) -> None:
    """Let an alias name a version that `foretell check` found to be the same in every mode."""
    from foretell.store import Store

    the_store = Store(store)
    version = resolve(the_store, reference)
    before = the_store.aliases(version.name).get(alias)
    entry = the_store.promote(
        version.reference,
        alias,
        why=why,
        expect=expect,
        retry_on_conflict=retry_on_conflict,
        unchecked=unchecked,
    )
    if before == version.version:
        print(f"{version.name}@{alias} names version {version.version} already; nothing was changed")
    else:
        print(f"{version.name}@{alias}: {_move(before, entry.version)} (entry {entry.sequence})")
        if before is not None:
            print(f"to undo: foretell rollback {version.name} {alias} --undo {entry.sequence}")


def rollback(
    name: NameArgument,
    alias: AliasArgument,
    undo: Annotated[
        int | None,
        typer.Option(
            "--undo", metavar="SEQ", min=1, help="The entry to undo, as `foretell history` numbers it."
        ),
    ] = None,
    why: WhyOption = "",
    store: StoreOption = None,
) -> None:
    """Undo the last promotion of an alias that is not undone yet."""
    from foretell.store import Store

    the_store = Store(store)
    with suggesting(the_store, name, alias):
        before = the_store.aliases(name).get(alias)
        entries = len(the_store.history(name, alias))
        if undo is None:
            undo = the_store.undoable(name, alias).sequence
        try:
            entry = the_store.rollback(name, alias, why=why, undo=undo)
        except Error as problem:
            if problem.code == "FT0405":
                line = f"foretell rollback {name} {alias} --undo {undo}"
                problem.hint = f"{problem.hint}\n{line}  # undoes this entry or nothing"
            raise
    if entry.sequence <= entries:
        print(
            f"{name}@{alias}: entry {entry.sequence} undid entry {entry.undoes} before; nothing was changed"
        )
        return
    undone = next(other for other in the_store.history(name, alias) if other.sequence == entry.undoes)
    print(f"{name}@{alias}: {_move(before, entry.version)} (entry {entry.sequence})")
    print(f"undone: entry {undone.sequence}, promotion of version {undone.version} by {by_text(undone)}")


def history(
    name: NameArgument,
    alias: Annotated[
        str | None,
        typer.Argument(metavar="ALIAS", help="Without it all aliases.", autocompletion=complete_alias),
    ] = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """List every move of a predictor's aliases."""
    from foretell.store import Store

    the_store = Store(store)
    with suggesting(the_store, name, alias or ""):
        moves = _moves(the_store, name, alias, time_of(as_of))
    if as_json:
        print_json([{"alias": alias, **_fields(entry)} for alias, entry in moves])
        return
    rows = []
    for alias_name, entry in moves:
        what = f"undoes {entry.undoes}" if entry.undoes is not None else entry.kind
        what += ", unchecked" * entry.unchecked
        rows.append(
            [alias_name, entry.sequence, what, entry.version, when_text(entry.when), entry.who, entry.why]
        )
    print_table(["ALIAS", "ENTRY", "MOVE", "VERSION", "WHEN", "WHO", "WHY"], rows, right=[1, 3])


def _fields(entry: AliasEntry) -> dict[str, Any]:
    names = ("sequence", "kind", "version", "manifest_sha256", "undoes", "unchecked", "who", "when", "why")
    return {name: getattr(entry, name) for name in names}


def _moves(
    store: Store, name: str, alias: str | None, as_of: datetime | None
) -> list[tuple[str, AliasEntry]]:
    aliases = list(store.aliases(name))
    if alias is not None and not store.history(name, alias):
        known = ", ".join(aliases) or "none"
        raise error("FT0403", f"{name} has no alias {alias!r}; its aliases are {known}")
    chosen = aliases if alias is None else [alias]
    return [(each, entry) for each in chosen for entry in store.history(name, each, as_of=as_of)]


def _move(before: int | None, after: int) -> str:
    return f"version {after}" if before is None else f"version {before} → {after}"
