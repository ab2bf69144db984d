"""Rows that raise, crash, exit or hang: exactly these are quarantined, whatever form the predictor has."""

from __future__ import annotations

import time

import pytest

import foretell as ft


def texts(count: int, poison: dict[int, str]) -> list[str]:
    return [poison.get(row, f"text {row}") for row in range(count)]


@pytest.mark.parametrize("kind", ["Length", "LengthBulk"])
@pytest.mark.parametrize(
    ("what", "code"), [("raise", "FT0301"), ("exit", "FT0314"), ("crash", "FT0314"), ("memory", "FT0314")]
)
def test_exactly_the_rows_at_fault_are_quarantined(project, kind, what, code):
    project.save(kind)
    poison = {17: what, 1203: what, 1204: what}
    path = project.write("a.parquet", texts(2000, poison), row_group=2000)
    summary = project.run()
    assert [row["id"] for row in project.rows()] == [row for row in range(2000) if row not in poison]
    quarantined = project.quarantined()
    assert [row["id"] for row in quarantined] == list(poison)
    for row in quarantined:
        assert (row["text"], row["other"]) == (what, "x"), "the whole input row is kept"
        error = row["_error"]
        assert (error["code"], error["file"], error["row"], error["version"]) == (
            code,
            str(path),
            row["id"],
            1,
        )
    assert (summary.total("bad"), summary.total("predicted")) == (3, 1997)
    if kind == "Length":  # an item method's row is known by the one crash, whether it is scored or probed
        # (when memory ran out the row is tried once more, as it need not be its fault)
        assert summary.crashes == {"raise": 0, "memory": 5}.get(what, 3)
    assert (summary.crashes > 0) == (what != "raise")
    assert sum(summary.reasons.values()) == 3


@pytest.mark.parametrize("step", ["prepare", "extract_features", "predict_item"])
def test_one_crash_finds_the_row_whichever_item_form_it_kills(project, step):
    if step != "predict_item":
        project.code(
            project.job.replace("def predict_item", f"def {step}", 1).replace(
                "return len(text) * self.model\n\n\nclass LengthBulk",
                "return row\n\n    def predict_bulk(self, rows):\n"
                "        return [len(row.text) for row in rows]\n\n\nclass LengthBulk",
            )
        )
    project.save()
    project.write("a.parquet", texts(500, {123: "exit"}))
    summary = project.run()
    assert [row["id"] for row in project.quarantined()] == [123]
    assert (summary.crashes, len(project.rows())) == (1, 499)


def test_a_bulk_method_after_an_item_method_is_not_taken_for_its_last_row(project):
    project.code(
        project.job.replace(
            "class LengthBulk(Length):\n",
            "class LengthBulk(Length):\n    def extract_features(self, row):\n        return row\n\n",
        ).replace('texts = rows["text"].to_pylist()', "texts = [row.text for row in rows]")
    )
    project.save("LengthBulk")
    project.write("a.parquet", texts(200, {50: "exit"}))
    project.run()
    assert [row["id"] for row in project.quarantined()] == [50]


def deadline(project, rows: int) -> float:
    """One that no sound call misses on this machine as busy as it is, nor a quarter of it, which the pieces of a slow
    call get: a whole run of sound rows fits into it, and starting the processes is nearly all of that."""
    project.write("sound.parquet", texts(rows, {}))
    began = time.monotonic()
    project.run(output=project.root / "sound")
    (project.input / "sound.parquet").unlink()
    return max(5.0, time.monotonic() - began)


def test_only_the_pieces_of_a_call_that_was_too_slow_get_a_share_of_its_time(project):
    project.save()
    limit = deadline(project, 100)
    slow = 0.4 * limit
    project.code(
        project.job.replace('text == "slow"', "len(text) > 99").replace("sleep(0.02)", f"sleep({slow})")
    )
    project.save()
    project.write("a.parquet", texts(100, {3: "hang", 10: "x" * 100}))
    project.run(deadline=limit)  # both are rows of one split
    assert [row["id"] for row in project.quarantined()] == [3], f"{slow} s is within the deadline of {limit}"


@pytest.mark.parametrize("kind", ["Length", "LengthBulk"])
def test_a_row_that_hangs_is_found_by_its_deadline(project, kind):
    project.save(kind)
    limit = deadline(project, 300)
    project.write("a.parquet", texts(300, {150: "hang"}))
    project.run(deadline=limit)
    assert [row["id"] for row in project.quarantined()] == [150]
    assert project.quarantined()[0]["_error"]["code"] == "FT0313"
    assert len(project.rows()) == 299


def test_a_quarantine_is_an_input_for_the_next_version(project):
    project.save()
    project.write("a.parquet", texts(100, {3: "raise", 50: "raise"}))
    project.run()
    again = project.root / "again"
    project.run("Length@1", input=project.output / "_quarantine", output=again)
    assert [row["id"] for row in project.quarantined(again)] == [3, 50], "the same version fails alike"
    project.code(project.job.replace('raise ValueError("no length for this")', "return 0"))
    project.save()
    rescued = project.root / "rescued"
    project.run("Length@2", input=project.output / "_quarantine", output=rescued)
    assert [(row["id"], row["length"], row["model_version"]) for row in project.rows(rescued)] == [
        (3, 0, 2),
        (50, 0, 2),
    ]


def test_nulls_stay_in_the_output_with_policy_null(project):
    project.save()
    project.write("a.parquet", texts(10, {3: "raise"}))
    project.run(on_error="null")
    rows = project.rows()
    assert len(rows) == 10
    assert rows[3]["length"] is None
    assert rows[3]["_error"]["code"] == "FT0301"
    assert rows[4]["_error"] is None
    assert not (project.output / "_quarantine").exists()


def test_a_row_that_ends_its_process_is_kept_with_policy_null_too(project):
    project.save()
    project.write("a.parquet", texts(10, {3: "exit"}))
    project.run(on_error="null")
    assert [row["id"] for row in project.rows()] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert [row["id"] for row in project.quarantined()] == [3]


@pytest.mark.parametrize(
    ("what", "code", "said"),
    [("raise", "FT0301", "no length for this"), ("exit", "FT0314", "status 3 on row 3 of")],
)
def test_policy_fail_stops_and_publishes_nothing(project, what, code, said):
    project.save()
    project.write("a.parquet", texts(10, {3: what}))
    with pytest.raises(ft.Error) as stopped:
        project.run(on_error="fail")
    assert stopped.value.code == code
    assert said in stopped.value.message
    assert not list(project.output.glob("*.parquet"))


def test_too_many_bad_rows_fail_the_run_after_output_and_quarantine_are_there(project):
    project.save()
    project.write("a.parquet", texts(1000, dict.fromkeys(range(0, 1000, 20), "raise")))
    with pytest.raises(ft.Error) as stopped:
        project.run()
    assert stopped.value.code == "FT0605"
    assert len(project.rows()) == 950
    assert len(project.quarantined()) == 50


def test_a_predictor_that_fails_on_every_row_publishes_nothing(project):
    project.save()
    project.write("a.parquet", ["raise"] * 500)
    with pytest.raises(ft.Error) as stopped:
        project.run()
    assert stopped.value.code == "FT0307"
    assert not list(project.output.glob("*.parquet"))


def test_a_predictor_that_crashes_on_every_row_is_broken(project):
    project.save()
    project.write("a.parquet", ["exit"] * 60)
    with pytest.raises(ft.Error) as stopped:
        project.run(workers=1)
    assert stopped.value.code == "FT0307"
    assert not list(project.output.glob("*.parquet"))


def test_a_predictor_that_leaks_is_not_blamed_on_its_rows(project):
    project.code(
        project.job.replace(
            "        text = row.text\n", "        text = row.text\n        leak()\n", 1
        ).replace(
            "class Length(",
            "calls = []\n\n\ndef leak():\n    calls.append(0)\n    if len(calls) > 150:\n"
            "        raise MemoryError\n\n\nclass Length(",
            1,
        )
    )
    project.save()
    project.write("a.parquet", texts(400, {}), row_group=100)  # splits of 100 rows
    assert project.run().total("bad") == 0
    project.write("a.parquet", texts(1000, {}), row_group=1000)
    with pytest.raises(ft.Error) as stopped:
        project.run(output=project.root / "other")  # splits of 250: none can pass
    assert stopped.value.code == "FT0314"
    assert "leak memory" in stopped.value.hint
