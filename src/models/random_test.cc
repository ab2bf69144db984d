#include "models/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace foretell {
namespace {

struct Moments {
  double mean = 0;
  double variance = 0;
  double skewness = 0;
};

template <typename Draw>
Moments MomentsOf(Draw draw) {
  constexpr int kDraws = 400'000;
  double sum = 0;
  double square = 0;
  double cube = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw();
    sum += x;
    square += x * x;
    cube += x * x * x;
  }
  const double mean = sum / kDraws;
  const double variance = square / kDraws - mean * mean;
  return {mean, variance,
          (cube / kDraws - 3 * mean * variance - mean * mean * mean) / (variance * std::sqrt(variance))};
}

TEST(RandomTest, DrawsHaveTheMomentsOfTheirDistributions) {
  Random random(1, 2);
  const Moments uniform = MomentsOf([&] { return random.Uniform(); });
  EXPECT_NEAR(uniform.mean, 0.5, 0.003);
  EXPECT_NEAR(uniform.variance, 1.0 / 12, 0.001);
  const Moments normal = MomentsOf([&] { return random.Normal(); });
  EXPECT_NEAR(normal.mean, 0, 0.01);
  EXPECT_NEAR(normal.variance, 1, 0.015);
  EXPECT_NEAR(normal.skewness, 0, 0.025);
  for (const double shape : {1.0, 3.5, 100.0}) {
    const Moments gamma = MomentsOf([&] { return random.Gamma(shape); });
    EXPECT_NEAR(gamma.mean, shape, 0.01 * shape);
    EXPECT_NEAR(gamma.variance, shape, 0.03 * shape);
    EXPECT_NEAR(gamma.skewness, 2 / std::sqrt(shape), 0.08);
  }
}

TEST(RandomTest, StreamsDifferAndEveryInstructionSetDrawsTheSame) {
  EXPECT_NE(Random(1, 2).Next(), Random(1, 3).Next());
  EXPECT_NE(Random(1, 2).Next(), Random(2, 2).Next());
  EXPECT_NE(Random(1, 2).Next(), Random(2, 1).Next());
  for (const kernels::Table& table : kernels::Supported()) {
    Random one(7, 1, kernels::Supported().front());
    Random other(7, 1, table);
    for (int i = 0; i < 50'000; ++i) {
      ASSERT_EQ(one.Gamma(1.5), other.Gamma(1.5)) << table.name;
    }
  }
}

}  // namespace
}  // namespace foretell
