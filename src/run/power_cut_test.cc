// The power is cut: what was acknowledged is there, nothing is half there, and the next operation works.
#include <gtest/gtest.h>

#include "run/power_script.h"

namespace foretell {
namespace {

// `make faults ONLY=seeds` tries ten times as many.
TEST(PowerCutTest, NothingThatWasAcknowledgedIsLostAndNothingElseIsSeen) {
  PowerFigures figures;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    RunPowerScript(seed, figures);
    ASSERT_TRUE(figures.bad.empty()) << figures.bad.front();
  }
  EXPECT_GT(figures.acknowledged, 2000);
  EXPECT_GT(figures.ended, 500);
  EXPECT_GT(figures.cuts, 2000);
}

TEST(PowerCutTest, WhatAnotherWroteIsDurableBeforeAnythingRestsOnIt) {
  PowerFigures figures;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    RunPowerPairs(seed, figures);
    ASSERT_TRUE(figures.bad.empty()) << figures.bad.front();
  }
  EXPECT_GT(figures.cuts, 3000);
}

}  // namespace
}  // namespace foretell
