"""``foretell compare``: what changes when one version takes the place of another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.cli.options import (
    JsonOption,
    ReferenceArgument,
    StoreOption,
    TrustStoreOption,
    complete_reference,
)
from foretell.cli.printing import print_json, print_table
from foretell.cli.suggest import suggesting

if TYPE_CHECKING:
    from foretell.parity import VersionComparison

_TRANSITIONS = 10


def compare(
    old: ReferenceArgument,
    new: Annotated[
        str,
        typer.Argument(
            metavar="NAME@VERSION", help="The version to compare with.", autocompletion=complete_reference
        ),
    ],
    rows: Annotated[
        list[str] | None,
        typer.Option(
            "--rows",
            metavar="PATH",
            help="Files, a folder or a pattern with rows to predict; by default the new version's example. May be "
            "repeated.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="PATH", help="Write the report as a page with plots, in one file."),
    ] = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    trust_store: TrustStoreOption = False,
) -> None:
    """Predict the same rows by two versions, and show what changes from the first to the second."""
    from foretell.parity import compare as compare_versions
    from foretell.store import Store

    the_store = Store(store)
    for reference in (old, new):
        name, _, selector = reference.partition("@")
        with suggesting(the_store, name, selector):
            the_store.version(reference)
    report = compare_versions(old, new, rows, store=the_store, trust_store=trust_store)
    if html is not None:
        html.write_text(report.to_html(), encoding="utf-8")
    if as_json:
        print_json(report.to_json())
    else:
        _print(report)
        if html is not None:
            print(f"\nthe page: {html}")


def _print(report: VersionComparison) -> None:
    print("\n".join([report.headline(), *report.notes(), ""]))
    outputs: list[list[Any]] = []
    for change in report.outputs:
        outputs.append(
            [change.output, change.kind, f"{change.changed:,}", f"{change.share:.1%}", *change.spread()]
        )
    print_table(
        ["OUTPUT", "KIND", "CHANGED", "SHARE", "LEAST", "5 %", "MEDIAN", "95 %", "GREATEST"],
        outputs,
        right=range(2, 9),
    )
    for change in report.outputs:
        if change.transitions:
            print()
            table = [[a, b, f"{count:,}"] for a, b, count in change.transitions[:_TRANSITIONS]]
            print_table([f"{change.output.upper()} WAS", "IS", "ROWS"], table, right=[2])
    if report.most:
        print()
        rows = [
            [each.row, "; ".join(f"{name}: {a} → {b}" for name, a, b in each.changes), each.input]
            for each in report.most
        ]
        print_table(["ROW", "CHANGE", "INPUT"], rows, right=[0])
