"""A digest of code that no file holds: the same for the same code, in every process.

Pickles of classes carry random identities, file names and line numbers, so they cannot be compared. What
is compared here: the instructions, names and constants of each function, and each class's plain
attributes. Other objects that the functions refer to are not.
"""

from __future__ import annotations

from types import CodeType, FunctionType
from typing import Any

from foretell.code.bundle import sha256
from foretell.code.pickler import name_of

_PLAIN = (int, float, complex, str, bytes, bool, type(None))


def by_value_digest(classes: list[type], functions: list[FunctionType]) -> str:
    lines = {repr(_class_key(item)) for item in classes} | {repr(_function_key(item)) for item in functions}
    return sha256("\n".join(sorted(lines)).encode())


def _class_key(item: type) -> tuple[Any, ...]:
    bases = tuple(".".join(name_of(base)[:2]) for base in item.__bases__)
    plain = {name: _value_key(value) for name, value in vars(item).items() if _is_compared(name)}
    return ("class", item.__qualname__, bases, sorted(plain.items()))


def _is_compared(name: str) -> bool:
    return name not in {"__module__", "__firstlineno__", "__dict__", "__weakref__", "__static_attributes__"}


def _function_key(function: FunctionType) -> tuple[Any, ...]:
    code = function.__code__
    used = {
        name: _value_key(function.__globals__[name]) for name in _global_names(code, function.__globals__)
    }
    return (
        "function",
        function.__qualname__,
        code_key(code),
        _value_key(function.__defaults__),
        _value_key(function.__kwdefaults__),
        sorted(used.items()),
    )


def _global_names(code: CodeType, variables: dict[str, Any]) -> set[str]:
    names = {name for name in code.co_names if name in variables}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _global_names(constant, variables)
    return names


def code_key(code: CodeType) -> tuple[Any, ...]:
    return (
        code.co_name,
        code.co_code.hex(),
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags),
        tuple(code_key(c) if isinstance(c, CodeType) else _value_key(c) for c in code.co_consts),
    )


def _value_key(value: Any) -> Any:
    if type(value) in _PLAIN:
        return (type(value).__name__, repr(value))
    if isinstance(value, (frozenset, set)):
        return ("set", sorted(repr(_value_key(item)) for item in value))
    if isinstance(value, (tuple, list)):
        return (type(value).__name__, [_value_key(item) for item in value])
    if isinstance(value, dict):
        return ("dict", [(_value_key(key), _value_key(item)) for key, item in value.items()])
    return ("object", type(value).__qualname__)
