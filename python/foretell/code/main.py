"""Code that no file holds: classes of a script, a notebook, ``python -i``, or made inside a function.

They are pickled by value. Coming back, their functions live in the version's own ``__main__`` module: they
share one set of globals, import the version's own modules, and show their source in tracebacks.
"""

from __future__ import annotations

import io
import linecache
import sys
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from foretell.code.bundle import MAIN
from foretell.code.namespace import ModuleName, Namespace
from foretell.error import error


def fill_main(namespace: Namespace) -> None:
    """Makes the version's ``__main__`` from its by-value part."""
    from foretell.code.pickler import Unpickler

    main = namespace.bundle.description["main"]
    running = "{}.{}".format(*sys.version_info[:2])
    saved = ".".join(namespace.bundle.description["python"].split(".")[:2])
    if saved != running:
        message = f"the version's code was saved by value under Python {saved}, but this is Python {running}"
        raise error("FT0505", message, f"use Python {saved}, or move the class into a module and save again")
    module = namespace.make(MAIN)
    package = main.get("package") or ""
    module.__dict__["__package__"] = namespace.full(package) if package else ""
    for path in main.get("texts", ()):
        text = namespace.bundle.contents[path].decode("utf-8", "replace")
        shown = _shown(namespace, path)
        linecache.cache[shown] = (len(text), None, text.splitlines(keepends=True), shown)
    names = Unpickler(io.BytesIO(namespace.bundle.contents[main["path"]]), namespace).load()
    module.__dict__.update(names)


def by_value_maker(namespace: Namespace, name: str) -> Callable[..., Any] | None:
    """What this version uses in place of one of cloudpickle's functions, or None for cloudpickle's own.

    A class made by value never becomes one that this process already has: it belongs to its version.
    """
    from cloudpickle import cloudpickle

    main = namespace.bundle.description["main"] or {}
    origin = main.get("module", MAIN)
    files = {path: _shown(namespace, path) for path in main.get("texts", ())}

    def belongs(module: object) -> Any:
        return _main_name(namespace) if module == origin and main else module

    def make_function(
        code: CodeType, variables: dict[str, Any], name: str, defaults: Any, closure: Any
    ) -> FunctionType:
        if main and variables.get("__name__") == origin:
            variables = namespace.modules[MAIN].__dict__
        variables["__builtins__"] = namespace.builtins
        return FunctionType(_renamed(code, files), variables, name, defaults, closure)

    def function_setstate(function: FunctionType, state: Any) -> None:
        cloudpickle._function_setstate(function, state)
        function.__globals__["__builtins__"] = namespace.builtins
        function.__module__ = belongs(function.__module__)

    def make_class(kind: Any, name: str, bases: Any, arguments: dict[str, Any], _: Any, extra: Any) -> Any:
        if "__module__" in arguments:
            arguments = {**arguments, "__module__": belongs(arguments["__module__"])}
        return cloudpickle._make_skeleton_class(kind, name, bases, arguments, None, extra)

    def class_setstate(made: Any, state: Any) -> Any:
        attributes, slots = state
        if "__module__" in attributes:
            attributes = {**attributes, "__module__": belongs(attributes["__module__"])}
        return cloudpickle._class_setstate(made, (attributes, slots))

    def make_enum(bases: Any, name: str, qualname: str, members: Any, module: str, _: Any, extra: Any) -> Any:
        return cloudpickle._make_skeleton_enum(bases, name, qualname, members, belongs(module), None, extra)

    def make_type_variable(name: str, bound: Any, constraints: Any, *rest: Any) -> Any:
        return cloudpickle._make_typevar(name, bound, constraints, *rest[:-1], None)

    makers: dict[str, Callable[..., Any]] = {
        "_make_function": make_function,
        "_function_setstate": function_setstate,
        "_make_skeleton_class": make_class,
        "_class_setstate": class_setstate,
        "_make_skeleton_enum": make_enum,
        "_make_typevar": make_type_variable,
    }
    return makers.get(name)


def _main_name(namespace: Namespace) -> ModuleName:
    name = ModuleName(namespace.full(MAIN))
    name.namespace = namespace
    return name


def _shown(namespace: Namespace, path: str) -> str:
    return f"<foretell {namespace.digest[:16]}>/{path.partition('/')[2]}"


def _renamed(code: CodeType, files: dict[str, str]) -> CodeType:
    if code.co_filename not in files:
        return code
    constants = tuple(_renamed(c, files) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.replace(co_filename=files[code.co_filename], co_consts=constants)


def source_texts(functions: list[FunctionType]) -> dict[str, str]:
    """The source text of each file that the functions were compiled from, where it is to be had."""
    texts: dict[str, str] = {}
    for function in functions:
        file = function.__code__.co_filename
        if file not in texts:
            lines = linecache.getlines(file, function.__globals__)
            if lines:
                texts[file] = "".join(lines)
    return texts
