#include "models/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "foretell/error.h"

namespace foretell {
namespace {

TEST(WorkersTest, EveryPieceIsDoneOnceForAnyNumberOfThreads) {
  for (const int threads : {1, 2, 5}) {
    Workers workers(threads);
    ASSERT_EQ(workers.size(), static_cast<std::size_t>(threads));
    for (const std::int64_t count : {0, 1, 7, 1000}) {
      std::vector<std::atomic<int>> done(static_cast<std::size_t>(count));
      workers.ForEach(count, 7, [&](std::size_t worker, std::int64_t first, std::int64_t last) {
        EXPECT_LT(worker, workers.size());
        EXPECT_EQ(first % 7, 0);
        for (std::int64_t i = first; i < last; ++i) {
          ++done[static_cast<std::size_t>(i)];
        }
      });
      for (const auto& times : done) {
        EXPECT_EQ(times, 1);
      }
    }
  }
}

TEST(WorkersTest, TheLowestFailureIsThrownAndTheWorkersServeOn) {
  Workers workers(3);
  for (int round = 0; round < 20; ++round) {
    try {
      workers.ForEach(100, 1, [](std::size_t /*worker*/, std::int64_t first, std::int64_t /*last*/) {
        if (first >= 40) {
          throw std::runtime_error(std::to_string(first));
        }
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "40");
    }
  }
  std::atomic<std::int64_t> sum = 0;
  workers.ForEach(100, 1, [&](std::size_t, std::int64_t first, std::int64_t) { sum += first; });
  EXPECT_EQ(sum, 4950);
}

TEST(WorkersTest, FewerThanOneThreadAreRefused) {
  EXPECT_THROW(Workers(0), Error);
}

}  // namespace
}  // namespace foretell
