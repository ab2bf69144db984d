"""Paths, globs, folders and URLs into files; and whether a file is still what it was."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from foretell.error import error
from foretell.sources.source import InputFile

if TYPE_CHECKING:
    import pyarrow.fs

_Wanted: TypeAlias = Callable[[str], bool]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
_NAMED = 3  # files that are named where none matches
_WILD = re.compile(r"[*?\[]")


def is_url(path: str) -> bool:
    return _URL.match(path) is not None


def has_wildcards(path: str) -> bool:
    return _WILD.search(path) is not None


def is_hidden(name: str) -> bool:
    return name.startswith(("_", "."))


def list_path(path: str, base: str | None) -> tuple[list[InputFile], bool]:
    """The files that one path, glob, folder or URL names, sorted, and whether a folder was named.

    Below a folder, or below the part of a glob before its first wildcard, names that begin with ``_``
    or ``.`` are left out, unless the glob itself spells that beginning. FT0701 when nothing is there.
    """
    place = _Remote(path) if is_url(path) and not path.startswith("file://") else _Local(path, base)
    known = place.stat(place.path)
    if known is not None:
        return [known], False
    if place.is_folder(place.path):
        listed = place.walk(place.path, lambda name: not is_hidden(name), None)
        return sorted((file for file, _ in listed), key=lambda file: file.path), True
    if not has_wildcards(place.path):
        raise error("FT0701", f"{path} does not exist", place.hint())
    segments = place.path.split("/")
    fixed = next(i for i, segment in enumerate(segments) if has_wildcards(segment))
    root, pattern = "/".join(segments[:fixed]) or "/", segments[fixed:]
    depth = None if "**" in pattern else len(pattern)
    spelled = {segment[0] for segment in pattern if is_hidden(segment)}
    walked = list(place.walk(root, lambda name: not is_hidden(name) or name[0] in spelled, depth))
    found = [file for file, parts in walked if _matches(pattern, parts)]
    if not found:
        others = ", ".join(sorted("/".join(parts) for _, parts in walked)[:_NAMED])
        hints = [f"what is there: {others}" if others else "", place.hint()]
        raise error("FT0701", f"no file matches {path}", "; ".join(filter(None, hints)))
    return sorted(found, key=lambda file: file.path), False


def hadoop_pattern(path: str, base: str | None) -> tuple[str, str | None]:
    """The same files as `list_path` finds, for Spark: an absolute pattern of Hadoop's, and one for the names of
    the files below it, where it is of a folder (None: any).

    FT0904 for a URL; FT0101 for ``**`` elsewhere than before the last name, and for a name that begins with ``_`` or
    ``.``: Spark passes over such files.
    """
    if is_url(path) and not path.startswith("file://"):
        raise error(
            "FT0904",
            f"a stream of files at {path} is not there yet",
            "define load_input_stream(self, spark) on the class: spark.readStream…",
        )
    place = _Local(path, base)
    if place.stat(place.path) or place.is_folder(place.path) or not has_wildcards(place.path):
        pattern, names = re.sub(r"([{}\[\]*?\\])", r"\\\1", place.path), None
    else:
        pattern, names = re.sub(r"([{}\\])", r"\\\1", place.path), None
        folder, found, rest = pattern.partition("/**")
        if found:
            pattern, names = folder or "/", rest.removeprefix("/") or None
            if (rest and not rest.startswith("/")) or (names and ("/" in names or "**" in names)):
                raise error(
                    "FT0101",
                    f"a stream of {path} is more than Spark can look for",
                    "** stands before the last name there: events/**/*.jsonl",
                )
    if is_hidden((names or pattern).rsplit("/", 1)[-1]):
        raise error(
            "FT0101",
            f"{path} names files that Spark passes over: their names begin with _ or .",
            "name their folder, or rename the files",
        )
    return pattern, names


def _matches(pattern: list[str], parts: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        if _matches(pattern[1:], parts):
            return True
        return bool(parts) and not is_hidden(parts[0]) and _matches(pattern, parts[1:])
    if not parts or (is_hidden(parts[0]) and not pattern[0].startswith(parts[0][0])):
        return False
    return fnmatchcase(parts[0], pattern[0]) and _matches(pattern[1:], parts[1:])


class _Local:
    def __init__(self, path: str, base: str | None) -> None:
        if path.startswith("file://"):
            path = file_system(path)[1]
        path = os.path.expanduser(path)
        self.relative = not os.path.isabs(path)
        self.base = base or os.getcwd()
        self.path = os.path.normpath(os.path.join(self.base, path))

    def hint(self) -> str:
        return f"relative paths start at {self.base}" if self.relative else ""

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(path)

    def stat(self, path: str) -> InputFile | None:
        return local_file(path) if os.path.isfile(path) else None

    def walk(self, root: str, wanted: _Wanted, depth: int | None) -> Iterator[tuple[InputFile, list[str]]]:
        """Files below ``root`` with the parts of their relative path; a loop of links is entered once.

        What is not ``wanted`` is not even looked at: it may vanish at any moment.
        """
        entered: set[tuple[int, int]] = set()

        def below(folder: str, parts: list[str]) -> Iterator[tuple[InputFile, list[str]]]:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in entered:
                return
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
            for entry in listed:
                inner = [*parts, entry.name]
                if not wanted(entry.name):
                    continue
                if entry.is_dir():
                    if depth is None or len(inner) < depth:
                        yield from below(entry.path, inner)
                elif entry.is_file() and (depth is None or len(inner) == depth):
                    yield local_file(entry.path), inner

        try:
            if os.path.isdir(root):
                yield from below(root, [])
        except OSError as raised:
            raise unreadable(raised.filename or root, raised) from raised


class _Remote:
    def __init__(self, url: str) -> None:
        self.url = url
        self.fs, self.path = file_system(url)
        self.path = self.path.rstrip("/")
        parts = urlsplit(url)
        inner = url[len(parts.scheme) + 3 :].split("?")[0].rstrip("/")
        self.prefix = parts.scheme + "://" + inner[: len(inner) - len(self.path)]
        self.suffix = "?" + parts.query if parts.query else ""

    def hint(self) -> str:
        return "check the URL, and the credentials in the environment"

    def _file(self, info: Any) -> InputFile:
        return InputFile(f"{self.prefix}{info.path}{self.suffix}", info.size or 0, info.mtime_ns or 0)

    def _info(self, path: str) -> Any:
        try:
            return self.fs.get_file_info(path)
        except OSError as raised:
            raise unreadable(self.url, raised) from raised

    def is_folder(self, path: str) -> bool:
        return bool(self._info(path).type.name == "Directory")

    def stat(self, path: str) -> InputFile | None:
        if has_wildcards(path):
            return None
        info = self._info(path)
        return self._file(info) if info.type.name == "File" else None

    def walk(self, root: str, wanted: _Wanted, depth: int | None) -> Iterator[tuple[InputFile, list[str]]]:
        from pyarrow.fs import FileSelector

        try:
            infos = self.fs.get_file_info(FileSelector(root, allow_not_found=True, recursive=depth != 1))
        except OSError as raised:
            raise unreadable(self.url, raised) from raised
        for info in infos:
            parts = info.path[len(root) :].strip("/").split("/")
            right_depth = depth is None or len(parts) == depth
            if info.type.name == "File" and right_depth and all(map(wanted, parts)):
                yield self._file(info), parts


_file_systems: dict[str, pyarrow.fs.FileSystem] = {}


def file_system(path: str) -> tuple[pyarrow.fs.FileSystem, str]:
    """The pyarrow file system of a path or URL, and the path in it. One per bucket and process.

    FT0904 for a URL that pyarrow does not read; FT0104 for one that carries a password, since plans
    and messages repeat it.
    """
    from pyarrow import fs

    if not is_url(path):
        return _file_systems.setdefault("", fs.LocalFileSystem()), path
    parts = urlsplit(path)
    if parts.password:
        raise error(
            "FT0104",
            f"the {parts.scheme} URL holds a password, and plans repeat their URLs",
            "take it out of the URL: credentials come from the environment",
        )
    try:
        opened, inner = fs.FileSystem.from_uri(path)
    except (OSError, ValueError, NotImplementedError, ImportError) as raised:
        raise error("FT0904", f"{path} cannot be opened: {_first_line(raised)}", "") from raised
    key = f"{parts.scheme}://{parts.netloc}?{parts.query}"
    return _file_systems.setdefault(key, opened), inner


def local_file(path: str) -> InputFile:
    try:
        path.encode()
        status = os.stat(path)
    except UnicodeEncodeError as raised:
        raise error("FT0104", f"the file name {path!r} is not UTF-8", "rename the file") from raised
    except OSError as raised:
        raise unreadable(path, raised) from raised
    return InputFile(path, status.st_size, status.st_mtime_ns)


def stat_file(path: str) -> InputFile | None:
    """The file as it is now; None when it is gone."""
    if is_url(path):
        return _Remote(path).stat(file_system(path)[1])
    return local_file(path) if os.path.isfile(path) else None


def check_file(planned: InputFile) -> None:
    """FT0604 when the file is not what it was when it was planned."""
    now = stat_file(planned.path)
    if now == planned:
        return
    if now is None:
        what = "it is gone"
    elif now.size != planned.size:
        what = f"it had {planned.size} bytes and has {now.size}"
    else:
        what = "it was written again"
    raise error(
        "FT0604",
        f"{planned.path} is not what it was when the run was planned: {what}",
        "put the file back, or start a new run on the files as they are now",
    )


def unreadable(path: str, raised: BaseException, hint: str = "") -> Exception:
    """FT0702 (FT0701 when the file is gone) for whatever went wrong with a file's bytes."""
    if isinstance(raised, FileNotFoundError):
        return error("FT0701", f"{path} does not exist", hint)
    if isinstance(raised, PermissionError):
        return error("FT0702", f"{path} may not be read by this user", hint or "check its permissions")
    return error("FT0702", f"{path} cannot be read: {_first_line(raised)}", hint)


def _first_line(raised: BaseException) -> str:
    text = str(raised).strip().splitlines()
    return text[0].rstrip(".") if text else type(raised).__name__
