"""Which store is meant when none is named, and who is meant when nobody is."""

from __future__ import annotations

import functools
import os
import socket
import sys
from pathlib import Path

from foretell.project import find_project

DEFAULT = "models"


def store_url(url: str | os.PathLike[str] | None = None) -> str:
    """Which store is meant: ``url``, else ``FORETELL_STORE``, else ``foretell.toml``, else ``./models``.

    The last is announced on stderr, once. ``~`` is the home folder.
    """
    if url is not None:
        return _expanded(os.fspath(url))
    if from_environment := os.environ.get("FORETELL_STORE"):
        return _expanded(from_environment)
    project = find_project()
    if project is not None and (from_project := project.store) is not None:
        return from_project
    default = str(Path.cwd() / DEFAULT)
    _announce(default)
    return default


def default_who() -> str:
    """``user@host``"""
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _expanded(url: str) -> str:
    return url if "://" in url else os.path.expanduser(url)


@functools.cache
def _announce(path: str) -> None:
    print(
        f"foretell: using the store {path} (set FORETELL_STORE or foretell.toml to choose another)",
        file=sys.stderr,
    )
