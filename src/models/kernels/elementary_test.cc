#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "models/kernels/table.h"
#include "models/lda_reference.h"

namespace foretell::kernels {
namespace {

using Function = void (*)(const double*, double*, std::int64_t);
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> Of(Function function, const std::vector<double>& from) {
  std::vector<double> to(from.size());
  function(from.data(), to.data(), static_cast<std::int64_t>(from.size()));
  return to;
}

std::uint64_t BitsOf(double x) {
  return std::bit_cast<std::uint64_t>(x);
}

std::vector<double> Uniform(double low, double high, std::size_t count) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<double> numbers(count);
  for (double& number : numbers) {
    number = uniform(random);
  }
  return numbers;
}

// In units of the last place of what is expected.
double Distance(double found, double expected) {
  if (found == expected) {
    return 0;
  }
  const double next = std::nextafter(std::fabs(expected), kInfinity);
  return std::fabs(found - expected) / (next - std::fabs(expected));
}

TEST(ElementaryTest, ExpIsWithinAUnitInTheLastPlace) {
  for (const double reach : {1e-300, 1e-8, 1.0, 30.0, 745.0}) {
    const std::vector<double> from = Uniform(-reach, std::fmin(reach, 709.7), 20'001);
    const std::vector<double> to = Of(Chosen().elementary->exp, from);
    for (std::size_t i = 0; i < from.size(); ++i) {
      ASSERT_LE(Distance(to[i], std::exp(from[i])), 1.001) << from[i];
    }
  }
}

TEST(ElementaryTest, ExpOfSpecialValues) {
  const double largest = 709.782712893384;
  const std::vector<double> to =
      Of(Chosen().elementary->exp, {kInfinity, -kInfinity, 0.0, -0.0, largest, 709.79, 1e308, -745.2, -1e308,
                                    -740.0, std::bit_cast<double>(0xfff8000000001234U)});
  const std::vector<double> expected = {kInfinity,
                                        0,
                                        1,
                                        1,
                                        std::exp(largest),
                                        kInfinity,
                                        kInfinity,
                                        0,
                                        0,
                                        std::exp(-740.0),
                                        std::numeric_limits<double>::quiet_NaN()};
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (i == 4) {
      EXPECT_LE(Distance(to[i], expected[i]), 1.001);
    } else {
      EXPECT_EQ(BitsOf(to[i]), BitsOf(expected[i])) << i;
    }
  }
}

TEST(ElementaryTest, LogIsWithinAUnitInTheLastPlace) {
  for (const double reach : {1e-310, 1e-8, 1.0, 2.0, 30.0, 1e300}) {
    const std::vector<double> from = Uniform(0, reach, 20'001);
    const std::vector<double> to = Of(Chosen().elementary->log, from);
    for (std::size_t i = 0; i < from.size(); ++i) {
      ASSERT_LE(Distance(to[i], std::log(from[i])), 1.001) << from[i];
    }
  }
}

TEST(ElementaryTest, LogOfSpecialValues) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double least = std::numeric_limits<double>::denorm_min();
  const std::vector<double> to =
      Of(Chosen().elementary->log,
         {0, -0.0, 1, kInfinity, -1, -kInfinity, std::bit_cast<double>(0xfff8000000001234U), least});
  const std::vector<double> expected = {-kInfinity, -kInfinity, 0, kInfinity, nan, nan, nan, std::log(least)};
  for (std::size_t i = 0; i < to.size(); ++i) {
    EXPECT_EQ(BitsOf(to[i]), BitsOf(expected[i])) << i;
  }
}

TEST(ElementaryTest, ExpDigammaTakesAsManyStepsAsScikitLearn) {
  std::vector<double> from = {6, std::nextafter(6.0, 0.0), 5, 4, 3, 2, 1, 1e5, 1e10, 1e20, 1e300};
  for (const double reach : {1.0, 7.0, 100.0, 1e6}) {
    const std::vector<double> more = Uniform(0.02, reach, 20'000);
    from.insert(from.end(), more.begin(), more.end());
  }
  const std::vector<double> to = Of(Chosen().elementary->exp_digamma, from);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const double expected = std::exp(ReferenceDigamma(from[i]));
    // exp() itself turns the rounding of a large digamma into as much of a relative error.
    const double allowed = 1e-15 * (4 + std::fabs(ReferenceDigamma(from[i])));
    ASSERT_NEAR(to[i] / expected, 1, allowed) << from[i];
  }
  EXPECT_EQ(Of(Chosen().elementary->exp_digamma, {0, 1e-7, 1e-4}), std::vector<double>(3, 0.0));
  EXPECT_TRUE(std::isnan(Of(Chosen().elementary->exp_digamma, {std::nan("")})[0]));
}

TEST(ElementaryTest, EveryInstructionSetGivesTheSameBits) {
  std::vector<double> from = {0, -0.0, kInfinity, -kInfinity, 710, -745.5, 5e-324, std::nan("")};
  for (const double reach : {1e-310, 1.0, 8.0, 800.0, 1e9}) {
    for (const double number : Uniform(-reach, reach, 5'003)) {
      from.push_back(number);
    }
  }
  for (const Table& table : Supported()) {
    for (const auto member :
         {&ElementaryKernels::exp, &ElementaryKernels::log, &ElementaryKernels::exp_digamma}) {
      const std::vector<double> one = Of(Supported().front().elementary->*member, from);
      const std::vector<double> other = Of(table.elementary->*member, from);
      for (std::size_t i = 0; i < from.size(); ++i) {
        ASSERT_TRUE(BitsOf(one[i]) == BitsOf(other[i]) || (std::isnan(one[i]) && std::isnan(other[i])))
            << table.name << " " << from[i];
      }
    }
  }
}

}  // namespace
}  // namespace foretell::kernels
