"""The list of commands, and the one way into them and out of them.

A command is imported when it is called for (help lists all of them); none imports numpy, pyarrow or a
model library before it runs.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
import typer.core
import typer.main

from foretell.cli import errors
from foretell.cli.options import StoreOption, TrustStoreOption
from foretell.error import Error, error
from foretell.nearest import did_you_mean

# Every command, in the order of the help: its name, and the function or typer.Typer that it is.
COMMANDS = {
    "init": "foretell.cli.init:init",
    "train": "foretell.cli.train:train",
    "save": "foretell.cli.save:save",
    "versions": "foretell.cli.versions:versions",
    "show": "foretell.cli.show:show",
    "check": "foretell.cli.check:check",
    "compare": "foretell.cli.compare:compare",
    "promote": "foretell.cli.aliases:promote",
    "rollback": "foretell.cli.aliases:rollback",
    "history": "foretell.cli.aliases:history",
    "retire": "foretell.cli.retire:retire",
    "restore": "foretell.cli.retire:restore",
    "gc": "foretell.cli.retire:gc",
    "predict": "foretell.cli.predict:predict",
    "run": "foretell.cli.run:run",
    "runs": "foretell.cli.runs:runs",
    "jobs": "foretell.cli.jobs:jobs",
    "pin": "foretell.cli.pin:pin",
    "verify": "foretell.cli.verify:verify",
    "explain": "foretell.cli.explain:explain",
}

# What Typer raises for a command line that is wrong. It moved from click's package into Typer's own.
_UsageError: Any = typer.BadParameter.__base__


class Commands(typer.core.TyperGroup):
    """The group of all commands: imports one when it is called for, and turns errors into exit statuses."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            function, found = found, typer.Typer(add_completion=False, rich_markup_mode="rich")
            found.command(cmd_name, no_args_is_help=False)(function)
        made = typer.main.get_command(found)
        made.name = cmd_name
        return made

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise error(
                "FT0101",
                f"there is no command {args[0]!r}",
                did_you_mean(args[0], COMMANDS, "`foretell --help` lists them"),
            )
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        options["standalone_mode"] = False
        _never_fail_to_encode()
        with _statuses(), _plain_warnings():
            status = super().main(args, *rest, **options)
            sys.stdout.flush()
        sys.exit(status if isinstance(status, int) else errors.OK)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # before Typer makes another status of it
            _leave_broken_pipe()


@contextmanager
def _statuses() -> Iterator[None]:
    """Every exception becomes a message on standard error and an exit status."""
    try:
        yield
    except (typer.Exit, SystemExit) as left:
        code = left.exit_code if isinstance(left, typer.Exit) else left.code
        sys.exit(code)
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        sys.exit(errors.INTERRUPTED)
    except BrokenPipeError:
        _leave_broken_pipe()
    except _UsageError as wrong:
        problem = _usage(wrong)
    except Exception as raised:
        if _debugging():
            traceback.print_exc()
        problem = errors.as_error(raised)
    else:
        return
    errors.report(problem)
    sys.exit(errors.exit_status(problem))


def _usage(wrong: Any) -> Error:
    context = wrong.ctx
    path = context.command_path if context is not None else "foretell"
    text = wrong.format_message().rstrip(".")
    return error("FT0101", text[:1].lower() + text[1:], f"`{path} --help` says what it takes")


def _leave_broken_pipe() -> NoReturn:
    """Leaves as SIGPIPE would, with no word: the reader of our output has gone, as `head` does."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())  # so that the flush at exit does not fail either
    sys.exit(errors.BROKEN_PIPE)


def _never_fail_to_encode() -> None:
    """What a terminal's encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """foretell's own warnings are told without the line of code that they come from."""
    usual = warnings.formatwarning

    def told(message: Any, category: type[Warning], *rest: Any, **more: Any) -> str:
        own = category.__module__.partition(".")[0] == "foretell"
        return f"warning: {message}\n" if own else usual(message, category, *rest, **more)

    warnings.formatwarning = told
    try:
        yield
    finally:
        warnings.formatwarning = usual


def _debugging() -> bool:
    return os.environ.get("FORETELL_DEBUG", "") not in ("", "0")


def _version(wanted: bool) -> None:
    if wanted:
        import foretell

        print(f"foretell {foretell.__version__}")
        raise typer.Exit


def _epilog() -> str:
    lines = []
    for status in errors.STATUSES:
        codes = ", ".join(f"{beginning:x<6}" for beginning in status.codes)
        lines.append(f"[bold]{status.number}[/bold] {status.meaning}" + (f" ({codes})" if codes else ""))
    return "Exit status:\n\n" + "\n\n".join(lines)


app = typer.Typer(
    name="foretell",
    cls=Commands,
    epilog=_epilog(),
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def foretell(
    context: typer.Context,
    store: StoreOption = None,
    trust_store: TrustStoreOption = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version, and exit.")
    ] = False,
) -> None:
    """One predictor class: notebook, batch, stream — the same code, the same numbers, one known version.

    A version is named by NAME@NUMBER, NAME@ALIAS or NAME@latest. The store is `--store`, else
    FORETELL_STORE, else the one that foretell.toml names, else ./models.
    """
    if debug:
        os.environ["FORETELL_DEBUG"] = "1"
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit


def command() -> NoReturn:
    """Runs this process's command line, and exits."""
    typer.main.get_command(app).main(prog_name="foretell")
    raise AssertionError("a command line ends in sys.exit")
