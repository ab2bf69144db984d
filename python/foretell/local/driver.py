"""A run on this machine: from an input to an output, by one known version.

    run("EventTopics@production", input="events/*.parquet", output="topics")

Kill it at any moment and run it again: it finishes the rest, each row once, by the pinned version.
``incremental=True`` scores only what no earlier round of this output has scored: new files, new rows of a query.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.local import progress as progress_module
from foretell.local.engine import engine_of
from foretell.local.planning import check_input, choose_version, other_input, other_option, rows_schema
from foretell.local.rounds import Rounds

if TYPE_CHECKING:
    from foretell import _core
    from foretell.local.engine import Engine, Scorers
    from foretell.local.input import Planner
    from foretell.local.summary import RunSummary
    from foretell.predictor import Predictor
    from foretell.sources import Plan, Source
    from foretell.store import Store
    from foretell.version import Version

FORMATS = ("parquet", "csv", "jsonl")
ON_ERROR = ("quarantine", "null", "fail")
# A split is what a kill loses at most. Smaller ones cost: those inside one Parquet row group decode its start again.
SPLIT_ROWS, SPLIT_BYTES = 100_000, 128 << 20
SPLITS_A_WORKER = 4  # at least, where there are rows enough: the last split should not be waited for long


def run(
    reference: str,
    *,
    output: str | os.PathLike[str],
    input: str | os.PathLike[str] | list[str] | Source | None = None,
    store: str | Store | None = None,
    trust_store: bool = False,
    engine: str | Engine = "local",
    incremental: bool = False,
    rescore_changed: bool = False,
    strict: bool = False,
    format: str = "parquet",
    workers: int | None = None,
    on_error: str = "quarantine",
    max_bad_ratio: float = 0.01,
    deadline: float | None = None,
    version_column: str = "model_version",
    keep: Sequence[str] | None = None,
    batch_rows: int = 10_000,
    progress: progress_module.Progress | None = None,
) -> RunSummary:
    """Scores an input into a folder; see the module's text.

    ``reference`` is NAME@VERSION, NAME@ALIAS or NAME@latest: resolved when a unit of work begins, pinned,
    and not looked at again for that unit. ``input`` replaces the source that the predictor declares.
    ``keep`` names the input columns that go to the output, in place of the predictor's own ``keep``.
    ``engine``: "local" (``workers`` processes), "spark" (the active session, else one made here), or a
    ``foretell.spark.Spark`` that says more. ``deadline`` is in seconds, for one call of the predictor.
    ``strict``: a version that cannot be loaded stops an incremental run, instead of leaving the one before it in
    place.

    Raises ``foretell.Error``: among others FT0601 (the output is finished, by another version or from other
    files than this call names), FT0602 (another run is writing there), FT0604 (an input file
    changed), FT0605 (``TooManyBadRows``: more than ``max_bad_ratio`` are bad; output and quarantine are there
    all the same), FT0307 (the predictor fails on every row; nothing is published).
    """
    the_run = Run(
        reference,
        input=input,
        store=store,
        trust_store=trust_store,
        engine=engine,
        rescore_changed=rescore_changed,
        strict=strict,
        format=format,
        workers=workers,
        on_error=on_error,
        max_bad_ratio=max_bad_ratio,
        deadline=deadline,
        version_column=version_column,
        keep=keep,
        batch_rows=batch_rows,
        progress=progress,
    )
    with the_run.open(output, "incremental" if incremental else "bounded") as rounds:
        return rounds.incremental() if incremental else rounds.bounded()


# What holds unless a caller says otherwise; `follow` takes the same options.
DEFAULTS: dict[str, Any] = {
    name: value for name, value in (run.__kwdefaults__ or {}).items() if name != "incremental"
}


class Run:
    """How units are scored, and what a new one's pin is made of; see `run` for the arguments.

    Only the pin is looked at for a unit that is pinned already.
    """

    def __init__(
        self,
        reference: str,
        *,
        input: Any,
        store: str | Store | None,
        trust_store: bool,
        engine: str | Engine,
        rescore_changed: bool,
        strict: bool,
        format: str,
        workers: int | None,
        on_error: str,
        max_bad_ratio: float,
        deadline: float | None,
        version_column: str,
        keep: Sequence[str] | None,
        batch_rows: int,
        progress: progress_module.Progress | None,
    ) -> None:
        """FT0101 for an option that is out of range."""
        from foretell.loading import open_store

        if format not in FORMATS:
            raise error("FT0101", f"format={format!r} is not one of {', '.join(FORMATS)}")
        if on_error not in ON_ERROR:
            raise error("FT0101", f"on_error={on_error!r} is not one of {', '.join(ON_ERROR)}")
        for name, value, fits in (
            ("workers", workers, workers is None or workers >= 1),
            ("max_bad_ratio", max_bad_ratio, 0 <= max_bad_ratio <= 1),
            ("deadline", deadline, deadline is None or deadline > 0),
            ("batch_rows", batch_rows, batch_rows >= 1),
        ):
            if not fits:
                raise error("FT0101", f"{name}={value!r} is out of range")
        if isinstance(keep, str):
            raise error(
                "FT0101", f"keep={keep!r} is a text, expected a list of column names", f"keep=[{keep!r}]"
            )
        self.name = reference.partition("@")[0]
        self.engine = engine_of(engine, workers)
        self.max_bad_ratio = max_bad_ratio
        self.deadline = deadline
        self.rescore_changed = rescore_changed
        self.tell = progress or progress_module.default()
        self.reference = reference
        self._store = open_store(store)
        self._trust_store = trust_store
        self.strict = strict
        self._input = input
        self._options: dict[str, Any] = {
            "format": format,
            "on_error": on_error,
            "version_column": version_column,
            "keep": None if keep is None else list(keep),
            "batch_rows": batch_rows,
        }
        self._source: Source | None = None

    @property
    def store_url(self) -> str:
        return self._store.url

    @contextmanager
    def open(self, output: str | os.PathLike[str], mode: str) -> Iterator[Rounds]:
        """The output, for this process alone until the end of the ``with`` block."""
        path = os.fspath(output)
        try:
            with self.output(path, mode) as target:
                yield Rounds(target, self, path)
        finally:
            self.engine.close()

    def output(self, path: str, mode: str) -> _core.Output:
        """An output of this run's predictor; FT0601 to FT0603."""
        from foretell import _core

        return _core.Output.open(path, predictor=self.name, store=self.store_url, mode=mode)

    def version(self) -> Version:
        """The version that the reference names now, admitted; FT0401 to FT0403, FT0503."""
        from foretell.loading import find

        return find(self.reference, self._store, self._trust_store)[1]

    def predictor(self, version: int | None = None) -> Predictor:
        """The version that the reference names now, or one by its number, loaded in this process."""
        from foretell.loading import load

        reference = self.reference if version is None else f"{self.name}@{version}"
        return load(reference, store=self._store, trust_store=self._trust_store)

    @property
    def source(self) -> Source:
        """``input``, else what the predictor declares."""
        if self._source is None:
            from foretell.predictor.declared import declared_source
            from foretell.sources import as_source

            if self._input is not None:
                self._source = self.engine.as_read(as_source(self._input))
            else:
                predictor = self.predictor()
                if (own := self.engine.own_input(predictor)) is not None:
                    self._source = own
                    return own
                if predictor.source is None:
                    raise error(
                        "FT0707",
                        f"{self.reference} declares no source, and no input was given",
                        "pass --input PATH, or set `source = ft.files(…)` on the predictor",
                    )
                self._source = self.engine.as_read(declared_source(predictor.source))
        return self._source

    def pin(self, units: list[_core.Unit], planner: Planner | None, scorers: Scorers) -> dict[str, Any]:
        """Version and input of a new unit, as its pin keeps them."""
        from foretell.code import environment
        from foretell.store import default_who

        assert planner is not None, "what is pinned already has a plan"
        try:
            version, plan, note = choose_version(
                self._store,
                self.reference,
                units,
                self._trust_store,
                self.strict,
                scorers,
                lambda version: self._plan(version, planner),
            )
        except BaseException:
            planner.discard()
            raise
        if note:
            self.tell.note(note)
        self._store.core.make_durable(version.name, version.version)  # a pin is not to outlive its version
        return {
            "version": version.version,
            "manifest_sha256": version.sha256,
            "plan": json.dumps({**plan, "options": self._options}),
            "environment": json.dumps(environment()),
            "who": default_who(),
            "why": f"run of {self.reference}",
        }

    def check_finished(self, output: str, unit: _core.Unit, pins: list[dict[str, Any]]) -> None:
        """Tells that there is nothing to do. FT0601 when this call asks for other rows than an output has."""
        finished = f"{self.name}@{unit.pin['version']}"
        version = self._store.version(self.reference)
        plan = json.loads(unit.pin["plan"])
        # A person may have pinned another version than the one that was asked for.
        other = ""
        if version.version not in {pin["version"] for pin in pins}:
            other = f"{self.reference} is version {version.version}"
        other = other or other_option(plan["options"], self._options) or other_input(plan, self.source)
        if other:
            count = len(plan["files"])
            raise error(
                "FT0601",
                f"the output {output} is finished, by {finished} from {count} file{'s' * (count != 1)}; {other}",
                "choose another --output (one that is run with --incremental from the first time on takes"
                " new files as they come)",
            )
        self.tell.note(f"already finished by {finished}: nothing to do")

    def _plan(self, version: Version, planner: Planner) -> Plan:
        """What there is to read, if this version can read it: what is pinned binds every later attempt."""
        from foretell import _core
        from foretell.predictor.contract import Contract
        from foretell.sources import declared_schema

        signature = version.manifest["signature"]
        if signature.get("output") is None and self._options["format"] == "parquet":
            raise error(
                "FT0308",
                f"{version.name}@{version.version} does not declare its output",
                "add to the class, and save again: output = ft.schema(…)",
            )
        plan = planner.plan(
            SPLIT_ROWS, SPLIT_BYTES, self.engine.workers * SPLITS_A_WORKER, declared_schema(signature)
        )
        if not plan["splits"]:  # nothing to predict, and yet an output with its columns
            file = plan["files"][0]
            empty = {
                "number": 0,
                "file": 0,
                "path": file["path"],
                "kind": plan["format"],
                "first_row": 0,
                "rows": 0,
            }
            plan = {**plan, "splits": [empty]}
        contract = Contract.from_json(signature)
        check_input(contract, rows_schema(plan))
        _core.map_schema(
            _core.Schema.from_arrow(rows_schema(plan)),
            contract.core(),
            version_column=self._options["version_column"],
            keep=self._options["keep"],
        )
        return plan
