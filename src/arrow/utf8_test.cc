#include "arrow/utf8.h"

#include <gtest/gtest.h>

#include <string>

#include "foretell/builder.h"
#include "foretell/error.h"

namespace foretell {
namespace {

std::string Encoded(std::uint32_t point) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    return {static_cast<char>(point)};
  }
  if (point < 0x800) {
    return {static_cast<char>(0xC0 | (point >> 6)), tail(0)};
  }
  if (point < 0x10000) {
    return {static_cast<char>(0xE0 | (point >> 12)), tail(6), tail(0)};
  }
  return {static_cast<char>(0xF0 | (point >> 18)), tail(12), tail(6), tail(0)};
}

TEST(Utf8Test, TakesEveryCodePointAndNothingElse) {
  for (std::uint32_t point = 0; point < 0x110000; ++point) {
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    ASSERT_EQ(IsUtf8(Encoded(point)), !surrogate) << point;
  }
  for (std::uint32_t point = 0x110000; point < 0x200000; point += 0x1000) {
    ASSERT_FALSE(IsUtf8(Encoded(point))) << point;
  }
}

TEST(Utf8Test, RefusesOverlongCutAndStrayBytes) {
  for (const std::string text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82",
        "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf5\x80\x80\x80", "\xff", "\xfe",
        "plain text and then \xe9", "\xc3\xa9\xc3"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("größer als acht Bytes: 日本語 😀"));
  EXPECT_TRUE(IsUtf8(std::string("a\0b", 3)));
}

TEST(Utf8Test, LooksAtEachByte) {
  for (std::size_t size = 1; size < 200; ++size) {
    ASSERT_TRUE(IsUtf8(std::string(size, 'x')));
    for (std::size_t i = 0; i < size; ++i) {
      std::string text(size, 'x');
      text[i] = '\x80';
      ASSERT_FALSE(IsUtf8(text)) << size << " " << i;
    }
  }
}

TEST(Utf8Test, IsCutBetweenCharacters) {
  EXPECT_EQ(WholeCharacters("caf\u00e9", 5), "caf\u00e9");
  EXPECT_EQ(WholeCharacters("caf\u00e9", 4), "caf");
  EXPECT_EQ(WholeCharacters("\U0001F3B7", 3), "");
  EXPECT_EQ(WholeCharacters("jazz", 2), "ja");
}

TEST(PrintableTest, ReplacesAndShortens) {
  EXPECT_EQ(Printable("gr\xf6\xdf"
                      "er 日本"),
            "gr??er 日本");
  EXPECT_EQ(Printable(std::string(1000, 'x')), std::string(200, 'x') + "...");
}

std::string Found(const Column& column) {
  try {
    CheckUtf8(column, "title");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInvalidUtf8);
    return error.message();
  }
  return "";
}

Column Nested(const char* type, bool null_row) {
  ColumnBuilder builder(ParseType(type));
  for (const std::string text : {"ä", "plain", "bad \xff"}) {
    builder.child(0).AppendString(text);
    builder.child(0).AppendString("next");
    if (null_row && text != "plain") {
      builder.AppendNull();  // what came before belongs to the null element
    } else {
      builder.CloseList();
    }
  }
  return builder.Finish();
}

TEST(CheckUtf8Test, NamesTheColumnAndTheRow) {
  EXPECT_EQ(Found(ColumnOf({"a", "ö", "日本"})), "");
  EXPECT_EQ(Found(ColumnOf({"a", "ö", "b\xff", "\xff"})),
            "column 'title' has text that is not UTF-8 at row 2");
  EXPECT_EQ(Found(ColumnOf({"\xff", "ö", "b"}).Slice(1, 2)), "");
  EXPECT_EQ(Found(ColumnOf(std::vector<std::string>{"\xc3", "\xa9"})),
            "column 'title' has text that is not UTF-8 at row 0")
      << "a character cut in two by a border between rows";
  EXPECT_EQ(Found(Nested("list<string>", false)), "column 'title' has text that is not UTF-8 at row 2");
  EXPECT_EQ(Found(Nested("list<string>", false).Slice(1, 2)),
            "column 'title' has text that is not UTF-8 at row 1");
  EXPECT_EQ(Found(Nested("list<string>", false).Slice(0, 2)), "");
  EXPECT_EQ(Found(Nested("list<string>", true)), "") << "the bad text belongs to a null";
  EXPECT_EQ(Found(Nested("list<binary>", false)), "");
  EXPECT_EQ(Found(Nested("large_list<large_string>", false)),
            "column 'title' has text that is not UTF-8 at row 2");
}

TEST(CheckUtf8Test, LooksIntoStructs) {
  ColumnBuilder builder(ParseType("struct<n: int64, s: string>"));
  for (const std::string text : {"é", "\xff", "\xff"}) {
    builder.child(0).AppendInt(1);
    builder.child(1).AppendString(text);
    builder.CloseStruct();
  }
  const Column column = builder.Finish();
  EXPECT_EQ(Found(column), "column 'title' has text that is not UTF-8 at row 1");
  EXPECT_EQ(Found(column.Slice(0, 1)), "");
}

TEST(CheckUtf8Test, LooksAtDictionaryValuesThatAreUsed) {
  const std::int8_t indices[] = {0, 2, 1};
  const Column column({.type = ParseType("dictionary<int8, string>"),
                       .length = 3,
                       .buffers = {nullptr, indices},
                       .dictionary = std::make_shared<const Column>(ColumnOf({"a", "\xff", "ö"}))});
  EXPECT_EQ(Found(column), "column 'title' has text that is not UTF-8 at row 2");
  EXPECT_EQ(Found(column.Slice(0, 2)), "") << "no row points at the bad value";
}

}  // namespace
}  // namespace foretell
