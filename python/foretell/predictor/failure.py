"""Saying what went wrong in a user's code: the exception, and the line of theirs that raised it."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from functools import lru_cache
from types import CodeType, TracebackType

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_INSTALLED = tuple(
    {
        os.path.abspath(sysconfig.get_path(kind)) + os.sep
        for kind in ("stdlib", "platstdlib", "purelib", "platlib")
    }
)


@lru_cache(maxsize=1024)
def is_users_file(path: str) -> bool:
    """Whether a file of code is neither foretell's, nor Python's, nor an installed library's."""
    if path.startswith("<frozen"):
        return False
    return not os.path.abspath(path).startswith((_PACKAGE, *_INSTALLED)) and "site-packages" not in path


def users_frames(trace: TracebackType | None) -> list[tuple[CodeType, int]]:
    """The (code, line) of the frames in the user's files, outermost first; every frame if none is theirs."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(trace)]
    own = [(code, line) for code, line in frames if is_users_file(code.co_filename)]
    return own or [(code, line) for code, line in frames if not code.co_filename.startswith(_PACKAGE)]


def describe(exception: BaseException) -> str:
    """ "ValueError: no price (topics.py:12 in predict_item)": the innermost line of the user's own."""
    text = _message(exception)
    found = f"{type(exception).__name__}: {text}" if text else type(exception).__name__
    frames = users_frames(exception.__traceback__)
    if not frames:
        return found
    code, line = frames[-1]
    return f"{found} ({_file_name(code.co_filename)}:{line} in {code.co_name})"


def format_users_traceback(exception: BaseException) -> str:
    """The traceback as Python prints it, without the frames of foretell that stand around the user's."""
    report = traceback.TracebackException.from_exception(exception)
    kept = [frame for frame in report.stack if not os.path.abspath(frame.filename).startswith(_PACKAGE)]
    report.stack = traceback.StackSummary.from_list(kept)
    return "".join(report.format()).rstrip("\n")


def _message(exception: BaseException) -> str:
    try:
        text = exception.args[0] if isinstance(exception, KeyError) and exception.args else exception
        return " ".join(str(text).split())[:500]  # one line: it goes into a column
    except Exception:  # a __str__ that fails must not hide the row's own failure
        return "its message cannot be made"


def _file_name(path: str) -> str:
    if path.startswith("<ipython-input-"):
        return path.strip("<>")
    name = os.path.basename(path)
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and "ipykernel" in path else None
    label = getattr(getattr(shell, "compile", None), "format_code_name", None)
    if label is not None:  # "cell 3" for a cell's temporary file
        try:
            kind, what = label(path)
            return f"{kind} {what}".lower()
        except Exception:  # an older IPython gives another answer
            return name
    return name
