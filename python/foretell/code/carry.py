"""Writing what a class needs into a version's directory, and the digest of a class at hand.

Carried are the class's own module and every module that it imports from the project. Data files of the
project's packages are not: keep such things in the model. A class that no file holds (a script, a
notebook, ``python -i``, inside a function) is pickled by value with every name that it reaches.
"""

from __future__ import annotations

import io
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.code.bundle import MAIN, CarriedCode, digest_of, sha256
from foretell.code.by_value import by_value_digest
from foretell.code.changed import changed_function
from foretell.code.main import source_texts
from foretell.code.namespace import Namespace
from foretell.code.pickler import dump, name_of
from foretell.code.project import Project
from foretell.code.reach import Module, Reach
from foretell.error import Error, error, missing_extra

_PICKLE = f"code/{MAIN}.pickle"
_Refusal = Callable[[BaseException], Error]


@dataclass(frozen=True)
class _Gathered:
    reach: Reach
    modules: dict[str, Module]
    entry: str
    by_value: bytes | None

    @property
    def class_digest(self) -> str:
        lines = [self.entry]
        for name in sorted(self.modules):
            source = self.modules[name].source
            lines.append(f"{name} {sha256(source) if source is not None else '-'}")
        if self.by_value is not None:
            lines.append(by_value_digest(self.reach.classes, self.reach.functions))
        return sha256("\n".join(lines).encode())


class _Sink(io.RawIOBase):
    """Swallows a pickle that is only made to see what it names."""

    def write(self, data: Any) -> int:
        return memoryview(data).nbytes

    def writable(self) -> bool:
        return True


def carry(
    cls: type, directory: Path, *, project_root: Path | None = None, model: object = None
) -> CarriedCode:
    """Writes what ``cls`` needs below ``directory/code/``; its description.

    With ``model``, the code that its pickle names (custom transformers, say) is carried as well.
    ``project_root`` overrides the project's folder. Raises FT0801 for what cannot be carried, FT0802 for an
    import by a computed name, FT0803 for a compiled extension of the project.
    """
    alone = _gather(cls, project_root, None)
    all_of_it = alone if model is None else _gather(cls, project_root, model)
    _refuse_changed(all_of_it)
    contents: dict[str, bytes] = {}
    names: dict[str, str] = {}
    for name, module in sorted(all_of_it.modules.items()):
        names[name] = "" if module.source is None else f"code/{_path(name, module.package)}"
        if module.source is not None:
            contents[names[name]] = module.source
    main = None
    if all_of_it.by_value is not None:
        contents[_PICKLE] = all_of_it.by_value
        main = _describe_main(cls, all_of_it.reach, contents)
    _refuse_equal_but_for_case(contents)
    for path, data in contents.items():
        target = Path(directory) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    sources = {path: sha256(data) for path, data in sorted(contents.items())}
    packages = sorted(name for name, module in all_of_it.modules.items() if module.package)
    kind = "modules" if main is None else "main"
    return CarriedCode(
        kind=kind,
        entry=all_of_it.entry,
        modules=names,
        packages=packages,
        sources=sources,
        digest=digest_of(kind, all_of_it.entry, packages, sources),
        class_digest=alone.class_digest,
        python=platform.python_version(),
        git=git_state(all_of_it.reach.project.root),
        imports=sorted(all_of_it.reach.others),
        main=main,
        root=str(all_of_it.reach.project.root),
    )


def class_digest(cls: type, *, project_root: Path | None = None) -> str:
    """What ``CarriedCode.class_digest`` would be for this class now: equal when its code is the same."""
    return _gather(cls, project_root, None).class_digest


def _gather(cls: type, project_root: Path | None, model: object) -> _Gathered:
    module, qualname, base = name_of(cls)
    by_value = module == MAIN or "<locals>" in qualname
    file = getattr(sys.modules.get(module), "__file__", None) if base is None else None
    project = Project.of(module, Path(file) if isinstance(file, str) else None, project_root)
    reach = Reach(project, base)
    if not by_value and base is None and project.find(module) is None:
        message = f"{module}.{qualname} is in no file of the project {project.root}"
        raise error("FT0801", message, "import the class from a .py file, or define it where it is saved")
    if model is not None:
        _see(model, reach, lambda cause: _unpicklable_model(model, cause))
    for kind in cls.__mro__:
        reach.reference(kind)
    payload = None
    if by_value or reach.names:
        _need_cloudpickle()
        # Names first: what the pickle of the class and of the model reached in __main__ is all exported.
        _see([cls, *reach.names.values()], reach, lambda cause: _unpicklable_class(cls, cause))
        reach.functions.clear()
        reach.classes.clear()
        names = {**reach.names, cls.__name__: cls} if by_value else dict(reach.names)
        buffer = io.BytesIO()
        try:
            dump(names, buffer, reach)
        except Exception as cause:
            raise _unpicklable_class(cls, cause) from cause
        payload = buffer.getvalue()
    entry = f"{MAIN}:{cls.__name__}" if by_value else f"{module}:{qualname}"
    return _Gathered(reach, reach.modules(), entry, payload)


def _see(item: object, reach: Reach, refuse: _Refusal) -> None:
    try:
        dump(item, _Sink(), reach, lambda buffer: None)  # type: ignore[arg-type]
    except Error:
        raise
    except Exception as cause:
        raise refuse(cause) from cause


def _unpicklable_model(model: object, cause: BaseException) -> Error:
    from foretell.models.blame import unpicklable

    return unpicklable(model, "model", cause)


def _unpicklable_class(cls: type, cause: BaseException) -> Error:
    if isinstance(cause, Error):
        return cause
    from foretell.models.blame import unpicklable

    found = unpicklable(cls, cls.__name__, cause)
    return error("FT0801", found.message, "make it in setup(), once per process, instead of at the top level")


def _need_cloudpickle() -> None:
    try:
        import cloudpickle  # noqa: F401
    except ImportError as cause:
        raise missing_extra("cloudpickle", "code") from cause


def _describe_main(cls: type, reach: Reach, contents: dict[str, bytes]) -> dict[str, Any]:
    module, qualname, base = name_of(cls)
    texts = {reach.files[file]: text for file, text in source_texts(reach.functions).items()}
    contents.update({path: text.encode() for path, text in texts.items()})
    running = sys.modules.get(module) if base is None else base.modules.get(MAIN)
    package = getattr(running, "__package__", None) or ""
    return {
        "path": _PICKLE,
        "module": module if "<locals>" in qualname else MAIN,
        "package": _plain(base, package),
        "names": sorted(reach.names),
        "texts": sorted(texts),
    }


def _plain(base: Namespace | None, package: str) -> str:
    return base.plain(package) if base is not None else package


def _path(name: str, package: bool) -> str:
    return name.replace(".", "/") + ("/__init__.py" if package else ".py")


def _refuse_changed(gathered: _Gathered) -> None:
    for name, module in gathered.modules.items():
        found = gathered.reach.find(name)
        if module.source is None or found is None or found.file is None:
            continue
        function = changed_function(name, found.file, module.source)
        if function is not None:
            message = f"{found.file.name} has changed since it was imported: {function} is another one now"
            raise error("FT0801", message, "start Python again, or reload the module, so that both are one")


def _refuse_equal_but_for_case(contents: dict[str, bytes]) -> None:
    seen: dict[str, str] = {}
    for path in contents:
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            raise error("FT0801", f"{other} and {path} are equal but for case", "rename one of them")


def git_state(root: Path) -> dict[str, Any] | None:
    """{"commit", "dirty"} of the repository that holds the project, or None outside of one."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None
