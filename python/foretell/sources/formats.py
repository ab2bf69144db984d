"""The file formats that exist, and which one a file has."""

from __future__ import annotations

from collections.abc import Sequence

from foretell.error import error
from foretell.sources.arrow_ipc import ArrowIpc
from foretell.sources.delimited import Delimited
from foretell.sources.format import Format
from foretell.sources.jsonl import JsonLines
from foretell.sources.parquet import Parquet
from foretell.sources.source import InputFile
from foretell.sources.text import COMPRESSIONS

FORMATS: tuple[Format, ...] = (
    Parquet(),
    JsonLines(),
    Delimited("csv", (".csv",), ","),
    Delimited("tsv", (".tsv", ".tab"), "\t"),
    ArrowIpc(),
)
_ALIASES = {"json": "jsonl", "ndjson": "jsonl", "json lines": "jsonl", "feather": "arrow", "ipc": "arrow"}


def format_named(name: str) -> Format:
    """FT0703 for a name that no format has."""
    wanted = _ALIASES.get(name.lower(), name.lower())
    for format in FORMATS:
        if format.name == wanted:
            return format
    raise error(
        "FT0703", f'"{name}" is not a format', "formats are " + ", ".join(format.name for format in FORMATS)
    )


def format_of(path: str) -> Format | None:
    """The format that a file's name ends with; compressed text counts by what it holds."""
    name = path.split("?")[0].rsplit("/", 1)[-1].lower()
    inner = name
    for suffix in COMPRESSIONS:
        inner = inner.removesuffix(suffix)
    for format in FORMATS:
        if (inner if format.is_text else name).endswith(format.suffixes):
            return format
    return None


def one_format(files: Sequence[InputFile]) -> Format:
    """The one format of all files. FT0703 when a name does not tell it, FT0705 when they differ."""
    first: tuple[InputFile, Format] | None = None
    for file in files:
        format = format_of(file.path)
        if format is None:
            raise error(
                "FT0703",
                f"the name of {file.path} does not tell its format",
                'say it: ft.files(…, format="csv"); formats are ' + ", ".join(f.name for f in FORMATS),
            )
        if first is None:
            first = file, format
        elif first[1] is not format:
            raise error(
                "FT0705",
                f"{first[0].path} is {first[1].name} and {file.path} is {format.name}",
                "read files of one format at a time: events/*.parquet",
            )
    assert first is not None
    return first[1]
