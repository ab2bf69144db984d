"""A frame of Spark's as the source of a run: of ``load_input_dataframe``, of a catalog's table, of a micro-batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from foretell.error import error
from foretell.local.frame import FRAME
from foretell.sources.source import TARGET_BYTES, TARGET_ROWS, InputFile, Plan, Source, SparkOnly
from foretell.spark.types import arrow_of_spark

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.sources.decode import Decode


class FrameSource(Source):
    """``frame``: called once, when its rows are first asked for. ``batch``: what a pin says of the micro-batch that
    it is, if it is one. ``decode``: makes rows of what the frame holds."""

    def __init__(
        self,
        description: str,
        frame: Callable[[], Any],
        batch: dict[str, Any] | None = None,
        decode: Decode | None = None,
    ) -> None:
        self._description = description
        self._make = frame
        self._frame: Any = None
        self._batch = batch
        self.decode = decode

    @property
    def frame(self) -> Any:
        if self._frame is None:
            self._frame = self._make()
        return self._frame

    @property
    def bounded(self) -> bool:
        """Whether it is all that a run reads."""
        return self._batch is None

    def planned(self, plan: Plan) -> Any:
        """The frame of a plan that may be of an earlier attempt."""
        return self.frame

    def describe(self) -> str:
        return self._description

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        from foretell.sources.source import pick_columns

        found = arrow_of_spark(self.frame.schema) if self.decode is None else self.decode.schema()
        return pick_columns(found, columns, self._description)

    def plan(
        self,
        target_rows: int = TARGET_ROWS,
        target_bytes: int = TARGET_BYTES,
        min_splits: int = 1,
        declared: pa.Schema | None = None,
        files: Sequence[InputFile] | None = None,
    ) -> Plan:
        """Which frame it is, and its columns. Spark cuts it when it is scored."""
        from foretell.sources.types import type_text

        all_of_it = {
            "number": 0,
            "file": 0,
            "path": self._description,
            "kind": FRAME,
            "first_row": 0,
            "rows": None,
        }
        return {
            "format": FRAME,
            "files": [],
            "schema": [[column.name, type_text(column.type)] for column in self.schema()],
            "reading": {},
            "splits": [all_of_it],
            **self.bounds(),
        }

    def bounds(self) -> dict[str, Any]:
        """What a plan says of where its rows begin and end."""
        return self._batch or {}

    def list_files(self) -> list[InputFile]:
        self._of_spark()

    def read(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pa.RecordBatchReader:
        self._of_spark()

    def sample(self, n: int, seed: int = 0) -> pa.Table:
        self._of_spark()

    def _of_spark(self) -> NoReturn:
        raise error(
            "FT0707",
            f"{self._description} is a frame of Spark's, and not made of files or of a query with a cursor",
            "score all of it without --incremental, or as a stream with --follow",
        )


class Bounded(FrameSource):
    """A batch of a source that Spark alone reads: where it ends is part of its plan."""

    def __init__(self, source: SparkOnly, session: Callable[[], Any]) -> None:
        super().__init__(source.describe(), lambda: source.read_frame(session()), decode=source.decoder())
        self._source = source
        self._session = session

    def bounds(self) -> dict[str, Any]:
        return self._source.bounds(self._session())

    def planned(self, plan: Plan) -> Any:
        return self._source.read_within(self._session(), plan)
