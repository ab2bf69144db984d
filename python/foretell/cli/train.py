"""``foretell train``: a model by the class's own ``train``, saved as the next version."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from foretell.cli.classes import PREDICTOR, predictor_class
from foretell.cli.options import (
    AliasOption,
    JsonOption,
    MetadataOption,
    NameOption,
    StoreOption,
    TrustStoreOption,
    UncheckedOption,
    WhyOption,
    checked_aliases,
    metadata_of,
)
from foretell.cli.printing import print_json, print_table
from foretell.error import Error

if TYPE_CHECKING:
    from foretell.training import Training


def train(
    predictor: Annotated[str, PREDICTOR],
    input: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="PATH",
            help="A file, a folder, a pattern or a URL; may be repeated. Without it, the train_source that the "
            "predictor declares, else its source.",
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", metavar="N", min=1, help="Train on N rows from across the input."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="Of the sample, of what is held out, and of training.")
    ] = 0,
    test_share: Annotated[
        float | None,
        typer.Option(
            "--test-share",
            metavar="SHARE",
            min=0.0,
            max=0.99,
            help="Of the rows, held out to evaluate on; 0.2 unless given, for a class with evaluate.",
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            "--compare",
            metavar="VERSION",
            help="A version or an alias whose metrics are shown beside the new ones, on the same rows.",
        ),
    ] = None,
    name: NameOption = None,
    metadata: MetadataOption = None,
    alias: AliasOption = None,
    unchecked: UncheckedOption = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
    store: StoreOption = None,
    trust_store: TrustStoreOption = False,
) -> None:
    """Train a model, and save it with its metrics as the next version.

    Rows are prepared and made features as everywhere; those that cannot be are counted and left out.
    """
    from foretell.cli.suggest import suggesting
    from foretell.local.progress import Silent, default
    from foretell.store import Store

    pairs = metadata_of(metadata or [])
    owner = predictor_class(predictor)
    the_store = Store(store)
    aliases = checked_aliases(the_store, name or owner.name, alias)
    try:
        with suggesting(the_store, name or owner.name, compare or ""):
            done = owner(store=the_store).train_model(
                input=input,
                sample=sample,
                seed=seed,
                test_share=test_share,
                model_key=name,
                metadata=pairs or None,
                alias=aliases[0] if aliases else None,
                compare=compare,
                why=why,
                unchecked=unchecked,
                trust_store=trust_store,
                progress=Silent() if quiet or as_json else default(),
            )
    except Error as problem:
        _show_traceback(problem)
        raise
    for other in aliases[1:]:
        the_store.promote(done.version.reference, other, why=why, unchecked=unchecked)
    done.version = the_store.version(done.version.reference)
    if as_json:
        print_json(done.to_json())
    elif not quiet:
        _tell(done)


def _show_traceback(problem: Error) -> None:
    """Where in the user's own code it was, when it was there."""
    from foretell.predictor.failure import format_users_traceback

    cause = problem.__cause__
    if problem.code == "FT0301" and isinstance(cause, Exception):
        print(format_users_traceback(cause), file=sys.stderr)


def _tell(done: Training) -> None:
    version = done.version
    named = "".join(f", {alias}" for alias in version.aliases)
    print(f"{version.reference} trained and saved{named}")
    for line in done.lines():
        print(line)
    heads, rows = done.table()
    if rows:
        print_table(heads, rows, right=list(range(1, len(heads))))
    if told := done.comparison():
        print(told)
    if "production" in version.aliases:
        print(f"next: foretell show {version.reference}")
    else:
        print(f"next: foretell check {version.reference}")
