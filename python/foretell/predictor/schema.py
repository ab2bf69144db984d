"""The columns that a predictor reads or returns, by name and type.

    input = ft.schema(title="string", start="timestamp", tags="list<string>")
    output = ft.schema({"topic share": "double"})       # names that are no Python names
    output = pa.schema([("topics", pa.list_(pa.float64()))])

A type is its text ("double", "list<string>", …: see ``include/foretell/schema.h``), a Python type (``str``,
``int``, ``float``, ``bool``, ``bytes``, ``datetime``, ``date``, ``list[float]``) or a pyarrow type.
"""

from __future__ import annotations

import datetime
import decimal
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from foretell.error import error

_PYTHON_TYPES: dict[Any, str] = {
    str: "string",
    int: "int64",
    float: "double",
    bool: "bool",
    bytes: "binary",
    datetime.datetime: "timestamp[us, UTC]",
    datetime.date: "date32",
    datetime.time: "time64[us]",
    datetime.timedelta: "duration[us]",
    type(None): "null",
}


def _type_text(name: str, kind: Any) -> str:
    """The text form of whatever names a type; FT0201 when nothing is known by it."""
    if isinstance(kind, str):
        return kind
    if kind is None:
        return "null"
    if kind in _PYTHON_TYPES:
        return _PYTHON_TYPES[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (list, tuple) and len([a for a in arguments if a is not Ellipsis]) == 1:
        return f"list<{_type_text(name, arguments[0])}>"
    if origin in (typing.Union, types.UnionType):  # str | None: every column may be null
        given = [a for a in arguments if a is not type(None)]
        if len(given) == 1:
            return _type_text(name, given[0])
    if origin is dict and len(arguments) == 2:
        return f"map<{_type_text(name, arguments[0])}, {_type_text(name, arguments[1])}>"
    if type(kind).__module__.split(".")[0] == "pyarrow" and hasattr(kind, "__arrow_c_schema__"):
        import pyarrow as pa

        return Schema.of(pa.schema([pa.field(name, kind)]))[name]
    if kind is decimal.Decimal:
        raise error(
            "FT0201", f"column {name!r}: Decimal says no precision", 'write "decimal128(18, 2)" or what fits'
        )
    raise error(
        "FT0201",
        f"column {name!r}: {kind!r} is no type that foretell knows",
        'write a type such as "string", "double", "list<double>" or str, float, list[float]',
    )


class Schema(Mapping[str, str]):
    """Column names and the text of their types, in order: ``schema["title"] == "string"``.

    Immutable, and light: it loads neither numpy nor pyarrow.
    """

    __slots__ = ("_core", "_types")

    def __init__(self, fields: Iterable[tuple[str, Any]]) -> None:
        """FT0201 names a type that is unknown, FT0204 a name that occurs twice."""
        from foretell import _core

        given: dict[str, str] = {}
        for name, kind in fields:
            if not isinstance(name, str) or not name:
                raise error("FT0101", f"a column name is a text and not empty, but {name!r} was given")
            if name in given:
                raise error("FT0204", f"column {name!r} is given twice")
            given[name] = _type_text(name, kind)
        self._core = _core.Schema(list(given.items()))
        self._types: dict[str, str] = dict(self._core.fields)  # in the one spelling per type

    @classmethod
    def of(cls, value: Any) -> Schema:
        """A schema from a Schema, an Arrow schema, a mapping, or (name, type) pairs."""
        if isinstance(value, Schema):
            return value
        if hasattr(value, "__arrow_c_schema__"):
            from foretell import _core

            return cls(_core.Schema.from_arrow(value).fields)
        if isinstance(value, Mapping):
            return cls(value.items())
        if isinstance(value, (list, tuple)):
            return cls([(str(name), kind) for name, kind in value])
        raise error(
            "FT0201",
            f"a schema was expected, but {type(value).__name__} was found",
            'write ft.schema(title="string", description="string")',
        )

    def core(self) -> Any:
        """The same as a ``_core.Schema``."""
        return self._core

    def to_arrow(self) -> Any:
        """The same as a ``pyarrow.Schema``."""
        import pyarrow as pa

        return pa.schema(self._core)

    def __arrow_c_schema__(self) -> object:
        return self._core.__arrow_c_schema__()

    def __getitem__(self, name: str) -> str:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and list(self._types.items()) == list(other._types.items())

    def __hash__(self) -> int:
        return hash(tuple(self._types.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Schema, (list(self._types.items()),))

    def __repr__(self) -> str:
        if all(name.isidentifier() for name in self):
            return "ft.schema(" + ", ".join(f'{name}="{kind}"' for name, kind in self.items()) + ")"
        return f"ft.schema({self._types!r})"


def schema(fields: Any = None, /, **columns: Any) -> Schema:
    """The columns by name: ``ft.schema(title="string", start="timestamp")``.

    ``fields``, where names are no Python names: a mapping, (name, type) pairs, or an Arrow schema.
    FT0201 names a type that is unknown, FT0204 a name that occurs twice.
    """
    pairs = [] if fields is None else list(Schema.of(fields).items())
    return Schema(pairs + list(columns.items()))
