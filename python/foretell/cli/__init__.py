"""The command ``foretell``.

Reading order: ``app.py`` (the list of commands, the way in and out), ``options.py`` (what commands have
in common), then a file per command. ``errors.py`` holds the exit codes.
"""

from __future__ import annotations

import sys

from foretell.cli.errors import exit_status, report


def main() -> None:
    """The entry point: runs the command line that this process was given, and exits."""
    try:
        import rich  # noqa: F401 (it would be missed in the middle of a command)

        from foretell.cli.app import command
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package == "foretell":
            raise
        from foretell.error import missing_extra

        problem = missing_extra(package, "cli")
        report(problem)
        sys.exit(exit_status(problem))
    command()
