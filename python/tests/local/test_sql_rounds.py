"""Runs over a query: what is pinned, and rounds by a cursor: each row once, late ones too."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell.sources.answer import ask

pytest.importorskip("duckdb")

QUERY = "select id, text, moment from events"


def events(ids, at, text="ab") -> pa.Table:
    texts = [text] * len(ids)
    return pa.table({"id": pa.array(ids, pa.int64()), "text": texts, "moment": pa.array(at, pa.int64())})


class Query:
    """A query over files, to which rows are added."""

    def __init__(self, project) -> None:
        self.project = project
        self.files = 0

    def add(self, *columns, **options) -> Path:
        self.files += 1
        path = self.project.input / f"{self.files}.parquet"
        pq.write_table(events(*columns, **options), path)
        return path

    def source(self, query: str = QUERY, cursor="moment", key="id", **tables):
        return ft.sql(query, **(tables or {"events": ft.files(self.project.input)}), cursor=cursor, key=key)

    def round(self, source=None, **options):
        return self.project.run(input=source or self.source(), incremental=True, **options)

    def ids(self) -> list[int]:
        return [row["id"] for row in self.project.rows()]


@pytest.fixture
def query(project) -> Query:
    project.save()
    return Query(project)


def staging(project) -> list[Path]:
    return [path for path in (project.output / "_foretell" / "staging").rglob("*") if path.is_file()]


def test_a_bounded_run_is_a_snapshot_of_the_query(query):
    query.add(range(5000), range(5000))
    summary = query.project.run(input=query.source(cursor=None, key=()), workers=2)
    assert summary.rows == 5000
    assert query.ids() == list(range(5000))
    assert not staging(query.project), "the rows that the query gave are not kept"
    query.add([9999], [9999])
    assert query.project.run(input=query.source()).units[0].finished_before


def test_a_query_without_rows_gives_an_output_with_its_columns(query):
    query.add([1], [1])
    assert query.project.run(input=query.source(QUERY + " where id > 1")).rows == 0
    schema = pq.read_schema(next(query.project.output.glob("*.parquet")))
    assert schema.names == ["id", "length", "model_version"]


def test_rounds_take_what_is_beyond_the_cursor(query):
    query.add([1, 2, 3], [10, 20, 20])
    assert query.round().rows == 3
    assert query.round().units == []
    query.add([4], [30])
    query.project.save(model=2)
    assert query.round().rows == 1
    assert [(row["id"], row["model_version"]) for row in query.project.rows()] == [
        (1, 1),
        (2, 1),
        (3, 1),
        (4, 2),
    ]
    assert not staging(query.project)


def test_late_rows_with_the_cursor_s_last_value_are_not_lost(query):
    query.add([1, 2], [10, 20])
    query.round()
    query.add([3], [20])
    assert query.round().rows == 1
    query.add([4, 5], [20, 20])
    assert query.round().rows == 2, "what was seen at this value in both rounds before stays seen"
    assert query.round().units == []
    query.add([6, 7], [20, 30])
    query.round()
    assert query.ids() == [1, 2, 3, 4, 5, 6, 7]


def test_an_updated_row_is_scored_once_more(query):
    query.add([1, 2], [10, 20])
    query.round()
    query.add([1], [30], text="longer")
    query.round()
    assert sorted((row["id"], row["length"]) for row in query.project.rows()) == [(1, 2), (1, 6), (2, 2)]


def test_keys_of_several_columns_and_of_text(query):
    source = query.source("select id, text, moment from events", key=["id", "text"])
    query.add([1], [10], text="ab")
    query.round(source)
    query.add([1], [10], text="it's")
    assert query.round(source).rows == 1
    assert query.round(source).units == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.array(["2026-01-01", "2026-01-02"]), "2026-01-03"),
        (pa.array([1.5, 0.1]), 1.6),
        (
            pa.array([decimal.Decimal("1.10"), decimal.Decimal("2.20")], pa.decimal128(10, 2)),
            decimal.Decimal("2.21"),
        ),
        (pa.array([dt.date(2026, 1, 1), dt.date(1969, 1, 1)]), dt.date(2026, 1, 2)),
        (
            pa.array([dt.datetime(2026, 10, 25, 2, 30), dt.datetime(1960, 1, 1)], pa.timestamp("us")),
            dt.datetime(2026, 10, 25, 2, 31),
        ),
        (
            pa.array([1_700_000_000_123_456_788, 1_700_000_000_123_456_789], pa.timestamp("ns")),
            1_700_000_000_123_456_790,
        ),
        (pa.array([1, 2], pa.timestamp("ms", "America/New_York")), 3),
        (pa.array([1, 2**63], pa.uint64()), 2**63 + 1),
        (pa.array([True, False]).cast(pa.int8()), 2),
    ],
    ids=lambda value: str(getattr(value, "type", ""))[:20],
)
def test_cursors_of_every_type_are_kept_exactly(query, first, second):
    columns = {"id": [1, 2], "text": ["ab", "ab"], "moment": first}
    source = lambda table: query.source(events=table)  # noqa: E731
    assert query.round(source(pa.table(columns))).rows == 2
    assert query.round(source(pa.table(columns))).units == []
    more = pa.table(
        {
            "id": [1, 2, 3],
            "text": ["ab"] * 3,
            "moment": pa.concat_arrays([first, pa.array([second], first.type)]),
        }
    )
    assert query.round(source(more)).rows == 1
    assert query.round(source(more)).units == []


@pytest.mark.parametrize(
    ("at", "code", "says"),
    [
        (pa.array([1, None]), "FT0710", "null in 1 rows"),
        (pa.array([1.0, float("nan")]), "FT0710", "not a number"),
        (pa.array([1.0, float("inf")]), "FT0710", "infinite"),
        (pa.array([1, 2**63 - 1], pa.timestamp("us")), "FT0710", "infinite"),
        (pa.array([[1], [2]]), "FT0710", "list"),
        (pa.array([True, False]), "FT0710", "bool"),
    ],
)
def test_cursors_that_cannot_order_rows_are_refused(query, at, code, says):
    table = pa.table({"id": [1, 2], "text": ["ab", "ab"], "moment": at})
    with pytest.raises(ft.Error) as refused:
        query.round(query.source(events=table))
    assert refused.value.code == code
    assert says in refused.value.message
    assert not staging(query.project), "what was read for a unit that is not pinned goes"


def test_a_null_cursor_in_a_later_round_is_told_and_not_passed_over(query):
    query.add([1], [10])
    query.round()
    query.add([2], [None])
    with pytest.raises(ft.Error) as refused:
        query.round()
    assert refused.value.code == "FT0710"


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ({"cursor": "momet"}, "FT0710", 'did you mean "moment"'),
        ({"key": "idd"}, "FT0711", 'did you mean "id"'),
        ({"cursor": None}, "FT0101", "cursor="),
        ({"key": ()}, "FT0101", "key="),
        ({"key": "text"}, "FT0711", "2 rows of the query have text = ab, moment = 10"),
        (
            {"key": "gone", "query": "select *, case when id > 1 then id end as gone from events"},
            "FT0711",
            "null",
        ),
        ({"key": "half", "query": "select *, id / 2 as half from events"}, "FT0711", "double"),
    ],
)
def test_keys_and_cursors_that_do_not_serve_are_refused(query, options, code, says):
    query.add([1, 2], [10, 10])
    with pytest.raises(ft.Error) as refused:
        query.round(query.source(**options))
    assert refused.value.code == code
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"query": "select id, text, cast(moment as varchar) as moment from events"}, "FT0710"),
        ({"query": "select id, text, moment, moment as later from events", "cursor": "later"}, "FT0710"),
        ({"query": "select cast(id as varchar) as id, text, moment from events"}, "FT0711"),
        ({"key": ["id", "text"]}, "FT0711"),
    ],
)
def test_an_output_keeps_its_cursor_and_key(query, changed, code):
    query.add([1], [10])
    query.round()
    with pytest.raises(ft.Error) as refused:
        query.round(query.source(**changed))
    assert refused.value.code == code


def test_files_and_queries_do_not_share_an_output(query):
    query.add([1], [10])
    query.round()
    with pytest.raises(ft.Error) as refused:
        query.project.run(incremental=True)
    assert refused.value.code == "FT0601"


def test_keys_too_many_to_keep_are_refused(query, monkeypatch):
    monkeypatch.setattr("foretell.sources.cursor.MOST_SEEN_TEXT", 10_000)
    query.add(range(20_000), [7] * 20_000)
    with pytest.raises(ft.Error) as refused:
        query.round()
    assert refused.value.code == "FT0710"
    assert "20,000 rows have the largest value" in refused.value.message


RUN = """
import sys
import foretell as ft
from foretell.local.progress import Silent
source = ft.sql("select id, text, moment from events", events=ft.files(sys.argv[1]), cursor="moment", key="id")
ft.run("Length@production", input=source, output=sys.argv[2], store=sys.argv[3], incremental=True, workers=1,
       progress=Silent())
"""


def killed(project, when) -> None:
    """Starts a round in a process of its own, and kills it when ``when`` is so."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, project.input, project.output, project.store], start_new_session=True
    )
    give_up = time.monotonic() + 60
    while not when() and time.monotonic() < give_up:
        assert process.poll() is None
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_round_is_finished_on_the_rows_that_it_was_pinned_to(query):
    project = query.project
    first = query.add(range(300), [10] * 300, text="slow")
    killed(project, lambda: any("part-" in path.name for path in staging(project)))
    assert not list(project.output.glob("*.parquet"))
    first.unlink()  # nothing of the query's tables is looked at again
    query.add(range(200, 400), [10] * 200)
    summary = query.round()
    assert [unit.unit for unit in summary.units] == [1, 2]
    assert query.ids() == list(range(400))
    assert [unit.rows for unit in summary.units] == [300, 100]


def test_killed_while_it_asks_nothing_is_lost(query):
    project = query.project
    query.add(range(50_000), range(50_000))
    killed(project, lambda: bool(staging(project)))
    assert query.round().rows == 50_000
    assert len(set(query.ids())) == 50_000
    assert not staging(project)


def test_rows_that_are_not_the_pinned_ones_stop_the_unit(query):
    project = query.project
    query.add(range(300), range(300), text="slow")
    killed(project, lambda: any("part-" in path.name for path in staging(project)))
    kept = next(path for path in staging(project) if path.name == "rows.arrow")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    with pytest.raises(ft.Error) as refused:
        query.round()
    assert refused.value.code == "FT0604"
    assert "damaged" in refused.value.message
    kept.write_bytes(whole)
    assert query.round().units[0].rows == 300


def test_a_moved_output_goes_on(query):
    project = query.project
    query.add(range(300), range(300), text="slow")
    killed(project, lambda: any("part-" in path.name for path in staging(project)))
    moved = project.output.rename(project.root / "elsewhere")
    assert query.round(output=moved).rows == 300


def test_a_version_that_cannot_serve_leaves_no_rows_behind(query):
    query.add([1], [10])
    with pytest.raises(ft.Error) as refused:
        query.round(query.source("select id, moment from events"))
    assert refused.value.code == "FT0203"
    assert not staging(query.project)


def test_bad_rows_of_a_query_are_in_the_quarantine_with_their_columns(query):
    query.add([1, 2], [10, 20], text="raise")
    query.add([3], [30])
    assert query.round().total("bad") == 2
    assert [(row["id"], row["moment"]) for row in query.project.quarantined()] == [(1, 10), (2, 20)]
    assert query.project.quarantined()[0]["_error"]["file"] == "the query's rows"


def test_the_pin_says_what_was_asked(query, tmp_path):
    query.add([1, 2], [10, 20])
    query.round()
    entry = query.project.output / "_foretell" / "units" / f"{1:012d}" / f"{1:012d}.json"
    pin = json.loads(entry.read_text())
    plan = pin["plan"] if isinstance(pin["plan"], dict) else json.loads(pin["plan"])
    asked = plan["query"]
    assert (asked["text"], asked["rows"]) == (QUERY, 2)
    assert (asked["cursor"]["since"], asked["cursor"]["until"], asked["cursor"]["seen_rows"]) == (
        None,
        "20",
        1,
    )
    assert len(plan["files"][0]["sha256"]) == 64


@pytest.mark.slow
def test_memory_stays_bounded_while_a_query_streams(tmp_path):
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.parquet"
        with pq.ParquetWriter(path, pa.schema({"id": pa.int64(), "text": pa.string()})) as writer:
            for first in range(0, rows, 10_000):
                ids = range(first, first + 10_000)
                writer.write_table(pa.table({"id": ids, "text": [f"{i:01000d}" for i in ids]}))
        code = (
            "import sys, resource, foretell as ft\nfrom pathlib import Path\nfrom foretell.sources.answer import ask\n"
            "folder = Path(sys.argv[2]); folder.mkdir(parents=True)\n"
            "ask(ft.sql('select * from t', t=ft.files(sys.argv[1]), cursor='id', key='id'), folder, True)\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)"
        )
        folder = tmp_path / f"a{rows}" / "b" / "c" / "d"
        return int(
            subprocess.run(
                [sys.executable, "-c", code, path, folder], check=True, capture_output=True, text=True
            ).stdout
        )

    small, large = peak(200_000), peak(1_600_000)
    assert large < small + 300, f"{small} MB for 0.2 GB, {large} MB for 1.6 GB"


def test_what_fails_leaves_nothing(tmp_path):
    folder = tmp_path / "a" / "b" / "c" / "d"
    folder.mkdir(parents=True)
    table = pa.table({"id": [1, 1], "moment": [1, 1]})
    with pytest.raises(ft.Error):
        ask(ft.sql("select * from t", t=table, cursor="moment", key="id"), folder, rounds=True)
    assert not folder.exists()


@pytest.mark.parametrize("wanted", [1, 3, 4, 7, 10, 50])
def test_the_rows_of_a_query_are_cut_as_evenly_as_those_of_a_file(tmp_path, wanted):
    table = pa.table({"id": list(range(10))})
    folder = tmp_path / "staging"
    folder.mkdir()
    splits = ask(ft.sql("select * from t", t=table), folder, rounds=False).plan(min_splits=wanted)["splits"]
    held = [split["rows"] for split in splits]
    assert len(held) == min(wanted, 10)
    assert sum(held) == 10
    assert max(held) - min(held) <= 1
