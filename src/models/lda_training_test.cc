#include "models/lda_training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "foretell/error.h"
#include "models/lda.h"
#include "models/lda_reference.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace foretell {
namespace {

constexpr std::int64_t kWords = 300;

// Documents of one or two of six themes, each with fifty words of its own.
Csr Documents(std::int64_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Csr csr;
  csr.columns = kWords;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::uint64_t themes[] = {random() % 6, random() % 6};
    const auto size = row % 11 == 3 ? 0 : 5 + random() % 30;
    std::vector<std::int32_t> ids;
    for (std::size_t i = 0; i < size; ++i) {
      ids.push_back(
          static_cast<std::int32_t>(50 * themes[random() % 2] + (random() % 50) * (random() % 50) / 50));
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const std::int32_t id : ids) {
      csr.ids.push_back(id);
      csr.values.push_back(static_cast<double>(1 + random() % 3));
    }
    csr.row_starts.push_back(static_cast<std::int64_t>(csr.ids.size()));
  }
  return csr;
}

std::vector<ReferenceTraining::Document> Listed(const Csr& rows, std::int64_t first, std::int64_t last) {
  std::vector<ReferenceTraining::Document> documents;
  for (auto row = static_cast<std::size_t>(first); row < static_cast<std::size_t>(last); ++row) {
    const auto begin = rows.row_starts[row];
    const auto end = rows.row_starts[row + 1];
    documents.push_back({{rows.ids.begin() + begin, rows.ids.begin() + end},
                         {rows.values.begin() + begin, rows.values.begin() + end}});
  }
  return documents;
}

LdaTrainingSettings Settings(std::int64_t topics) {
  return {.topics = topics,
          .words = kWords,
          .doc_topic_prior = 1.0 / static_cast<double>(topics),
          .topic_word_prior = 0.83 / static_cast<double>(topics)};  // no sum of it is where digamma jumps
}

std::vector<double> Components(const LdaTraining& training) {
  std::vector<double> out(static_cast<std::size_t>(training.settings().topics * training.settings().words));
  training.WriteComponents(out);
  return out;
}

void LearnOnline(LdaTraining& training, const Csr& rows, std::int64_t first_step, std::int64_t size,
                 Workers& workers) {
  const std::int64_t count = View(rows).rows();
  for (std::int64_t first = 0, step = first_step; first < count; first += size, ++step) {
    const std::int64_t last = std::min(first + size, count);
    training.Learn(
        View(rows), first, last,
        {LdaTraining::Rate(0.7, 10, step), static_cast<double>(count) / static_cast<double>(last - first)},
        workers);
  }
}

bool SameBits(const std::vector<double>& one, const std::vector<double>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  });
}

std::vector<std::vector<double>> Drawn(std::uint64_t seed, std::uint64_t step, std::int64_t documents,
                                       std::int64_t topics) {
  std::vector<std::vector<double>> gammas(static_cast<std::size_t>(documents),
                                          std::vector<double>(static_cast<std::size_t>(topics)));
  for (std::int64_t document = 0; document < documents; ++document) {
    LdaTraining::DrawTopics(seed, step, document, gammas[static_cast<std::size_t>(document)]);
  }
  return gammas;
}

class LdaTrainingTest : public testing::TestWithParam<int> {};

TEST_P(LdaTrainingTest, LazyUpdatesGiveWhatUpdatingEveryWordGives) {
  const std::int64_t topics = GetParam();
  const Csr rows = Documents(80, 3);
  Workers workers(2);
  LdaTraining training(Settings(topics), 5, workers);
  ReferenceTraining reference{topics, kWords, Settings(topics).doc_topic_prior,
                              Settings(topics).topic_word_prior, Components(training)};
  for (std::int64_t step = 1; step <= 8; ++step) {
    const std::int64_t first = (step - 1) * 10;
    const double rate = LdaTraining::Rate(0.7, 10, step);
    EXPECT_NEAR(rate, std::pow(10 + step, -0.7), 1e-15);
    training.Learn(View(rows), first, first + 10, {rate, 8}, workers);
    reference.Learn(Listed(rows, first, first + 10),
                    Drawn(5, static_cast<std::uint64_t>(step) - 1, 10, topics), rate, 8);
  }
  training.Learn(View(rows), 0, 80, {}, workers);  // an iteration of batch learning
  reference.Learn(Listed(rows, 0, 80), Drawn(5, 8, 80, topics), 1, 1);
  training.Learn(View(rows), 70, 80, {0.5, 8}, workers);
  reference.Learn(Listed(rows, 70, 80), Drawn(5, 9, 10, topics), 0.5, 8);

  const std::vector<double> found = Components(training);
  std::vector<double> expected(found.size());
  training.WriteExpDirichletComponent(expected, workers);
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], reference.lambda[i], 1e-10 * reference.lambda[i]) << i;
  }
  reference.lambda = found;
  const std::vector<double> component = reference.ExpDirichletComponent();
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(expected[i], component[i], 1e-11 * component[i]) << i;
  }
}

TEST_P(LdaTrainingTest, AnyNumberOfThreadsAndEveryInstructionSetGiveTheSameBits) {
  const std::int64_t topics = GetParam();
  const Csr rows = Documents(1'200, 7);  // more than two blocks
  std::vector<double> expected;
  LdaTraining::Completion completion;
  for (const kernels::Table& table : kernels::Supported()) {
    for (const int threads : {1, 2, 3}) {
      Workers workers(threads);
      LdaTraining training(Settings(topics), 5, workers, table);
      LearnOnline(training, rows, 1, 128, workers);
      training.Learn(View(rows), 0, 1'200, {}, workers);
      const std::vector<double> found = Components(training);
      const LdaTraining::Completion complete = training.Complete(View(rows), workers);
      if (expected.empty()) {
        expected = found;
        completion = complete;
      }
      EXPECT_TRUE(SameBits(found, expected)) << table.name << ", " << threads << " threads";
      EXPECT_EQ(complete.log_likelihood, completion.log_likelihood) << table.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Topics, LdaTrainingTest, testing::Values(1, 2, 6, 8, 50, 75));

TEST(LdaTrainingEdgeTest, ManyStepsDecayWithoutUnderflow) {
  const Csr rows = Documents(10, 3);
  Workers workers(1);
  LdaTraining training(Settings(4), 5, workers);
  for (int step = 0; step < 600; ++step) {
    training.Learn(View(rows), 0, 10, {0.9, 1}, workers);  // 0.1^600 is below the least double
  }
  ReferenceTraining reference{4, kWords, Settings(4).doc_topic_prior, Settings(4).topic_word_prior,
                              Components(training)};
  reference.Learn(Listed(rows, 0, 10), Drawn(5, 600, 10, 4), 0.9, 1);
  training.Learn(View(rows), 0, 10, {0.9, 1}, workers);
  const std::vector<double> found = Components(training);
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], reference.lambda[i], 1e-10 * reference.lambda[i]);
  }
}

TEST(LdaTrainingEdgeTest, TrainingGoesOnFromItsStateBitForBit) {
  const Csr rows = Documents(300, 3);
  Workers workers(1);
  LdaTraining straight(Settings(6), 1, workers);
  LearnOnline(straight, rows, 1, 32, workers);
  LdaTraining resumed(Settings(6), straight.state());
  LearnOnline(straight, rows, 11, 32, workers);
  LearnOnline(resumed, rows, 11, 32, workers);
  EXPECT_TRUE(SameBits(Components(straight), Components(resumed)));
}

TEST(LdaTrainingEdgeTest, LearningFindsTheThemesOfTheDocuments) {
  const Csr rows = Documents(1'000, 3);
  const Csr unseen = Documents(200, 4);
  Workers workers(2);
  LdaTraining training(Settings(6), 1, workers);
  const auto per_token = [&] {
    const LdaTraining::Completion found = training.Complete(View(unseen), workers);
    return found.log_likelihood / found.tokens;
  };
  EXPECT_NEAR(per_token(), -std::log(kWords), 0.05);  // at random every word is as likely
  for (int iteration = 0; iteration < 20; ++iteration) {
    training.Learn(View(rows), 0, 1'000, {}, workers);
  }
  EXPECT_GT(per_token(), -std::log(100) + 0.2);  // two themes are a hundred words, some of them frequent
}

TEST(LdaTrainingEdgeTest, AnErrorLeavesTheTopicsAsTheyWere) {
  Csr rows = Documents(100, 3);
  Workers workers(2);
  LdaTraining training(Settings(6), 1, workers);
  const std::vector<double> before = Components(training);
  EXPECT_THROW(training.Learn(View(rows), 0, 100, {}, workers, [] { throw std::runtime_error("stop"); }),
               std::runtime_error);
  rows.values[40] = -1;
  EXPECT_THROW(training.Learn(View(rows), 0, 100, {}, workers), Error);
  rows.values[40] = 1;
  EXPECT_THROW(training.Learn(View(rows), 0, 101, {}, workers), Error);
  EXPECT_THROW(training.Learn(View(rows), 0, 100, {.rate = 0}, workers), Error);
  rows.columns = kWords + 1;
  EXPECT_THROW(training.Learn(View(rows), 0, 100, {}, workers), Error);
  EXPECT_TRUE(SameBits(Components(training), before));
}

TEST(LdaTrainingEdgeTest, StatesThatTrainingCannotHaveLeftAreRefused) {
  Workers workers(1);
  const LdaTraining training(Settings(3), 1, workers);
  LdaTraining::State state = training.state();
  state.decay = 0;
  EXPECT_THROW(LdaTraining(Settings(3), state), Error);
  state.decay = 1;
  state.counts[5] = -1e3;
  EXPECT_THROW(LdaTraining(Settings(3), state), Error);
  state.counts.pop_back();
  EXPECT_THROW(LdaTraining(Settings(3), state), Error);
  std::vector<double> components = Components(training);
  components[7] = std::nan("");
  EXPECT_THROW(LdaTraining::FromComponents(Settings(3), components, 0), Error);
  LdaTrainingSettings settings = Settings(3);
  settings.max_doc_update_iter = 0;
  EXPECT_THROW(LdaTraining(settings, 1, workers), Error);
}

#if defined(__x86_64__)
TEST(LdaTrainingEdgeTest, FlushingSubnormalsToZeroChangesNothing) {
  const Csr rows = Documents(100, 3);
  Workers workers(1);
  const auto learn = [&] {
    LdaTraining training(Settings(50), 1, workers);
    training.Learn(View(rows), 0, 100, {}, workers);
    return Components(training);
  };
  const std::vector<double> expected = learn();
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040U);
  const std::vector<double> flushed = learn();
  EXPECT_EQ(_mm_getcsr() & 0x8040U, 0x8040U);
  _mm_setcsr(before);
  EXPECT_TRUE(SameBits(flushed, expected));
}
#endif

}  // namespace
}  // namespace foretell
