#include <gtest/gtest.h>

#include <limits>

#include "predict/test_predictors.h"

namespace foretell {
namespace {

constexpr std::int64_t kExact = std::int64_t{1} << 53;

template <typename Append>
Column Build(std::string_view type, Append append) {
  ColumnBuilder builder(ParseType(type));
  append(builder);
  return builder.Finish();
}

Column Ints(std::string_view type, std::vector<std::optional<std::int64_t>> values) {
  return Build(type, [&](ColumnBuilder& builder) {
    for (const auto& value : values) {
      value ? builder.AppendInt(*value) : builder.AppendNull();
    }
  });
}

Column Texts(std::string_view type, std::vector<std::optional<std::string>> values) {
  return Build(type, [&](ColumnBuilder& builder) {
    for (const auto& value : values) {
      value ? builder.AppendString(*value) : builder.AppendNull();
    }
  });
}

Column To(const Column& column, std::string_view type) {
  return Cast(column, ParseType(type), "c");
}
Code Refused(const Column& column, std::string_view type) {
  return Caught([&] { To(column, type); }).code();
}

const std::vector<std::optional<std::string>> kTexts = {
    "", "a", std::nullopt, "twelve bytes", "more than twelve", "ünïcode"};

void ExpectTexts(const Column& column, std::string_view type, std::size_t from = 0) {
  EXPECT_EQ(ToString(column.type()), type);
  for (std::size_t i = from; i < kTexts.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i - from);
    EXPECT_EQ(column.IsNull(row), !kTexts[i].has_value()) << type << " " << i;
    if (kTexts[i]) {
      EXPECT_EQ(column.String(row), *kTexts[i]) << type << " " << i;
    }
  }
  EXPECT_EQ(column.null_count(), 1);
}

TEST(CastTest, AnEqualTypeIsTheSameColumn) {
  const Column column = Ints("int64", {1, 2});
  EXPECT_EQ(&To(column, "int64").parts(), &column.parts());
}

TEST(CastTest, EveryTextLayoutBecomesEveryOther) {
  const std::vector<std::string_view> layouts = {"string", "large_string", "string_view"};
  for (const std::string_view from : layouts) {
    const Column column = from == "string_view" ? To(Texts("string", kTexts), from) : Texts(from, kTexts);
    ExpectTexts(column, from);
    for (const std::string_view to : layouts) {
      ExpectTexts(To(column, to), to);
      const Column slice = column.Slice(1, 5);
      ExpectTexts(To(slice, to), to, 1);
      ExpectTexts(To(slice, to).Slice(1, 4), to, 2);
      EXPECT_EQ(To(column.Slice(6, 0), to).length(), 0);
    }
  }
}

TEST(CastTest, EveryLayoutOfBytesBecomesEveryOther) {
  for (const std::string from : {"binary", "large_binary"}) {
    for (const std::string to : {"binary", "large_binary", "binary_view"}) {
      const Column cast = To(Texts(from, kTexts), to);
      ExpectTexts(cast, to);
      ExpectTexts(To(cast, from), from);
      ExpectTexts(To(Texts(from, kTexts).Slice(1, 5), to), to, 1);
    }
  }
}

TEST(CastTest, LargeTextIsNotCopied) {
  const Column large = Texts("large_string", kTexts);
  const Column text = To(large.Slice(3, 3), "string");
  EXPECT_EQ(text.String(1).data(), large.String(4).data());
  EXPECT_EQ(To(text, "large_string").String(1).data(), large.String(4).data());
}

TEST(CastTest, DictionariesBecomeTheirValues) {
  const auto dictionary = [](const Column& values, std::vector<std::int64_t> indices) {
    auto owner = std::make_shared<std::vector<std::uint8_t>>(indices.begin(), indices.end());
    Column::Parts parts;
    parts.type = ParseType("dictionary<uint8, " + ToString(values.type()) + ">");
    parts.length = static_cast<std::int64_t>(indices.size());
    parts.buffers = {nullptr, owner->data()};
    parts.dictionary = std::make_shared<const Column>(values);
    parts.owner = owner;
    return Column(std::move(parts));
  };
  const Column texts = dictionary(Texts("large_string", kTexts), {0, 1, 2, 3, 4, 5});
  ExpectTexts(To(texts, "string"), "string");
  ExpectTexts(To(texts, "string_view"), "string_view");
  const Column numbers = dictionary(Ints("int32", {7, std::nullopt, 9}), {2, 1, 0, 2});
  const Column doubles = To(numbers, "double");
  EXPECT_EQ(doubles.Double(0), 9);
  EXPECT_TRUE(doubles.IsNull(1));
  EXPECT_EQ(doubles.Double(2), 7);
  EXPECT_EQ(doubles.Double(3), 9);
  // A value that nobody points at does no harm; one that a row points at names that row.
  const Column large = Ints("int64", {1, kExact + 1});
  EXPECT_EQ(To(dictionary(large, {0, 0}), "double").Double(1), 1);
  const Error error = Caught([&] { To(dictionary(large, {0, 1}), "double"); });
  EXPECT_EQ(error.code(), Code::kInvalidValue);
  EXPECT_NE(error.message().find("(row 1)"), std::string::npos) << error.message();
}

TEST(CastTest, IntegersWidenAndNothingNarrows) {
  const Column bytes = Ints("int8", {-128, std::nullopt, 127});
  for (const auto* type : {"int16", "int32", "int64"}) {
    const Column wide = To(bytes.Slice(1, 2), type);
    EXPECT_TRUE(wide.IsNull(0));
    EXPECT_EQ(wide.Int(1), 127);
  }
  EXPECT_EQ(To(Ints("uint32", {4'294'967'295}), "int64").Int(0), 4'294'967'295);
  EXPECT_EQ(To(Ints("uint8", {255}), "uint64").Uint(0), 255U);
  EXPECT_EQ(Refused(Ints("int64", {1}), "int32"), Code::kTypeMismatch);
  EXPECT_EQ(Refused(Ints("int8", {1}), "uint64"), Code::kTypeMismatch);
  EXPECT_EQ(Refused(Ints("uint64", {1}), "int64"), Code::kTypeMismatch);
  EXPECT_EQ(Refused(Ints("uint32", {1}), "int32"), Code::kTypeMismatch);
}

TEST(CastTest, IntegersBecomeFloatsWhereThatIsExact) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(To(Ints("int64", {kExact, kLeast, -3}), "double").Double(1), static_cast<double>(kLeast));
  EXPECT_EQ(To(Ints("int8", {127, -128}), "float").Double(0), 127);
  for (const std::int64_t inexact : {kExact + 1, -kExact - 1, kMost, kMost - 1, kLeast + 1}) {
    EXPECT_EQ(Refused(Ints("int64", {inexact}), "double"), Code::kInvalidValue) << inexact;
  }
  EXPECT_EQ(Refused(Ints("int32", {16'777'217}), "float"), Code::kInvalidValue);
  const Column unsigned_most = Build("uint64", [](ColumnBuilder& b) { b.AppendUint(~std::uint64_t{0}); });
  EXPECT_EQ(Refused(unsigned_most, "double"), Code::kInvalidValue);
  const Error error = Caught([&] { To(Ints("int64", {1, 2, kExact + 1}), "double"); });
  EXPECT_EQ(error.message(), "column 'c' holds 9007199254740993, which double cannot hold exactly (row 2)");
}

TEST(CastTest, FloatsWiden) {
  const Column floats = Build("float", [](ColumnBuilder& b) {
    b.AppendDouble(0.1F);
    b.AppendNull();
    b.AppendDouble(std::numeric_limits<double>::quiet_NaN());
  });
  const Column doubles = To(floats, "double");
  EXPECT_EQ(doubles.Double(0), static_cast<double>(0.1F));
  EXPECT_TRUE(doubles.IsNull(1));
  EXPECT_NE(doubles.Double(2), doubles.Double(2));
  const Column halves = Build("half", [](ColumnBuilder& b) {
    b.AppendDouble(1.5);
    b.AppendDouble(-65504);
  });
  EXPECT_EQ(To(halves, "float").Double(0), 1.5);
  EXPECT_EQ(To(halves, "double").Double(1), -65504);
  EXPECT_EQ(Refused(doubles, "float"), Code::kTypeMismatch);
  EXPECT_EQ(Refused(doubles, "int64"), Code::kTypeMismatch);
}

TEST(CastTest, TimestampsChangeUnitsWhereExactAndZonesAlways) {
  const Column naive = Ints("timestamp[ms]", {1'500, std::nullopt, -2'000});
  const Column micros = To(naive, "timestamp[us, UTC]");
  EXPECT_EQ(micros.Int(0), 1'500'000);
  EXPECT_TRUE(micros.IsNull(1));
  EXPECT_EQ(micros.Int(2), -2'000'000);
  EXPECT_EQ(To(micros.Slice(2, 1), "timestamp[s, UTC]").Int(0), -2);
  EXPECT_EQ(Refused(micros, "timestamp[s, UTC]"), Code::kInvalidValue);
  const Column zoned = To(micros, "timestamp[us, Europe/Berlin]");
  EXPECT_EQ(zoned.Values<std::int64_t>().data(), micros.Values<std::int64_t>().data());
  EXPECT_EQ(Refused(Ints("timestamp[s]", {std::int64_t{1} << 40}), "timestamp[ns, UTC]"),
            Code::kInvalidValue);
  EXPECT_EQ(Refused(Ints("date32", {1}), "timestamp[us, UTC]"), Code::kTypeMismatch);
}

TEST(CastTest, DurationsAndTimesOfDayChangeUnitsWhereExact) {
  for (const std::string type : {"duration", "time64"}) {
    const Column nanos = Ints(type + "[ns]", {5'000, std::nullopt, 7'001});
    EXPECT_EQ(To(nanos.Slice(0, 2), type + "[us]").Int(0), 5);
    EXPECT_TRUE(To(nanos.Slice(0, 2), type + "[us]").IsNull(1));
    EXPECT_EQ(Refused(nanos, type + "[us]"), Code::kInvalidValue);
    EXPECT_EQ(To(Ints(type + "[us]", {5}), type + "[ns]").Int(0), 5'000);
    EXPECT_EQ(Refused(nanos, "timestamp[ns]"), Code::kTypeMismatch);
  }
}

TEST(CastTest, AValueBehindANullIsNobodysProblem) {
  Column::Parts parts = Ints("int64", {1, kExact + 1}).parts();
  const auto validity = std::make_shared<std::uint8_t>(std::uint8_t{1});
  parts.buffers[0] = validity.get();
  parts.null_count = -1;
  parts.owner = std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(
      parts.owner, validity);
  const Column cast = To(Column(std::move(parts)), "double");
  EXPECT_EQ(cast.Double(0), 1);
  EXPECT_TRUE(cast.IsNull(1));
}

TEST(CastTest, NullsBecomeAnything) {
  for (const auto* type : {"string", "list<double>", "struct<a: int64>", "timestamp[us, UTC]", "bool"}) {
    const Column nulls = To(NullColumn(Type(TypeId::kNull), 3), type);
    EXPECT_EQ(ToString(nulls.type()), type);
    EXPECT_EQ(nulls.null_count(), 3);
  }
}

Column Lists(std::string_view type) {
  return Build(type, [](ColumnBuilder& b) {
    b.child(0).AppendInt(1);
    b.child(0).AppendInt(2);
    b.CloseList();
    b.AppendNull();
    b.CloseList();
    b.child(0).AppendNull();
    b.child(0).AppendInt(4);
    b.CloseList();
  });
}

TEST(CastTest, ListsAreCastItemByItem) {
  for (const auto* type : {"list<int32>", "large_list<int32>"}) {
    for (const auto* to : {"list<double>", "large_list<double>"}) {
      const Column whole = To(Lists(type), to);
      const Column tail = To(Lists(type).Slice(3, 1), to);
      EXPECT_EQ(whole.ListRange(0), (std::pair<std::int64_t, std::int64_t>(0, 2)));
      EXPECT_EQ(whole.child(0).Double(1), 2);
      EXPECT_TRUE(whole.IsNull(1));
      EXPECT_EQ(whole.ListRange(2).first, whole.ListRange(2).second);
      EXPECT_EQ(tail.child(0).length(), 2);
      EXPECT_TRUE(tail.child(0).IsNull(0));
      EXPECT_EQ(tail.child(0).Double(1), 4);
    }
  }
  EXPECT_EQ(Refused(Lists("list<int32>"), "list<string>"), Code::kTypeMismatch);
  const Error error = Caught([&] { To(Lists("list<int32>"), "fixed_size_list<int32, 2>"); });
  EXPECT_EQ(error.code(), Code::kInvalidValue);
  EXPECT_NE(error.message().find("(row 2)"), std::string::npos) << error.message();
  const Column pairs = To(Lists("list<int32>").Slice(0, 2), "fixed_size_list<double, 2>");
  EXPECT_EQ(pairs.child(0).Double(1), 2);
  EXPECT_TRUE(pairs.IsNull(1));
  const Column back = To(pairs, "list<double>");
  EXPECT_EQ(back.child(0).Double(back.ListRange(0).first + 1), 2);
  EXPECT_TRUE(back.IsNull(1));
}

TEST(CastTest, MapsAreCastItemByItem) {
  const Column maps = Build("map<large_string, int64>", [](ColumnBuilder& b) {
    b.AppendNull();
    for (const std::int64_t value : {1, 2}) {
      b.child(0).child(0).AppendString("k" + std::to_string(value));
      b.child(0).child(1).AppendInt(value);
      b.child(0).CloseStruct();
    }
    b.CloseList();
    b.child(0).child(0).AppendString("large");
    b.child(0).child(1).AppendInt(kExact + 1);
    b.child(0).CloseStruct();
    b.CloseList();
  });
  const Column cast = To(maps.Slice(0, 2), "map<string, double>");
  EXPECT_EQ(ToString(cast.type()), "map<string, double>");
  EXPECT_TRUE(cast.IsNull(0));
  EXPECT_EQ(cast.ListRange(1), (std::pair<std::int64_t, std::int64_t>(0, 2)));
  EXPECT_EQ(cast.child(0).child(0).String(1), "k2");
  EXPECT_EQ(cast.child(0).child(1).Double(1), 2);
  const Error error = Caught([&] { To(maps, "map<string, double>"); });
  EXPECT_NE(error.message().find("(row 2)"), std::string::npos) << error.message();
  EXPECT_EQ(Refused(maps, "list<struct<key: string, value: double>>"), Code::kTypeMismatch);
}

TEST(CastTest, AnItemThatDoesNotFitNamesTheRowOfItsList) {
  const Column lists = Build("list<int64>", [](ColumnBuilder& b) {
    b.CloseList();
    b.child(0).AppendInt(1);
    b.CloseList();
    b.CloseList();
    b.child(0).AppendInt(2);
    b.child(0).AppendInt(kExact + 1);
    b.CloseList();
  });
  const Error error = Caught([&] { To(lists, "list<double>"); });
  EXPECT_NE(error.message().find("(row 3)"), std::string::npos) << error.message();
}

TEST(CastTest, StructsAreCastFieldByFieldByName) {
  const Column structs = Build("struct<a: int32, b: large_string>", [](ColumnBuilder& b) {
    b.child(0).AppendInt(1);
    b.child(1).AppendString("x");
    b.CloseStruct();
    b.AppendNull();
    b.child(0).AppendNull();
    b.child(1).AppendString("z");
    b.CloseStruct();
  });
  for (const std::int64_t from : {0, 1}) {
    const Column cast = To(structs.Slice(from, 3 - from), "struct<b: string, a: double>");
    EXPECT_TRUE(cast.IsNull(1 - from));
    EXPECT_EQ(cast.child(0).String(2 - from), "z");
    EXPECT_TRUE(cast.child(1).IsNull(2 - from));
  }
  EXPECT_EQ(Refused(structs, "struct<a: double>"), Code::kTypeMismatch);
  EXPECT_EQ(Refused(structs, "struct<a: double, c: string>"), Code::kTypeMismatch);
}

TEST(CastTest, EverythingElseIsRefusedWithBothTypes) {
  const Error error = Caught([&] { Cast(Texts("string", {"1"}), ParseType("int64"), "count"); });
  EXPECT_EQ(error.code(), Code::kTypeMismatch);
  EXPECT_EQ(error.message(), "column 'count' is string, expected int64");
  EXPECT_FALSE(error.hint().empty());
  EXPECT_EQ(Refused(NullColumn(ParseType("decimal128(5, 2)"), 1), "decimal128(6, 2)"), Code::kTypeMismatch);
  EXPECT_EQ(Refused(NullColumn(ParseType("bool"), 1), "int64"), Code::kTypeMismatch);
  EXPECT_EQ(Refused(Texts("binary", {"1"}), "string"), Code::kTypeMismatch);
}

}  // namespace
}  // namespace foretell
