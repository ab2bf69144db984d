#include "models/tfidf.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

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

Csr Counts() {
  return {3, {0, 2, 2, 5}, {0, 2, 0, 1, 2}, {1, 2, 3, 1, 7}};
}

TEST(TfidfTest, WeighsAndNormalisesEachRow) {
  const std::vector<double> idf = {1, 2, 0.5};
  Csr rows = Counts();
  TfidfTransformer(idf, {.norm = Norm::kNone}).Apply(rows, 0);
  EXPECT_EQ(rows.values, (std::vector<double>{1, 1, 3, 2, 3.5}));
  rows = Counts();
  TfidfTransformer(idf, {.norm = Norm::kL1}).Apply(rows, 0);
  EXPECT_EQ(rows.values, (std::vector<double>{0.5, 0.5, 3 / 8.5, 2 / 8.5, 3.5 / 8.5}));
  rows = Counts();
  TfidfTransformer(idf, {}).Apply(rows, 2);  // the rows before stay
  const double length = std::sqrt(9 + 4 + 3.5 * 3.5);
  EXPECT_EQ(rows.values, (std::vector<double>{1, 2, 3 / length, 2 / length, 3.5 / length}));
}

TEST(TfidfTest, SublinearIsOnePlusTheLogarithmOnEveryInstructionSet) {
  std::vector<double> first;
  for (const kernels::Table& table : kernels::Supported()) {
    Csr rows = Counts();
    TfidfTransformer({}, {.sublinear_tf = true, .norm = Norm::kNone}, table).Apply(rows, 0);
    EXPECT_EQ(rows.values[0], 1);
    EXPECT_NEAR(rows.values[4], 1 + std::log(7.0), 1e-15);
    first = first.empty() ? rows.values : first;
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(rows.values[i]), std::bit_cast<std::uint64_t>(first[i]));
    }
  }
}

TEST(TfidfTest, RefusesWhatDoesNotFit) {
  const std::vector<double> two = {1, 2};
  const std::vector<double> infinite = {1, std::numeric_limits<double>::infinity(), 1};
  Csr rows = Counts();
  EXPECT_EQ(CodeOf([&] { TfidfTransformer(two, {}).Apply(rows, 0); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { TfidfTransformer(infinite, {}); }), Code::kInvalidArgument);
  rows.ids[1] = 3;
  EXPECT_EQ(CodeOf([&] { TfidfTransformer({}, {}).Apply(rows, 0); }), Code::kInvalidValue);
}

}  // namespace
}  // namespace foretell
