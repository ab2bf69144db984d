"""Bookkeeping of rows: what a worker has in hand, and where rows stand once others are excluded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from foretell.local.excluded import Excluded
from foretell.local.hand import Hand


def test_a_driver_sees_what_its_worker_has_in_hand():
    driver = Hand()
    worker = Hand(driver.descriptor)
    assert driver.look() is None
    worker.take(40, 3)
    seen = driver.look()
    assert seen is not None
    assert (seen.first, seen.rows) == (40, 3)
    assert 0 <= seen.seconds < 60
    worker.put_down()
    assert driver.look() is None


@given(st.sets(st.integers(0, 60)), st.integers(1, 80))
def test_rows_keep_their_place_when_others_are_left_out(excluded, rows):
    out = Excluded({str(row): ["FT0314", "why"] for row in excluded})
    left = [row for row in range(rows) if row not in excluded]
    assert [out.place(position) for position in range(len(left))] == left
