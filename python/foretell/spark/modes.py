"""The modes that Spark adds to a check: a frame, a column function, a stream."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.parity.modes import Checked, Part
from foretell.spark.contract import frame_contract, selected
from foretell.spark.descriptor import Descriptor, saved_version
from foretell.spark.engine import Spark
from foretell.spark.executors import check_executors
from foretell.spark.frames import MapTask
from foretell.spark.types import as_spark_takes, spark_of_arrow

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.predictor import Predictor

ROW = "_foretell_row"
"""A column that goes along, to put rows in order again."""

_PARTITIONS = 3  # so that rows have other neighbours


class SparkModes:
    """The rows of a check as a frame, predicted by a saved version. Used by one thread."""

    def __init__(self, rows: Checked, predictor: Predictor, engine: Spark) -> None:
        self._rows = rows
        self._predictor = predictor
        self._engine = engine
        self._made: Any = None

    def all(self) -> Iterator[tuple[str, Iterator[Part]]]:
        """Each mode's name, and what tries it."""
        yield "spark batch", self._batch()
        yield "spark column", self._column()
        yield "spark stream", self._stream()

    def _batch(self) -> Iterator[Part]:
        descriptor, frame = self._descriptor(), self._frame()
        contract = self._predictor._ready().contract
        settled = frame_contract(contract, frame.schema, descriptor.reference, (ROW,), "")
        task = MapTask(descriptor, (ROW,), settled, version_column="")
        out = selected(frame, settled.columns).mapInArrow(task, spark_of_arrow(settled.output))
        yield Part("spark batch", None, self._in_order(out.toArrow()))

    def _column(self) -> Iterator[Part]:
        if not self._predictor._ready().contract.input:
            yield Part("spark column", None, note="its input is not declared, so it has no arguments")
            return
        out = self._frame().select(ROW, self._predictor.spark.column().alias("answer"))
        yield Part("spark column", None, self._in_order(out.select(ROW, "answer.*").toArrow()))

    def _stream(self) -> Iterator[Part]:
        import pyarrow.dataset

        from foretell.local.progress import Silent
        from foretell.spark.stream import AVAILABLE_NOW, stream

        descriptor, frame = self._descriptor(), self._frame()
        with tempfile.TemporaryDirectory(prefix="foretell-check-") as folder:
            frame.write.parquet(f"{folder}/rows")
            files = frame.sparkSession.readStream.schema(frame.schema).option("maxFilesPerTrigger", 2)
            running = stream(
                descriptor.reference,
                frame=files.parquet(f"{folder}/rows"),
                output=f"{folder}/out",
                store=descriptor.store,
                trust_store=True,  # it was admitted when the version was loaded
                engine=self._engine,
                trigger=AVAILABLE_NOW,
                on_error="null",
                max_bad_ratio=1.0,
                keep=[ROW],
                version_column="",
                progress=Silent(),
            )
            running.await_termination()
            table = pyarrow.dataset.dataset(Path(folder) / "out", format="parquet").to_table()
        ids = sorted(table.column(ROW).to_pylist())
        if ids != [row for row in range(len(self._rows)) if row not in self._rows.skipped]:
            raise error("FT0302", f"{len(ids)} of {len(self._rows)} rows came out of the stream")
        yield Part("spark stream", ids, self._in_order(table))

    def _descriptor(self) -> Descriptor:
        descriptor = saved_version(self._predictor)
        check_executors(self._engine.session, descriptor, self._predictor.version)
        return descriptor

    def _frame(self) -> Any:
        """The rows as Spark has them, in partitions of other rows."""
        if self._made is None:
            import pyarrow as pa

            table = self._rows.rows
            for at, field in enumerate(table.schema):
                kind = as_spark_takes(field.type, field.name)
                table = table.set_column(at, field.name, table.column(at).cast(kind))
            table = table.append_column(ROW, pa.array(range(len(table)), pa.int64()))
            self._made = self._engine.session.createDataFrame(table).repartition(_PARTITIONS)
        return self._made

    def _in_order(self, table: pa.Table) -> pa.Table:
        """The predictions, in the order of the rows and in the types that bulk gives."""
        table = table.sort_by(ROW).drop_columns([ROW])
        wanted = self._rows.schema
        names = [name for name in table.column_names if name in wanted.names]
        columns = [table.column(name).cast(wanted.field(name).type) for name in names]
        return type(table).from_arrays(columns, names=names)
