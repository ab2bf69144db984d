#include <gtest/gtest.h>

#include <string>

#include "foretell/error.h"
#include "foretell/schema.h"

namespace foretell {
namespace {

TEST(TypeTextTest, IsReadAndWrittenAlike) {
  for (const std::string text : {"null",
                                 "bool",
                                 "int8",
                                 "uint64",
                                 "half",
                                 "float",
                                 "double",
                                 "string",
                                 "large_string",
                                 "string_view",
                                 "binary",
                                 "large_binary",
                                 "binary_view",
                                 "fixed_size_binary[16]",
                                 "date32",
                                 "date64",
                                 "time32[s]",
                                 "time64[ns]",
                                 "timestamp[us]",
                                 "timestamp[us, UTC]",
                                 "timestamp[ns, America/New_York]",
                                 "timestamp[s, +02]",
                                 "timestamp[s, \"+02:30\"]",
                                 "duration[ms]",
                                 "decimal128(38, 9)",
                                 "decimal256(76, -2)",
                                 "list<double>",
                                 "large_list<list<string>>",
                                 "fixed_size_list<float, 3>",
                                 "struct<>",
                                 "struct<a: int64, größe: string>",
                                 "struct<\"a name\": int64, \"\\\"\\\\\": bool, \"\": null>",
                                 "map<string, list<int8>>",
                                 "dictionary<int32, string>",
                                 "dictionary<uint8, list<int64>>"}) {
    EXPECT_EQ(ToString(ParseType(text)), text);
    EXPECT_EQ(ParseType(ToString(ParseType(text))), ParseType(text));
  }
}

TEST(TypeTextTest, KnowsOtherNames) {
  EXPECT_EQ(ToString(ParseType("float32")), "float");
  EXPECT_EQ(ToString(ParseType("float64")), "double");
  EXPECT_EQ(ToString(ParseType("utf8")), "string");
  EXPECT_EQ(ToString(ParseType("large_utf8")), "large_string");
  EXPECT_EQ(ToString(ParseType("timestamp")), "timestamp[us, UTC]");
  EXPECT_EQ(ToString(ParseType("int")), "int64");
  EXPECT_EQ(ToString(ParseType("bytes")), "binary");
  EXPECT_EQ(ToString(ParseType("date")), "date32");
  EXPECT_EQ(ToString(ParseType(" struct < a:int ,b : list< double > > ")),
            "struct<a: int64, b: list<double>>");
}

TEST(TypeTextTest, RefusesWhatIsNotAType) {
  for (const std::string text : {"",
                                 " ",
                                 "str",
                                 "int65",
                                 "list",
                                 "list<",
                                 "list<double",
                                 "list<double>>",
                                 "list<>",
                                 "list<a, b>",
                                 "string x",
                                 "struct<a>",
                                 "struct<a:>",
                                 "struct<a: int,>",
                                 "struct<\"a: int>",
                                 "struct<\"a\\",
                                 "map<string>",
                                 "timestamp[]",
                                 "timestamp[m]",
                                 "timestamp[us, ]",
                                 "timestamp[us",
                                 "time32[us]",
                                 "time64[s]",
                                 "duration",
                                 "duration[us, UTC]",
                                 "decimal128",
                                 "decimal128(39, 0)",
                                 "decimal128(0, 0)",
                                 "decimal128(3)",
                                 "decimal256(77, 0)",
                                 "decimal128(99999999999, 0)",
                                 "fixed_size_binary[-1]",
                                 "fixed_size_binary[2147483648]",
                                 "fixed_size_list<int>",
                                 "fixed_size_list<int, -1>",
                                 "dictionary<string, string>",
                                 "dictionary<int64, string>",
                                 "dictionary<uint64, string>",
                                 "dictionary<int32, dictionary<int32, string>>",
                                 "INT64",
                                 "\"int64\""}) {
    try {
      (void)ParseType(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInvalidType) << text;
    }
  }
}

TEST(TypeTextTest, SaysWhereReadingStopped) {
  try {
    (void)ParseType("list<dubble>");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(),
              "'list<dubble>' is not a type: expected a type at character 6, found 'dubble>'");
  }
}

std::string Nested(int levels) {
  std::string text;
  for (int i = 1; i < levels; ++i) {
    text += "list<";
  }
  return text + "int8" + std::string(static_cast<std::size_t>(levels - 1), '>');
}

TEST(TypeTextTest, EndsAtSixtyFourLevels) {
  EXPECT_EQ(ToString(ParseType(Nested(64))), Nested(64));
  EXPECT_THROW((void)ParseType(Nested(65)), Error);
  EXPECT_THROW((void)ParseType(std::string(1'000'000, '<')), Error);
  EXPECT_THROW((void)ParseType(Nested(200'000)), Error);
}

TEST(SchemaTest, FindsAColumnOnce) {
  const Schema schema({{"id", Type(TypeId::kInt64)}, {"a", Type(TypeId::kBool)}, {"a", Type(TypeId::kBool)}});
  EXPECT_EQ(schema.Find("id"), 0U);
  EXPECT_FALSE(schema.Find("ID"));
  try {
    (void)schema.Find("a");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kDuplicateColumn);
  }
  EXPECT_EQ(ToString(schema), "id: int64, a: bool, a: bool");
}

TEST(DataTypeTest, ComparesWhatMatters) {
  DataType named = ListOf(Type(TypeId::kInt64));
  named.children =
      std::make_shared<const std::vector<Field>>(1, Field{"element", Type(TypeId::kInt64), false});
  EXPECT_EQ(named, ListOf(Type(TypeId::kInt64)));
  EXPECT_NE(ListOf(Type(TypeId::kInt64)), ListOf(Type(TypeId::kInt32)));
  EXPECT_NE(ParseType("struct<a: int64>"), ParseType("struct<b: int64>"));
  EXPECT_NE(ParseType("timestamp[us]"), ParseType("timestamp[us, UTC]"));
  EXPECT_NE(ParseType("timestamp[ms]"), ParseType("timestamp[us]"));
  EXPECT_NE(ParseType("dictionary<int8, string>"), ParseType("dictionary<int32, string>"));
  EXPECT_NE(ParseType("fixed_size_list<int8, 2>"), ParseType("fixed_size_list<int8, 3>"));
  EXPECT_NE(ParseType("decimal128(9, 2)"), ParseType("decimal128(9, 3)"));
}

}  // namespace
}  // namespace foretell
