from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Environment = Callable[..., dict[str, str]]


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def read(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_one_object_in_one_out(foretell: Command, topics: Path) -> None:
    answer = foretell("predict", "Topics@1", '{"id": 7, "title": "jazz"}')
    assert answer.status == 0, answer.err
    assert answer.json == {"id": 7, "length": 4, "model_version": 1}


def test_versions_and_aliases_decide_who_answers(foretell: Command, topics: Path) -> None:
    def length(reference: str) -> int:
        return int(foretell("predict", reference, '{"id": 7, "title": "jazz"}').json["length"])

    assert length("Topics@2") == 40
    assert length("Topics@production") == 4
    assert length("Topics@latest") == length("Topics") == 40


def test_lines_in_lines_out_in_order(foretell: Command, topics: Path) -> None:
    rows = [{"id": i, "title": "x" * (i % 7)} for i in range(1000)]
    answer = foretell("predict", "Topics@1", input=lines(*rows))
    assert answer.status == 0, answer.err
    assert [(row["id"], row["length"]) for row in read(answer.out)] == [(i, i % 7) for i in range(1000)]


def test_a_dash_reads_lines_too_and_the_last_may_lack_its_end(foretell: Command, topics: Path) -> None:
    answer = foretell(
        "predict", "Topics@1", "-", input='\n{"id": 1, "title": "a"}\n\n{"id": 2, "title": "bb"}'
    )
    assert answer.status == 0, answer.err
    assert [row["length"] for row in read(answer.out)] == [1, 2]


def test_no_lines_give_no_lines(foretell: Command, topics: Path) -> None:
    answer = foretell("predict", "Topics@1", "-", input="")
    assert (answer.status, answer.out) == (0, "")


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ('{"id": 2, "title": ', "FT0704"),
        ('["a"]', "FT0704"),
        ('{"id": NaN, "title": "x"}', "FT0704"),
        ('{"id": 2}', "FT0203"),
        ('{"id": 2, "title": 3}', "FT0205"),
        ('{"id": 2, "title": "raise"}', "FT0301"),
    ],
)
def test_a_bad_line_is_answered_in_its_place(foretell: Command, topics: Path, bad: str, code: str) -> None:
    good = '{"id": 1, "title": "a"}'
    answer = foretell("predict", "Topics@1", input=f"{good}\n{bad}\n{good}\n")
    assert answer.status == 1
    first, second, third = read(answer.out)
    assert first == third == {"id": 1, "length": 1, "model_version": 1}
    assert second["_error"]["code"] == code
    assert second.get("length") is None


@pytest.mark.parametrize(
    ("bad", "status", "found"),
    [
        ('{"id": 2, "title": ', 6, "error[FT0704]: line 3 is not JSON: expecting value at character 20"),
        ("[]", 6, "error[FT0704]: line 3 is JSON, but no object: list was found"),
        ('{"id": 2}', 6, "error[FT0203]: line 3: "),
        ('{"id": 2, "title": "raise"}', 5, "error[FT0301]: line 3: "),
    ],
)
def test_the_first_bad_line_stops_when_told(
    foretell: Command, topics: Path, bad: str, status: int, found: str
) -> None:
    good = '{"id": 1, "title": "a"}'
    answer = foretell("predict", "Topics@1", "--on-error", "fail", input=f"{good}\n\n{bad}\n{good}\n")
    assert answer.status == status
    assert answer.err.startswith(found)
    assert [row["id"] for row in read(answer.out)] == [1]


def test_bytes_that_are_no_text_are_a_bad_line(foretell: Command, topics: Path) -> None:
    answer = foretell("predict", "Topics@1", input=b'{"id": 1, "title": "\xff"}\n{"id": 1, "title": "a"}\n')
    assert answer.status == 1
    first, second = read(answer.out)
    assert first["_error"]["code"] == "FT0208"
    assert "line 1 is not UTF-8" in first["_error"]["message"]
    assert second["length"] == 1


def test_a_skipped_row_is_said_and_is_not_bad(foretell: Command, topics: Path) -> None:
    answer = foretell("predict", "Topics@1", input=lines({"id": 1, "title": "skip"}))
    assert answer.status == 0
    assert read(answer.out)[0]["_error"]["code"] == "FT0306"


@pytest.mark.parametrize(
    ("argument", "status", "found"),
    [
        ("{", 6, "error[FT0704]: the argument is not JSON"),
        ("5", 6, "error[FT0704]: the argument is JSON, but no object: int was found"),
        ('{"id": 1}', 6, "error[FT0203]: "),
        ('{"id": 1, "title": "raise"}', 5, "error[FT0301]: "),
    ],
)
def test_one_bad_object_is_an_error(
    foretell: Command, topics: Path, argument: str, status: int, found: str
) -> None:
    answer = foretell("predict", "Topics@1", argument)
    assert answer.status == status
    assert answer.err.startswith(found)
    assert answer.out == ""


def test_one_bad_object_is_answered_when_told(foretell: Command, topics: Path) -> None:
    answer = foretell("predict", "Topics@1", '{"id": 1, "title": "raise"}', "--on-error", "null")
    assert answer.status == 1
    assert answer.json["length"] is None
    assert answer.json["_error"]["code"] == "FT0301"


@pytest.mark.parametrize(
    ("reference", "status", "found"),
    [
        ("Topic@1", 3, "did you mean Topics@1?"),
        ("Topics@7", 3, "did you mean Topics@2?"),
        ("Topics@prodution", 3, "did you mean Topics@production?"),
        ("Topics@", 2, "error[FT0105]"),
        ("no such@1", 2, "error[FT010"),
    ],
)
def test_a_reference_that_names_nothing(
    foretell: Command, topics: Path, reference: str, status: int, found: str
) -> None:
    answer = foretell("predict", reference, "{}")
    assert answer.status == status, answer.err
    assert found in answer.err


def test_each_line_is_answered_before_the_next_is_asked(
    here: Path, topics: Path, environment: Environment
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "foretell", "predict", "Topics@1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(lines({"id": number, "title": "abc"}).encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(timeout=60) == 0
