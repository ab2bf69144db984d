"""The one exception type of foretell, its subclasses by area, and how one is made.

    raise error("FT0402", "EventTopics has no version 9", hint="list them with `foretell versions`")

A code is stable for ever; ``foretell explain FT0402`` says more about it. The C++ core raises the
same classes.
"""

from __future__ import annotations

import errno


class Error(Exception):
    """Anything that foretell refuses or could not do.

    ``code`` is stable ("FT0402"), ``message`` says what was found and what was expected, ``hint``
    what to do next (may be empty).
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.code}: {self.message}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class ArgumentError(Error, ValueError):
    """FT01xx: a name, an argument, an option or the configuration."""


class SchemaError(Error, ValueError):
    """FT02xx: a schema, a type, or Arrow data."""


class PredictorError(Error):
    """FT03xx: the predictor broke its contract, or a row could not be predicted."""


class StoreError(Error):
    """FT04xx: versions, aliases, manifests, blobs."""


class LoadError(Error):
    """FT05xx: a version could not be opened."""


class RunError(Error):
    """FT06xx: a run, its output, its units of work."""


class DataError(Error):
    """FT07xx: a source or a sink."""


class CodeError(Error):
    """FT08xx: code or a model that cannot be carried with a version."""


class StorageError(Error, OSError):
    """FT09xx: a file system or a storage."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        Error.__init__(self, code, message, hint)


class SparkError(Error):
    """FT10xx: Spark, its sessions and its executors."""


_BY_RANGE = {
    "01": ArgumentError,
    "02": SchemaError,
    "03": PredictorError,
    "04": StoreError,
    "05": LoadError,
    "06": RunError,
    "07": DataError,
    "08": CodeError,
    "09": StorageError,
    "10": SparkError,
}


def error(code: str, message: str, hint: str = "") -> Error:
    """An exception of the class that the code's range has."""
    return _BY_RANGE.get(code[2:4], Error)(code, message, hint)


def from_system(raised: OSError) -> Error:
    """An error of the operating system: FT0902 for a full disk, FT0903 where it is not permitted, else FT0901."""
    full = raised.errno in (errno.ENOSPC, errno.EDQUOT)
    code = "FT0902" if full else "FT0903" if isinstance(raised, PermissionError) else "FT0901"
    path = f"{raised.filename}: " if raised.filename else ""
    return error(code, f"{path}{(raised.strerror or str(raised)).lower()}")


def missing_extra(package: str, extra: str) -> Error:
    """FT0107 for a package that an extra of foretell installs."""
    return error("FT0107", f"{package} is not installed", f"pip install 'foretell[{extra}]'")
