"""What a check finds, by the faults that real predictors have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell.parity import CheckReport, check
from foretell.parity.modes import MODES, REQUIRED

Save = Callable[..., ft.Version]


def checked(version: ft.Version, rows: Any = None) -> CheckReport:
    return check(version.reference, rows, keep=False)


def failing(report: CheckReport) -> set[str]:
    return {result.mode for result in report.modes if not result.passed}


def test_a_predictor_that_is_well_agrees_in_every_mode(save: Save) -> None:
    report = checked(save("Well"))
    assert report.passed, str(report)
    assert report.complete
    assert report.findings() == []
    assert report.rows == 103
    assert report.distinct == 103
    assert report.passing() == set(REQUIRED) == {name for name in MODES if not name.startswith("spark")}
    assert [result.title for result in report.modes] == [
        "bulk", "item", "batches of 1", "batches of 7", "one batch", "shuffled", "sliced", "twice", "process",
    ]  # fmt: skip
    assert {result.rows for result in report.modes} == {103}
    assert {result.not_bit_equal for result in report.modes} == {0}
    assert "parity in every mode over 103 rows" in str(report)
    assert CheckReport.from_json(report.to_json()) == report


@pytest.mark.parametrize(
    ("kind", "found_by", "not_by"),
    [
        ("Normalised", {"item", "batches", "sliced"}, {"twice", "process"}),
        ("OtherItem", {"item"}, {"batches", "shuffled", "sliced", "twice", "process"}),
        ("LocalHour", {"item"}, {"batches", "shuffled", "sliced", "twice", "process"}),
        ("MachineHour", {"process"}, {"item", "batches", "shuffled", "sliced", "twice"}),
        ("NullIsZero", {"item"}, {"batches", "shuffled", "sliced", "twice", "process"}),
        ("NullFails", {"item"}, {"batches", "shuffled", "sliced", "twice", "process"}),
        ("Unseeded", {"item", "batches", "shuffled", "sliced", "twice", "process"}, set()),
        ("Hashed", {"process"}, {"item", "batches", "shuffled", "sliced", "twice"}),
        ("Counts", {"item", "batches", "shuffled", "sliced", "twice"}, {"process"}),
        ("Sorts", {"item", "shuffled"}, {"twice", "process"}),
        ("Dies", {"process"}, {"item", "batches", "shuffled", "sliced", "twice"}),
    ],
)
def test_faults_are_found_by_the_modes_that_show_them(
    save: Save, kind: str, found_by: set[str], not_by: set[str]
) -> None:
    report = checked(save(kind))
    assert not report.passed
    assert found_by <= failing(report), str(report)
    assert not failing(report) & not_by, str(report)
    assert "do not agree" in str(report)


def test_rows_that_depend_on_their_neighbours_are_told_from_random_ones(save: Save) -> None:
    report = checked(save("Normalised"))
    assert report.neighbours > 50
    assert any("depend on their neighbours" in line for line in report.findings())
    random = checked(save("Unseeded"))
    assert random.neighbours == 0
    assert not any("neighbours" in line for line in random.findings())


def test_a_row_that_differs_is_shown_with_its_input_and_both_values(save: Save) -> None:
    report = checked(save("NullIsZero"))
    item = next(result for result in report.modes if result.mode == "item")
    # every seventh row but one's own zero, and the hard row of nulls
    assert item.mismatches == sum(1 for i in range(0, 400, 4) if i % 7 == 3) + 1
    shown = item.shown[0]
    assert (shown.column, shown.reference, shown.other) == ("y", "0", "-1")
    assert "'n': None" in shown.input
    assert item.absolute is not None
    assert (item.absolute.value, item.absolute.column) == (1.0, "y")


def test_a_row_that_is_bad_in_one_mode_only_differs(save: Save) -> None:
    report = checked(save("NullFails"))
    item = next(result for result in report.modes if result.mode == "item")
    assert item.shown[0].column == "_error"
    assert item.shown[0].reference == "null"
    assert "FT0301" in item.shown[0].other


def test_an_input_that_was_written_into_is_named(save: Save) -> None:
    report = checked(save("Mutates"))
    assert report.input_changed
    assert "the predictor changed its input (FT0311)" in report.findings()


def test_other_last_bits_are_within_the_tolerance_and_counted(save: Save) -> None:
    report = checked(save("Noisy"))
    assert report.passed, str(report)
    item = next(result for result in report.modes if result.mode == "item")
    assert item.mismatches == 0
    assert 0 < item.not_bit_equal <= 103
    assert item.relative is not None
    assert item.relative.value < 1e-9


def test_a_class_says_its_own_tolerance_and_the_version_keeps_it(save: Save, project: Any) -> None:
    project.Noisy.parity_rtol = project.Noisy.parity_atol = 0.0
    strict = save("Noisy")
    project.Noisy.parity_rtol = 1.0
    report = checked(strict)
    assert (report.rtol, report.atol) == (0.0, 0.0)
    assert failing(report) == {"item"}


def test_a_process_that_dies_and_one_that_fails_say_so(save: Save) -> None:
    report = checked(save("Dies"))
    process = next(result for result in report.modes if result.mode == "process")
    assert process.problem == "FT0314: the process ended with status 9"


def test_a_predictor_that_never_predicts_does_not_pass(save: Save) -> None:
    report = checked(save("Fails"))
    assert report.bad == report.rows
    assert report.findings()[0] == "no row could be predicted"


def test_calls_that_fail_only_as_a_whole_are_unstable(save: Save) -> None:
    report = checked(save("TwoInOne"))
    assert not report.passed
    bulk = report.modes[0]
    assert bulk.unstable == 103
    assert "passed in two" in str(report)


def test_given_rows_are_checked_with_the_example(save: Save, project: Any, tmp_path: Path) -> None:
    xs = project.ROWS.select(["x"]).append_column("y", pa.array(range(400)))
    version = save("Bare", 2, example=xs.slice(0, 3).to_pylist())
    few = checked(version)
    assert few.passed
    assert not few.complete
    assert few.lacking == ("3 distinct rows, and 100 are needed: add some with --rows PATH",)
    pq.write_table(xs, tmp_path / "rows.parquet")
    more = checked(version, tmp_path / "rows.parquet")
    assert more.complete
    assert (more.rows, more.distinct) == (403, 400)
    assert "rows.parquet" in more.origin


def test_a_short_example_is_topped_up_from_the_source(save: Save, project: Any) -> None:
    version = save("Well", example=project.ROWS.slice(0, 3).to_pylist())
    report = checked(version)
    assert report.passed, str(report)
    assert report.complete
    assert report.origin == "the example of Well@1 and 100 rows of its source"
    assert (report.rows, report.needed) == (103, 100)
    given = checked(version, project.ROWS)
    assert (given.rows, given.origin) == (403, "the example of Well@1 and a pyarrow Table")


def test_all_rows_of_a_small_source_complete_a_check(save: Save, project: Any, tmp_path: Path) -> None:
    version = save("Filed", example=project.ROWS.slice(0, 3).to_pylist())
    pq.write_table(project.ROWS.slice(200, 30), tmp_path / "rows" / "few.parquet")
    report = checked(version)
    assert report.complete, str(report)
    assert (report.rows, report.distinct, report.needed) == (33, 33, 30)


def test_a_source_that_cannot_be_read_leaves_a_check_incomplete(
    save: Save, project: Any, tmp_path: Path
) -> None:
    version = save("Filed", example=project.ROWS.slice(0, 3).to_pylist())
    report = checked(version)
    assert report.passed, str(report)
    (lacking,) = report.lacking
    assert lacking.startswith(
        "3 distinct rows, and 100 are needed, and its source cannot be read here (FT0701: "
    )
    assert lacking.endswith(": add some with --rows PATH")
    assert report.origin == "the example of Filed@1"
    pq.write_table(project.ROWS.drop_columns(["x"]), tmp_path / "rows" / "other.parquet")
    (lacking,) = checked(version).lacking
    assert "its source cannot be read here (FT0203: the source: the input has no column 'x'" in lacking


def test_a_version_without_an_example_is_checked_with_its_source(
    save: Save, project: Any, tmp_path: Path
) -> None:
    with pytest.warns(UserWarning, match="no example of Filed"):
        version = save("Filed")
    with pytest.raises(ft.Error, match=r"Filed@1 keeps no example: .*, and its source cannot be read here"):
        checked(version)
    pq.write_table(project.ROWS, tmp_path / "rows" / "all.parquet")
    report = checked(version)
    assert report.complete, str(report)
    assert (report.rows, report.origin) == (100, "100 rows of its source")


def test_rows_that_differ_in_what_is_kept_only_are_the_same_row(
    save: Save, project: Any, tmp_path: Path
) -> None:
    few = pa.concat_tables([project.ROWS.slice(0, 20).drop_columns(["id"])] * 9)
    pq.write_table(few.append_column("id", pa.array(range(180))), tmp_path / "rows" / "repeated.parquet")
    version = save("Filed")
    assert version.manifest["check"] == {"rows": 23, "hard": 3, "origin": "source", "needed": 20}
    assert checked(version).complete


def test_a_version_in_memory_is_predicted_by_another_process(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORETELL_STORE", f"memory://{project.__name__}")
    for _ in range(3):
        project.Hashed().save_model(None)
        version = project.Numbered().save_model("a model")
    report = check("Numbered@3")
    assert report.passed, str(report)
    assert report.complete
    assert report.passing() == set(REQUIRED)
    assert ft.Store().promote(version.reference, "production").version == 3
    assert failing(check("Hashed@1")) == {"process"}


def test_a_source_of_fewer_rows_is_checked_whole(save: Save, project: Any) -> None:
    project.Well.source = pa.concat_tables([project.ROWS.slice(0, 12)] * 3)
    version = save("Well")
    assert version.manifest["check"] == {"rows": 15, "hard": 3, "origin": "source", "needed": 12}
    report = checked(version)
    assert report.complete, str(report)


def test_ten_thousand_rows_and_more_go_in_several_batches(save: Save, project: Any) -> None:
    version = save("Noisy")
    report = checked(version, pa.concat_tables([project.ROWS] * 27))
    assert report.passed
    rows = {result.title: result.rows for result in report.modes}
    assert rows == {
        "bulk": 10_903, "item": 500, "batches of 1": 500, "batches of 7": 1400, "one batch": 10_903,
        "shuffled": 10_903, "sliced": 1000, "twice": 10_903, "process": 10_903,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("nowhere.parquet", "FT0701"),
        ("broken.parquet", "FT0702"),
        ("other.parquet", "FT0203"),
        ("retyped.parquet", "FT0205"),
        (42, "FT0707"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(
    save: Save, project: Any, tmp_path: Path, rows: Any, code: str
) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    pq.write_table(project.ROWS.drop_columns(["title"]), tmp_path / "other.parquet")
    retyped = project.ROWS.set_column(3, "x", pa.array([["a list"]] * 400))
    pq.write_table(retyped, tmp_path / "retyped.parquet")
    with pytest.raises(ft.Error) as caught:
        checked(save("Well"), rows)
    assert caught.value.code == code


def test_without_any_row_there_is_nothing_to_check(save: Save, project: Any, tmp_path: Path) -> None:
    version = save("Bare", 2)
    for rows in (None, project.ROWS.slice(0, 0)):
        with pytest.raises(ft.Error) as caught:
            checked(version, rows)
        assert caught.value.code == "FT0701"
    report = checked(version, project.ROWS.slice(0, 120).select(["x"]))
    assert report.passed, str(report)


def test_rows_with_text_that_is_no_utf8_are_bad_in_every_mode(save: Save) -> None:
    rows = pa.table(
        {
            "title": pa.array([b"caf\xe9", b"ok"] * 60).view(pa.string()),
            "n": pa.array(range(120), pa.int64()),
            "x": [float(i) for i in range(120)],
            "when": pa.nulls(120, pa.timestamp("us", "UTC")),
        }
    )
    report = checked(save("Well"), rows)
    assert report.passed, str(report)
    assert report.bad == 60
