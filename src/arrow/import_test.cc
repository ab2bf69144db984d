// What an import refuses, what it repairs, and that it releases everything exactly once.
#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arrow/column_text.h"
#include "arrow/foreign_array.h"
#include "arrow/layout.h"
#include "foretell/batch.h"
#include "foretell/error.h"

namespace foretell {
namespace {

using Buffer = ForeignArray::Buffer;
const Buffer kNone = std::nullopt;

int Structs(const ForeignArray& array) {
  int count = 1;
  for (const ForeignArray& child : array.children) {
    count += Structs(child);
  }
  return count + static_cast<int>(array.dictionary.size());
}

// The values as text, or the message of the refusal. The array must be released once by then.
std::string Take(const char* type, ForeignArray foreign) {
  int released = 0;
  const int structs = Structs(foreign);
  ArrowArray array;
  std::move(foreign).HandOver(&array, &released);
  std::string result;
  try {
    const Column column = ImportColumn(ParseType(type), &array);
    EXPECT_EQ(released, 0);
    result = ColumnText(column);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInvalidArrow);
    result = error.message();
  }
  EXPECT_EQ(array.release, nullptr);
  EXPECT_EQ(released, structs);
  return result;
}

void ExpectRefused(const char* type, ForeignArray foreign, std::string_view because) {
  const std::string result = Take(type, std::move(foreign));
  EXPECT_NE(result.find(because), std::string::npos) << type << ": " << result;
  EXPECT_NE(result.find("is malformed"), std::string::npos) << type << ": " << result;
}

ForeignArray Ints() {
  return {.length = 3, .buffers = {kNone, BufferOf<std::int32_t>({1, 2, 3})}};
}

ForeignArray Text(std::initializer_list<std::int32_t> offsets, std::string_view data) {
  return {.length = static_cast<std::int64_t>(offsets.size()) - 1,
          .buffers = {kNone, BufferOf(offsets), BufferOf(data)}};
}

TEST(ImportTest, TakesWhatIsRight) {
  EXPECT_EQ(Take("int32", Ints()), "[1, 2, 3]");
  EXPECT_EQ(Take("string", Text({0, 1, 1, 3}, "abc")), "['a', '', 'bc']");
  EXPECT_EQ(Take("string", Text({1, 1, 3}, "abc")), "['', 'bc']");
  EXPECT_EQ(Take("int32", {.length = 1, .offset = 2, .buffers = {kNone, BufferOf<std::int32_t>({1, 2, 3})}}),
            "[3]");
  EXPECT_EQ(Take("int32", {.length = 3,
                           .null_count = -1,
                           .buffers = {BufferOf<std::uint8_t>({0b101}), BufferOf<std::int32_t>({1, 2, 3})}}),
            "[1, null, 3]");
  EXPECT_EQ(
      Take("int32", {.length = 2, .null_count = -1, .buffers = {kNone, BufferOf<std::int32_t>({1, 2})}}),
      "[1, 2]");
  EXPECT_EQ(Take("string", {.length = 2, .buffers = {kNone, BufferOf<std::int32_t>({0, 0, 0}), kNone}}),
            "['', '']");
  EXPECT_EQ(Take("string", {.buffers = {kNone, kNone, kNone}}), "[]");
  EXPECT_EQ(Take("string", {.offset = 7, .buffers = {kNone, kNone, kNone}}), "[]");
  EXPECT_EQ(Take("list<int32>", {.buffers = {kNone, kNone}, .children = {{.buffers = {kNone, kNone}}}}),
            "[]");
  EXPECT_EQ(Take("null", {.length = 2, .null_count = 2}), "[null, null]");
  EXPECT_EQ(Take("null", {.length = 2, .null_count = 2, .buffers = {kNone}}), "[null, null]")
      << "as polars does";
  EXPECT_EQ(Take("fixed_size_binary[0]", {.length = 2, .buffers = {kNone, kNone}}), "['', '']");
}

TEST(ImportTest, RefusesWrongNumbers) {
  ForeignArray array = Ints();
  array.length = -1;
  ExpectRefused("int32", array, "its length is -1");
  array = Ints();
  array.offset = -1;
  ExpectRefused("int32", array, "its offset -1");
  array = Ints();
  array.offset = INT64_MAX;
  ExpectRefused("int32", array, "its offset 9223372036854775807");
  array.offset = 0;
  array.length = INT64_MAX;
  ExpectRefused("int32", array, "its length is 9223372036854775807");
  array = Ints();
  array.null_count = 4;
  ExpectRefused("int32", array, "4 nulls in 3 rows");
  array.null_count = -2;
  ExpectRefused("int32", array, "-2 nulls");
  array.null_count = 1;
  ExpectRefused("int32", array, "no validity buffer");
  array = Ints();
  array.length = array.offset = std::int64_t{1} << 57;
  ExpectRefused("decimal256(5, 1)", array, "its length is");
  array.length = array.offset = std::int64_t{1} << 56;
  ExpectRefused("fixed_size_binary[2147483647]", array, "more than 2^63 bytes");
}

TEST(ImportTest, RefusesWrongBuffers) {
  ForeignArray array = Ints();
  array.buffers.pop_back();
  ExpectRefused("int32", array, "1 buffers, not 2");
  array = Ints();
  array.buffers[1] = kNone;
  ExpectRefused("int32", array, "no values");
  ExpectRefused("bool", array, "no values");
  array = Text({0, 1, 3}, "abc");
  array.buffers[1] = kNone;
  ExpectRefused("string", array, "no offsets");
  array = Text({0, 1, 3}, "abc");
  array.buffers[2] = kNone;
  ExpectRefused("string", array, "no data buffer");
  ExpectRefused("null", Ints(), "2 buffers, not 0");
  ExpectRefused("string_view", Ints(), "2 buffers, not 3");
}

TEST(ImportTest, RefusesWrongOffsets) {
  ExpectRefused("string", Text({0, 2, 1}, "abc"), "not in order");
  ExpectRefused("string", Text({-1, 0, 1}, "abc"), "not in order");
  ExpectRefused("string", Text({0, INT32_MIN, 1}, "abc"), "not in order");
  ExpectRefused("large_string",
                {.length = 1, .buffers = {kNone, BufferOf<std::int64_t>({5, 4}), BufferOf("abc")}},
                "not in order");
  const auto list = [](std::initializer_list<std::int32_t> offsets) {
    return ForeignArray{.length = 2, .buffers = {kNone, BufferOf(offsets)}, .children = {Ints()}};
  };
  EXPECT_EQ(Take("list<int32>", list({0, 1, 3})), "[[1], [2, 3]]");
  ExpectRefused("list<int32>", list({0, 1, 4}), "3 rows where 4 are needed");
  ExpectRefused("list<int32>", list({0, 3, 1}), "not in order");
  ExpectRefused("map<int32, int32>", list({0, 1, 3}), "'item'");
}

template <typename Offset>
void ExpectEachOffsetIsLookedAt(const char* type) {
  const std::string data(200, 'x');
  std::vector<Offset> right(data.size() + 1);
  std::iota(right.begin(), right.end(), Offset{0});
  const auto text = [&](const std::vector<Offset>& offsets) {
    const auto bytes = std::as_bytes(std::span(offsets));
    return ForeignArray{.length = static_cast<std::int64_t>(data.size()),
                        .buffers = {kNone, std::vector(bytes.begin(), bytes.end()), BufferOf(data)}};
  };
  EXPECT_EQ(Take(type, text(right)).find("malformed"), std::string::npos);
  constexpr Offset kMost = std::numeric_limits<Offset>::max();
  constexpr Offset kLeast = std::numeric_limits<Offset>::min();
  for (std::size_t i = 0; i < right.size(); ++i) {
    std::vector<Offset> wrong = right;
    wrong[i] = -1;
    ExpectRefused(type, text(wrong), "its offsets are not in order");
    if (i + 1 < right.size()) {
      wrong[i] = kMost;
      ExpectRefused(type, text(wrong), "its offsets are not in order");
      wrong[i + 1] = kLeast;  // the difference wraps around to 1
      ExpectRefused(type, text(wrong), "its offsets are not in order");
    }
  }
}

TEST(ImportTest, LooksAtEachOffset) {
  ExpectEachOffsetIsLookedAt<std::int32_t>("string");
  ExpectEachOffsetIsLookedAt<std::int64_t>("large_string");
}

TEST(ImportTest, RefusesWrongChildren) {
  ForeignArray array = Ints();
  array.children.push_back(Ints());
  ExpectRefused("int32", array, "1 children, not 0");
  ExpectRefused("struct<a: int32, b: int32>", {.length = 3, .buffers = {kNone}, .children = {Ints()}},
                "1 children, not 2");
  ExpectRefused("struct<a: int32>", {.length = 4, .buffers = {kNone}, .children = {Ints()}},
                "column 'a' is malformed: it has 3 rows where 4 are needed");
  ExpectRefused("struct<a: int32>", {.length = 3, .offset = 1, .buffers = {kNone}, .children = {Ints()}},
                "3 rows where 4 are needed");
  ExpectRefused("fixed_size_list<int32, 2>", {.length = 2, .buffers = {kNone}, .children = {Ints()}},
                "3 rows where 4 are needed");
  ExpectRefused("fixed_size_list<int32, 2147483647>",
                {.length = std::int64_t{1} << 56, .buffers = {kNone}, .children = {Ints()}},
                "more than 2^63");
}

TEST(ImportTest, RefusesReleasedAndMissingChildren) {
  int released = 0;
  ArrowArray array;
  ForeignArray{.length = 3, .buffers = {kNone}, .children = {Ints()}}.HandOver(&array, &released);
  array.children[0]->release(array.children[0]);
  EXPECT_THROW((void)ImportColumn(ParseType("struct<a: int32>"), &array), Error);
  EXPECT_EQ(released, 2);

  ForeignArray{.length = 3, .buffers = {kNone}, .children = {Ints()}}.HandOver(&array, &released);
  array.children[0] = nullptr;
  EXPECT_THROW((void)ImportColumn(ParseType("struct<a: int32>"), &array), Error);
  EXPECT_EQ(released, 4);

  array = {};
  EXPECT_THROW((void)ImportColumn(ParseType("int32"), &array), Error) << "it has been released";
}

ForeignArray Coded(Buffer validity, std::initializer_list<std::int8_t> indices, ForeignArray values) {
  return {.length = static_cast<std::int64_t>(indices.size()),
          .null_count = validity ? -1 : 0,
          .buffers = {std::move(validity), BufferOf(indices)},
          .dictionary = {std::move(values)}};
}

TEST(ImportTest, ChecksDictionaryIndices) {
  const auto values = [] { return Text({0, 1, 3}, "abc"); };
  const char* type = "dictionary<int8, string>";
  EXPECT_EQ(Take(type, Coded(kNone, {1, 0, 1}, values())), "['bc', 'a', 'bc']");
  ExpectRefused(type, Coded(kNone, {1, 2}, values()), "row 1 has index 2 into a dictionary of 2 values");
  ExpectRefused(type, Coded(kNone, {-1}, values()), "row 0 has index -1");
  ExpectRefused(type, Coded(kNone, {0}, {.buffers = {kNone, kNone, kNone}}), "a dictionary of 0 values");
  EXPECT_EQ(Take(type, Coded(BufferOf<std::uint8_t>({0b101}), {1, -7, 0}, values())), "['bc', null, 'a']");
  ExpectRefused("dictionary<uint8, string>", Coded(BufferOf<std::uint8_t>({0b110}), {1, -7, 0}, values()),
                "row 1 has index 249");
  ForeignArray none = Coded(kNone, {0}, values());
  none.dictionary.clear();
  ExpectRefused(type, none, "no dictionary");
  ExpectRefused("int8", Coded(kNone, {0}, values()), "it has a dictionary");
  ExpectRefused(type, Coded(kNone, {0}, Text({0, 2, 1}, "abc")), "column 'dictionary' is malformed");
}

TEST(ImportTest, ReadsNegativeIndicesOfLongDictionariesAsOutside) {
  std::vector<std::byte> offsets(301 * sizeof(std::int32_t));
  ForeignArray values{.length = 300, .buffers = {kNone, offsets, kNone}};
  ExpectRefused("dictionary<int8, string>", Coded(kNone, {-1}, values), "row 0 has index -1");
}

TEST(ImportTest, ANullInTheDictionaryIsANullRow) {
  ForeignArray values = Text({0, 1, 1}, "a");
  values.null_count = 1;
  values.buffers[0] = BufferOf<std::uint8_t>({0b01});
  int released = 0;
  ArrowArray array;
  Coded(BufferOf<std::uint8_t>({0b0111}), {0, 1, 0, 0}, values).HandOver(&array, &released);
  const Column column = ImportColumn(ParseType("dictionary<int8, string>"), &array);
  EXPECT_EQ(ColumnText(column), "['a', null, 'a', null]");
  EXPECT_EQ(column.null_count(), 2);
  EXPECT_EQ(column.Slice(0, 2).null_count(), 1);
  EXPECT_EQ(column.String(1), "");
}

TEST(ImportTest, TakesAnyIndexInsideOfANull) {
  const auto empty = [] { return ForeignArray{.buffers = {kNone, kNone, kNone}}; };
  const ForeignArray row{.length = 2,
                         .null_count = -1,
                         .offset = 1,
                         .buffers = {BufferOf<std::uint8_t>({0b001})},
                         .children = {Coded(kNone, {5, 0, 7}, empty())}};
  EXPECT_EQ(Take("struct<a: dictionary<int8, string>>", row), "[null, null]");
  ForeignArray valid = row;
  valid.buffers[0] = BufferOf<std::uint8_t>({0b101});
  ExpectRefused("struct<a: dictionary<int8, string>>", valid, "has index 7 into a dictionary of 0 values");
  const ForeignArray pairs{.length = 2,
                           .null_count = -1,
                           .buffers = {BufferOf<std::uint8_t>({0b01})},
                           .children = {Coded(kNone, {0, 0, 0, 9}, Text({0, 1}, "a"))}};
  EXPECT_EQ(Take("fixed_size_list<dictionary<int8, string>, 2>", pairs), "[['a', 'a'], null]");
  const ForeignArray deep{.length = 1, .offset = 1, .buffers = {kNone}, .children = {pairs}};
  EXPECT_EQ(Take("struct<a: fixed_size_list<dictionary<int8, string>, 2>>", deep), "[{null}]");
}

View Inline(std::string_view text) {
  View view{};
  view.size = static_cast<std::int32_t>(text.size());
  std::memcpy(reinterpret_cast<char*>(&view) + 4, text.data(), text.size());
  return view;
}

View Long(std::int32_t size, std::int32_t buffer, std::int32_t offset) {
  return {.size = size, .inlined = {}, .buffer = buffer, .offset = offset};
}

ForeignArray Views(std::initializer_list<View> views) {
  return {.length = static_cast<std::int64_t>(views.size()),
          .buffers = {kNone, BufferOf(views), BufferOf("the first data buffer"), BufferOf("and a second one"),
                      BufferOf<std::int64_t>({21, 16})}};
}

TEST(ImportTest, ChecksViews) {
  EXPECT_EQ(
      Take("string_view", Views({Inline("short"), Inline("twelve bytes"), Long(16, 1, 0), Long(17, 0, 4)})),
      "['short', 'twelve bytes', 'and a second one', 'first data buffer']");
  for (const View wrong : {Long(13, 2, 0), Long(13, -1, 0), Long(22, 0, 0), Long(16, 1, 1), Long(13, 0, -1),
                           Long(-1, 0, 0), Long(INT32_MAX, 0, INT32_MAX), Long(INT32_MIN, 0, 0)}) {
    ExpectRefused("string_view", Views({Inline("fine"), wrong}), "the view of row 1");
    ForeignArray null = Views({Inline("fine"), wrong});
    null.null_count = 1;
    null.buffers[0] = BufferOf<std::uint8_t>({0b01});
    EXPECT_EQ(Take("string_view", null), "['fine', null]");
  }
  EXPECT_EQ(Take("binary_view", {.length = 1, .buffers = {kNone, BufferOf({Inline("x")}), kNone}}), "['x']");
  ForeignArray array = Views({Inline("x")});
  array.buffers[4] = kNone;
  ExpectRefused("string_view", array, "sizes of its data buffers");
  array = Views({Inline("x")});
  array.buffers[2] = kNone;
  ExpectRefused("string_view", array, "data buffer 0 of 21 bytes is missing");
  array = Views({Inline("x")});
  array.buffers[4] = BufferOf<std::int64_t>({21, -1});
  ExpectRefused("string_view", array, "data buffer 1 of -1 bytes");
  array = Views({Inline("x")});
  array.buffers[1] = kNone;
  ExpectRefused("string_view", array, "no views");
}

TEST(ImportTest, CopiesBuffersThatAreNotAligned) {
  alignas(8) std::int64_t words[4] = {};
  auto* shifted = reinterpret_cast<std::byte*>(words) + 1;
  const std::int64_t values[] = {7, 8, 9};
  std::memcpy(shifted, values, sizeof(values));
  const void* buffers[] = {nullptr, shifted};
  ArrowArray array{};
  array.length = 3;
  array.n_buffers = 2;
  array.buffers = buffers;
  array.release = [](ArrowArray* self) { self->release = nullptr; };
  const Column column = ImportColumn(ParseType("int64"), &array);
  EXPECT_EQ(ColumnText(column), "[7, 8, 9]");
  EXPECT_EQ(column.Values<std::int64_t>()[2], 9);
}

std::shared_ptr<const Schema> OneColumn(const char* type) {
  return std::make_shared<const Schema>(std::vector<Field>{{"a", ParseType(type)}});
}

TEST(ImportBatchTest, AppliesItsOwnOffsetToTheColumns) {
  int released = 0;
  ArrowArray array;
  ForeignArray{.length = 2, .offset = 1, .buffers = {kNone}, .children = {Ints()}}.HandOver(&array,
                                                                                            &released);
  {
    const Batch batch = ImportBatch(OneColumn("int32"), &array);
    EXPECT_EQ(batch.rows(), 2);
    EXPECT_EQ(ColumnText(batch.column(0)), "[2, 3]");
    const Column kept = batch.Slice(1, 1).column("a");
    EXPECT_EQ(kept.Values<std::int32_t>()[0], 3);
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 2);
}

TEST(ImportBatchTest, RefusesRowsThatAreNullAsAWhole) {
  const auto handed = [](Buffer validity, std::int64_t null_count) {
    ForeignArray array{
        .length = 3, .null_count = null_count, .buffers = {std::move(validity)}, .children = {Ints()}};
    int released = 0;
    ArrowArray c;
    std::move(array).HandOver(&c, &released);
    std::string result;
    try {
      result = ColumnText(ImportBatch(OneColumn("int32"), &c).column(0));
    } catch (const Error& error) {
      result = error.message();
    }
    EXPECT_EQ(released, 2);
    return result;
  };
  EXPECT_NE(handed(BufferOf<std::uint8_t>({0b101}), -1).find("1 of its rows are null as a whole"),
            std::string::npos);
  EXPECT_NE(handed(BufferOf<std::uint8_t>({0b101}), 1).find("1 of its rows are null as a whole"),
            std::string::npos);
  EXPECT_EQ(handed(BufferOf<std::uint8_t>({0b111}), -1), "[1, 2, 3]");
  EXPECT_EQ(handed(BufferOf<std::uint8_t>({0b000}), 0), "[1, 2, 3]");
  EXPECT_EQ(handed(kNone, -1), "[1, 2, 3]");
}

TEST(ImportBatchTest, ChecksTheColumnsAgainstTheSchema) {
  int released = 0;
  ArrowArray array;
  ForeignArray{.length = 3, .buffers = {kNone}, .children = {Ints(), Ints()}}.HandOver(&array, &released);
  EXPECT_THROW((void)ImportBatch(OneColumn("int32"), &array), Error);
  EXPECT_EQ(released, 3);
}

TEST(ExportTest, SharesTheBuffersUntilTheLastOwnerGoes) {
  int released = 0;
  ArrowArray array;
  ForeignArray{.length = 3, .buffers = {kNone}, .children = {Ints()}}.HandOver(&array, &released);
  const void* values = array.children[0]->buffers[1];
  OwnedArray exported;
  {
    const Batch batch = ImportBatch(OneColumn("int32"), &array);
    ExportBatch(batch.Slice(1, 2), exported.get());
  }
  EXPECT_EQ(exported->children[0]->buffers[1], values);
  EXPECT_EQ(exported->children[0]->offset, 1);
  OwnedArray moved(exported->children[0]);
  exported.Reset();
  EXPECT_EQ(released, 0) << "the moved child keeps them";
  EXPECT_EQ(static_cast<const std::int32_t*>(moved->buffers[1])[1], 2);
  moved.Reset();
  EXPECT_EQ(released, 2);
}

}  // namespace
}  // namespace foretell
