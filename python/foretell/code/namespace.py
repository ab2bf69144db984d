"""One version's modules, alive side by side with every other version's.

A carried module ``helpers.text`` lives as ``_foretell_<digest>.helpers.text``. Its ``__builtins__``
hold an ``__import__`` of the version's own, so every import, also a late one inside a function, finds
the version's copies first.

Lifetime: everything that a version made (functions through their builtins, classes through their
``__module__``) keeps its Namespace alive, and the Namespace keeps the modules. ``sys.modules`` gets only
a Door, which holds the Namespace weakly. So a version that nobody uses any more goes as a whole, and
takes its entries in ``sys.modules``, ``linecache`` and ``logging`` along.
"""

from __future__ import annotations

import builtins
import importlib.util
import linecache
import logging
import sys
import threading
import types
import weakref
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from typing import Any

from foretell.code.bundle import MAIN, Bundle
from foretell.code.door import Door, Loader
from foretell.error import error

_lock = threading.RLock()
_alive: weakref.WeakValueDictionary[str, Namespace] = weakref.WeakValueDictionary()
_arrived: dict[str, Namespace] = {}
_KEEP_ARRIVED = 8


class ModuleName(str):
    """The ``__module__`` of a carried class or function: a name that brings its version along.

    A pickle names a class by its module. In another process (a joblib worker, a process pool, a Spark
    executor) no module of that name exists; pickled, this name turns into a call that first rebuilds the
    version there, whatever pickler is used. It also keeps the version alive as long as the class.
    """

    namespace: Namespace
    __slots__ = ("namespace",)

    def __reduce__(self) -> tuple[Any, ...]:
        return arrive, (self.namespace.bundle, self.namespace.plain(self))


def arrive(bundle: Bundle, plain: str) -> str:
    """Rebuilds a version in this process; the full name of its module ``plain``."""
    namespace = open_namespace(bundle)
    with _lock:
        # A pickle is read bit by bit, and nothing else holds the version in between.
        _arrived.pop(namespace.digest, None)
        _arrived[namespace.digest] = namespace
        while len(_arrived) > _KEEP_ARRIVED:
            del _arrived[next(iter(_arrived))]
    namespace.module(plain)
    return namespace.full(plain)


def arrive_module(bundle: Bundle, plain: str) -> types.ModuleType:
    arrive(bundle, plain)
    return open_namespace(bundle).module(plain)


class CarriedModule(types.ModuleType):
    """A module of a version. Pickles by bringing the version along, like its classes."""

    def __reduce__(self) -> tuple[Any, ...]:
        namespace = self.__dict__["__loader__"].namespace()
        return arrive_module, (namespace.bundle, namespace.plain(self.__name__))


class Namespace:
    """A version's modules. Thread-safe: a module is run once, others wait for it."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.digest = bundle.digest
        self.prefix = bundle.prefix
        self.names: Mapping[str, str] = bundle.description["modules"]
        self.packages = set(bundle.description["packages"])
        self.modules: dict[str, types.ModuleType] = {}
        self.lock = threading.RLock()
        self.builtins = {**vars(builtins), "__import__": self.import_}
        self._tops = {name.partition(".")[0] for name in self.names}
        # An import of "_foretell_<digest>.x" by the interpreter itself looks at the folder above, too.
        root = self.modules[""] = types.ModuleType(self.prefix)
        root.__dict__["__path__"] = []
        sys.modules[self.prefix] = Door(self, "")  # type: ignore[assignment]
        weakref.finalize(self, _forget, self.prefix).atexit = False

    def full(self, plain: str) -> str:
        return f"{self.prefix}.{plain}"

    def plain(self, full: str) -> str:
        return full[len(self.prefix) + 1 :] if full.startswith(self.prefix + ".") else str(full)

    def file(self, plain: str) -> str:
        """The file name that tracebacks show."""
        path = self.names[plain].partition("/")[2] or plain.replace(".", "/") + "/"
        return f"<foretell {self.digest[:16]}>/{path}"

    def holds(self, plain: str) -> bool:
        return plain in self.names or plain in self.modules

    def module(self, plain: str) -> types.ModuleType:
        """The version's module of this plain name, run at most once; ModuleNotFoundError."""
        ready = self.modules.get(plain)
        if ready is not None and not ready.__dict__.get("__foretell_running__"):
            return ready
        with self.lock:
            ready = self.modules.get(plain)
            if ready is not None:
                return ready
            parent = plain.rpartition(".")[0]
            if parent and self.holds(parent):
                holder = self.module(parent)
                if plain in self.modules:
                    return self.modules[plain]
                made = self._run(plain)
                setattr(holder, plain.rpartition(".")[2], made)
                return made
            return self._run(plain)

    def _run(self, plain: str) -> types.ModuleType:
        if plain not in self.names:
            name = f"No module named {plain!r} in the version's code ({self.prefix})"
            raise ModuleNotFoundError(name, name=plain)
        path = self.names[plain]
        source = self.bundle.contents[path] if path else None
        module = self.make(plain, source)
        module.__dict__["__foretell_running__"] = True
        try:
            if source is not None:
                exec(compile(source, self.file(plain), "exec", dont_inherit=True), module.__dict__)
        except BaseException:
            self.modules.pop(plain, None)
            sys.modules.pop(self.full(plain), None)
            raise
        finally:
            module.__dict__.pop("__foretell_running__", None)
        self.stamp(module)
        return module

    def make(self, plain: str, source: bytes | None = None) -> types.ModuleType:
        """An empty module of this version, known under its full name."""
        full = self.full(plain)
        module = CarriedModule(full)
        loader = Loader(self, source)
        spec = ModuleSpec(full, loader, is_package=plain in self.packages)  # type: ignore[arg-type]
        module.__dict__.update(
            __builtins__=self.builtins, __loader__=loader, __spec__=spec, __package__=spec.parent
        )
        if plain in self.names and source is not None:
            spec.origin = module.__dict__["__file__"] = self.file(plain)
        if plain in self.packages:
            module.__dict__["__path__"] = []
        self.modules[plain] = module
        sys.modules[full] = Door(self, plain)  # type: ignore[assignment]
        return module

    def stamp(self, module: types.ModuleType) -> None:
        """Gives the module's classes and functions a name that brings this version along."""
        full = module.__name__
        name = ModuleName(full)
        name.namespace = self
        pending = list(vars(module).values())
        while pending:
            item = pending.pop()
            if isinstance(item, type) and type(item.__module__) is str and item.__module__ == full:
                type.__setattr__(item, "__module__", name)
                pending.extend(vars(item).values())
            elif isinstance(item, types.FunctionType) and item.__module__ == full:
                item.__module__ = name

    def import_(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """``__import__`` of this version's modules."""
        absolute = self._absolute(name, globals or {}, level)
        if not self._mine(absolute):
            return builtins.__import__(absolute, globals, locals, fromlist or (), 0)
        found = self.module(absolute)
        if not fromlist:
            return found if level else self.module(absolute.partition(".")[0])
        wanted = list(fromlist)
        if "*" in wanted:
            wanted += getattr(found, "__all__", ())
        for item in wanted:
            if item != "*" and f"{absolute}.{item}" in self.names and not hasattr(found, item):
                self.module(f"{absolute}.{item}")
        return found

    def _absolute(self, name: str, globals: Mapping[str, Any], level: int) -> str:
        if level == 0:
            return self.plain(name)
        package = globals.get("__package__") or ""
        return importlib.util.resolve_name("." * level + name, self.plain(package))

    def _mine(self, absolute: str) -> bool:
        top = absolute.partition(".")[0]
        if self.holds(absolute):
            return True
        # A package without __init__.py may be shared with installed ones.
        return top in self._tops and self.names.get(top) != ""


def open_namespace(bundle: Bundle) -> Namespace:
    """The namespace of this digest: the living one, else a new one."""
    with _lock:
        namespace = _alive.get(bundle.digest)
        if namespace is None:
            namespace = _alive[bundle.digest] = Namespace(bundle)
            if bundle.description["main"] is not None:
                from foretell.code.main import fill_main

                try:
                    fill_main(namespace)
                except BaseException:
                    _alive.pop(bundle.digest, None)
                    raise
        return namespace


def namespace_of(name: object) -> Namespace | None:
    """The namespace that a ``__module__`` belongs to, or None."""
    if isinstance(name, ModuleName):
        return name.namespace
    door = sys.modules.get(name) if isinstance(name, str) else None
    return object.__getattribute__(door, "_namespace")() if isinstance(door, Door) else None


def _forget(prefix: str) -> None:
    if namespace_of(prefix) is not None:
        return  # the same version was loaded again meanwhile
    for name, door in list(sys.modules.items()):
        if _below(prefix, name) and isinstance(door, Door) and namespace_of(name) is None:
            sys.modules.pop(name, None)
    shown = f"<foretell {prefix.rpartition('_')[2]}>/"
    for file in [file for file in linecache.cache if file.startswith(shown)]:
        linecache.cache.pop(file, None)
    loggers = logging.Logger.manager.loggerDict
    for name in [name for name in loggers if _below(prefix, name)]:
        loggers.pop(name, None)


def _below(prefix: str, name: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def named(namespace: Namespace, module: str, qualname: str) -> Any:
    """The object that a pickle names, the version's own copy; FT0502 when the version lacks it."""
    found: Any = namespace.module(module) if namespace.holds(module) else None
    if found is None:
        raise error("FT0502", f"the model names {module}.{qualname}, but the version carries no {module}")
    for part in qualname.split(".") if qualname else ():
        if not hasattr(found, part):
            message = f"the model names {module}.{qualname}, but the version's {module} has no {part}"
            raise error("FT0502", message)
        found = getattr(found, part)
    return found


__all__ = ["MAIN", "Namespace", "arrive", "arrive_module", "named", "namespace_of", "open_namespace"]
