"""A disk that keeps what was synced, and of the rest what it likes.

Fed with the calls of real processes, as strace wrote them down. Of a file, what fsync has covered is
kept; later writes are kept, lost, or torn. Of a folder, the entries that its fsync has covered are
kept; of later ones any may be lost, in any order, but a rename is lost or kept as a whole. That is
less than any file system in use promises.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CALLS = (
    "openat,open,close,read,write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,link,linkat,"
    "unlink,unlinkat,mkdir,mkdirat,rmdir,copy_file_range,ftruncate"
)


@dataclass(eq=False)
class Change:
    """A change of one folder, or of two by a rename between them: (folder, name, file or None) each."""

    edits: list[tuple[Folder, str, File | Folder | None]]


@dataclass(eq=False)
class Folder:
    kept: dict[str, File | Folder] = field(default_factory=dict)
    now: dict[str, File | Folder] = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)


@dataclass(eq=False)
class File:
    kept: bytes = b""
    now: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # offset, bytes; None: cut there


def written(content: bytes, offset: int, data: bytes | None) -> bytes:
    if data is None:
        return content[:offset].ljust(offset, b"\0")
    return content[:offset].ljust(offset, b"\0") + data + content[offset + len(data) :]


def edit(entries: dict[str, File | Folder], name: str, to: File | Folder | None) -> None:
    if to is None:
        entries.pop(name, None)
    else:
        entries[name] = to


class Disk:
    """`root`: the folder that is watched. What is in it at the beginning is durable."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.top = Folder()
        self.handles: dict[int, tuple[File | Folder, int]] = {}  # with the position
        self.load(root)

    def load(self, path: Path) -> None:
        folder = self.folder(str(path))
        for child in path.iterdir():
            if child.is_dir():
                self.load(child)
            else:
                content = child.read_bytes()
                folder.kept[child.name] = folder.now[child.name] = File(content, content)

    def folder(self, path: str) -> Folder:
        """A folder by its absolute path; those on the way that are not known yet were always there."""
        at = self.top
        for name in path.strip("/").split("/"):
            if not name:
                continue
            if name not in at.now:
                at.now[name] = at.kept[name] = Folder()
            child = at.now[name]
            assert isinstance(child, Folder), path
            at = child
        return at

    def place(self, handle: str, path: str) -> tuple[Folder, str]:
        if path.startswith("/"):
            above, _, name = path.rpartition("/")
            return self.folder(above), name
        folder = self.handles[int(handle)][0]
        assert isinstance(folder, Folder)
        above, _, name = path.rpartition("/")
        for part in above.split("/") if above else []:
            child = folder.now[part]
            assert isinstance(child, Folder)
            folder = child
        return folder, name

    def change(self, *edits: tuple[Folder, str, File | Folder | None]) -> None:
        change = Change(list(edits))
        for folder, name, to in edits:
            edit(folder.now, name, to)
        for folder in {id(folder): folder for folder, _, _ in edits}.values():
            folder.pending.append(change)

    def sync(self, what: File | Folder) -> None:
        if isinstance(what, File):
            what.kept, what.pending = what.now, []
            return
        for change in what.pending:
            for folder, name, to in change.edits:
                edit(folder.kept, name, to)
                if folder is not what:  # the other end of a rename is as durable as this one
                    before = folder.pending.index(change)
                    folder.pending = [
                        one
                        for at, one in enumerate(folder.pending)
                        if one is not change
                        and (at > before or all(each[:2] != (folder, name) for each in one.edits))
                    ]
        what.pending = []

    def write(self, number: int, data: bytes, offset: int | None = None) -> None:
        file, position = self.handles[number]
        assert isinstance(file, File)
        at = position if offset is None else offset
        file.now = written(file.now, at, data)
        file.pending.append((at, data))
        if offset is None:
            self.handles[number] = (file, at + len(data))

    # What the power leaves

    def left(self, random: random.Random) -> dict[str, bytes | None]:
        """The files below the root (by path; None for a folder) after a power cut now."""
        fates: dict[int, bool] = {}
        found: dict[str, bytes | None] = {}

        def of_folder(folder: Folder, path: str) -> None:
            mode = random.randrange(4)
            cut = random.randint(0, len(folder.pending))
            entries = dict(folder.kept)
            for at, change in enumerate(folder.pending):
                mine = (False, True, at < cut, random.random() < 0.5)[mode]
                if not fates.setdefault(id(change), mine):
                    continue
                for where, name, to in change.edits:
                    if where is folder:
                        edit(entries, name, to)
            for name, child in entries.items():
                if isinstance(child, Folder):
                    found[f"{path}{name}"] = None
                    of_folder(child, f"{path}{name}/")
                else:
                    found[f"{path}{name}"] = of_file(child)

        def of_file(file: File) -> bytes:
            mode = random.randrange(4)
            content = file.kept
            cut = random.randint(0, len(file.pending))
            for at, (offset, data) in enumerate(file.pending):
                if mode == 0 or (mode == 1 and at >= cut) or (mode == 2 and random.random() < 0.5):
                    continue
                if data and random.random() < 0.3:
                    torn = random.randint(0, len(data))
                    data = data[:torn] if random.random() < 0.5 else bytes(torn) + data[torn:]
                content = written(content, offset, data)
            return content

        of_folder(self.folder(str(self.root)), "")
        return found


# What strace writes down

LINE = re.compile(r"^(\d+) +(.*)$", re.DOTALL)
CALL = re.compile(r"^([a-z0-9_]+)\((.*)\) += (-?\d+|\?)(.*)$", re.DOTALL)
UNFINISHED = " <unfinished ...>"
RESUMED = re.compile(r"^<\.\.\. [a-z0-9_]+ resumed>(.*)$", re.DOTALL)
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def texts(arguments: str) -> list[bytes]:
    return [bytes.fromhex(text.replace("\\x", "")) for text in TEXT.findall(arguments)]


def calls(log: Path) -> Iterator[tuple[str, list[str], list[bytes], int]]:
    """Name, arguments, their texts and the result of each call, in the order in which they ended."""
    begun: dict[str, str] = {}
    for line in log.read_text(encoding="ascii").splitlines():
        match = LINE.match(line)
        assert match, line
        thread, rest = match.groups()
        if rest.endswith(UNFINISHED):
            begun[thread] = rest.removesuffix(UNFINISHED)
            continue
        if resumed := RESUMED.match(rest):
            rest = begun.pop(thread) + resumed[1]
        if (call := CALL.match(rest)) and call[3] != "?":
            yield call[1], call[2].split(", "), texts(call[2]), int(call[3])


def apply(disk: Disk, name: str, arguments: list[str], text: list[bytes], result: int) -> bool:
    """Does to the disk what a call did. True when the process answered, and so acknowledged."""
    path = [one.decode() for one in text] if name not in {"read", "write", "pwrite64", "writev"} else []
    if result < 0:
        return False
    if name in {"open", "openat"}:
        if name == "open":
            arguments = ["AT_FDCWD", *arguments]
        folder, last = disk.place(arguments[0], path[0])
        if not last or last == ".":
            disk.handles[result] = (folder, 0)
            return False
        there = folder.now.get(last)
        if there is None and "O_CREAT" in arguments[2]:
            there = File()
            disk.change((folder, last, there))
        elif there is None:
            there = disk.folder(path[0]) if "O_DIRECTORY" in arguments[2] else File()  # of the system
        elif "O_TRUNC" in arguments[2] and isinstance(there, File):
            there.now = b""
            there.pending.append((0, None))
        disk.handles[result] = (there, 0)
    elif name == "write" and arguments[0] == "1":
        return True
    elif name in {"write", "writev"}:
        disk.write(int(arguments[0]), b"".join(text)[:result])
    elif name == "pwrite64":
        disk.write(int(arguments[0]), text[0][:result], int(arguments[-1]))
    elif name == "copy_file_range":
        source, position = disk.handles[int(arguments[0])]
        assert isinstance(source, File)
        disk.write(int(arguments[2]), source.now[position : position + result])
        disk.handles[int(arguments[0])] = (source, position + result)
    elif name == "ftruncate":
        file, _ = disk.handles[int(arguments[0])]
        assert isinstance(file, File)
        file.now = written(file.now, int(arguments[1]), None)
        file.pending.append((int(arguments[1]), None))
    elif name in {"fsync", "fdatasync"}:
        disk.sync(disk.handles[int(arguments[0])][0])
    elif name in {"mkdir", "mkdirat"}:
        disk.change((*disk.place(arguments[0], path[0]), Folder()))
    elif name in {"unlink", "unlinkat", "rmdir"}:
        disk.change((*disk.place(arguments[0], path[0]), None))
    elif name in {"rename", "renameat", "renameat2", "link", "linkat"}:
        at = name not in {"rename", "link"}
        source_folder, source_name = disk.place(arguments[0], path[0])
        target = disk.place(arguments[2] if at else "", path[1])
        moved = source_folder.now[source_name]
        if name in {"link", "linkat"}:
            disk.change((*target, moved))
        else:
            disk.change((*target, moved), (source_folder, source_name, None))
    return False
