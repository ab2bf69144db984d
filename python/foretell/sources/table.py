"""`ft.table`: a table of Spark's catalog, read by Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sources.source import SparkOnly, pick_columns

if TYPE_CHECKING:
    import pyarrow as pa


def table(name: str, *, options: Mapping[str, str] | None = None) -> Table:
    """A table of Spark's catalog as a source: `ft.table("catalog.db.events")`.

    ``name`` is as in Spark SQL, parts that need it in backquotes. ``options`` are those of the table's format, such
    as ``maxFilesPerTrigger``. FT0101 for no name; nothing is looked at before it is read. Thread-safe.
    """
    if not isinstance(name, str) or not name.strip():
        raise error("FT0101", "ft.table needs the name of a table", 'ft.table("db.events")')
    return Table(name, dict(options or {}))


class Table(SparkOnly):
    """See `table`."""

    def __init__(self, name: str, options: dict[str, str]) -> None:
        self.name = name
        self._options = options

    def describe(self) -> str:
        return f"the table {self.name}"

    def __repr__(self) -> str:
        return f"ft.table({self.name!r})"

    def options(self) -> dict[str, Any]:
        return {"table": self.name, "options": dict(self._options)}

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """In the session that is active; FT0707 without one. Else as `read_frame`."""
        from foretell.spark.session import active_session
        from foretell.spark.types import arrow_of_spark

        spark = active_session()
        if spark is None:
            raise self._not_plannable()
        return pick_columns(arrow_of_spark(self.read_frame(spark).schema), columns, self.describe())

    def read_frame(self, spark: Any) -> Any:
        """The table as a frame. FT0701 when Spark knows none of that name."""
        return self._found(lambda: spark.read.options(**self._options).table(self.name))

    def read_stream(self, spark: Any) -> Any:
        """The table's rows and those that are added, as a streaming frame. FT0701 as above, FT0702 for a table whose
        format has no streams."""
        from foretell.spark.files import (
            NOTHING_FORGOTTEN,  # of tables of files; other formats pass over these
        )

        given = {**NOTHING_FORGOTTEN, **self._options}
        return self._found(lambda: spark.readStream.options(**given).table(self.name))

    def _found(self, ask: Any) -> Any:
        try:
            frame = ask()
            frame.schema  # noqa: B018  over Spark Connect it is only now that Spark looks
            return frame
        except Exception as raised:
            said = str(raised).strip().split("\n")[0]
            if "TABLE_OR_VIEW_NOT_FOUND" in said or "PARSE_SYNTAX_ERROR" in said or "NOT_FOUND" in said:
                raise error(
                    "FT0701", f"Spark knows no table {self.name}", "SHOW TABLES lists them"
                ) from raised
            if type(raised).__name__ == "AnalysisException":
                raise error("FT0702", f"{self.describe()} cannot be read: {said}", "") from raised
            raise
