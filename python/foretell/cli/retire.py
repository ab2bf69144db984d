"""``foretell retire``, ``restore`` and ``gc``: versions after their time, and what they leave."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.cli.options import (
    JsonOption,
    StoreOption,
    WhyOption,
    complete_numbered,
    complete_retired,
)
from foretell.cli.printing import by_text, print_json, print_table, when_text
from foretell.cli.suggest import suggesting
from foretell.size import size_text

if TYPE_CHECKING:
    from foretell._core import RetiredVersion, VersionEntry
    from foretell.store import Garbage


def retire(
    reference: Annotated[
        str,
        typer.Argument(metavar="NAME@NUMBER", help="The version.", autocompletion=complete_numbered),
    ],
    why: WhyOption = "",
    unused_for: Annotated[
        float,
        typer.Option(
            "--unused-for",
            metavar="DAYS",
            min=1 / 24,
            help="Refuse when an alias was moved to it within so many days; an hour (0.042) at least.",
        ),
    ] = 7,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Hide a version from latest and from aliases; its files are kept for thirty days.

    Its number opens it still, until `foretell gc --delete` gives its files up. Refused while an alias names
    it.
    """
    from foretell.store import Store

    the_store = Store(store)
    name, _, selector = reference.partition("@")
    with suggesting(the_store, name, selector):
        before = the_store.retired(reference) if selector.isdigit() else None
        entry = the_store.retire(reference, why=why, unused_for=timedelta(days=unused_for))
    if as_json:
        print_json({"version": reference, **_entry(entry)})
    elif before is not None:
        print(f"{reference} is retired already, by {by_text(entry)}; nothing was changed")
    else:
        print(f"{reference} is retired (entry {entry.sequence}); its files are kept for thirty days")
        print(f"to undo: foretell restore {reference}")


def restore(
    reference: Annotated[
        str,
        typer.Argument(metavar="NAME@NUMBER", help="The retired version.", autocompletion=complete_retired),
    ],
    why: WhyOption = "",
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Undo the retirement of a version, while its files are there."""
    from foretell.store import Store

    the_store = Store(store)
    name, _, selector = reference.partition("@")
    with suggesting(the_store, name, selector):
        entry = the_store.restore(reference, why=why)
    if as_json:
        print_json({"version": reference, **_entry(entry)})
    else:
        print(f"{reference} is back (entry {entry.sequence})")


def gc(
    delete: Annotated[
        bool, typer.Option("--delete", help="Do it, for ever. Without it, only say what would be done.")
    ] = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Give up what was retired for thirty days, and files that no version names.

    A dry run unless told --delete. Files younger than seven days are kept: they may belong to a save that is
    under way. Ages are those of the storage's own clock. Safe while others use the store.
    """
    from foretell.store import Store

    garbage = Store(store).collect_garbage(delete=delete, why=why)
    if as_json:
        print_json(_fields(garbage, delete))
        return
    rows = [_row("purged" if delete else "to purge", each) for each in garbage.purged]
    rows += [_row("kept", each) for each in garbage.waiting]
    if rows:
        print_table(["RETIRED", "STATE", "WHEN", "WHO", "WHY"], rows)
    verb = "deleted" if delete else "to delete"
    print(f"{verb}: {_amount(garbage.deleted)} that no version names")
    if garbage.young:
        print(f"kept: {_amount(garbage.young)} that no version names, younger than seven days")
    if not delete and (garbage.purged or garbage.deleted):
        print("nothing was changed; to do it: foretell gc --delete")


def _row(state: str, each: RetiredVersion) -> list[Any]:
    entry = each.retired
    return [f"{each.name}@{each.version}", state, when_text(entry.when), entry.who, entry.why]


def _amount(objects: list[tuple[str, int]]) -> str:
    noun = "file" if len(objects) == 1 else "files"
    return f"{len(objects)} {noun} ({size_text(sum(size for _, size in objects))})"


def _fields(garbage: Garbage, deleted: bool) -> dict[str, Any]:
    def versions(found: list[RetiredVersion]) -> list[dict[str, Any]]:
        return [{"version": f"{each.name}@{each.version}", "retired": _entry(each.retired)} for each in found]

    def objects(found: list[tuple[str, int]]) -> list[dict[str, Any]]:
        return [{"key": key, "size": size} for key, size in found]

    return {
        "dry_run": not deleted,
        "purged": versions(garbage.purged),
        "waiting": versions(garbage.waiting),
        "deleted": objects(garbage.deleted),
        "young": objects(garbage.young),
    }


def _entry(entry: VersionEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ("sequence", "kind", "who", "when", "why")}
