"""``foretell run``: scores an input into a folder of files."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from foretell.cli.engine import ConfOption, EngineOption, MasterOption, engine_of
from foretell.cli.errors import INTERRUPTED
from foretell.cli.options import StoreOption, TrustStoreOption, complete_job, complete_reference
from foretell.cli.printing import json_text
from foretell.error import Error, error

if TYPE_CHECKING:
    from foretell.local import RunSummary

_FILES_NAMED = 5  # of what was written; the folder is named in any case


class Format(StrEnum):
    """What files of an output can be."""

    parquet = "parquet"
    csv = "csv"
    jsonl = "jsonl"


class OnError(StrEnum):
    """What becomes of a row that cannot be predicted."""

    quarantine = "quarantine"
    null = "null"
    fail = "fail"


def run(
    reference: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME@VERSION",
            help="VERSION is a number, an alias or latest; NAME alone is NAME@latest. With --job, the job's.",
            autocompletion=complete_reference,
        ),
    ] = None,
    job: Annotated[
        str | None,
        typer.Option(
            "--job",
            metavar="NAME",
            help="A run that foretell.toml names ([jobs.NAME]); what is given here wins over what it says.",
            autocompletion=complete_job,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", metavar="FOLDER", help="Where the rows go. The same command again goes on."),
    ] = None,
    input: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="PATH",
            help="A file, a folder, a pattern ('events/*.parquet') or a URL; may be repeated. "
            "Without it, the source that the predictor declares.",
        ),
    ] = None,
    incremental: Annotated[
        bool | None,
        typer.Option(
            "--incremental/--no-incremental", help="Score only files that this output has not seen."
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until Ctrl-C: a round of what is new every --interval.")
    ] = False,
    interval: Annotated[
        str | None,
        typer.Option(
            "--interval",
            metavar="TIME",
            help="With --follow: between two looks at the input, such as 30s, 10m or 2h; 30s unless given.",
        ),
    ] = None,
    settle: Annotated[
        int | None,
        typer.Option(
            "--settle",
            metavar="N",
            min=1,
            help="With --follow: a file is taken when N looks in a row found it unchanged; 2 unless given.",
        ),
    ] = None,
    rescore_changed: Annotated[
        bool | None,
        typer.Option(
            "--rescore-changed/--no-rescore-changed",
            help="With --incremental: score a changed file again, whole.",
        ),
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--no-strict",
            help="With --incremental: stop when the version cannot be loaded, do not go on by the last one.",
        ),
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="Of the files written; parquet unless given.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", min=1, help="Processes; one a CPU unless given.")
    ] = None,
    batch_rows: Annotated[
        int | None,
        typer.Option(
            "--batch-rows", metavar="N", min=1, help="The most rows of one call; 10,000 unless given."
        ),
    ] = None,
    on_error: Annotated[
        OnError | None,
        typer.Option(
            "--on-error", help="What becomes of a row that cannot be predicted; quarantine unless given."
        ),
    ] = None,
    max_bad_ratio: Annotated[
        float | None,
        typer.Option(
            "--max-bad-ratio",
            metavar="RATIO",
            min=0.0,
            max=1.0,
            help="More bad rows fail the run; 0.01 unless given.",
        ),
    ] = None,
    deadline: Annotated[
        float | None,
        typer.Option("--deadline", metavar="SECONDS", min=0.0, help="For one call of the predictor."),
    ] = None,
    version_column: Annotated[
        str | None,
        typer.Option(
            "--version-column",
            metavar="NAME",
            help="The column that says which version scored a row; model_version unless given.",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep",
            metavar="COLUMN",
            help="An input column that goes to the output; may be repeated. Without it, what the predictor keeps.",
        ),
    ] = None,
    engine: EngineOption = None,
    master: MasterOption = None,
    conf: ConfOption = None,
    isolate: Annotated[
        bool | None,
        typer.Option(
            "--isolate/--no-isolate",
            help="With --engine spark: processes of their own call the predictor, so that a row that crashes one "
            "is found at once, not when its task is tried again.",
        ),
    ] = None,
    trigger: Annotated[
        str | None,
        typer.Option(
            "--trigger",
            metavar="TIME",
            help="With --follow and Spark: between two micro-batches, such as 10s; or 'available now', which ends "
            "when all that is there was scored. One after the other unless given.",
        ),
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            metavar="FOLDER",
            help="With --follow and Spark: where Spark notes what it has read; _checkpoint in the output unless given.",
        ),
    ] = None,
    new_lineage: Annotated[
        bool,
        typer.Option(
            "--new-lineage",
            help="With --follow and Spark: go on with an output whose checkpoint is lost; the source is read from its "
            "beginning again.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on standard output.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
    store: StoreOption = None,
    trust_store: TrustStoreOption = False,
) -> None:
    """Predict every row of an input, by one version, into a folder of files.

    Kill it at any moment and run it again: it finishes the rest, each row once, by the version it began with.
    """
    from foretell.cli.follow import follow_here, following
    from foretell.cli.stream import as_stream, refuse_streaming, stream_here
    from foretell.cli.suggest import suggesting
    from foretell.local import run as run_here
    from foretell.local.progress import Silent, default
    from foretell.local.summary import TooManyBadRows
    from foretell.store import Store

    given = {
        "output": output,
        "input": _one_or_many(input),
        "incremental": incremental,
        "rescore_changed": rescore_changed,
        "strict": strict,
        "format": None if format is None else format.value,
        "workers": workers,
        "batch_rows": batch_rows,
        "on_error": None if on_error is None else on_error.value,
        "max_bad_ratio": max_bad_ratio,
        "deadline": deadline,
        "version_column": version_column,
        "keep": keep or None,
    }
    reference, options = _of_job(
        job, reference, {key: value for key, value in given.items() if value is not None}
    )
    the_store = Store(store)
    options |= {
        "store": the_store,
        "trust_store": trust_store,
        "progress": Silent() if quiet else default(),
    }
    options["engine"] = engine_of(engine, master, conf, isolate, job)
    streaming = {"trigger": trigger, "checkpoint": checkpoint, "new_lineage": new_lineage or None}
    by_spark = options["engine"] != "local"
    if follow and by_spark:
        options |= as_stream(streaming, interval, settle, options, job)
    else:
        refuse_streaming(streaming)
        options |= following(follow, interval, settle, options, job)
    name, _, selector = reference.partition("@")
    try:
        with suggesting(the_store, name, selector):
            if follow and by_spark:
                stream_here(reference, options, as_json, quiet)
                return
            if follow:
                follow_here(reference, options, as_json, quiet)
                return
            summary = run_here(reference, **options)
    except KeyboardInterrupt:
        _leave_interrupted()
    except TooManyBadRows as stopped:
        _tell(stopped.summary, as_json, quiet, follow)  # all is in place: this is a finding about it
        raise
    except Error as stopped:
        if stopped.code == "FT0312":
            _leave_interrupted()
        raise
    _tell(summary, as_json, quiet)


def _of_job(job: str | None, reference: str | None, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The version and the arguments of ``foretell.run``: those of the job, and over them what was given."""
    if job is not None:
        from foretell.project import here

        found = here().job(job)
        reference, options = reference or found.predictor, {**found.arguments(), **options}
    if reference is None:
        raise error(
            "FT0101",
            "run needs a version, or a job",
            "foretell run NAME@VERSION --output FOLDER, or foretell run --job NAME",
        )
    if "output" not in options:
        raise error("FT0101", "run needs a folder for its rows", "add --output FOLDER")
    return reference, options


def _tell(summary: RunSummary, as_json: bool, quiet: bool, in_a_line: bool = False) -> None:
    if as_json:
        print(json_text(summary.to_json(), indent=None if in_a_line else 2))
    elif not quiet:
        print(summary)
        _say_what_is_next(summary)


def _one_or_many(paths: list[str] | None) -> Any:
    return paths[0] if paths and len(paths) == 1 else paths or None


def _leave_interrupted() -> NoReturn:
    print("interrupted; what is finished is kept: the same command again finishes the rest", file=sys.stderr)
    raise typer.Exit(INTERRUPTED)


def _say_what_is_next(summary: RunSummary) -> None:
    files = sorted(f"{summary.output}/{name}" for unit in summary.units for name in unit.files)
    for path in files[:_FILES_NAMED]:
        print(f"  {path}")
    if len(files) > _FILES_NAMED:
        print(f"  … and {len(files) - _FILES_NAMED} files more")
    print(f"next: foretell runs {summary.output}")
    if any(unit.quarantine for unit in summary.units):
        again = f"foretell run {summary.predictor} --input {summary.output}/_quarantine --output FOLDER"
        print(f"the bad rows, by another version: {again}")
        unit = next(unit for unit in summary.units if unit.quarantine)
        version = f"{summary.predictor}@{unit.version}"
        print(
            f"one of them, step by step: foretell predict {version} --row {summary.output}/_quarantine:0 --trace"
        )
