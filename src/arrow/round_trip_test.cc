// Columns of every type, out through the C interface and in again.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "arrow/column_text.h"
#include "foretell/batch.h"
#include "foretell/builder.h"
#include "foretell/error.h"

namespace foretell {
namespace {

// Appends a value that depends on `i`; every third is null.
void AppendSample(ColumnBuilder& builder, std::int64_t i, bool may_be_null = true) {
  const DataType& type = builder.type();
  if (type.id == TypeId::kNull || (may_be_null && i % 3 == 2)) {
    return builder.AppendNull();
  }
  switch (LayoutOf(type.id)) {
    case Layout::kBool:
      return builder.AppendBool(i % 2 == 0);
    case Layout::kBytes:
      return builder.AppendString(std::string(static_cast<std::size_t>(i % 20), 'x'));
    case Layout::kList:
      for (std::int64_t item = 0; item < i % 4; ++item) {
        AppendSample(builder.child(0), i + item, type.id != TypeId::kMap);
      }
      return builder.CloseList();
    case Layout::kFixedList:
      for (std::int64_t item = 0; item < type.width; ++item) {
        AppendSample(builder.child(0), i + item);
      }
      return builder.CloseList();
    case Layout::kStruct:
      for (std::size_t c = 0; c < type.fields().size(); ++c) {
        AppendSample(builder.child(c), i + static_cast<std::int64_t>(c));
      }
      return builder.CloseStruct();
    default:
      break;
  }
  if (type.id == TypeId::kHalf || type.id == TypeId::kFloat || type.id == TypeId::kDouble) {
    return builder.AppendDouble(static_cast<double>(i) * 0.5);
  }
  if (type.id == TypeId::kFixedSizeBinary || type.id == TypeId::kDecimal128 ||
      type.id == TypeId::kDecimal256) {
    return builder.AppendString(
        std::string(static_cast<std::size_t>(FixedWidth(type)), static_cast<char>('a' + i % 26)));
  }
  builder.AppendInt(i);
}

Column Sample(const DataType& type, std::int64_t rows) {
  ColumnBuilder builder(type);
  for (std::int64_t i = 0; i < rows; ++i) {
    AppendSample(builder, i);
  }
  return builder.Finish();
}

Column RoundTrip(const Column& column) {
  ArrowSchema schema;
  ExportField({"c", column.type()}, &schema);
  const OwnedSchema owned_schema(&schema);
  const Field field = ImportField(*owned_schema.get());
  EXPECT_EQ(field.type, column.type());
  EXPECT_EQ(ToString(field.type), ToString(column.type()));
  ArrowArray array;
  ExportColumn(column, &array);
  return ImportColumn(field.type, &array);
}

class EveryType : public testing::TestWithParam<const char*> {};

TEST_P(EveryType, KeepsItsValuesThroughTheCInterface) {
  const Column column = Sample(ParseType(GetParam()), 25);
  const Column again = RoundTrip(column);
  EXPECT_EQ(ColumnText(again), ColumnText(column));
  EXPECT_EQ(again.null_count(), column.null_count());
  EXPECT_EQ(again.ByteSize(), column.ByteSize());
}

TEST_P(EveryType, KeepsTheValuesOfASlice) {
  const Column column = Sample(ParseType(GetParam()), 25);
  const Column slice = column.Slice(3, 19).Slice(4, 11);
  EXPECT_EQ(ColumnText(slice), ColumnText(column, 7, 18));
  const Column again = RoundTrip(slice);
  EXPECT_EQ(ColumnText(again), ColumnText(column, 7, 18));
  std::int64_t nulls = 0;
  for (std::int64_t i = 0; i < slice.length(); ++i) {
    nulls += slice.IsNull(i) ? 1 : 0;
  }
  EXPECT_EQ(slice.null_count(), nulls);
  EXPECT_EQ(again.null_count(), nulls);
}

TEST_P(EveryType, HoldsNoRows) {
  const Column column = Sample(ParseType(GetParam()), 0);
  EXPECT_EQ(RoundTrip(column).length(), 0);
  const Column slice = Sample(ParseType(GetParam()), 5).Slice(5, 0);
  EXPECT_EQ(RoundTrip(slice).length(), 0);
  EXPECT_EQ(slice.ByteSize(), 0);
}

TEST_P(EveryType, IsConcatenated) {
  const Column column = Sample(ParseType(GetParam()), 25);
  const Column joined =
      Concatenate({column.Slice(0, 3), column.Slice(3, 0), column.Slice(3, 9), column.Slice(12, 13)});
  EXPECT_EQ(joined.type(), column.type());
  EXPECT_EQ(ColumnText(joined), ColumnText(column));
  EXPECT_EQ(joined.null_count(), column.null_count());
  EXPECT_EQ(ColumnText(RoundTrip(joined)), ColumnText(column));
}

TEST_P(EveryType, IsCopiedElementByElement) {
  const Column column = Sample(ParseType(GetParam()), 25);
  ColumnBuilder builder(column.type());
  for (std::int64_t i = 5; i < 25; ++i) {
    builder.AppendFrom(column, i);
  }
  EXPECT_EQ(ColumnText(builder.Finish()), ColumnText(column, 5, 25));
  EXPECT_EQ(builder.length(), 0);
}

TEST_P(EveryType, HasNullColumns) {
  const Column column = NullColumn(ParseType(GetParam()), 70);
  EXPECT_EQ(column.null_count(), 70);
  const Column again = RoundTrip(column.Slice(1, 69));
  for (std::int64_t i = 0; i < 69; ++i) {
    EXPECT_TRUE(again.IsNull(i));
  }
}

INSTANTIATE_TEST_SUITE_P(
    , EveryType,
    testing::Values("null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
                    "half", "float", "double", "string", "large_string", "binary", "large_binary",
                    "fixed_size_binary[5]", "fixed_size_binary[0]", "date32", "date64", "time32[s]",
                    "time32[ms]", "time64[us]", "time64[ns]", "timestamp[s]", "timestamp[ms]",
                    "timestamp[us, Europe/Berlin]", "timestamp[ns]", "duration[s]", "decimal128(38, 9)",
                    "decimal256(76, -3)", "list<int64>", "list<string>", "large_list<double>",
                    "fixed_size_list<float, 3>", "fixed_size_list<string, 0>", "struct<>",
                    "struct<a: int64, b: string, c: struct<d: bool>>", "map<string, int64>",
                    "list<struct<a: list<string>, b: fixed_size_list<bool, 2>>>", "list<null>"));

TEST(BatchTest, GoesThroughTheCInterface) {
  const auto schema = std::make_shared<const Schema>(
      std::vector<Field>{{"id", Type(TypeId::kInt64)}, {"topics", ListOf(Type(TypeId::kDouble))}});
  const Batch batch(schema, {Sample(Type(TypeId::kInt64), 9), Sample((*schema)[1].type, 9)}, 9);
  ArrowArray array;
  ExportBatch(batch.Slice(2, 5), &array);
  const Batch again = ImportBatch(schema, &array);
  EXPECT_EQ(array.release, nullptr);
  EXPECT_EQ(again.rows(), 5);
  EXPECT_EQ(ColumnText(again.column("id")), "[null, 3, 4, null, 6]");
  EXPECT_EQ(ColumnText(again.column("topics")), ColumnText(batch.column("topics"), 2, 7));
}

TEST(StreamTest, GivesTheSameBatchesAfterTheCInterface) {
  const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"id", Type(TypeId::kInt64)}});
  const Batch batch(schema, {Sample(Type(TypeId::kInt64), 9)}, 9);
  ArrowArrayStream stream;
  ExportStream(Batches::Of(schema, {batch, batch.Slice(0, 0), batch.Slice(3, 2)}), &stream);
  Batches again = ImportStream(&stream);
  EXPECT_EQ(stream.release, nullptr);
  EXPECT_EQ(again.schema(), *schema);
  std::vector<std::string> values;
  while (const auto next = again.Next()) {
    values.push_back(ColumnText(next->column(0)));
  }
  EXPECT_EQ(values, (std::vector<std::string>{ColumnText(batch.column(0)), "[]", "[3, 4]"}));
  EXPECT_FALSE(again.Next());
}

}  // namespace
}  // namespace foretell
