"""What a unit reads and which version scores it, decided before its pin is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.local.frame import FRAME
from foretell.local.part import ERROR_COLUMN
from foretell.sources import InputFile, Sql

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell import _core
    from foretell.local.engine import Scorers
    from foretell.predictor.contract import Contract
    from foretell.predictor.steps import Watch
    from foretell.sources import Plan, Source
    from foretell.store import Store
    from foretell.version import Version


def other_input(plan: Plan, source: Source) -> str:
    """How the source differs from what a finished unit has scored; empty when it does not.

    Of a query its text is compared: what its tables were then is past.
    """
    if plan["format"] == FRAME:  # what it held then is past
        pinned = plan["splits"][0]["path"]
        return (
            "" if pinned == source.describe() else f"the input is {source.describe()}, and was {pinned} then"
        )
    asked = plan.get("query", {}).get("text")
    if asked is not None or isinstance(source, Sql):
        same = isinstance(source, Sql) and source.query == asked
        return "" if same else f"the input is {source.describe()}, and was another then"
    planned = plan["files"]
    try:
        now = {file.path: file for file in source.list_files()}
    except Error as missing:
        if missing.code != "FT0701":
            raise
        return f"and now {missing.message}"
    before = {file["path"]: file for file in planned}
    if new := sorted(now.keys() - before.keys()):
        return f"the input has {new[0]}, which is not among them" + (
            f", and {len(new) - 1} more" * (len(new) > 1)
        )
    if gone := sorted(before.keys() - now.keys()):
        return f"the input lacks {gone[0]}, which is among them" + (
            f", and {len(gone) - 1} more" * (len(gone) > 1)
        )
    changed = [path for path in sorted(now) if now[path] != InputFile.from_json(before[path])]
    return f"{changed[0]} changed since" if changed else ""


def other_option(pinned: dict[str, Any], asked: dict[str, Any]) -> str:
    """An option that makes other files than a finished unit's; empty when there is none."""
    for name in ("format", "on_error", "version_column", "keep"):
        if pinned.get(name) != asked[name]:  # pins of earlier releases have no `keep`
            return f"it has {name}={pinned.get(name)!r}, not {asked[name]!r}"
    return ""


def rows_schema(plan: Plan) -> pa.Schema:
    """The columns of the rows that a predictor is given."""
    from foretell.sources import plan_schema

    schema = plan_schema(plan)
    # A quarantine is an input, too; why its rows are there is not part of them.
    if ERROR_COLUMN in schema.names:
        schema = schema.remove(schema.get_field_index(ERROR_COLUMN))
    return schema


def check_input(contract: Contract, rows: pa.Schema) -> None:
    """FT0203, FT0205 when rows of this schema cannot be given to the predictor: what `Map` says of a batch of none."""
    import pyarrow as pa

    from foretell import _core

    no_call = _core.PythonPredictor(contract.keeping().core(), lambda batch: None)
    reader = pa.RecordBatchReader.from_batches(rows, [pa.RecordBatch.from_pylist([], rows)])
    _core.map(reader, no_call).read_next()


def choose_version(
    store: Store,
    reference: str,
    units: Sequence[_core.Unit],
    trust_store: bool,
    strict: bool,
    scorers: Scorers,
    plan_for: Callable[[Version], Plan],
) -> tuple[Version, Plan, str]:
    """The version that a new unit is pinned to, its plan, and what to tell people.

    A process of ``scorers`` loads the version, to see that it can serve; ``plan_for``, meanwhile, raises when it
    does not fit the input or the output. When the one that the reference names cannot serve, the version of
    the newest committed unit goes on, unless ``strict``; with nothing committed yet the error is raised.
    """
    from foretell.loading import find

    def serving(reference: str) -> tuple[Version, Plan]:
        _, version = find(reference, store, trust_store)
        scorers.load(version.version)
        plan = plan_for(version)
        scorers.grow(len(plan["splits"]))
        scorers.wait_until_loaded()
        return version, plan

    try:
        return *serving(reference), ""
    except Error as raised:
        committed = [unit for unit in units if unit.committed]
        name, _, selector = reference.partition("@")
        # By whichever version: the input, the output, the store, Spark, or somebody who ended it.
        others = raised.code[:4] in ("FT06", "FT07", "FT09") or raised.code in ("FT0312", "FT1001", "FT1005")
        if strict or others or not committed:
            if selector and not selector.isdecimal() and selector != "latest" and raised.code[:4] == "FT05":
                hint = f"roll the alias back: foretell rollback {name} {selector}"
                raise error(raised.code, raised.message, hint) from raised
            raise
        number = committed[-1].pin["version"]
        version, plan = serving(f"{name}@{number}")
        note = f"{reference} cannot serve ({raised.code}: {raised.message}); {name}@{number} goes on"
        return version, plan, note


def open_version(reference: str, store: str, watch: Watch) -> _core.Predictor:
    """An admitted version, loaded and set up, ready for `Map`. FT0502 for what its own code raises meanwhile."""
    from foretell.loading import load

    with loading(reference):
        native: _core.Predictor = load(reference, store=store, trust_store=True, warn=False)._native(watch)
    return native


@contextmanager
def loading(reference: str) -> Iterator[None]:
    """FT0502 for what a version's own code raises within."""
    try:
        yield
    except Error:
        raise
    except Exception as raised:
        raise error(
            "FT0502",
            f"{reference} cannot be loaded: {type(raised).__name__}: {raised}",
            f'load it in a Python session, to see where: ft.load("{reference}")',
        ) from raised
