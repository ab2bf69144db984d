"""Everything that a class (and a model) reaches: project modules by name, the rest by value."""

from __future__ import annotations

import ast
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from foretell.code.bundle import MAIN
from foretell.code.imports import Import, imports_of_code, imports_of_source
from foretell.code.namespace import Namespace
from foretell.code.pickler import name_of, reachable
from foretell.code.project import Found, Project
from foretell.error import error


@dataclass(frozen=True)
class Module:
    """A module to carry. ``source`` is None for a package without ``__init__.py``."""

    name: str
    package: bool
    source: bytes | None


class Reach:
    """Collects what is reached. As a Place for pickling it tells carried code from the rest.

    ``base`` is the loaded version that the class at hand belongs to, if any: its modules come first.
    """

    def __init__(self, project: Project, base: Namespace | None) -> None:
        self.project = project
        self.base = base
        self.seeds: set[str] = set()
        self.others: set[str] = set()
        self.names: dict[str, Any] = {}
        self.functions: list[FunctionType] = []
        self.classes: list[type] = []
        self.files: dict[str, str] = {}
        self._lent: dict[str, Namespace] = {}
        self._found: dict[str, Found | None] = {}

    def reference(self, item: Any) -> tuple[str, str] | None:
        module, qualname, namespace = name_of(item)
        if module in ("", MAIN, "builtins") or "<" in qualname:
            return None
        if namespace is not None:
            self._lent.setdefault(module, namespace)
        elif self.find(module) is None:
            self._note_other(module)
            return None
        elif qualname and not reachable(item, sys.modules.get(module), qualname):
            return None
        self.seeds.add(module)
        return module, qualname

    def by_value(self, item: Any) -> None:
        module, qualname, namespace = name_of(item)
        if isinstance(item, ModuleType) or (
            module not in (MAIN, "") and not self._is_local(module, qualname)
        ):
            return
        if isinstance(item, FunctionType):
            self.functions.append(item)
            self._imports_of(item)
        elif isinstance(item, type):
            self.classes.append(item)
        main = namespace.modules.get(MAIN) if namespace is not None else sys.modules.get(MAIN)
        if module == MAIN and "." not in qualname and reachable(item, main, qualname):
            self.names[qualname] = item

    def file_name(self, file: str) -> str:
        name = Path(file).name if file.endswith(".py") and "<" not in file else "source.py"
        return self.files.setdefault(file, f"code/{MAIN}/{len(self.files)}-{name}")

    def _is_local(self, module: str, qualname: str) -> bool:
        return "<" in qualname and self.find(module) is not None

    def find(self, name: str) -> Found | None:
        if name not in self._found:
            self._found[name] = self.project.find(name)
        return self._found[name]

    def _imports_of(self, function: FunctionType) -> None:
        package = function.__globals__.get("__package__") or ""
        _, _, namespace = name_of(function)
        package = namespace.plain(package) if namespace is not None else package
        for found in imports_of_code(function.__code__, package):
            self._judge(found, f"{Path(function.__code__.co_filename).name}:{found.line}")
            if found.module is not None:
                self.seeds.update(self._modules_of(found))

    def modules(self) -> dict[str, Module]:
        """The seeds and every project module that they import, transitively."""
        taken: dict[str, Module] = {}
        waiting = deque(sorted(self.seeds))
        while waiting:
            name = waiting.popleft()
            parent = name.rpartition(".")[0]
            if parent:
                waiting.append(parent)
            module = None if name in taken else self._read(name)
            if module is None:
                continue
            taken[name] = module
            if module.source is not None:
                waiting.extend(self._imported_by(module))
        return taken

    def _read(self, name: str) -> Module | None:
        lender = self._lender(name)
        if lender is not None:
            path = lender.names[name]
            source = lender.bundle.contents[path] if path else None
            return Module(name, name in lender.packages, source)
        found = self.find(name)
        if found is None:
            return None
        if found.compiled:
            message = f"{name} is a compiled extension of the project ({self._short(found.file)})"
            raise error("FT0803", message, "install it as a package of its own, so that it is imported there")
        return Module(name, found.package, found.file.read_bytes() if found.file is not None else None)

    def _lender(self, name: str) -> Namespace | None:
        if self.base is not None and name in self.base.names:
            return self.base
        if self.find(name) is not None:
            return None
        for lender in self._lent.values():
            if name in lender.names:
                return lender
        return None

    def _imported_by(self, module: Module) -> list[str]:
        found = self.find(module.name)
        file = found.file if found is not None and self._lender(module.name) is None else None
        place = self._short(file) if file is not None else module.name
        package = module.name if module.package else module.name.rpartition(".")[0]
        assert module.source is not None
        try:
            imports = imports_of_source(module.source, package)
        except (SyntaxError, ValueError) as cause:
            raise error("FT0801", f"{place} is not Python that can be read: {cause}") from cause
        names: list[str] = []
        for item in imports:
            self._judge(item, f"{place}:{item.line}")
            if item.module is not None:
                names += self._modules_of(item)
        return names

    def _judge(self, item: Import, place: str) -> None:
        if not item.call:
            return
        if item.module is None:
            message = f"{place} imports a module by a computed name, so it cannot be known what to carry"
            raise error("FT0802", message, "import each module that it may need by an import statement")
        if self._exists(item.module):
            message = f"{place} imports the project's module {item.module} by a call"
            raise error("FT0802", message, f"write it as a statement: import {item.module}")

    def _exists(self, name: str) -> bool:
        return self.find(name) is not None or self._lender(name) is not None

    def _modules_of(self, item: Import) -> list[str]:
        assert item.module is not None
        if not self._exists(item.module):
            self._note_other(item.module)
            return []
        names = [item.module]
        if item.attribute == "*":
            names += [f"{item.module}.{name}" for name in self._all_of(item.module)]
        elif item.attribute is not None:
            names.append(f"{item.module}.{item.attribute}")
        return [name for name in names if self._exists(name)]

    def _all_of(self, package: str) -> list[str]:
        module = self._read(package)
        if module is None or module.source is None or not module.package:
            return []
        names: list[str] = []
        for node in ast.walk(ast.parse(module.source)):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
                texts = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant))
                names += [text for text in texts if isinstance(text, str)]
        return names

    def _note_other(self, module: str) -> None:
        top = module.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("foretell", MAIN, ""):
            self.others.add(top)

    def _short(self, file: Path | None) -> str:
        if file is None:
            return ""
        resolved = file.resolve()
        inside = resolved.is_relative_to(self.project.root)
        return str(resolved.relative_to(self.project.root)) if inside else str(file)
