"""A stream by a version that may move: Structured Streaming, a unit of work for each micro-batch.

    stream = foretell.spark.stream("EventTopics@production", output="topics", trigger="10 seconds")
    stream.await_termination()

Each micro-batch is scored by the version that the alias names when it begins. Its version and its offsets are pinned
before a row is scored; rows and quarantine are committed by one create. So the driver may be killed at any moment,
and the same call goes on: every input row is in the output once, by the version pinned for its micro-batch.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.local.driver import DEFAULTS, Run
from foretell.local.planning import loading
from foretell.local.summary import UnitSummary
from foretell.spark.checkpoint import Checkpoint, Lineage
from foretell.spark.engine import Spark, spark_failed
from foretell.spark.micro_batches import MicroBatches
from foretell.spark.session import is_connect
from foretell.toml_values import seconds

if TYPE_CHECKING:
    from foretell import _core
    from foretell.predictor import Predictor
    from foretell.sources.decode import Decode

AVAILABLE_NOW = "available now"
"""The trigger that ends the stream when all that is there was scored."""


def stream(
    reference: str,
    *,
    output: str | os.PathLike[str],
    checkpoint: str | os.PathLike[str] | None = None,
    frame: Any = None,
    trigger: str | float | None = None,
    new_lineage: bool = False,
    on_unit: Callable[[UnitSummary], None] | None = None,
    engine: str | Spark = "spark",
    **options: Any,
) -> Stream:
    """Starts a stream into a folder, and returns while it goes on.

    ``reference``: as of ``foretell.run``; an alias is looked up for each micro-batch. The rows: ``frame`` (of
    ``spark.readStream``), else ``input=``, else the class's ``load_input_stream``, else its ``source``.
    ``checkpoint``: Spark's folder of the stream; by default ``_checkpoint`` in the output. ``trigger``: "10 seconds",
    "30s", a number of seconds, "available now" (score what is there, and end), None (one micro-batch after the other).
    ``on_unit``: told each micro-batch's summary, by Spark's thread. ``new_lineage``: goes on with an output whose
    checkpoint is lost; the source is read from its beginning again, so that its rows are scored once more.
    ``options``: those of ``foretell.run``.

    FT0101 for a trigger that is none; FT0603 for the checkpoint of another output, or a lost one; FT0602 while another
    stream writes there; FT1003 for a frame that does not stream; FT1004 over Spark Connect.
    """
    when = trigger_of(trigger)
    if isinstance(engine, str):
        if engine != "spark":
            raise error(
                "FT0101", f"engine={engine!r}: streams are Spark's", 'engine="spark"; or foretell.follow'
            )
        engine = Spark()
    run = Run(reference, **{**DEFAULTS, "engine": engine, **options})
    run.version()  # that there is one is seen before a query starts
    with ExitStack() as undo:
        undo.callback(engine.close)
        if is_connect(engine.session):
            raise error(
                "FT1004",
                "streams do not work over Spark Connect: their driver has to be this process",
                "run them with a master: foretell run … --engine spark --master spark://host:7077 --follow",
            )
        path = os.fspath(output)
        if frame is not None:
            _check_streaming(frame)
        target = undo.enter_context(run.output(path, "stream"))
        rows, decode = (
            (frame, None) if frame is not None else _rows(run, engine, options.get("input"), target)
        )
        _check_streaming(rows)
        place = Checkpoint(
            engine.session, os.fspath(checkpoint or os.path.join(os.path.abspath(path), "_checkpoint"))
        )
        first_unit = _belonging(place, target, path, new_lineage)
        batches = MicroBatches(
            target, run, engine, place, first_unit, path, on_unit or (lambda unit: None), decode
        )
        writer = rows.writeStream.foreachBatch(batches.__call__).option("checkpointLocation", place.path)
        try:
            query = writer.queryName(f"foretell {reference} into {path}").trigger(**when).start()
        except Exception as raised:
            raise spark_failed(raised) from raised
        return Stream(query, batches, undo.pop_all())


class Stream:
    """A stream that goes on in Spark's threads. Any thread may use it."""

    def __init__(self, query: Any, batches: MicroBatches, held: ExitStack) -> None:
        self.query = query
        self._batches = batches
        self._held = held

    @property
    def is_active(self) -> bool:
        return bool(self.query.isActive)

    def await_termination(self, timeout: float | None = None) -> bool:
        """Waits until it has ended, for ``timeout`` seconds at most; whether it has. Raises what stopped it, as it was
        raised where micro-batches are scored."""
        if timeout is not None and timeout <= 0:
            raise error("FT0101", f"timeout={timeout!r} is out of range: it is a number of seconds above 0")
        try:
            ended = self.query.awaitTermination() if timeout is None else self.query.awaitTermination(timeout)
        except Exception as raised:
            self._let_go()
            if self._batches.failure is not None:
                raise self._batches.failure from None
            raise spark_failed(raised) from raised
        if timeout is not None and not ended:
            return False
        self._let_go()
        return True

    def stop(self) -> None:
        """Ends it, after the micro-batch that is on its way."""
        with self._batches.at_work:
            self._batches.ended = True
            self._end_query()
        self._held.close()

    def abort(self) -> None:
        """Ends it at once; a micro-batch on its way is scored when the stream is started again."""
        self._batches.ended = True
        self._end_query()
        self._held.close()

    def _end_query(self) -> None:
        with suppress(Exception):  # Spark may have ended, and the query with it
            self.query.stop()

    def _let_go(self) -> None:
        self._batches.ended = True
        self._held.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.abort() if kind is KeyboardInterrupt else self.stop()

    def __repr__(self) -> str:
        return f"<foretell stream {self.query.name!r}, {'active' if self.is_active else 'ended'}>"


def trigger_of(given: str | float | None) -> dict[str, Any]:
    """Arguments of ``DataStreamWriter.trigger``; FT0101 for what is no time."""
    if given is None:
        return {"processingTime": "0 seconds"}
    if given == AVAILABLE_NOW or given == "availableNow":
        return {"availableNow": True}
    words = given.split() if isinstance(given, str) else []
    text: Any = f"{words[0]}{words[1][0]}" if len(words) == 2 and words[1] in _UNITS else given
    found = seconds("a time").take(text)
    if found is None:
        raise error(
            "FT0101", f"trigger={given!r} is no time", 'such as "10 seconds", "30s", 2.5 or "available now"'
        )
    return {"processingTime": f"{round(found * 1000)} milliseconds"}


_UNITS = frozenset({"second", "seconds", "minute", "minutes", "hour", "hours", "day", "days"})


def _rows(run: Run, engine: Spark, given: Any, target: _core.Output) -> tuple[Any, Decode | None]:
    """The streaming frame and what makes rows of it: of the input given, else the class's method, else its source."""
    from foretell.predictor.declared import source_for_spark
    from foretell.sources import as_source

    predictor = _loaded(run, target)
    if given is None and loads_own_stream(predictor):
        return predictor.load_input_stream(engine.session), None
    source = source_for_spark(predictor, None if given is None else as_source(given))
    return source.read_stream(engine.session), source.decoder()


def _loaded(run: Run, target: _core.Output) -> Predictor:
    """The version that the reference names; when it cannot be loaded, that of the newest committed unit, whose
    micro-batches go on. Its error when there is none, or in a strict run."""
    try:
        with loading(run.reference):
            predictor = run.predictor()
            predictor._ready()
        return predictor
    except Error as problem:
        committed = [number for number in target.unit_numbers()[-2:] if target.read_unit(number).committed]
        if run.strict or not committed:
            raise
        version = target.read_unit(committed[-1]).pin["version"]
        run.tell.note(f"the rows are loaded by {run.name}@{version}: {problem}")
        return run.predictor(version)


def loads_own_stream(predictor: Predictor) -> bool:
    """Whether its class writes ``load_input_stream``."""
    from foretell.predictor import Predictor

    return type(predictor).load_input_stream is not Predictor.load_input_stream


def _check_streaming(frame: Any) -> None:
    if not type(frame).__module__.startswith("pyspark.sql.") or not getattr(frame, "isStreaming", False):
        kind = "a frame of a batch" if hasattr(frame, "isStreaming") else type(frame).__name__
        raise error(
            "FT1003",
            f"a streaming frame was expected, and {kind} was given",
            "make it by spark.readStream; a batch is scored by predictor.predict(frame), or by foretell.run",
        )


def _belonging(place: Checkpoint, target: _core.Output, output: str, new_lineage: bool) -> int:
    """The unit of micro-batch 0, once checkpoint and output are known to be of one stream; FT0603."""
    ours, found = target.lineage["id"], place.lineage()
    units = target.unit_numbers()
    if found is not None and found.id != ours:
        raise error(
            "FT0603",
            f"the checkpoint {place.path} belongs to another output than {output}",
            "give each output a checkpoint of its own",
        )
    if found is None and place.used:
        raise error(
            "FT0603",
            f"the checkpoint {place.path} belongs to a query that foretell did not start",
            "give the stream a checkpoint of its own",
        )
    lost = units and (found is None or (units[-1] >= found.first_unit and not place.used))
    if found is not None and not lost:
        return found.first_unit
    if lost and not new_lineage:
        raise error(
            "FT0603",
            f"{output} has {len(units)} units, and the checkpoint that they came by is not at {place.path}",
            "put it back; or go on with --new-lineage, which reads the source from its beginning and scores its rows"
            " once more",
        )
    if units:
        _abandon(target, units[-1])
    first = units[-1] + 1 if units else 1
    place.write(Lineage(ours, first))
    return first


def _abandon(target: _core.Output, number: int) -> None:
    """Closes a unit that the lost checkpoint left open: without rows, as the new lineage reads them again."""
    from foretell.store import default_who

    unit = target.read_unit(number)
    if not unit.committed:
        why = "its checkpoint is lost, and its rows are read again"
        target.repin(number, unit.pin["version"], unit.pin["manifest_sha256"], default_who(), why)
        unit = target.read_unit(number)
        unit.commit_attempt(unit.start())
    unit.publish()
