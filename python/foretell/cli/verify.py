"""``foretell verify``: reads every byte, and lists what is not as it was saved."""

from __future__ import annotations

from typing import Annotated

import typer

from foretell.cli.errors import FOUND
from foretell.cli.options import JsonOption, StoreOption, complete_reference
from foretell.cli.printing import print_json, print_table
from foretell.cli.suggest import suggesting
from foretell.error import error


def verify(
    reference: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME[@VERSION]",
            help="One version, or with NAME alone all of its versions; without it the whole store.",
            autocompletion=complete_reference,
        ),
    ] = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Read every byte of versions, and compare it with its digest. Exit status 1 when anything is wrong."""
    from foretell.store import Store

    the_store = Store(store)
    if reference is None:
        what, findings = "the store", the_store.verify()
        for _, finding_code, message in findings:
            if finding_code == "FT0410":  # there is nothing to verify: not a finding about a store
                raise error(finding_code, f"{the_store.url}: {message}", "name the store with --store")
    else:
        name, at, selector = reference.partition("@")
        what, findings = reference, []
        with suggesting(the_store, name, selector):
            # By number, and no manifest is read before: a damaged one is a finding.
            for each in [reference] if at else [f"{name}@{n}" for n in the_store.core.versions(name, True)]:
                findings += the_store.verify(each)
    if as_json:
        print_json([{"key": key, "code": code, "message": message} for key, code, message in findings])
    elif findings:
        print_table(["CODE", "KEY", "FOUND"], [[code, key, message] for key, code, message in findings])
    else:
        print(f"{what}: every byte is as it was saved")
    if findings:
        raise typer.Exit(FOUND)
