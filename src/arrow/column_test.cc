#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "arrow/bitmap.h"
#include "arrow/column_text.h"
#include "foretell/batch.h"
#include "foretell/builder.h"
#include "foretell/error.h"

namespace foretell {
namespace {

TEST(BitmapTest, CountsLikeOneBitAtATime) {
  std::vector<std::uint8_t> bits(40);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    bits[i] = static_cast<std::uint8_t>(i * 37 + i / 3);
  }
  for (std::int64_t offset = 0; offset < 20; ++offset) {
    for (std::int64_t length = 0; length < 300; ++length) {
      std::int64_t expected = 0;
      for (std::int64_t i = offset; i < offset + length; ++i) {
        expected += GetBit(bits.data(), i) ? 1 : 0;
      }
      ASSERT_EQ(CountBits(bits.data(), offset, length), expected) << offset << " " << length;
    }
  }
}

TEST(ColumnTest, SlicesStayInside) {
  const Column column = ColumnOf({"a", "b", "c"});
  EXPECT_EQ(ColumnText(column.Slice(1, 2)), "['b', 'c']");
  EXPECT_EQ(column.Slice(3, 0).length(), 0);
  for (const auto& [offset, length] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {-1, 1}, {0, 4}, {4, 0}, {2, 2}, {0, -1}, {1, INT64_MAX}, {INT64_MAX, 1}}) {
    EXPECT_THROW((void)column.Slice(offset, length), Error) << offset << " " << length;
  }
}

TEST(ColumnTest, ValuesBeginAtTheSlice) {
  const Column column = ColumnOf(std::vector<double>{1, 2, 3, 4}).Slice(1, 3).Slice(1, 1);
  ASSERT_EQ(column.Values<double>().size(), 1U);
  EXPECT_EQ(column.Values<double>()[0], 3);
}

TEST(ColumnTest, ByteSizeIsThatOfTheSlice) {
  EXPECT_EQ(ColumnOf(std::vector<double>(10)).Slice(2, 5).ByteSize(), 40);
  EXPECT_EQ(ColumnOf({"aaaa", "bb", "cccccc"}).Slice(1, 2).ByteSize(), 2 * 4 + 8);
  ColumnBuilder lists(ParseType("list<int64>"));
  for (int i = 0; i < 4; ++i) {
    for (int item = 0; item < i; ++item) {
      lists.child(0).AppendInt(item);
    }
    lists.CloseList();
  }
  const Column column = lists.Finish();
  EXPECT_EQ(column.ByteSize(), 4 * 4 + 6 * 8);
  EXPECT_EQ(column.Slice(2, 1).ByteSize(), 4 + 2 * 8);
  EXPECT_EQ(NullColumn(Type(TypeId::kNull), 100).ByteSize(), 0);
}

TEST(ColumnTest, ThreadsMayCountNullsAtOnce) {
  ColumnBuilder builder(ParseType("int64"));
  for (int i = 0; i < 1000; ++i) {
    i % 10 == 0 ? builder.AppendNull() : builder.AppendInt(i);
  }
  const Column column = builder.Finish().Slice(5, 900);  // not counted yet
  std::vector<std::thread> threads;
  std::vector<std::int64_t> counts(4);
  for (std::int64_t& count : counts) {
    threads.emplace_back([&] { count = column.null_count(); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(counts, std::vector<std::int64_t>(4, 90));
}

Batch TwoColumns() {
  const auto schema = std::make_shared<const Schema>(
      std::vector<Field>{{"id", Type(TypeId::kInt64)}, {"title", Type(TypeId::kString)}});
  return Batch(schema, {ColumnOf(std::vector<std::int64_t>{1, 2, 3}), ColumnOf({"a", "b", "c"})}, 3);
}

TEST(BatchTest, GivesItsColumnsByName) {
  const Batch batch = TwoColumns();
  EXPECT_EQ(ColumnText(batch.column("title")), "['a', 'b', 'c']");
  try {
    (void)batch.column("titel");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kMissingColumn);
    EXPECT_EQ(error.message(), "there is no column 'titel'; the columns are id: int64, title: string");
  }
}

TEST(BatchTest, IsSlicedAndSelected) {
  const Batch batch = TwoColumns();
  const Batch slice = batch.Slice(1, 2);
  EXPECT_EQ(slice.rows(), 2);
  EXPECT_EQ(ColumnText(slice.column(1)), "['b', 'c']");
  EXPECT_EQ(slice.ByteSize(), 2 * 8 + 2 * 4 + 2);
  EXPECT_THROW((void)batch.Slice(2, 2), Error);
  const std::vector<std::size_t> picked = {1, 0, 1};
  const Batch selected = batch.Select(picked);
  EXPECT_EQ(ToString(selected.schema()), "title: string, id: int64, title: string");
  EXPECT_EQ(ColumnText(selected.column(2)), "['a', 'b', 'c']");
  EXPECT_EQ(batch.Select({}).rows(), 3) << "rows stay without columns";
  EXPECT_EQ(batch.Select({}).Slice(0, 2).rows(), 2);
}

TEST(BatchTest, RefusesColumnsThatDoNotFit) {
  const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"id", Type(TypeId::kInt64)}});
  EXPECT_THROW(Batch(schema, {}, 0), Error);
  EXPECT_THROW(Batch(schema, {ColumnOf({"a"})}, 1), Error);
  EXPECT_THROW(Batch(schema, {ConstantColumn(std::int64_t{1}, 2)}, 3), Error);
}

}  // namespace
}  // namespace foretell
