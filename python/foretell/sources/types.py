"""Arrow types and their text form (include/foretell/schema.h), in Python for plans and options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    import pyarrow as pa

_ALIASES = {
    "float32": "float",
    "float64": "double",
    "utf8": "string",
    "large_utf8": "large_string",
    "int": "int64",
    "bytes": "binary",
    "date": "date32",
    "timestamp": "timestamp[us, UTC]",
}
_UNITS = {"s", "ms", "us", "ns"}
# Text form → the function of pyarrow that makes it, where the two differ.
_FACTORIES = {"bool": "bool_", "half": "float16", "float": "float32", "double": "float64"}
_PRIMITIVES = {
    "null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "half", "float", "double", "string", "large_string", "string_view", "binary", "large_binary",
    "binary_view", "date32", "date64",
}  # fmt: skip
_TOKEN = re.compile(r"\s*(?:([A-Za-z_]\w*)|([<>,:\[\]()]))")


def parse_type(text: str) -> pa.DataType:
    """The Arrow type that a text names. FT0201 with the text when it names none."""
    parser = _Parser(text)
    kind = parser.type()
    parser.end()
    return kind


def type_text(kind: pa.DataType) -> str:
    """The one spelling of a type. FT0202 for types that foretell does not read."""
    import pyarrow as pa

    is_ = pa.types
    if is_.is_dictionary(kind):
        return f"dictionary<{type_text(kind.index_type)}, {type_text(kind.value_type)}>"
    if is_.is_fixed_size_list(kind):
        return f"fixed_size_list<{type_text(kind.value_type)}, {kind.list_size}>"
    if is_.is_large_list(kind):
        return f"large_list<{type_text(kind.value_type)}>"
    if is_.is_list(kind):
        return f"list<{type_text(kind.value_type)}>"
    if is_.is_struct(kind):
        return "struct<" + ", ".join(f"{_name_text(f.name)}: {type_text(f.type)}" for f in kind) + ">"
    if is_.is_map(kind):
        return f"map<{type_text(kind.key_type)}, {type_text(kind.item_type)}>"
    if is_.is_timestamp(kind):
        return f"timestamp[{kind.unit}, {kind.tz}]" if kind.tz else f"timestamp[{kind.unit}]"
    if is_.is_fixed_size_binary(kind) and not is_.is_decimal(kind):
        return f"fixed_size_binary[{kind.byte_width}]"
    if is_.is_float16(kind):
        return "half"
    text = str(kind)
    if is_.is_date(kind):
        return text.split("[")[0]
    if text in _PRIMITIVES or is_.is_time(kind) or is_.is_duration(kind):
        return text
    if is_.is_decimal128(kind) or is_.is_decimal256(kind):
        return text
    raise error("FT0202", f"the type {text} is not supported", "cast the column to another type")


_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.\-/+\u0080-\U0010ffff]+")
_QUOTED_NAME = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)


def _name_text(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self) -> Exception:
        return error(
            "FT0201",
            f'"{self.text}" is not a type: it cannot be read from character {self.at + 1} on',
            'types look like "string", "int64", "list<double>", "timestamp[us, UTC]"',
        )

    def word(self) -> str:
        match = _TOKEN.match(self.text, self.at)
        if not match or not match[1]:
            raise self.fail()
        self.at = match.end()
        return match[1]

    def accept(self, sign: str) -> bool:
        match = _TOKEN.match(self.text, self.at)
        if not match or match[2] != sign:
            return False
        self.at = match.end()
        return True

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.fail()

    def raw(self, stop: str) -> str:
        match = re.compile(rf"\s*([^{re.escape(stop)}]+?)\s*(?=[{re.escape(stop)}])").match(
            self.text, self.at
        )
        if not match:
            raise self.fail()
        self.at = match.end()
        return match[1]

    def integer(self) -> int:
        match = re.compile(r"\s*(-?\d+)").match(self.text, self.at)
        if not match:
            raise self.fail()
        self.at = match.end()
        return int(match[1])

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise self.fail()

    def name(self) -> str:
        match = _QUOTED_NAME.match(self.text, self.at)
        if match:
            self.at = match.end()
            return re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL)
        return self.raw(":")

    def unit(self, allowed: set[str]) -> str:
        self.expect("[")
        unit = self.word()
        if unit not in allowed:
            raise self.fail()
        return unit

    def type(self) -> pa.DataType:
        import pyarrow as pa

        start = self.at
        word = self.word()
        if word == "timestamp" and not self.text[self.at :].lstrip().startswith("["):
            return pa.timestamp("us", "UTC")
        word = _ALIASES.get(word, word) if word != "timestamp" else word
        if word in _PRIMITIVES:
            return getattr(pa, _FACTORIES.get(word, word))()
        parse: Any = getattr(self, f"_{word}", None)
        if parse is None:
            self.at = start
            raise self.fail()
        return parse(pa)

    def _timestamp(self, pa: Any) -> pa.DataType:
        unit = self.unit(_UNITS)
        zone = self.raw("]") if self.accept(",") else None
        self.expect("]")
        return pa.timestamp(unit, zone)

    def _unit_type(self, factory: Any, allowed: set[str]) -> pa.DataType:
        unit = self.unit(allowed)
        self.expect("]")
        return factory(unit)

    def _duration(self, pa: Any) -> pa.DataType:
        return self._unit_type(pa.duration, _UNITS)

    def _time32(self, pa: Any) -> pa.DataType:
        return self._unit_type(pa.time32, {"s", "ms"})

    def _time64(self, pa: Any) -> pa.DataType:
        return self._unit_type(pa.time64, {"us", "ns"})

    def _fixed_size_binary(self, pa: Any) -> pa.DataType:
        self.expect("[")
        width = self.integer()
        self.expect("]")
        return pa.binary(width)

    def _decimal(self, factory: Any) -> pa.DataType:
        self.expect("(")
        precision = self.integer()
        self.expect(",")
        scale = self.integer()
        self.expect(")")
        return factory(precision, scale)

    def _decimal128(self, pa: Any) -> pa.DataType:
        return self._decimal(pa.decimal128)

    def _decimal256(self, pa: Any) -> pa.DataType:
        return self._decimal(pa.decimal256)

    def _inner(self) -> pa.DataType:
        self.expect("<")
        kind = self.type()
        self.expect(">")
        return kind

    def _list(self, pa: Any) -> pa.DataType:
        return pa.list_(self._inner())

    def _large_list(self, pa: Any) -> pa.DataType:
        return pa.large_list(self._inner())

    def _fixed_size_list(self, pa: Any) -> pa.DataType:
        self.expect("<")
        kind = self.type()
        self.expect(",")
        size = self.integer()
        self.expect(">")
        return pa.list_(kind, size)

    def _pair(self) -> tuple[pa.DataType, pa.DataType]:
        self.expect("<")
        first = self.type()
        self.expect(",")
        second = self.type()
        self.expect(">")
        return first, second

    def _map(self, pa: Any) -> pa.DataType:
        return pa.map_(*self._pair())

    def _dictionary(self, pa: Any) -> pa.DataType:
        return pa.dictionary(*self._pair())

    def _struct(self, pa: Any) -> pa.DataType:
        self.expect("<")
        fields: list[tuple[str, pa.DataType]] = []
        while not self.accept(">"):
            if fields:
                self.expect(",")
            name = self.name()
            self.expect(":")
            fields.append((name, self.type()))
        return pa.struct(fields)
