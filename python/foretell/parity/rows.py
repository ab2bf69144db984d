"""The rows of a check or a comparison: a version's example, and what else was named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error

if TYPE_CHECKING:
    from foretell.parity.subject import Subject
    from foretell.store import Store
    from foretell.version import Version


@dataclass(frozen=True)
class Gathered:
    """``rows``: a table, the ``example`` rows of the version first; ``origin``: in words."""

    rows: Any
    example: int
    distinct: int
    needed: int
    origin: str
    unread: str = ""  # why rows that were needed could not be drawn from the source


def gather(subject: Subject, rows: Any, store: Store | None, version: Version | None) -> Gathered:
    """A version's example, then ``rows``, then, when these are too few for a complete check, rows of its source.

    FT0701 when that is none, FT0203 and FT0205 when the example or ``rows`` do not fit.
    """
    from foretell import _core
    from foretell.predictor.example import NEEDED, of_source

    tables, origins, example, needed = [], [], 0, NEEDED
    kept = None if version is None or store is None else example_of(store, version)
    if kept is not None and version is not None:
        tables.append(subject.columns(kept, f"the example of {version.reference}"))
        origins.append(f"the example of {version.reference}")
        example = kept.num_rows
        needed = int((version.manifest.get("check") or {}).get("needed", NEEDED))
    if rows is not None:
        tables.append(subject.columns(read_rows(rows, subject.input), "the rows"))
        origins.append(describe(rows))
    table = stacked(tables) if tables else None
    distinct = 0 if table is None else _core.count_distinct(table)
    unread = ""
    if distinct < needed and version is not None and subject.predictor.source is not None:
        try:
            more, needed_of_source = of_source(subject.predictor, subject.predictor._ready().contract)
            more = subject.columns(more, "the source")
            table = stacked([*tables, more])
        except Error as problem:
            unread = f", and its source cannot be read here ({problem.code}: {problem.message})"
        else:
            origins.append(f"{more.num_rows} rows of its source")
            needed = min(needed, needed_of_source)
            distinct = _core.count_distinct(table)
    if table is None or not table.num_rows:
        what = "no rows were given" if version is None else f"{version.reference} keeps no example"
        raise error(
            "FT0701",
            f"{what if not origins else ' and '.join(origins)}: there is no row to predict{unread}",
            "give rows: --rows PATH, or rows=…; a save keeps example= or rows of the predictor's source",
        )
    return Gathered(table, example, distinct, needed, " and ".join(origins), unread)


def example_of(store: Store, version: Version) -> Any:
    """The example's rows as a table; None when the version keeps none."""
    import pyarrow as pa

    path = version.manifest.get("example")
    if not path:
        return None
    files = store.open_files(version)
    with pa.OSFile(str(files[path])) as file:
        return pa.ipc.open_file(file).read_all()


def read_rows(rows: Any, declared: Mapping[str, str] | None) -> Any:
    """All rows of anything that holds some, as a table; FT0701, FT0702, FT0707."""
    from foretell.sources import Files, as_source

    source = as_source(rows)
    if isinstance(source, Files) and declared is not None:
        source = source.at(source.list_files())
    if isinstance(source, Files) and declared is not None and source.is_text:
        present = set(source.schema().names)
        source = source.typed({name: kind for name, kind in declared.items() if name in present})
    return source.read().read_all()


def describe(rows: Any) -> str:
    from foretell.sources import as_source

    return str(rows) if isinstance(rows, (str, os.PathLike)) else as_source(rows).describe()


def stacked(tables: list[Any]) -> Any:
    """One table of several; FT0205 where a column has types that do not go together."""
    import pyarrow as pa

    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowException, TypeError) as problem:
        raise error(
            "FT0205",
            f"the rows do not fit those of the example: {problem}",
            "give the columns the types that the example has",
        ) from problem
