"""Imported as an interpreter starts: the module of the guard that WITHOUT_GUARD names is imported without it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from guards import GUARDS, ROOT, Guard


class Without:
    """Finds the guard's module as every other finder does, and compiles its changed text."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.module = guard.file.removeprefix("python/").removesuffix(".py").replace("/", ".")

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self.module:
            return None
        return importlib.util.spec_from_loader(name, self, origin=str(ROOT / self.guard.file))

    def create_module(self, spec: ModuleSpec) -> None: ...

    def exec_module(self, module: ModuleType) -> None:
        source = (ROOT / self.guard.file).read_text(encoding="utf-8")
        changed = source.replace(self.guard.old, self.guard.new)
        assert changed != source, f"{self.guard.file} does not hold the guard"
        exec(compile(changed, str(ROOT / self.guard.file), "exec"), module.__dict__)


if wanted := os.environ.get("WITHOUT_GUARD"):
    (found,) = (guard for guard in GUARDS if guard.name == wanted)
    sys.meta_path.insert(0, Without(found))
