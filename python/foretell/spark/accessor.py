"""``predictor.spark``: what a saved version does in Apache Spark beside ``predict`` of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from os import PathLike

    from foretell.predictor import Predictor
    from foretell.spark.stream import Stream


@dataclass(frozen=True)
class SparkAccessor:
    """Each of these runs the predictor's saved version, by its own code; FT0101 where there is none."""

    _predictor: Predictor

    def column(self, *columns: Any, **by_name: Any) -> Any:
        """The predictions as a Spark column: a struct of the outputs, ``model_version`` and ``_error``.

            df.select("id", predictor.spark.column("title", "description").topics)
            df.select(predictor.spark.column(title="headline", description=F.upper("text")).alias("p"))
            df.select(predictor.spark.column())     # the columns that have the names of its input

        ``columns``: names, or Spark columns, in the order of the predictor's ``input``, or by its names. A bad or
        skipped row has null outputs and an ``_error``; nothing raises within a task for it. What has another type
        than declared (FT0205) is told by the job.

        FT0101 for what is no column, too many, or none of the input's; FT0203 where one is missing; FT0308 for a
        version of unknown output; FT1001 without a session; FT1002 for executors that cannot run it.
        """
        from foretell.spark.column import column

        return column(self._predictor, columns, by_name)

    def register(self, spark: Any, name: str) -> None:
        """Makes the same a function of SQL in this session: ``select topics(title, description).topics from t``.

        Its arguments are in the order of the predictor's ``input``. The version stays the one that is loaded
        here, until another is registered by that name. Errors as for `column`; FT0101 for what is no name.
        """
        from foretell.spark.column import register

        register(self._predictor, spark, name)

    def map_rdd(self, rdd: Any) -> Any:
        """An RDD of dicts or ``Row`` elements into one of their answers, lazily: one for each, in order.

        A dict gives what ``predict`` of a list of dicts gives with ``on_error="null"``: kept columns, predictions,
        ``model_version``, and ``_error`` where the row is bad or skipped. A ``Row`` gives a ``Row``, with ``_error``
        always. A row that lacks a column, or has one of another type, is a bad row here (FT0203, FT0205), for
        nothing raises within a task for a row. An element that is neither fails its task (FT0101).

        FT0101 for what is no RDD, FT1002 for executors that cannot run it, FT1004 over Spark Connect.
        """
        from foretell.spark.rdd import map_rdd

        return map_rdd(self._predictor, rdd)

    def start(
        self,
        *,
        output: str | PathLike[str],
        checkpoint: str | PathLike[str] | None = None,
        frame: Any = None,
        trigger: str | float | None = None,
        **options: Any,
    ) -> Stream:
        """Starts a stream into a folder, and returns while it goes on; see ``foretell.spark.stream``.

            with ft.load("EventTopics@production").spark.start(output="topics", trigger="10 seconds") as stream:
                stream.await_termination()

        What the predictor was loaded by is looked up for each micro-batch: an alias may move. The rows: ``frame``,
        else ``load_input_stream``, else the ``source`` of this predictor. FT0101 where there is no saved version.
        """
        from foretell.loading import open_store
        from foretell.spark.descriptor import saved_version
        from foretell.spark.engine import Spark
        from foretell.spark.stream import loads_own_stream, stream

        saved_version(self._predictor)
        assert self._predictor._reference is not None
        engine = options.pop("engine", "spark")
        engine = Spark() if engine == "spark" else engine
        if frame is None and "input" not in options:
            if loads_own_stream(self._predictor):
                frame = self._predictor.load_input_stream(engine.session)
            else:
                options["input"] = self._predictor._source()
        return stream(
            self._predictor._reference,
            output=output,
            checkpoint=checkpoint,
            frame=frame,
            trigger=trigger,
            engine=engine,
            **{"store": open_store(self._predictor._store), **options},
        )
