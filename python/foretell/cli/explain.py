"""``foretell explain``: what an error code means."""

from __future__ import annotations

import re
import textwrap
from typing import Annotated

import typer

from foretell.cli.options import JsonOption
from foretell.cli.printing import print_json, print_table, text_width
from foretell.error import error
from foretell.nearest import did_you_mean


def _codes(incomplete: str) -> list[str]:
    from foretell import _core

    return [code for code, _, _ in _core.catalogue() if code.startswith(incomplete.upper())]


def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE", help="Such as FT0402; without it all are listed.", autocompletion=_codes
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what an error code means, its usual causes, and what to do."""
    from foretell import _core

    catalogue = _core.catalogue()
    if code is None:
        if as_json:
            print_json(
                [{"code": code, "title": title, "explanation": text} for code, title, text in catalogue]
            )
        else:
            print_table(["CODE", "MEANING"], [[code, title] for code, title, _ in catalogue])
        return
    digits = re.fullmatch(r"(?:[Ff][Tt])?([0-9]{3,4})", code)
    wanted = f"FT{digits[1]:0>4}" if digits else code.upper()
    for known, title, explanation in catalogue:
        if known == wanted:
            if as_json:
                print_json({"code": known, "title": title, "explanation": explanation})
            else:
                print(f"{known}: {title}\n\n{textwrap.fill(explanation, text_width())}")
            return
    known_codes = [known for known, _, _ in catalogue]
    raise error(
        "FT0108",
        f"there is no error code {code!r}",
        did_you_mean(wanted, known_codes, "`foretell explain` lists them"),
    )
