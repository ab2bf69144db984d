#include "foretell/builder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "arrow/column_text.h"
#include "foretell/error.h"

namespace foretell {
namespace {

std::optional<Code> CodeOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

TEST(ColumnBuilderTest, BuildsListsAsTheHeaderSays) {
  ColumnBuilder topics(ParseType("list<double>"));
  topics.child(0).AppendDouble(0.25);
  topics.child(0).AppendDouble(0.75);
  topics.CloseList();
  topics.CloseList();
  topics.AppendNull();
  const Column column = topics.Finish();
  EXPECT_EQ(ColumnText(column), "[[0.250000, 0.750000], [], null]");
  EXPECT_EQ(topics.length(), 0);
  topics.CloseList();
  EXPECT_EQ(ColumnText(topics.Finish()), "[[]]");
}

TEST(ColumnBuilderTest, RefusesValuesOfAnotherKind) {
  ColumnBuilder ints(ParseType("int8"));
  ColumnBuilder texts(ParseType("string"));
  EXPECT_EQ(CodeOf([&] { ints.AppendDouble(1); }), Code::kTypeMismatch);
  EXPECT_EQ(CodeOf([&] { ints.AppendBool(true); }), Code::kTypeMismatch);
  EXPECT_EQ(CodeOf([&] { ints.AppendString("1"); }), Code::kTypeMismatch);
  EXPECT_EQ(CodeOf([&] { ints.CloseList(); }), Code::kTypeMismatch);
  EXPECT_EQ(CodeOf([&] { ints.CloseStruct(); }), Code::kTypeMismatch);
  EXPECT_EQ(CodeOf([&] { texts.AppendInt(1); }), Code::kTypeMismatch);
  EXPECT_EQ(CodeOf([&] { ColumnBuilder(ParseType("bool")).AppendInt(1); }), Code::kTypeMismatch);
  EXPECT_EQ(CodeOf([&] { ints.AppendFrom(ColumnOf({"1"}), 0); }), Code::kTypeMismatch);
  EXPECT_EQ(CodeOf([] { ColumnBuilder(ParseType("string_view")); }), Code::kUnsupportedType);
  EXPECT_EQ(CodeOf([] { ColumnBuilder(ParseType("list<dictionary<int8, string>>")); }),
            Code::kUnsupportedType);
  EXPECT_EQ(ints.length() + texts.length(), 0);
}

TEST(ColumnBuilderTest, RefusesValuesOutOfRange) {
  struct Range {
    const char* type;
    std::int64_t least, most;
  };
  for (const Range& range : {Range{"int8", -128, 127}, Range{"uint8", 0, 255}, Range{"int16", -32768, 32767},
                             Range{"uint16", 0, 65535}, Range{"int32", INT32_MIN, INT32_MAX},
                             Range{"date32", INT32_MIN, INT32_MAX}, Range{"uint32", 0, UINT32_MAX}}) {
    ColumnBuilder builder(ParseType(range.type));
    builder.AppendInt(range.least);
    builder.AppendInt(range.most);
    EXPECT_EQ(CodeOf([&] { builder.AppendInt(range.least - 1); }), Code::kInvalidValue) << range.type;
    EXPECT_EQ(CodeOf([&] { builder.AppendInt(range.most + 1); }), Code::kInvalidValue) << range.type;
    const Column column = builder.Finish();
    EXPECT_EQ(column.Int(0), range.least);
    EXPECT_EQ(column.Int(1), range.most);
  }
  EXPECT_EQ(CodeOf([] { ColumnBuilder(ParseType("uint64")).AppendInt(-1); }), Code::kInvalidValue);
  EXPECT_EQ(CodeOf([] { ColumnBuilder(ParseType("int64")).AppendUint(UINT64_MAX); }), Code::kInvalidValue);
  ColumnBuilder large(ParseType("uint64"));
  large.AppendUint(UINT64_MAX);
  EXPECT_EQ(large.Finish().Uint(0), UINT64_MAX);
  EXPECT_EQ(CodeOf([] { ColumnBuilder(ParseType("float")).AppendDouble(3.5e38); }), Code::kInvalidValue);
  EXPECT_EQ(CodeOf([] { ColumnBuilder(ParseType("half")).AppendDouble(-65520); }), Code::kInvalidValue);
  EXPECT_EQ(CodeOf([] { ColumnBuilder(ParseType("decimal128(5, 2)")).AppendString("short"); }),
            Code::kInvalidValue);
}

TEST(ColumnBuilderTest, RoundsFloatsToTheNearest) {
  const std::vector<std::pair<double, double>> halves = {{1.0, 1.0},
                                                         {-2.5, -2.5},
                                                         {0.1, 0.0999755859375},
                                                         {65519.99, 65504},
                                                         {2049, 2048},
                                                         {2051, 2052},
                                                         {0x1p-24, 0x1p-24},
                                                         {0x1p-25, 0},
                                                         {0x1.8p-24, 0x1p-23},
                                                         {0x1.ff8p-15, 0x1.ff8p-15},
                                                         {0x1.ffcp-15, 0x1p-14},
                                                         {0x1.fffp-15, 0x1p-14}};
  ColumnBuilder half(ParseType("half"));
  for (const auto& [given, expected] : halves) {
    half.AppendDouble(given);
  }
  half.AppendDouble(std::numeric_limits<double>::infinity());
  half.AppendDouble(std::nan(""));
  half.AppendDouble(-0.0);
  const Column column = half.Finish();
  for (std::size_t i = 0; i < halves.size(); ++i) {
    EXPECT_EQ(column.Double(static_cast<std::int64_t>(i)), halves[i].second) << halves[i].first;
  }
  const auto count = static_cast<std::int64_t>(halves.size());
  EXPECT_TRUE(std::isinf(column.Double(count)));
  EXPECT_TRUE(std::isnan(column.Double(count + 1)));
  EXPECT_TRUE(std::signbit(column.Double(count + 2)));
  ColumnBuilder single(ParseType("float"));
  single.AppendDouble(0.1);
  single.AppendDouble(-std::numeric_limits<double>::infinity());
  const Column singles = single.Finish();
  EXPECT_EQ(singles.Double(0), static_cast<double>(0.1F));
  EXPECT_TRUE(std::isinf(singles.Double(1)));
}

TEST(ColumnBuilderTest, ChecksTheSizesOfStructsAndFixedLists) {
  ColumnBuilder pair(ParseType("fixed_size_list<int8, 2>"));
  pair.child(0).AppendInt(1);
  EXPECT_EQ(CodeOf([&] { pair.CloseList(); }), Code::kInvalidValue);
  pair.child(0).AppendInt(2);
  pair.CloseList();
  EXPECT_EQ(ColumnText(pair.Finish()), "[[1, 2]]");
  ColumnBuilder row(ParseType("struct<a: int8, b: string>"));
  row.child(0).AppendInt(1);
  EXPECT_EQ(CodeOf([&] { row.CloseStruct(); }), Code::kInvalidValue);
  row.child(1).AppendNull();
  row.CloseStruct();
  EXPECT_EQ(ColumnText(row.Finish()), "[{1, null}]");
}

TEST(ColumnBuilderTest, AppendsManyNullsAsOneByOne) {
  for (const char* type : {"bool", "int16", "string", "large_string", "list<int8>", "large_list<string>",
                           "fixed_size_list<bool, 3>", "struct<a: string, b: struct<c: double>>", "null"}) {
    for (const std::int64_t count : {0, 1, 7, 8, 9, 64, 1000}) {
      ColumnBuilder one(ParseType(type));
      ColumnBuilder many(ParseType(type));
      for (const std::int64_t before : {0, 3, 5}) {
        for (std::int64_t i = 0; i < before + count; ++i) {
          one.AppendNull();
        }
        many.AppendNulls(before);
        many.AppendNulls(count);
      }
      EXPECT_EQ(many.length(), 8 + 3 * count);
      const Column column = many.Finish();
      EXPECT_EQ(column.null_count(), 8 + 3 * count) << type;
      EXPECT_EQ(ColumnText(column), ColumnText(one.Finish())) << type;
    }
  }
  ColumnBuilder mixed(ParseType("struct<a: string, b: bool>"));
  for (const std::int64_t nulls : {9, 0, 6}) {
    mixed.AppendNulls(nulls);
    mixed.child(0).AppendString("x");
    mixed.child(1).AppendBool(true);
    mixed.CloseStruct();
  }
  const Column column = mixed.Finish();
  ASSERT_EQ(column.length(), 18);
  for (std::int64_t i = 0; i < 18; ++i) {
    const bool given = i == 9 || i == 10 || i == 17;
    ASSERT_EQ(column.IsNull(i), !given) << i;
    ASSERT_EQ(column.child(0).String(i), given ? "x" : "") << i;
    ASSERT_EQ(column.child(1).Bool(i), given) << i;
  }
}

TEST(ColumnOfTest, TakesWholeVectors) {
  EXPECT_EQ(ColumnText(ColumnOf(std::vector<double>{0.5, -1})), "[0.500000, -1.000000]");
  EXPECT_EQ(ColumnText(ColumnOf(std::vector<std::int64_t>{})), "[]");
  EXPECT_EQ(ColumnText(ColumnOf({"a", "", "bc"})), "['a', '', 'bc']");
  EXPECT_EQ(ColumnText(ConstantColumn(std::int64_t{8}, 3)), "[8, 8, 8]");
  EXPECT_EQ(ColumnText(ConstantColumn("x", 2)), "['x', 'x']");
}

TEST(NullColumnTest, CostsNoMemoryForManyRows) {
  const Column column =
      NullColumn(ParseType("struct<a: list<string>, b: dictionary<int32, string>, c: string_view>"),
                 std::int64_t{1} << 30);
  EXPECT_EQ(column.null_count(), std::int64_t{1} << 30);
  EXPECT_TRUE(column.child(1).IsNull(12345));
  EXPECT_TRUE(column.child(2).IsNull(12345));
  EXPECT_EQ(column.child(2).String(7), "");
}

Column Coded(const Column& dictionary, std::vector<std::int64_t> indices) {
  auto owner = std::make_shared<std::vector<std::int32_t>>(indices.begin(), indices.end());
  DataType type = Type(TypeId::kDictionary);
  type.children = std::make_shared<const std::vector<Field>>(1, Field{"item", dictionary.type()});
  return Column({.type = type,
                 .length = static_cast<std::int64_t>(indices.size()),
                 .buffers = {nullptr, owner->data()},
                 .dictionary = std::make_shared<const Column>(dictionary),
                 .owner = owner});
}

TEST(ConcatenateTest, KeepsASharedDictionaryAndDecodesOthers) {
  const Column dictionary = ColumnOf({"a", "b", "c"});
  const Column first = Coded(dictionary, {2, 0});
  const Column second = Coded(dictionary, {1, 1, 0}).Slice(1, 2);
  const Column kept = Concatenate({first, second});
  EXPECT_EQ(kept.type(), first.type());
  EXPECT_EQ(ColumnText(kept), "['c', 'a', 'b', 'a']");
  const Column other = Coded(ColumnOf({"x"}), {0});
  const Column decoded = Concatenate({first, other, second});
  EXPECT_EQ(decoded.type(), Type(TypeId::kString));
  EXPECT_EQ(ColumnText(decoded), "['c', 'a', 'x', 'b', 'a']");

  const auto wrap = [](const Column& column) {
    return Column({.type = StructOf({{"d", column.type()}}),
                   .length = column.length(),
                   .buffers = {nullptr},
                   .children = {column}});
  };
  const Column nested = Concatenate({wrap(first), wrap(other)});
  EXPECT_EQ(ToString(nested.type()), "struct<d: string>");
  EXPECT_EQ(ColumnText(nested), "[{'c'}, {'a'}, {'x'}]");
}

TEST(ConcatenateTest, JoinsValidityAtEveryBit) {
  for (std::int64_t before = 0; before < 20; ++before) {
    for (std::int64_t length = 0; length < 40; ++length) {
      const Column joined =
          Concatenate({NullColumn(Type(TypeId::kInt64), before), ConstantColumn(std::int64_t{7}, length),
                       NullColumn(Type(TypeId::kInt64), 1)});
      ASSERT_EQ(joined.length(), before + length + 1);
      ASSERT_EQ(joined.null_count(), before + 1);
      for (std::int64_t i = 0; i < joined.length(); ++i) {
        ASSERT_EQ(joined.IsNull(i), i < before || i == before + length)
            << before << ' ' << length << ' ' << i;
      }
    }
  }
}

TEST(ConcatenateTest, RefusesNothingAndOtherTypes) {
  EXPECT_EQ(CodeOf([] { (void)Concatenate({}); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([] { (void)Concatenate({ColumnOf({"a"}), ConstantColumn(std::int64_t{1}, 1)}); }),
            Code::kTypeMismatch);
}

Column Views(const std::vector<std::string>& values) {
  struct Owner {
    std::vector<View> views;
    std::string data;
    std::int64_t size = 0;
  };
  auto owner = std::make_shared<Owner>();
  for (const std::string& value : values) {
    View view{};
    view.size = static_cast<std::int32_t>(value.size());
    if (view.size <= View::kInlined) {
      std::copy(value.begin(), value.end(), reinterpret_cast<char*>(&view) + 4);
    } else {
      view.offset = static_cast<std::int32_t>(owner->data.size());
      owner->data += value;
    }
    owner->views.push_back(view);
  }
  owner->size = static_cast<std::int64_t>(owner->data.size());
  return Column({.type = Type(TypeId::kStringView),
                 .length = static_cast<std::int64_t>(values.size()),
                 .buffers = {nullptr, owner->views.data(), owner->data.data(), &owner->size},
                 .owner = owner});
}

TEST(ConcatenateTest, JoinsViews) {
  const Column first = Views({"short", "a value of more than twelve bytes"});
  const Column second = Views({"dropped", "another value of more bytes", "tiny"}).Slice(1, 2);
  const Column joined = Concatenate({first, second, NullColumn(Type(TypeId::kStringView), 1)});
  EXPECT_EQ(joined.type(), Type(TypeId::kStringView));
  EXPECT_EQ(ColumnText(joined),
            "['short', 'a value of more than twelve bytes', 'another value of more bytes', 'tiny', null]");
  EXPECT_EQ(joined.ByteSize(), 5 * 16 + 33 + 27 + 1);
  ArrowArray array;
  ExportColumn(joined, &array);
  EXPECT_EQ(ColumnText(ImportColumn(joined.type(), &array)), ColumnText(joined));
}

TEST(DecodeTest, MakesPlainColumns) {
  EXPECT_EQ(ToString(Decode(Views({"a"})).type()), "large_string");
  const Column coded = Coded(Views({"x", "something much longer"}), {1, 0, 1});
  EXPECT_EQ(ToString(coded.type()), "dictionary<int32, string_view>");
  EXPECT_EQ(ToString(Decode(coded).type()), "large_string");
  EXPECT_EQ(ColumnText(Decode(coded)), "['something much longer', 'x', 'something much longer']");
  const Column plain = ColumnOf({"a"});
  EXPECT_EQ(&Decode(plain).parts(), &plain.parts()) << "no copy";
}

}  // namespace
}  // namespace foretell
