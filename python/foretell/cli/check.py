"""``foretell check``: whether every mode gives the same predictions; the report is kept with the version."""

from __future__ import annotations

from typing import Annotated

import typer

from foretell.cli.engine import ConfOption, EngineOption, MasterOption, engine_of
from foretell.cli.errors import FOUND
from foretell.cli.options import JsonOption, ReferenceArgument, StoreOption, TrustStoreOption
from foretell.cli.printing import print_json, print_table
from foretell.cli.suggest import suggesting

RowsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rows",
        metavar="PATH",
        help="Files, a folder or a pattern with rows to predict, besides the version's example; may be repeated.",
    ),
]


def check(
    reference: ReferenceArgument,
    rows: RowsOption = None,
    engine: EngineOption = None,
    master: MasterOption = None,
    conf: ConfOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    trust_store: TrustStoreOption = False,
) -> None:
    """Predict the same rows in every mode, and compare: item, bulk, batches, shuffled, sliced, twice, process;
    with --engine spark also as a frame, a column and a stream of Spark's.

    Exit status 1 when modes differ, or when the check is incomplete; `promote` refuses the version then.
    """
    from foretell.parity import check as check_version
    from foretell.parity.report import COLUMNS
    from foretell.store import Store

    the_store = Store(store)
    name, _, selector = reference.partition("@")
    with suggesting(the_store, name, selector):
        report = check_version(
            reference,
            rows,
            store=the_store,
            trust_store=trust_store,
            engine=engine_of(engine, master, conf, None, None),
        )
    if as_json:
        print_json(report.to_json())
    else:
        print(report.headline())
        print()
        print_table(COLUMNS, [result.cells() for result in report.modes], right=[1, 2, 3, 4, 5])
        if lines := report.details():
            print()
            print("\n".join(lines))
        if report.passed and report.complete:
            print(f"\nnext: foretell promote {report.reference} ALIAS")
    if not (report.passed and report.complete):
        raise typer.Exit(FOUND)
