"""The imports that a source text or a compiled function makes, wherever they stand."""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import resolve_name
from types import CodeType

_COMPUTED = {"import_module", "__import__"}


@dataclass(frozen=True)
class Import:
    """One imported module. ``attribute`` is a name taken from it: a submodule, perhaps ("*": all).

    ``call`` tells an import made by a call; its ``module`` is None when the name is computed.
    """

    module: str | None
    attribute: str | None
    line: int
    call: bool = False


def imports_of_source(source: bytes, package: str) -> list[Import]:
    """Every import of a module's source, those inside functions too.

    ``package`` is what relative names start from. Raises SyntaxError.
    """
    return list(_walk(ast.parse(source), package))


def _walk(tree: ast.AST, package: str) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, None, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute("." * node.level + (node.module or ""), package)
            if module is not None:
                for alias in node.names:
                    yield Import(module, alias.name, node.lineno)
        elif isinstance(node, ast.Call) and _called(node.func) in _COMPUTED:
            yield _of_call(node, package)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _of_call(node: ast.Call, package: str) -> Import:
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return Import(_absolute(first.value, package), None, node.lineno, call=True)
    return Import(None, None, node.lineno, call=True)


def imports_of_code(code: CodeType, package: str) -> list[Import]:
    """Every import of compiled code and of the functions nested in it."""
    return list(_walk_code(code, package))


def _walk_code(code: CodeType, package: str) -> Iterator[Import]:
    module: str | None = None
    line = code.co_firstlineno
    instructions = [i for i in dis.get_instructions(code) if i.opname not in ("CACHE", "PUSH_NULL")]
    for index, instruction in enumerate(instructions):
        line = _line(instruction) or line
        if instruction.opname == "IMPORT_NAME":
            level = instructions[index - 2].argval if index >= 2 else 0
            dots = "." * level if isinstance(level, int) else ""
            module = _absolute(dots + str(instruction.argval), package)
            if module is not None:
                yield Import(module, None, line)
        elif instruction.opname == "IMPORT_FROM" and module is not None:
            yield Import(module, str(instruction.argval), line)
        elif instruction.argval in _COMPUTED and instruction.opname.startswith("LOAD_"):
            following = instructions[index + 1] if index + 1 < len(instructions) else None
            literal = following is not None and following.opname == "LOAD_CONST"
            name = following.argval if literal and following is not None else None
            yield Import(name if isinstance(name, str) else None, None, line, call=True)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _walk_code(constant, package)


def _line(instruction: dis.Instruction) -> int | None:
    positions = instruction.positions
    return positions.lineno if positions is not None else None


def _absolute(name: str, package: str) -> str | None:
    """The absolute name; None when it leaves the package (that import fails at run time, too)."""
    if not name.startswith("."):
        return name or None
    try:
        return resolve_name(name, package) if package else None
    except ImportError:
        return None
