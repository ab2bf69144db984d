"""Arrow types as Spark has them. Spark's own Arrow layouts are the ones that its workers send and take."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_of_spark(schema: Any) -> pa.Schema:
    """The Arrow schema in which Spark sends rows of a ``StructType``, times in UTC; FT0202, FT0204."""
    import pyarrow as pa
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_type

    # PySpark 4.1 has times in UTC, and no such argument.
    utc = {"timezone": "UTC"} if "timezone" in signature(to_arrow_type).parameters else {}
    names = schema.fieldNames()
    for name in names:
        if names.count(name) > 1:
            raise error("FT0204", f"the frame has two columns {name!r}", "rename or drop one of them")
    fields = []
    for field in schema.fields:
        try:
            fields.append(pa.field(field.name, to_arrow_type(field.dataType, **utc)))
        except PySparkException as problem:
            raise error(
                "FT0202",
                f"column {field.name!r} is {field.dataType.simpleString()}, which Spark does not hand to Python",
                "cast the column, or leave it out of the frame",
            ) from problem
    return pa.schema(fields)


def spark_of_arrow(schema: pa.Schema) -> Any:
    """The ``StructType`` of columns that `as_spark_takes` has seen to."""
    from pyspark.sql.pandas.types import from_arrow_type
    from pyspark.sql.types import StructField, StructType

    return StructType(
        [StructField(f.name, from_arrow_type(f.type, prefer_timestamp_ntz=True)) for f in schema]
    )


def as_spark_takes(kind: pa.DataType, name: str) -> pa.DataType:
    """The type that a column has to be cast to before Spark takes it: the same, or the next one that holds all
    its values (times: cut to microseconds). FT0202 where there is none."""
    import pyarrow as pa

    is_ = pa.types
    plain = {
        pa.uint8(): pa.int16(),
        pa.uint16(): pa.int32(),
        pa.uint32(): pa.int64(),
        pa.uint64(): pa.decimal128(20, 0),
        pa.float16(): pa.float32(),
        pa.date64(): pa.date32(),
        pa.large_string(): pa.string(),
        pa.string_view(): pa.string(),
        pa.large_binary(): pa.binary(),
        pa.binary_view(): pa.binary(),
    }
    if kind in plain:
        return plain[kind]
    if is_.is_fixed_size_binary(kind) and not is_.is_decimal(kind):
        return pa.binary()
    if is_.is_timestamp(kind):
        return pa.timestamp("us", None if kind.tz is None else "UTC")
    if is_.is_duration(kind):
        return pa.duration("us")
    if is_.is_time(kind):
        return pa.time64("ns")
    if is_.is_dictionary(kind):
        return as_spark_takes(kind.value_type, name)
    if is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
        return pa.list_(as_spark_takes(kind.value_type, name))
    if is_.is_map(kind):
        return pa.map_(as_spark_takes(kind.key_type, name), as_spark_takes(kind.item_type, name))
    if is_.is_struct(kind):
        return pa.struct([pa.field(f.name, as_spark_takes(f.type, name)) for f in kind])
    if is_.is_decimal256(kind):
        if kind.precision > 38:
            raise error(
                "FT0202",
                f"column {name!r} is {kind}, and Spark's decimals have 38 digits at most",
                "declare decimal128, or double, in the predictor's output",
            )
        return pa.decimal128(kind.precision, kind.scale)
    return kind


def fit(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch in exactly this schema: Spark matches columns by their place, and takes no other type."""
    import pyarrow as pa

    if batch.schema.equals(schema):
        return batch
    columns = [
        column if column.type == kind else column.cast(kind, safe=False)
        for column, kind in zip(batch.columns, schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
