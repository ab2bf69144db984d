#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "foretell/parity.h"
#include "parity/test_batches.h"

namespace foretell {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

ParityReport Compared(const Batch& reference, const Batch& other, ParityRule rule = {}) {
  Comparison comparison({reference}, rule);
  comparison.Add(other);
  return comparison.Finish();
}

ParityReport Doubles(std::vector<double> reference, std::vector<double> other, ParityRule rule = {}) {
  return Compared(BatchOf({{"y", ColumnOf(std::move(reference))}}),
                  BatchOf({{"y", ColumnOf(std::move(other))}}), rule);
}

// `text` as a column of its type: one row, from a builder that `fill` fills.
template <typename Fill>
Batch One(const std::string& type, Fill fill) {
  ColumnBuilder builder(ParseType(type));
  fill(builder);
  return BatchOf({{"v", builder.Finish()}});
}

TEST(ParityTest, EqualBitsMatchAndNothingDiffers) {
  const ParityReport report = Doubles({1, kNan, -kInf, 0}, {1, kNan, -kInf, 0}, {.exact = true});
  EXPECT_TRUE(report.matches());
  EXPECT_EQ(report.rows, 4);
  EXPECT_EQ(report.not_bit_equal, 0);
  EXPECT_EQ(report.absolute.column, "");
}

TEST(ParityTest, NumbersWithinTheToleranceMatchAndAreCounted) {
  const ParityReport report = Doubles({1.0, 1e6, 0.0}, {1.0 + 1e-10, 1e6 + 1e-4, 1e-13});
  EXPECT_EQ(report.mismatches, 0);
  EXPECT_EQ(report.not_bit_equal, 3);
  EXPECT_EQ(report.absolute.row, 1);
  EXPECT_NEAR(report.absolute.value, 1e-4, 1e-9);
  EXPECT_EQ(report.relative.row, 2);
  EXPECT_EQ(report.relative.value, 1.0);
}

TEST(ParityTest, NumbersOutsideTheToleranceDiffer) {
  const ParityReport report = Doubles({1.0, 2.0, 0.0}, {1.0 + 3e-9, 2.0, 1e-11});
  EXPECT_EQ(report.mismatched, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(Doubles({1.0}, {1.1}, {.rtol = 0.2}).mismatches, 0);
  EXPECT_EQ(Doubles({0.0}, {0.1}, {.rtol = 0.2, .atol = 0.2}).mismatches, 0);
  EXPECT_EQ(Doubles({std::numeric_limits<double>::max()}, {-std::numeric_limits<double>::max()}).mismatches,
            1);
}

TEST(ParityTest, ExactTakesEqualBitsOnlyButAnyNan) {
  const double other_nan = -kNan;
  const ParityReport report =
      Doubles({0.0, kNan, 1.0}, {-0.0, other_nan, std::nextafter(1.0, 2.0)}, {.exact = true});
  EXPECT_EQ(report.mismatched, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(report.not_bit_equal, 3);
  EXPECT_EQ(Doubles({0.0}, {-0.0}).mismatches, 0);
}

TEST(ParityTest, NanAndInfinityMatchOnlyThemselves) {
  EXPECT_EQ(Doubles({kNan, 1, kInf, kInf}, {1, kNan, -kInf, 1e308}).mismatches, 4);
}

TEST(ParityTest, IntegersTextsAndNullsAreEqualOrNot) {
  const Batch reference = BatchOf({{"n", ColumnOf(std::vector<std::int64_t>{1, 2, 3})},
                                   {"s", ColumnOf(std::vector<std::string>{"a", "b", "c"})}});
  const Batch other = BatchOf({{"n", ColumnOf(std::vector<std::int64_t>{1, 2, 4})},
                               {"s", ColumnOf(std::vector<std::string>{"a", "B", "c"})}});
  const ParityReport report = Compared(reference, other);
  EXPECT_EQ(report.mismatched, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(report.absolute.value, 1);
  EXPECT_EQ(report.absolute.column, "n");
  ASSERT_EQ(report.shown.size(), 2U);
  EXPECT_EQ(report.shown[0].column, "s");
  EXPECT_EQ(report.shown[0].reference, "\"b\"");
  EXPECT_EQ(report.shown[0].other, "\"B\"");
  const Batch nulls = BatchOf({{"n", NullColumn(Type(TypeId::kInt64), 3)}, {"s", reference.column("s")}});
  EXPECT_EQ(Compared(reference, nulls).mismatches, 3);
  EXPECT_EQ(Compared(nulls, nulls).mismatches, 0);
}

TEST(ParityTest, ListsMatchItemByItem) {
  const Batch reference = BatchOf({{"t", Lists({{0.25, 0.75}, {1}, {}, {2, 3}})}});
  EXPECT_EQ(Compared(reference, reference).not_bit_equal, 0);
  const Batch other = BatchOf({{"t", Lists({{0.25, 0.75 + 1e-12}, {1, 0}, {}, {2, 4}})}});
  const ParityReport report = Compared(reference, other);
  EXPECT_EQ(report.mismatched, (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(report.not_bit_equal, 3);
  EXPECT_EQ(report.absolute.row, 3);
  EXPECT_EQ(report.shown[1].other, "[2, 4]");
}

TEST(ParityTest, SlicesOfListsAreComparedWhereTheyLie) {
  const Batch whole = BatchOf({{"t", Lists({{9}, {1, 2}, {3}, {4, 5, 6}})}});
  const Batch tail = BatchOf({{"t", Lists({{1, 2}, {3}, {4, 5, 6}})}});
  EXPECT_TRUE(Compared(tail, whole.Slice(1, 3)).matches());
  EXPECT_EQ(Compared(tail, whole.Slice(0, 3)).mismatches, 3);
}

TEST(ParityTest, StructsAndNestedNullsMatchFieldByField) {
  const auto fill = [](double a, bool null_b) {
    return [=](ColumnBuilder& builder) {
      builder.child(0).AppendDouble(a);
      if (null_b) {
        builder.child(1).AppendNull();
      } else {
        builder.child(1).AppendString("b");
      }
      builder.CloseStruct();
    };
  };
  const std::string type = "struct<a: double, b: string>";
  EXPECT_EQ(Compared(One(type, fill(1, true)), One(type, fill(1, true))).mismatches, 0);
  EXPECT_EQ(Compared(One(type, fill(1, true)), One(type, fill(1 + 1e-12, true))).mismatches, 0);
  EXPECT_EQ(Compared(One(type, fill(1, true)), One(type, fill(1, false))).mismatches, 1);
  const ParityReport report = Compared(One(type, fill(1, true)), One(type, fill(2, true)));
  EXPECT_EQ(report.shown.at(0).reference, "{a: 1, b: null}");
  EXPECT_EQ(report.absolute.column, "v");
}

TEST(ParityTest, ADictionaryIsWhatItPointsAt) {
  const Batch coded = BatchOf({{"s", Coded({"x", "y"}, {1, 0, 1})}});
  const Batch plain = BatchOf({{"s", ColumnOf(std::vector<std::string>{"y", "x", "y"})}});
  EXPECT_TRUE(Compared(coded, plain).matches());
  EXPECT_TRUE(Compared(plain, coded).matches());
  EXPECT_EQ(Compared(plain, BatchOf({{"s", Coded({"x", "y"}, {1, 1, 1})}})).mismatched,
            (std::vector<std::int64_t>{1}));
}

TEST(ParityTest, ColumnsOfOtherKindsMatchOnlyWhereBothAreNull) {
  const Batch integers = BatchOf({{"v", ColumnOf(std::vector<std::int64_t>{1, 2})}});
  const Batch doubles = BatchOf({{"v", ColumnOf(std::vector<double>{1, 2})}});
  const ParityReport report = Compared(integers, doubles);
  EXPECT_EQ(report.mismatches, 2);
  ASSERT_EQ(report.types.size(), 1U);
  EXPECT_EQ(report.types[0], "v: int64 in the reference, double here");
  const Batch nulls = BatchOf({{"v", NullColumn(Type(TypeId::kDouble), 2)}});
  EXPECT_EQ(Compared(nulls, BatchOf({{"v", NullColumn(Type(TypeId::kInt64), 2)}})).mismatches, 0);
  const auto at = [](ColumnBuilder& builder) { builder.AppendInt(1); };
  EXPECT_EQ(Compared(One("timestamp[us, UTC]", at), One("timestamp[us, Europe/Berlin]", at)).mismatches, 1);
  EXPECT_EQ(Compared(One("timestamp[us, UTC]", at), One("timestamp[ms, UTC]", at)).mismatches, 1);
  EXPECT_EQ(Compared(One("int32", at), One("int64", at)).mismatches, 0);
  EXPECT_EQ(Compared(One("date32", at), One("int32", at)).mismatches, 1);
}

TEST(ParityTest, AMissingColumnIsNullAndSaidSo) {
  const Batch both =
      BatchOf({{"a", ColumnOf(std::vector<double>{1})}, {"b", ColumnOf(std::vector<double>{2})}});
  const Batch one = BatchOf({{"a", ColumnOf(std::vector<double>{1})}});
  const ParityReport report = Compared(both, one);
  EXPECT_EQ(report.mismatches, 1);
  EXPECT_EQ(report.types.at(0), "b: double in the reference, nothing here");
  EXPECT_EQ(Compared(one, both).types.at(0), "b: nothing in the reference, double here");
}

TEST(ParityTest, BadRowsAgreeByTheirCode) {
  const auto batch = [](std::vector<std::pair<std::string, std::string>> errors) {
    const auto rows = static_cast<std::int64_t>(errors.size());
    return BatchOf({{"y", NullColumn(Type(TypeId::kDouble), rows)}, {"_error", Errors(errors)}});
  };
  const Batch reference = batch({{"FT0301", "row 7"}, {"FT0301", "a"}, {"FT0306", "told"}, {"", ""}});
  const Batch other = batch({{"FT0301", "row 0"}, {"FT0305", "a"}, {"", ""}, {"FT0301", "new"}});
  const ParityReport report = Compared(reference, other);
  EXPECT_EQ(report.mismatched, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(report.shown.at(0).column, "_error");
}

TEST(ParityTest, RowsGoByTheirIds) {
  const Batch reference = BatchOf({{"y", ColumnOf(std::vector<double>{10, 11, 12, 13})}});
  Comparison comparison({reference}, {});
  const std::vector<std::int64_t> ids = {3, 1, 1, 9, -1};
  comparison.Add(BatchOf({{"y", ColumnOf(std::vector<double>{13, 0, 11, 7, 7})}}), ids);
  const ParityReport report = comparison.Finish();
  EXPECT_EQ(report.rows, 2);
  EXPECT_EQ(report.mismatched, (std::vector<std::int64_t>{1}));
  EXPECT_EQ(report.extra, 3);
  EXPECT_EQ(report.missing, 2);
  EXPECT_FALSE(report.matches());
}

TEST(ParityTest, OnlyExpectedIdsAreMissingAndAComparisonStartsAnew) {
  const Batch reference = BatchOf({{"y", ColumnOf(std::vector<double>{10, 11, 12})}});
  Comparison comparison({reference}, {});
  const std::vector<std::int64_t> expected = {0, 2};
  comparison.Add(reference.Slice(2, 1), std::vector<std::int64_t>{2});
  EXPECT_EQ(comparison.Finish(expected).missing, 1);
  comparison.Add(reference.Slice(0, 2));
  comparison.Add(reference.Slice(2, 1));
  const ParityReport again = comparison.Finish();
  EXPECT_TRUE(again.matches());
  EXPECT_EQ(again.rows, 3);
}

TEST(ParityTest, TheReferenceMayComeInSeveralBatches) {
  const Batch whole = BatchOf({{"t", Lists({{1}, {2}, {3}})}});
  Comparison comparison({whole.Slice(0, 1), whole.Slice(1, 2)}, {});
  EXPECT_EQ(comparison.rows(), 3);
  comparison.Add(whole);
  EXPECT_TRUE(comparison.Finish().matches());
}

TEST(ParityTest, AReferenceWithoutRowsTakesNone) {
  Comparison comparison({}, {});
  comparison.Add(BatchOf({{"y", ColumnOf(std::vector<double>{1})}}));
  EXPECT_EQ(comparison.Finish().extra, 1);
}

TEST(ParityTest, WhatCannotBeComparedIsRefused) {
  const Batch doubles = BatchOf({{"y", ColumnOf(std::vector<double>{1})}});
  const Batch integers = BatchOf({{"y", ColumnOf(std::vector<std::int64_t>{1})}});
  const auto code = [](auto work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return Code::kInternal;
  };
  EXPECT_EQ(code([&] { Comparison({doubles, integers}, {}); }), Code::kTypeMismatch);
  EXPECT_EQ(code([&] { Comparison({doubles}, {.rtol = kNan}); }), Code::kInvalidArgument);
  EXPECT_EQ(code([&] { Comparison({doubles}, {.atol = -1}); }), Code::kInvalidArgument);
  Comparison comparison({doubles}, {});
  EXPECT_EQ(code([&] { comparison.Add(doubles, std::vector<std::int64_t>{}); }), Code::kWrongLength);
}

TEST(ParityTest, AtMostSomeRowsAreShown) {
  const std::vector<double> zeros(50, 0.0);
  const std::vector<double> ones(50, 1.0);
  const ParityReport report = Doubles(zeros, ones, {.shown = 3});
  EXPECT_EQ(report.mismatches, 50);
  EXPECT_EQ(report.shown.size(), 3U);
}

TEST(ParityTest, ComparisonsInSeveralThreadsShareAReference) {
  std::vector<std::vector<double>> rows(2'000, {1, 2, 3});
  const Batch reference = BatchOf({{"t", Lists(rows)}});
  std::atomic<int> matching = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      Comparison comparison({reference}, {});
      for (std::int64_t at = 0; at < reference.rows(); at += 100) {
        comparison.Add(reference.Slice(at, 100));
      }
      matching += comparison.Finish().matches() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(matching, 4);
}

TEST(CountDistinctTest, RowsAreDistinctByAllColumnsAndNullIsAValue) {
  const Batch batch = BatchOf({{"a", ColumnOf(std::vector<std::string>{"x", "x", "null", "x"})},
                               {"b", Lists({{1}, {1}, {1}, {1, 2}})}});
  EXPECT_EQ(CountDistinct({batch}), 3);
  EXPECT_EQ(CountDistinct({batch, batch.Slice(0, 2)}), 3);
  EXPECT_EQ(CountDistinct({BatchOf({{"a", NullColumn(Type(TypeId::kString), 2)}}), batch}), 4);
  EXPECT_EQ(CountDistinct({}), 0);
}

}  // namespace
}  // namespace foretell
