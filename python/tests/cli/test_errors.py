from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from foretell.cli.errors import STATUSES, as_error, exit_status, report
from foretell.error import error


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("FT0101", 2),
        ("FT0108", 2),
        ("FT0204", 6),
        ("FT0301", 5),
        ("FT0312", 130),
        ("FT0404", 3),
        ("FT0503", 4),
        ("FT0602", 5),
        ("FT0605", 1),
        ("FT0704", 6),
        ("FT0802", 7),
        ("FT0901", 8),
    ],
)
def test_a_code_has_one_exit_status(code: str, status: int) -> None:
    assert exit_status(error(code, "x")) == status


def test_every_code_of_the_catalogue_has_a_status() -> None:
    from foretell import _core

    for code, _, _ in _core.catalogue():
        assert exit_status(error(code, "x")) in range(1, 10) or code == "FT0312"


def test_an_error_of_the_system_names_its_path() -> None:
    found = as_error(FileNotFoundError(errno.ENOENT, "No such file or directory", "model.pkl"))
    assert (found.code, found.message) == ("FT0901", "model.pkl: no such file or directory")
    assert as_error(PermissionError(errno.EACCES, "Permission denied", "x")).code == "FT0903"
    assert as_error(OSError(errno.ENOSPC, "No space left on device", "x")).code == "FT0902"


def test_any_other_exception_is_a_fault_that_names_its_type() -> None:
    found = as_error(ZeroDivisionError("division\nby zero"))
    assert (found.code, found.message) == ("FT0905", "ZeroDivisionError: division by zero")
    assert "FORETELL_DEBUG=1" in found.hint


def test_a_hint_of_several_lines_is_indented() -> None:
    stream = io.StringIO()
    report(error("FT0606", "unit 3 failed", "paste:\nforetell pin set out 3 2"), stream)
    assert stream.getvalue() == (
        "error[FT0606]: unit 3 failed\n"
        "  = hint: paste:\n"
        "          foretell pin set out 3 2\n"
        "  = explain: foretell explain FT0606\n"
    )


def test_an_error_without_a_hint_has_no_line_for_it() -> None:
    stream = io.StringIO()
    report(error("FT0901", "it failed"), stream)
    assert "hint" not in stream.getvalue()


def test_the_documented_table_is_the_one_in_use() -> None:
    page = Path(__file__).parents[3] / "docs" / "cli.md"
    if not page.exists():
        pytest.skip("the documentation is not beside the tests")
    text = page.read_text(encoding="utf-8")
    for status in STATUSES:
        codes = ", ".join(f"{beginning:x<6}" for beginning in status.codes)
        assert f"| {status.number} | {status.meaning} | {codes} |" in text
