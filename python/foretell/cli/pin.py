"""``foretell pin``: the version that a unit of work is pinned to, and a person's decision for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.cli.options import JsonOption, OutputArgument, StoreOption, resolve
from foretell.cli.printing import print_json, print_table, when_text
from foretell.cli.runs import input_files
from foretell.error import error

if TYPE_CHECKING:
    from foretell import _core
    from foretell.store import Store

pin = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    no_args_is_help=False,
    help="Show which version a unit of work is pinned to, or pin it to another.",
)


@pin.command()
def show(
    output: OutputArgument,
    unit: Annotated[int | None, typer.Argument(metavar="UNIT", help="Without it all units.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the pins of units: the version, who decided it, when and why. The last one counts."""
    from foretell import _core

    read = _core.Output.read(output)
    numbers = read.unit_numbers() if unit is None else [_known_unit(read, unit)]
    pins = [(number, each) for number in numbers for each in read.pins(number)]
    if as_json:
        print_json([_describe(number, each) for number, each in pins])
        return
    rows = [
        [
            number,
            each["sequence"],
            f"{read.lineage['predictor']}@{each['version']}",
            when_text(each["when"]),
            each["who"],
            each["why"],
            len(input_files(each)),
        ]
        for number, each in pins
    ]
    print_table(["UNIT", "ENTRY", "VERSION", "WHEN", "WHO", "WHY", "INPUT FILES"], rows, right=[0, 1, 6])


@pin.command("set")
def set_pin(
    output: OutputArgument,
    unit: Annotated[
        int, typer.Argument(metavar="UNIT", help="The unit's number, as `foretell runs` lists it.")
    ],
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="A number, or NAME@VERSION of the same predictor.")
    ],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, kept for ever.")],
    store: StoreOption = None,
) -> None:
    """Pin a unit that is not committed to another version; its input stays as it was decided."""
    from foretell import _core
    from foretell.store import Store, default_who

    read = _core.Output.read(output)
    _known_unit(read, unit)
    the_store = Store(store or read.lineage["store"])
    found = _version(the_store, read.lineage["predictor"], version)
    before = read.read_unit(unit).pin["version"]
    the_store.core.make_durable(found.name, found.version)  # a pin is not to outlive its version
    read.repin(unit, version=found.version, manifest_sha256=found.sha256, who=default_who(), why=why)
    print(f"unit {unit} of {output}: version {before} → {found.version}, with the same input")
    print("next: the run's own command again")


def _known_unit(output: _core.Output, unit: int) -> int:
    known = output.unit_numbers()
    if unit not in known:
        units = ", ".join(map(str, known)) or "none"
        raise error("FT0610", f"there is no unit {unit}; the units are {units}")
    return unit


def _version(store: Store, name: str, given: str) -> Any:
    reference = given if "@" in given else f"{name}@{given}"
    if reference.partition("@")[0] != name:
        raise error(
            "FT0105", f"this output is written by {name}, but {given} was given", f"write {name}@VERSION"
        )
    return resolve(store, reference)


def _describe(unit: int, pin: dict[str, Any]) -> dict[str, Any]:
    kept = {key: pin[key] for key in ("sequence", "version", "manifest_sha256", "who", "when", "why")}
    return {"unit": unit, **kept, "input": input_files(pin)}
