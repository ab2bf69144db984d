"""``foretell.check``: predicts the same rows in every mode, and compares each with bulk, row by row."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.error import Error
from foretell.parity.modes import MODES, REQUIRED, Checked, Part
from foretell.parity.process import OtherProcess, within_reach
from foretell.parity.report import CheckReport, Largest, ModeResult, Shown
from foretell.parity.rows import Gathered, gather
from foretell.parity.subject import Subject, tolerance

if TYPE_CHECKING:
    from foretell.local.engine import Engine
    from foretell.spark import Spark
    from foretell.store import Store
    from foretell.version import Version

_NEIGHBOUR_ROWS = 10
_INPUT_TEXT = 200


def check(
    reference: str,
    rows: Any = None,
    *,
    store: Any = None,
    trust_store: bool = False,
    keep: bool = True,
    engine: str | Engine = "local",
) -> CheckReport:
    """Predicts a version's example, and ``rows``, in every mode, and says where modes differ.

    ``rows``: a path, glob or list of them, a frame, a table, dicts. The modes are those of
    ``foretell.parity.modes.MODES``. The report is kept with the version (``keep=False``: it is not): a promotion
    asks for one that passed and is complete, which takes 100 distinct rows, or all that the source has.
    ``engine``: "spark", or a ``foretell.spark.Spark``, adds a frame, a column function and a stream of Spark's.

    FT0701 when there is no row; FT0203, FT0205 for rows with other columns; what ``load`` raises.
    """
    from foretell.loading import load, open_store

    the_store = open_store(store)
    predictor = load(reference, store=the_store, trust_store=trust_store, warn=False)
    version: Any = predictor.version
    report = check_predictor(predictor, rows, the_store, version, _spark(engine))
    if keep:
        from foretell.parity.gate import keep as keep_report

        keep_report(the_store, report)
    return report


def check_predictor(
    predictor: Any,
    rows: Any,
    store: Store | None = None,
    version: Version | None = None,
    spark: Spark | None = None,
) -> CheckReport:
    """The same for a predictor at hand; without ``version`` no other process can open it."""
    began = time.monotonic()
    subject = Subject(predictor)
    gathered = gather(subject, rows, store, version)
    checked = Checked(subject, gathered.rows, gathered.example)
    with tempfile.TemporaryDirectory(prefix="foretell-check-") as temporary:
        folder = Path(temporary)
        other = None
        if store is not None and version is not None:
            other = OtherProcess(
                version.reference, within_reach(store, version, folder), checked.rows, folder
            )
        try:
            run = Run(checked, predictor, version)
            run.all(other)
            if spark is not None:
                run.on_spark(spark)
        finally:
            if other is not None:
                other.end()
    return _report(run, gathered, predictor, version, time.monotonic() - began)


def check_at_hand(predictor: Any, rows: Any) -> CheckReport:
    """See ``Predictor.check``."""
    from foretell.loading import open_store
    from foretell.parity.rows import example_of
    from foretell.predictor.example import drawn

    if rows is None and predictor.version is not None:
        rows = example_of(open_store(predictor._store), predictor.version)
    if rows is None:
        example = drawn(predictor, predictor._ready().contract)
        rows = None if example is None else example.rows
    return check_predictor(predictor, rows)


class Run:
    """One check under way."""

    def __init__(self, checked: Checked, predictor: Any, version: Version | None) -> None:
        from foretell import _core

        self.checked = checked
        self._predictor = predictor
        manifest = {} if version is None else version.manifest
        self.rtol, self.atol = tolerance(predictor, manifest)
        self.exact = manifest.get("kind", "python") != "python"
        self.results: list[ModeResult] = []
        self.moved: set[int] = set()  # rows that other neighbours change
        self.restless: set[int] = set()  # rows that even a second bulk prediction changes
        self.tried: set[str] = set()
        before = _digest(checked.rows)
        start = time.monotonic()
        part = checked.predict("bulk", None)
        seconds = time.monotonic() - start
        self.input_changed = _digest(checked.rows) != before
        self._before = before
        checked.schema = part.predictions.schema
        errors = part.predictions.column("_error")
        checked.skipped = _skipped(errors)
        self.bad = len(checked) - errors.null_count
        if self.bad < len(checked):
            checked.good = errors.is_null().index(True).as_py()
        self.comparison = _core.Comparison(
            part.predictions, exact=self.exact, rtol=self.rtol, atol=self.atol, shown=3
        )
        self.results.append(ModeResult("bulk", "bulk", len(checked), unstable=part.unstable, seconds=seconds))
        self.tried.add("bulk")

    def all(self, other: OtherProcess | None) -> None:
        """Every mode of the list that can be tried here."""
        for name, mode in MODES.items():
            if mode.run is not None:
                self.one(name, mode.run(self.checked), mode.neighbours)
            elif name == "process" and other is not None:
                self.one(name, _from(other), False)
        self.input_changed = self.input_changed or _digest(self.checked.rows) != self._before

    def on_spark(self, spark: Spark) -> None:
        """The modes of Spark, by the session that is active, else by one that ends with them."""
        from foretell.spark.modes import SparkModes

        with contextlib.closing(spark):
            for name, parts in SparkModes(self.checked, self._predictor, spark).all():
                self.one(name, parts, MODES[name].neighbours)

    def one(self, name: str, parts: Any, neighbours: bool) -> None:
        """One mode, part by part. What it raises is its problem, not the check's."""
        self.tried.add(name)
        start = time.monotonic()
        title = name
        try:
            for part in parts:
                title = part.title
                result = self._compared(name, part, neighbours, time.monotonic() - start)
                self.results.append(result)
                start = time.monotonic()
        except Error as problem:
            seconds = time.monotonic() - start
            self.results.append(
                ModeResult(name, title, 0, problem=f"{problem.code}: {problem.message}", seconds=seconds)
            )

    def _compared(self, name: str, part: Part, neighbours: bool, seconds: float) -> ModeResult:
        if part.predictions is None:
            return ModeResult(name, part.title, len(self.checked), note=part.note)
        ids = None if part.ids is None else list(part.ids)
        self.comparison.add(part.predictions, ids)
        found = self.comparison.finish(ids)
        if neighbours:
            self.moved.update(found.mismatched)
        if name == "twice":
            self.restless.update(found.mismatched)
        return ModeResult(
            name,
            part.title,
            found.rows,
            found.mismatches,
            found.missing,
            found.extra,
            found.not_bit_equal,
            part.unstable,
            _largest(found.absolute),
            _largest(found.relative),
            tuple(found.types),
            tuple(
                Shown(row, column, reference, other, self._input(row))
                for row, column, reference, other in found.shown
            ),
            note=part.note,
            seconds=seconds,
        )

    def _input(self, row: int) -> str:
        from foretell.parity.subject import as_dicts

        text = repr(next(as_dicts(self.checked.rows.slice(row, 1))))
        return text if len(text) <= _INPUT_TEXT else text[:_INPUT_TEXT] + "…"


def _spark(engine: str | Engine) -> Any:
    from foretell.local.engine import Local, engine_of

    found = engine_of(engine, None)
    return None if isinstance(found, Local) else found


def _skipped(errors: Any) -> frozenset[int]:
    import pyarrow.compute as pc

    codes = pc.struct_field(errors, "code").to_pylist()
    return frozenset(row for row, code in enumerate(codes) if code == "FT0306")


def _from(other: OtherProcess) -> Any:
    yield Part("process", None, other.predictions())


def _largest(found: tuple[float, str, int]) -> Largest | None:
    return Largest(*found) if found[1] else None


def _digest(table: Any) -> str:
    """Of every byte of the rows, to see whether somebody wrote into them."""
    digest = hashlib.sha256()
    for column in table.columns:
        for chunk in column.chunks:
            for buffer in chunk.buffers():
                if buffer is not None:
                    digest.update(memoryview(buffer))
    return digest.hexdigest()


def _report(
    run: Run, gathered: Gathered, predictor: Any, version: Version | None, seconds: float
) -> CheckReport:
    import foretell

    settled = sorted(run.moved - run.restless)
    return CheckReport(
        predictor=str(predictor.name) if version is None else version.name,
        version=None if version is None else version.version,
        manifest_sha256="" if version is None else version.sha256,
        rows=len(run.checked),
        distinct=gathered.distinct,
        needed=gathered.needed,
        bad=run.bad,
        origin=gathered.origin,
        rtol=run.rtol,
        atol=run.atol,
        exact=run.exact,
        modes=tuple(run.results),
        neighbours=len(settled),
        neighbour_rows=tuple(settled[:_NEIGHBOUR_ROWS]),
        input_changed=run.input_changed,
        lacking=tuple(_lacking(run, gathered)),
        seconds=seconds,
        foretell=foretell.__version__,
    )


def _lacking(run: Run, gathered: Gathered) -> Sequence[str]:
    found = []
    if gathered.distinct < gathered.needed:
        found.append(
            f"{gathered.distinct} distinct rows, and {gathered.needed} are needed{gathered.unread}: "
            "add some with --rows PATH"
        )
    for name in REQUIRED:
        if name not in run.tried:
            found.append(f"{name} was not tried: the predictor is no saved version")
    return found
