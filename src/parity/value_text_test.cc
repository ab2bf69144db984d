#include "parity/value_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "parity/test_batches.h"

namespace foretell {
namespace {

std::string Of(const std::string& type, std::int64_t value) {
  ColumnBuilder builder(ParseType(type));
  builder.AppendInt(value);
  return ShortText(builder.Finish(), 0);
}

TEST(ValueTextTest, NumbersAreAsShortAsTheyCanBe) {
  const Column column =
      ColumnOf(std::vector<double>{0.1, 3, std::numeric_limits<double>::quiet_NaN(), 1e300});
  EXPECT_EQ(ShortText(column, 0), "0.1");
  EXPECT_EQ(ShortText(column, 1), "3");
  EXPECT_EQ(ShortText(column, 2), "NaN");
  EXPECT_EQ(ShortText(column, 3), "1e+300");
}

TEST(ValueTextTest, TimesAreReadable) {
  EXPECT_EQ(Of("timestamp[us, UTC]", 1'772'404'200'000'001), "2026-03-01T22:30:00.000001Z");
  EXPECT_EQ(Of("timestamp[s]", -1), "1969-12-31T23:59:59");
  EXPECT_EQ(Of("date32", 20'513), "2026-03-01");
  EXPECT_EQ(Of("time32[ms]", 3'723'004), "01:02:03.004");
  EXPECT_EQ(Of("timestamp[s]", std::numeric_limits<std::int64_t>::max()).substr(0, 15), "106751991167300");
}

TEST(ValueTextTest, TextIsQuotedAndCutBetweenCharacters) {
  EXPECT_EQ(ShortText(ColumnOf(std::vector<std::string>{"a\"b\\\n\x01"}), 0), R"("a\"b\\\x0a\x01")");
  std::string long_text;
  for (int i = 0; i < 200; ++i) {
    long_text += "ü";
  }
  const std::string cut = ShortText(ColumnOf(std::vector<std::string>{long_text}), 0, 20);
  EXPECT_EQ(cut, "\"üüüüüüüüü…");
}

TEST(ValueTextTest, NestedValuesAreCut) {
  EXPECT_EQ(ShortText(Lists({{1, 2.5}}), 0), "[1, 2.5]");
  EXPECT_EQ(ShortText(Lists({std::vector<double>(1000, 7.0)}), 0, 8), "[7, 7, 7…");
  EXPECT_EQ(ShortText(Coded({"x"}, {0}), 0), "\"x\"");
}

}  // namespace
}  // namespace foretell
