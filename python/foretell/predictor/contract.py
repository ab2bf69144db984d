"""What a predictor reads and returns: from its class, or as a version's manifest has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from foretell.error import error
from foretell.predictor.schema import Schema


@dataclass(frozen=True)
class Contract:
    """The signature of a predictor. None: not declared (``keep``: all columns)."""

    input: Schema | None = None
    output: Schema | None = None
    keep: tuple[str, ...] | None = None
    allow_null: bool = False
    allow_nan: bool = False

    @classmethod
    def of(cls, predictor: Any, saved: Contract | None = None) -> Contract:
        """As the class declares it; what it leaves open is taken from the loaded version, ``saved``."""
        declared = cls(
            input=None if predictor.input is None else Schema.of(predictor.input),
            output=None if predictor.output is None else Schema.of(predictor.output),
            keep=_keep(predictor.keep),
            allow_null=bool(predictor.allow_null),
            allow_nan=bool(predictor.allow_nan),
        )
        if saved is None:
            return declared
        return replace(
            declared,
            input=declared.input if declared.input is not None else saved.input,
            output=declared.output if declared.output is not None else saved.output,
            keep=declared.keep if declared.keep is not None else saved.keep,
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Contract:
        """What ``to_json`` gave."""
        return cls(
            input=None if value["input"] is None else Schema.of(value["input"]),
            output=None if value["output"] is None else Schema.of(value["output"]),
            keep=None if value["keep"] is None else tuple(value["keep"]),
            allow_null=value["allow_null"],
            allow_nan=value["allow_nan"],
        )

    def to_json(self) -> dict[str, Any]:
        """For the manifest: schemas as (name, type text) pairs."""
        return {
            "input": None if self.input is None else [list(pair) for pair in self.input.items()],
            "output": None if self.output is None else [list(pair) for pair in self.output.items()],
            "keep": None if self.keep is None else list(self.keep),
            "allow_null": self.allow_null,
            "allow_nan": self.allow_nan,
        }

    def keeping(self, *columns: str) -> Contract:
        """The same, with other columns kept."""
        return replace(self, keep=columns)

    def core(self) -> Any:
        """The same as a ``_core.Signature``."""
        from foretell import _core

        return _core.Signature(
            None if self.input is None else self.input.core(),
            None if self.output is None else self.output.core(),
            None if self.keep is None else list(self.keep),
            self.allow_null,
            self.allow_nan,
        )


def _keep(names: Any) -> tuple[str, ...] | None:
    if names is None:
        return None
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise error("FT0101", f"keep is {names!r}, expected a list of column names", 'write keep = ["id"]')
    return tuple(names)
