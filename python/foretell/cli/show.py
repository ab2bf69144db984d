"""``foretell show``: one version, for people; its manifest, for machines; its code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.cli.options import AsOfOption, JsonOption, ReferenceArgument, StoreOption, resolve, time_of
from foretell.cli.printing import print_fields, print_json, when_text
from foretell.size import size_text

if TYPE_CHECKING:
    from foretell.store import VersionEntry
    from foretell.version import Version


def show(
    reference: ReferenceArgument,
    as_json: JsonOption = False,
    code: Annotated[bool, typer.Option("--code", help="Print the source that the version carries.")] = False,
    as_of: AsOfOption = None,
    store: StoreOption = None,
) -> None:
    """Show what a version is made of, and how this machine differs from the one that saved it."""
    from foretell.store import Store

    the_store = Store(store)
    version = resolve(the_store, reference, time_of(as_of))
    if as_json:
        print_json(version.manifest)
    elif code:
        _print_code(the_store.open_files(version))
    else:
        print_fields(_fields(version, the_store.retired(version)))


def _fields(version: Version, retired: VersionEntry | None) -> dict[str, str | None]:
    manifest = version.manifest
    signature = manifest.get("signature") or {}
    environment = manifest.get("environment") or {}
    return {
        "version": version.reference,
        "saved": _saved(version),
        "aliases": ", ".join(version.aliases) or None,
        "retired": _retired(retired),
        "manifest": f"sha256 {version.sha256}",
        "model": _model(manifest),
        "model of": (manifest.get("model_from") or {}).get("version"),
        "code": _code(manifest),
        "input": _schema(signature.get("input"), "every column, as it comes"),
        "output": _schema(signature.get("output"), "not declared"),
        "keep": _keep(signature.get("keep")),
        "training": _training(manifest.get("training")),
        "metadata": "\n".join(f"{key} = {value}" for key, value in version.metadata.items()) or None,
        "made with": _environment(environment),
        "here": _differences(environment),
        "files": _files(manifest.get("files", [])),
    }


def _saved(version: Version) -> str:
    who = version.manifest.get("who")
    return when_text(version.created.isoformat()) + (f" by {who}" if who else "")


def _retired(entry: VersionEntry | None) -> str | None:
    if entry is None:
        return None
    gone = "its files are gone; purged " if entry.kind == "purged" else ""
    return f"{gone}{when_text(entry.when)} by {entry.who}" + (f": {entry.why}" if entry.why else "")


def _model(manifest: Mapping[str, Any]) -> str | None:
    from foretell.models import describe

    description = manifest.get("model")
    return describe(description) if description else None


def _code(manifest: Mapping[str, Any]) -> str | None:
    carried = manifest.get("code")
    if not carried:
        return None
    lines = [carried["entry"], f"sha256 {carried['digest']}"]
    git = carried.get("git")
    if git:
        lines.append(
            f"git {git['commit']}" + (", with changes that were not committed" if git["dirty"] else "")
        )
    lines += [name for name in carried["modules"] if f"{name}:" not in carried["entry"]]
    return "\n".join(lines)


def _schema(columns: Any, otherwise: str) -> str:
    if columns is None:
        return otherwise
    return "\n".join(f"{name}: {kind}" for name, kind in columns) or "no column"


def _keep(columns: Any) -> str:
    if columns is None:
        return "every column of the input"
    return ", ".join(columns) or "no column of the input"


def _training(training: Any) -> str | None:
    if not training:
        return None
    from foretell.version import metric_text

    data, rows = training["data"], training["rows"]
    counts = ", ".join(f"{count:,} {name}" for name, count in rows.items() if count)
    return "\n".join(
        [
            *(f"{name} = {metric_text(value)}" for name, value in training["metrics"].items()),
            f"rows: {counts}",
            f"of {data['source']}, sha256 {data['sha256']}",
            f"seed {training['seed']}",
        ]
    )


def _environment(environment: dict[str, Any]) -> str | None:
    if not environment:
        return None
    labels = {"foretell": "foretell ", "python": "Python ", "platform": "", "machine": ""}
    first = [f"{label}{environment[key]}" for key, label in labels.items() if environment.get(key)]
    packages = [f"{name} {version}" for name, version in (environment.get("packages") or {}).items()]
    return "\n".join([", ".join(first), *packages])


def _differences(environment: dict[str, Any]) -> str:
    from foretell.code import differences

    return "\n".join(differences(environment)) or "the same"


def _files(files: list[dict[str, Any]]) -> str:
    width = max((len(size_text(file["size"])) for file in files), default=0)
    return "\n".join(f"{size_text(file['size']):>{width}}  {file['path']}" for file in files) or "none"


def _print_code(files: Mapping[str, Path]) -> None:
    sources = sorted(path for path in files if path.startswith("code/") and path.endswith(".py"))
    for path in sources:
        text = files[path].read_text(encoding="utf-8", errors="replace").rstrip("\n")
        print(f"# {path.removeprefix('code/')}\n{text}\n")
    if not sources:
        print("this version carries no source", file=sys.stderr)
