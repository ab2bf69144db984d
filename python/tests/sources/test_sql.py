"""`ft.sql` as a source: tables of every kind, samples, and each refusal with its code."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell.sources import sample_frame

pytest.importorskip("duckdb")

EVENTS = pa.table({"id": [1, 2, 3, 4], "venue": [1, 2, 1, 2], "title": ["a", "b", "c", None]})
VENUES = pa.table({"id": [1, 2], "city": ["Ulm", "Bonn"]})


def rows(query: str, **tables) -> list[dict]:
    return ft.sql(query, **tables).read().read_all().to_pylist()


def refused(code: str, source: ft.sources.Sql) -> ft.Error:
    with pytest.raises(ft.Error) as raised:
        source.read().read_all()
    assert raised.value.code == code
    return raised.value


@pytest.mark.parametrize(
    "kind", ["parquet", "jsonl", "csv", "arrow", "table", "pandas", "polars", "dataset", "dicts", "query"]
)
def test_every_kind_of_source_is_a_table(tmp_path, kind):
    if kind == "parquet":
        pq.write_table(EVENTS, tmp_path / "e.parquet")
    elif kind == "jsonl":
        EVENTS.to_pandas().to_json(tmp_path / "e.jsonl", orient="records", lines=True)
    elif kind == "csv":
        pa.csv.write_csv(EVENTS, tmp_path / "e.csv")
    elif kind == "arrow":
        with pa.ipc.new_file(tmp_path / "e.arrow", EVENTS.schema) as writer:
            writer.write_table(EVENTS)
    made = {
        "table": lambda: EVENTS,
        "pandas": EVENTS.to_pandas,
        "polars": lambda: pytest.importorskip("polars").from_arrow(EVENTS),
        "dataset": lambda: pa.dataset.dataset(EVENTS),
        "dicts": EVENTS.to_pylist,
        "query": lambda: ft.sql("select * from inner_events", inner_events=EVENTS),
    }.get(kind, lambda: ft.files(tmp_path / "e.*"))
    found = rows(
        "select e.id, city from events e join venues v on v.id = e.venue where title is not null order by 1",
        events=made(),
        venues=VENUES,
    )
    assert found == [{"id": 1, "city": "Ulm"}, {"id": 2, "city": "Bonn"}, {"id": 3, "city": "Ulm"}]


def test_a_table_may_be_read_twice_by_one_query(tmp_path):
    EVENTS.to_pandas().to_json(tmp_path / "e.jsonl", orient="records", lines=True)
    found = rows(
        "select count(*) as n from e a join e b on a.venue = b.venue", e=ft.files(tmp_path / "e.jsonl")
    )
    assert found == [{"n": 8}]


def test_declared_types_and_odd_file_names_hold_in_a_query(tmp_path):
    pq.write_table(EVENTS, tmp_path / "a[1].parquet")
    assert rows("select count(*) as n from e", e=ft.files(tmp_path / "a[1].parquet")) == [{"n": 4}]
    pa.csv.write_csv(EVENTS, tmp_path / "e.csv")
    source = ft.sql("select id from e", e=ft.files(tmp_path / "e.csv", types={"id": "string"}))
    assert source.schema() == pa.schema({"id": pa.string()})


def test_folders_like_year_2026_add_no_column(tmp_path):
    folder = tmp_path / "year=2026"
    folder.mkdir()
    pq.write_table(VENUES, folder / "v.parquet")
    assert ft.sql("select * from v", v=ft.files(tmp_path)).schema().names == ["id", "city"]


def test_times_keep_their_zone_or_its_absence():
    when = dt.datetime(2026, 3, 29, 2, 30)
    table = pa.table(
        {
            "naive": pa.array([when], pa.timestamp("us")),
            "paris": pa.array([when], pa.timestamp("us", "Europe/Paris")),
        }
    )
    source = ft.sql("select * from t", t=table)
    assert source.schema() == pa.schema({"naive": pa.timestamp("us"), "paris": pa.timestamp("us", "UTC")})
    row = source.read().read_all().to_pylist()[0]
    assert row["naive"] == when
    assert row["paris"].replace(tzinfo=None) == when, "the same instant, told in UTC"


def test_columns_limit_and_sample():
    source = ft.sql("select id, id * 2 as twice, 'x' as x from t", t=pa.table({"id": range(10_000)}))
    assert source.read(["twice", "id"], limit=2).read_all().to_pylist() == [
        {"twice": 0, "id": 0},
        {"twice": 2, "id": 1},
    ]
    sample = source.sample(50, seed=3)
    assert sample.num_rows == 50
    assert sample == source.sample(50, seed=3)
    assert sample != source.sample(50, seed=4)
    assert sample["id"].to_pylist() == sorted(sample["id"].to_pylist())
    assert max(sample["id"].to_pylist()) > 5_000
    assert source.sample(20_000).num_rows == 10_000
    assert source.sample(0).num_rows == 0


def test_a_sample_is_kept_until_a_file_or_the_query_changes(tmp_path):
    pq.write_table(VENUES, tmp_path / "v.parquet")
    cache = tmp_path / "cache"

    def drawn(query: str = "select * from v") -> int:
        return len(sample_frame(ft.sql(query, v=ft.files(tmp_path / "v.parquet")), 10, cache_dir=cache))

    assert drawn() == 2
    assert len(list(cache.iterdir())) == 1
    assert drawn("select * from v where id = 1") == 1
    pq.write_table(pa.concat_tables([VENUES, VENUES]), tmp_path / "v.parquet")
    assert drawn() == 4
    sample_frame(ft.sql("select * from v", v=VENUES), 10, cache_dir=cache)
    assert len(list(cache.iterdir())) == 3, "rows in memory are not kept"


def test_a_predictor_reads_its_query(tmp_path):
    class Upper(ft.Predictor):
        source = ft.sql("select city from venues", venues=VENUES)

        def predict_item(self, row):
            return {"upper": row.city.upper()}

    predictor = Upper()
    assert list(predictor.predict(predictor.sample(5))["upper"]) == ["ULM", "BONN"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("selec id from t", "syntax error"),
        ("select id from nowhere", "nowhere"),
        ("select nothing from t", "nothing"),
        ("select 1 as a; select 2 as a", "one SELECT"),
        ("delete from t", "one SELECT"),
        ("select * from t where id = ?", "parameters"),
        ("select cast(title as int) as n from t", "'a'"),
        ("-- nothing", "nothing"),
    ],
)
def test_a_query_that_cannot_be_run_is_refused_in_the_engine_s_words(query, says):
    problem = refused("FT0709", ft.sql(query, t=EVENTS))
    assert says in problem.message


def test_comments_and_a_last_semicolon_are_no_harm():
    assert rows("select 1 as a -- ; one\n;  ; ") == [{"a": 1}]
    assert rows("with q as (select 2 as a) select * from q; -- done") == [{"a": 2}]


def test_variables_of_the_caller_are_no_tables():
    mine = VENUES  # noqa: F841
    refused("FT0709", ft.sql("select * from mine"))


def test_two_columns_of_one_name_are_refused():
    assert (
        '"id"'
        in refused("FT0204", ft.sql("select e.*, v.* from e join v on true", e=EVENTS, v=VENUES)).message
    )


def test_a_type_that_cannot_be_read_is_named_with_its_column():
    problem = refused("FT0202", ft.sql("select interval 1 day as step"))
    assert '"step"' in problem.message
    assert "cast(step" in problem.hint


def test_what_a_table_s_own_reader_says_comes_through(tmp_path):
    (tmp_path / "e.jsonl").write_text('{"id": 1}\n{"id": \n')
    problem = refused(
        "FT0704", ft.sql("select * from e", e=ft.files(tmp_path / "e.jsonl", types={"id": "int64"}))
    )
    assert "line 2" in problem.message
    refused("FT0701", ft.sql("select * from e", e=ft.files(tmp_path / "no.parquet")))
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not at all")
    refused("FT0702", ft.sql("select * from e", e=ft.files(tmp_path / "broken.parquet")))


def test_a_file_that_changes_while_the_query_runs_is_noticed(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": range(300_000)}), path, row_group_size=1000)
    reader = ft.sql("select * from t", t=ft.files(path)).read()
    reader.read_next_batch()
    path.touch()
    with pytest.raises(ft.Error) as raised:
        for _ in reader:
            pass
    assert raised.value.code == "FT0604"


@pytest.mark.parametrize("name", ["a b", "1st", "a;b", "_foretell_seen", "a-b", ""])
def test_table_names_are_identifiers(name):
    with pytest.raises(ft.Error) as raised:
        ft.sql("select 1 as a", **{name: VENUES})
    assert raised.value.code == "FT0101"


@pytest.mark.parametrize(
    "options", [{"cursor": ""}, {"key": ["a", "a"]}, {"key": [1]}, {"t": VENUES, "T": VENUES}]
)
def test_wrong_arguments_are_refused(options):
    with pytest.raises(ft.Error) as raised:
        ft.sql("select 1 as a", **options)
    assert raised.value.code == "FT0101"
    with pytest.raises(ft.Error):
        ft.sql("  ")


def test_without_duckdb_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    source = ft.sql("select 1 as a")
    assert refused("FT0107", source).hint == "pip install 'foretell[sql]'"


def test_ctrl_c_ends_a_query_that_would_take_hours():
    code = (
        "import foretell as ft\n"
        "source = ft.sql('select count(*) as n from range(30000000000000) t(i) where i % 7 = 3')\n"
        "print(source.schema().names, flush=True)\n"
        "source.read().read_all()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "['n']\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in err
