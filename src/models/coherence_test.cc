#include "models/coherence.h"

#include <gtest/gtest.h>

#include <vector>

#include "foretell/error.h"

namespace foretell {
namespace {

// Documents: 0 1 | 1 2 2 | (1 with count 0) 3 | nothing | 0 1 3
const Csr kCounts{.columns = 4,
                  .row_starts = {0, 2, 5, 7, 7, 10},
                  .ids = {0, 1, 1, 2, 2, 1, 3, 0, 1, 3},
                  .values = {1, 2, 1, 1, 1, 0, 1, 1, 1, 1}};

TEST(CoherenceTest, PairsAreCountedOncePerDocumentAndTopic) {
  const std::vector<std::int32_t> topic_words = {0, 1, 2, 3};  // two topics: {0, 1} and {2, 3}
  EXPECT_EQ(CountTogether(View(kCounts), topic_words, 2),
            (std::vector<std::int64_t>{2, 2, 2, 3, 1, 0, 0, 2}));
  const std::vector<std::int32_t> shared = {1, 3, 3, 1};  // both topics have both words
  EXPECT_EQ(CountTogether(View(kCounts), shared, 2), (std::vector<std::int64_t>{3, 1, 1, 2, 2, 1, 1, 3}));
}

TEST(CoherenceTest, WordsThatThereAreNotAreRefused) {
  const std::vector<std::int32_t> words = {0, 4};
  EXPECT_THROW(CountTogether(View(kCounts), words, 2), Error);
  EXPECT_THROW(CountTogether(View(kCounts), words, 0), Error);
}

}  // namespace
}  // namespace foretell
