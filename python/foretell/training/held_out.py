"""Which rows are kept from training, to evaluate the model on.

A row's own content decides, so that it stays where it is when the data grows: with one seed, no later version
is evaluated on a row that an earlier one was trained on, and equal rows are never on both sides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SHARE = 0.2
"""Of the rows, where the class has ``evaluate``."""


def split(
    table: pa.Table, share: float, seed: int, columns: Iterable[str] | None = None
) -> tuple[pa.Table, pa.Table]:
    """The rows to train on, and about ``share`` of all to evaluate on; each in the order of the table.

    ``columns``: those that decide where a row goes; all where none of them is there.
    """
    import pyarrow as pa

    if not share:
        return table, table.slice(0, 0)
    chosen = [name for name in columns or () if name in table.column_names] or table.column_names
    key = str(seed).encode()
    limit = int(share * 2**64)
    held: list[bool] = []
    for batch in table.select(chosen).to_batches():
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            digest = hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=8, key=key)
            held.append(int.from_bytes(digest.digest(), "big") < limit)
    mask = pa.array(held, pa.bool_())
    rest = pa.array([not one for one in held], pa.bool_())
    return table.filter(rest), table.filter(mask)
