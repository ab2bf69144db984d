"""Types between text and Arrow: what pyarrow's readers can make, and the rest of the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    import pyarrow as pa


def shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def normal_type(kind: pa.DataType) -> pa.DataType:
    """An inferred type without guesses: nulls and times (text in both formats) are read as strings."""
    import pyarrow as pa

    is_ = pa.types
    if is_.is_null(kind) or is_.is_temporal(kind) or is_.is_binary(kind):
        return pa.string()
    if is_.is_list(kind):
        return pa.list_(normal_type(kind.value_type))
    if is_.is_struct(kind):
        return pa.struct([(field.name, normal_type(field.type)) for field in kind])
    return kind


def convert(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """What a reader of text gave, in the type that was asked for.

    Bytes are base64; a time without a zone is UTC where the type has a zone.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    is_ = pa.types
    if column.type.equals(kind):
        return column
    if _is_bytes(kind):
        import base64

        values = [
            None if text is None else base64.b64decode(text, validate=True) for text in column.to_pylist()
        ]
        return pa.chunked_array([pa.array(values, kind)])
    if is_.is_timestamp(kind) and kind.tz and is_.is_string(column.type):
        zoned = pc.match_substring_regex(column, r"(Z|[+-]\d\d(:?\d\d)?)$")
        day_only = pc.match_substring_regex(column, r"^\d{4}-\d\d-\d\d$")
        column = pc.if_else(day_only, pc.binary_join_element_wise(column, "00:00:00", " "), column)
        zoned = pc.and_not(zoned, day_only)
        column = pc.if_else(zoned, column, pc.binary_join_element_wise(column, "Z", ""))
    return column.cast(kind)


def is_text(kind: pa.DataType) -> bool:
    """Strings and bytes: of all types, the ones that have an empty value."""
    import pyarrow as pa

    is_ = pa.types
    if is_.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(
        is_.is_string(kind) or is_.is_large_string(kind) or is_.is_string_view(kind) or _is_bytes(kind)
    )


def _is_bytes(kind: pa.DataType) -> bool:
    import pyarrow as pa

    is_ = pa.types
    return not is_.is_decimal(kind) and any(
        test(kind)
        for test in (is_.is_binary, is_.is_large_binary, is_.is_binary_view, is_.is_fixed_size_binary)
    )


def json_type(kind: pa.DataType, name: str) -> pa.DataType:
    """The nearest type that pyarrow's JSON reader makes; `convert` does the rest."""
    import pyarrow as pa

    is_ = pa.types
    if _is_bytes(kind) or is_.is_date(kind) or is_.is_time(kind):
        return pa.string()
    if is_.is_float16(kind):
        return pa.float32()
    if is_.is_duration(kind):
        return pa.int64()
    if is_.is_dictionary(kind):
        return json_type(kind.value_type, name)
    if is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
        return pa.list_(json_type(kind.value_type, name))
    if is_.is_struct(kind):
        return pa.struct([(field.name, json_type(field.type, name)) for field in kind])
    if is_.is_map(kind):
        raise error("FT0202", f'column "{name}": JSON Lines cannot be read as {kind}', "declare a struct")
    return kind


def csv_type(kind: pa.DataType, name: str) -> pa.DataType:
    """The nearest type that pyarrow's CSV reader makes; `convert` does the rest."""
    import pyarrow as pa

    is_ = pa.types
    if is_.is_dictionary(kind):
        return csv_type(kind.value_type, name)
    if is_.is_float16(kind):
        return pa.float32()
    if _is_bytes(kind) or is_.is_string_view(kind) or (is_.is_timestamp(kind) and kind.tz):
        return pa.string()
    if is_.is_nested(kind):
        raise error(
            "FT0202", f'column "{name}": CSV cannot hold {kind}', "use Parquet or JSON Lines for such columns"
        )
    return kind
