"""Samples for the notebook: rows from across files and row groups, kept as a local file.

The rows of up to 64 files (chosen at random where there are more) are cut into pieces of about 4,096
rows; pieces are drawn at random until 32 of them, and enough for the sample, are there; rows are then
drawn uniformly from these. Up to 131,072 rows in 64 files this is a uniform sample of all rows. Where
the pieces lie must be known, so text files are scanned once.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sources.files import Files, read_split
from foretell.sources.source import Source, plan_schema

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_FILES = 64
_PIECES = 32
_PIECE_ROWS = 4096


def sample_positions(rows: int, n: int, seed: int) -> list[int]:
    """``n`` of the positions 0 … rows-1 (all when there are fewer), ascending."""
    if n < 0:
        raise error("FT0101", f"a sample of {n} rows was asked for", "ask for none or more")
    return sorted(random.Random(seed).sample(range(rows), min(n, rows)))


def take_rows(table: pa.Table, positions: Sequence[int | None]) -> pa.Table:
    """The rows at some positions, in that order; a row of nulls for None."""
    import pyarrow as pa

    # pyarrow takes no rows from views.
    views = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    plain = pa.schema([column.with_type(views.get(column.type, column.type)) for column in table.schema])
    return table.cast(plain).take(pa.array(positions, pa.int64())).cast(table.schema)


def sample_files(source: Files, n: int, seed: int) -> pa.Table:
    """See the module. FT0704 for a bad line in a piece that was drawn."""
    import pyarrow as pa

    draw = random.Random(seed)
    listed = source.list_files()
    if len(listed) > _FILES:
        listed = [listed[i] for i in sorted(draw.sample(range(len(listed)), _FILES))]
    plan = source.plan(target_rows=_PIECE_ROWS, target_bytes=8 << 20, files=listed)
    order = list(plan["splits"])
    draw.shuffle(order)
    chosen: list[dict[str, Any]] = []
    rows = 0
    for split in order:
        if len(chosen) >= _PIECES and rows >= n:
            break
        chosen.append(split)
        rows += split["rows"]
    chosen.sort(key=lambda split: int(split["number"]))
    positions = sample_positions(rows, n, seed)
    batches = []
    base = 0
    for split in chosen:
        if wanted := within(positions, base, split["rows"]):
            piece = pa.Table.from_batches(read_split(plan, split))
            batches.append(take_rows(piece, wanted))
        base += split["rows"]
    return pa.concat_tables(batches) if batches else plan_schema(plan).empty_table()


def within(positions: Sequence[int], first: int, rows: int) -> list[int]:
    """Those of the sorted ``positions`` that lie in the ``rows`` rows from ``first`` on, counted from there."""
    begin, end = bisect_left(positions, first), bisect_left(positions, first + rows)
    return [position - first for position in positions[begin:end]]


def sample_frame(
    source: Source,
    n: int,
    seed: int = 0,
    refresh: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """A sample as a pandas frame, kept as a Parquet file below ``cache_dir`` for the next time.

    It is drawn again when a file of the source changed, or with ``refresh``. ``cache_dir`` is by
    default ``foretell/samples`` in the user's cache folder. Rows in memory are not kept.
    """
    import pyarrow.parquet as pq

    if not source.repeatable:
        return _frame(source.sample(n, seed))
    folder = Path(cache_dir) if cache_dir is not None else _default_cache()
    path = folder / f"{_key(source, n, seed)}.parquet"
    if path.exists() and not refresh:
        try:
            return _frame(pq.read_table(path))
        except Exception:
            # Only a copy: whatever is wrong with it, drawing it again mends it.
            path.unlink(missing_ok=True)
    table = source.sample(n, seed)
    from foretell.sinks import open_sink

    folder.mkdir(parents=True, exist_ok=True)
    with open_sink("parquet", path, table.schema) as sink:
        for batch in table.to_batches():
            sink.write(batch)
    return _frame(table)


def _frame(table: pa.Table) -> pd.DataFrame:
    from foretell.sinks.frames import from_table

    frame: pd.DataFrame = from_table(table, "pandas")
    return frame


def _key(source: Source, n: int, seed: int) -> str:
    listed = [file.to_json() for file in source.list_files()]
    text = json.dumps([source.describe(), source.options(), listed, n, seed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _default_cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(root) / "foretell" / "samples"
