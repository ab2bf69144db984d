"""Writes the files of a new project; nothing that is there already is touched."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path

from foretell.error import Error, error
from foretell.starter.events import events_jsonl

NAME = "EventTopics"  # as the templates have it
# Every file that comes from a template.
TEMPLATES = {
    "foretell.toml": "foretell.toml.txt",
    "predictor.py": "predictor.py.txt",
    "test_predictor.py": "test_predictor.py.txt",
    ".gitignore": "gitignore.txt",
    "README.md": "README.md.txt",
}
DATA = "data/events.jsonl"
_ALLOWED = {".git"}  # what a new folder may hold


def write_project(folder: Path, name: str = NAME) -> list[str]:
    """The paths written, relative to ``folder``, which is made where it is missing.

    FT0101 for a folder that is not empty and for a name that is no class's; what a failure leaves behind is
    removed again.
    """
    check_name(name)
    _check_empty(folder)
    texts = {path: _template(template).replace(NAME, name) for path, template in TEMPLATES.items()}
    texts[DATA] = events_jsonl()
    written: list[Path] = []
    try:
        for path, text in texts.items():
            target = folder / path
            for missing in reversed([target.parent, *target.parent.parents]):
                if not missing.exists():
                    missing.mkdir()
                    written.append(missing)
            with target.open("x", encoding="utf-8") as file:
                written.append(target)
                file.write(text)
    except BaseException:
        for made in reversed(written):
            made.rmdir() if made.is_dir() else made.unlink(missing_ok=True)
        raise
    return list(texts)


def check_name(name: str) -> None:
    """FT0101 or FT0102 unless the name can be that of a predictor's class."""
    from foretell import _core

    if not name.isidentifier() or keyword.iskeyword(name):
        raise error("FT0101", f"{name!r} cannot be the name of a class in Python", "such as EventTopics")
    try:
        _core.parse_reference(name)
    except Error as problem:
        raise error("FT0102", problem.message, problem.hint or "such as EventTopics") from problem
    if name != NAME and re.search(rf"\b{re.escape(name)}\b", _template(TEMPLATES["predictor.py"])):
        raise error(
            "FT0101", f"{name!r} means something else in the predictor's module", "choose another name"
        )


def _check_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise error("FT0101", f"{folder} is no folder", "name a new one: foretell init FOLDER")
    found = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if "foretell.toml" in found:
        raise error("FT0101", f"{folder / 'foretell.toml'} is there: this is a project already")
    others = [name for name in found if name not in _ALLOWED]
    if others:
        named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        raise error(
            "FT0101", f"{folder} is not empty: it holds {named}", "name a new folder: foretell init FOLDER"
        )


def _template(name: str) -> str:
    return (files("foretell.starter") / "templates" / name).read_text(encoding="utf-8")
