"""Whether a source file still says what this process imported from it.

A class at hand was made from the file as it was. Saved with the file as it is now, a version would run other
code than what was tried. Functions are compared; a changed constant of a module is not noticed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from foretell.code.by_value import code_key


def changed_function(name: str, file: Path, source: bytes) -> str | None:
    """The name of a function that this process runs from ``file``, but that ``source`` has otherwise."""
    module = sys.modules.get(name)
    if (
        not isinstance(module, ModuleType)
        or type(getattr(module, "__loader__", None)) is not SourceFileLoader
    ):
        return None  # not imported, or by a loader that rewrites what it reads (pytest's, say)
    if getattr(module, "__file__", None) != str(file):
        return None
    written: dict[str, set[str]] = {}
    for code in _codes(compile(source, str(file), "exec", dont_inherit=True)):
        written.setdefault(code.co_qualname, set()).add(repr(code_key(code)))
    for function in _functions(module):
        code = function.__code__
        if code.co_filename == str(file) and repr(code_key(code)) not in written.get(code.co_qualname, set()):
            return code.co_qualname
    return None


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _functions(holder: ModuleType | type) -> Iterator[FunctionType]:
    name = holder.__name__ if isinstance(holder, ModuleType) else holder.__module__
    for item in list(vars(holder).values()):
        value: Any = item.__func__ if isinstance(item, (staticmethod, classmethod)) else item
        value = value.fget if isinstance(value, property) else value
        if isinstance(value, FunctionType) and value.__module__ == name:
            yield value
        elif isinstance(value, type) and value.__module__ == name and value is not holder:
            yield from _functions(value)
