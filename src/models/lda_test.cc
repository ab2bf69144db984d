#include "models/lda.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "foretell/error.h"
#include "models/lda_reference.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace foretell {
namespace {

constexpr std::int64_t kWords = 400;

// exp(E[log beta]) of topics that each like some words, as training makes them: a few large values, many
// within a power of ten of one another, and many that are next to nothing.
template <typename Real>
std::vector<Real> Component(std::int64_t topics, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<Real> component(static_cast<std::size_t>(topics * kWords));
  for (Real& value : component) {
    const double kind = uniform(random);
    value = static_cast<Real>(kind < 0.1   ? 0.05 * uniform(random)
                              : kind < 0.3 ? 1e-3 * uniform(random)
                                           : std::pow(10.0, -4 - 30 * uniform(random)));
  }
  return component;
}

Csr Documents(std::int64_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Csr csr;
  csr.columns = kWords;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto size = row % 9 == 0 ? random() % 200 : random() % 40;
    for (std::size_t i = 0; i < size; ++i) {
      csr.ids.push_back(static_cast<std::int32_t>(random() % kWords));              // unsorted, with repeats
      csr.values.push_back(row % 7 == 1 ? 0.1 * static_cast<double>(random() % 50)  // real, zeros among them
                                        : static_cast<double>(1 + random() % 3));
    }
    csr.row_starts.push_back(static_cast<std::int64_t>(csr.ids.size()));
  }
  return csr;
}

template <typename Real>
class Model {
 public:
  Model(LdaSettings settings, std::vector<Real> component, const kernels::Table& table = kernels::Chosen())
      : packed_(settings.topics, settings.words, component), lda_(settings, packed_.arrays(), table) {}
  Model(const Model&) = delete;
  const Lda& operator*() const { return lda_; }
  const Lda* operator->() const { return &lda_; }

  std::vector<double> All(const Csr& rows, bool normalize = true) const {
    Lda::Workspace workspace;
    std::vector<double> out(static_cast<std::size_t>(View(rows).rows() * lda_.settings().topics));
    lda_.Transform(View(rows), 0, View(rows).rows(), workspace, out, normalize);
    return out;
  }

 private:
  Lda::PackedArrays<Real> packed_;
  Lda lda_;
};

bool SameBits(const std::vector<double>& one, const std::vector<double>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  });
}

Csr OneRow(std::vector<std::int32_t> ids, std::vector<double> values) {
  Csr csr;
  csr.columns = kWords;
  csr.row_starts.push_back(static_cast<std::int64_t>(ids.size()));
  csr.ids = std::move(ids);
  csr.values = std::move(values);
  return csr;
}

// The largest difference of a topic's probability to the reference, over rows that take the same number of
// iterations; a row that does not has to have come close to the tolerance.
double LargestDifference(const ReferenceLda<double>& reference, const Csr& rows, const Lda& lda,
                         std::int64_t* other_iterations) {
  const std::int64_t count = View(rows).rows();
  const std::int64_t topics = reference.topics;
  Lda::Workspace workspace;
  std::vector<double> out(static_cast<std::size_t>(count * topics));
  std::vector<std::int64_t> iterations(static_cast<std::size_t>(count));
  lda.Transform(View(rows), 0, count, workspace, out, true, iterations);
  double largest = 0;
  for (std::int64_t row = 0; row < count; ++row) {
    const auto begin = rows.row_starts[static_cast<std::size_t>(row)];
    const auto end = rows.row_starts[static_cast<std::size_t>(row) + 1];
    if (begin == end) {
      continue;
    }
    const auto expected = reference.Infer({rows.ids.begin() + begin, rows.ids.begin() + end},
                                          {rows.values.begin() + begin, rows.values.begin() + end});
    if (expected.iterations != iterations[static_cast<std::size_t>(row)]) {
      EXPECT_LT(expected.closest, 1e-9 * reference.tolerance) << "row " << row;
      ++*other_iterations;
      continue;
    }
    double sum = 0;
    for (const double gamma : expected.gamma) {
      sum += gamma;
    }
    for (std::int64_t k = 0; k < topics; ++k) {
      const double difference = std::fabs(out[static_cast<std::size_t>(row * topics + k)] -
                                          expected.gamma[static_cast<std::size_t>(k)] / sum);
      EXPECT_TRUE(difference <= 1e-12) << "row " << row << " topic " << k << " differs by " << difference;
      largest = std::max(largest, difference);
    }
  }
  return largest;
}

class LdaTest : public testing::TestWithParam<int> {};

TEST_P(LdaTest, GivesWhatTheReferenceGives) {
  const std::int64_t topics = GetParam();
  const Csr rows = Documents(60, 7);
  std::int64_t other_iterations = 0;
  double largest = 0;
  for (const double prior : {0.001, 0.005, 1.0 / static_cast<double>(topics), 0.1, 0.5, 1.0}) {
    const std::vector<double> component = Component<double>(topics, 3);
    const Model<double> model({.topics = topics, .words = kWords, .doc_topic_prior = prior}, component);
    largest = std::max(
        largest, LargestDifference({topics, kWords, component, prior}, rows, *model, &other_iterations));
  }
  RecordProperty("rows_with_other_iterations", std::to_string(other_iterations));
  RecordProperty("largest_difference", std::to_string(largest));
}

TEST_P(LdaTest, EveryInstructionSetAndEverySliceGiveTheSameBits) {
  const std::int64_t topics = GetParam();
  const Csr rows = Documents(60, 11);
  for (const double prior : {0.001, 0.02, 1.0}) {
    const LdaSettings settings{.topics = topics, .words = kWords, .doc_topic_prior = prior};
    LdaSettings single_settings = settings;
    single_settings.single = true;
    const std::vector<double> expected = Model<double>(settings, Component<double>(topics, 5)).All(rows);
    const std::vector<double> single = Model<float>(single_settings, Component<float>(topics, 5)).All(rows);
    for (const kernels::Table& table : kernels::Supported()) {
      const Model<double> model(settings, Component<double>(topics, 5), table);
      EXPECT_TRUE(SameBits(model.All(rows), expected)) << table.name;
      EXPECT_TRUE(
          SameBits(Model<float>(single_settings, Component<float>(topics, 5), table).All(rows), single))
          << table.name;
      Lda::Workspace workspace;
      std::vector<double> pieces(expected.size());
      const std::int64_t cuts[] = {0, 1, 2, 9, 10, 37, 60};
      for (std::size_t cut = 0; cut + 1 < std::size(cuts); ++cut) {
        const auto at = static_cast<std::size_t>(cuts[cut] * topics);
        const auto size = static_cast<std::size_t>((cuts[cut + 1] - cuts[cut]) * topics);
        model->Transform(View(rows), cuts[cut], cuts[cut + 1], workspace,
                         std::span(pieces).subspan(at, size));
      }
      EXPECT_TRUE(SameBits(pieces, expected)) << table.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Topics, LdaTest,
                         testing::Values(1, 2, 3, 5, 7, 8, 10, 16, 23, 50, 64, 100, 128, 129, 200));

TEST(LdaSingleTest, GivesNearlyWhatTheReferenceGives) {
  const Csr rows = Documents(120, 13);
  for (const std::int64_t topics : {2, 10, 50, 129}) {
    const double prior = 1.0 / static_cast<double>(topics);
    const std::vector<float> component = Component<float>(topics, 3);
    const Model<float> model({.topics = topics, .words = kWords, .doc_topic_prior = prior, .single = true},
                             component);
    const ReferenceLda<float> reference{topics, kWords, component, prior};
    const std::vector<double> out = model.All(rows, false);
    std::int64_t apart = 0;
    for (std::int64_t row = 0; row < View(rows).rows(); ++row) {
      const auto begin = rows.row_starts[static_cast<std::size_t>(row)];
      const auto end = rows.row_starts[static_cast<std::size_t>(row) + 1];
      const auto expected = reference.Infer({rows.ids.begin() + begin, rows.ids.begin() + end},
                                            {rows.values.begin() + begin, rows.values.begin() + end});
      double total = 0;
      double largest = 0;
      for (std::int64_t k = 0; k < topics; ++k) {
        const double value = out[static_cast<std::size_t>(row * topics + k)];
        EXPECT_EQ(value, static_cast<float>(value));
        total += value;
        largest = std::max(largest, std::fabs(value - expected.gamma[static_cast<std::size_t>(k)]));
      }
      apart += largest > 1e-5 * total ? 1 : 0;
    }
    EXPECT_LE(apart, 2) << topics << " topics";
  }
}

TEST(LdaEdgeTest, AnEmptyRowIsUniformAsNumpySumsIt) {
  const Csr empty = OneRow({}, {});
  EXPECT_EQ(Model<double>({.topics = 7, .words = kWords, .doc_topic_prior = 1.0 / 7}, Component<double>(7, 1))
                .All(empty),
            std::vector<double>(7, 0.14285714285714288));
  EXPECT_EQ(
      Model<double>({.topics = 200, .words = kWords, .doc_topic_prior = 1.0 / 200}, Component<double>(200, 1))
          .All(empty),
      std::vector<double>(200, 0.005000000000000001));
}

TEST(LdaEdgeTest, ARowOfZerosIsAnEmptyRow) {
  const Model<double> model({.topics = 50, .words = kWords, .doc_topic_prior = 0.02},
                            Component<double>(50, 1));
  EXPECT_EQ(model.All(OneRow({3, 5}, {0, 0})), model.All(OneRow({}, {})));
}

TEST(LdaEdgeTest, WithoutIterationsEveryRowIsUniform) {
  const Model<double> model({.topics = 4, .words = kWords, .doc_topic_prior = 0.25, .max_doc_update_iter = 0},
                            Component<double>(4, 1));
  EXPECT_EQ(model.All(OneRow({3}, {2}), false), std::vector<double>(4, 1));
}

TEST(LdaEdgeTest, PriorOfZeroGivesNanForAnEmptyRowOnly) {
  const Model<double> model({.topics = 3, .words = kWords, .doc_topic_prior = 0}, Component<double>(3, 1));
  for (const double value : model.All(OneRow({}, {}))) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(value), 0x7ff8000000000000U);
  }
  for (const double value : model.All(OneRow({1, 2}, {1, 1}))) {
    EXPECT_TRUE(value >= 0 && value <= 1);
  }
}

TEST(LdaEdgeTest, ExtremeCountsAndTolerancesGiveWhatTheReferenceGives) {
  const Csr rows = OneRow({1, 2, 3, 4, 5, 1}, {1e6, 2, 1e-3, 5e5, 1, 7});
  const Csr tiny = OneRow({1, 2, 3}, {1e-5, 2e-4, 1e-9});
  for (const std::int64_t topics : {2, 10, 64}) {
    const std::vector<double> component = Component<double>(topics, 2);
    for (const double prior : {1e-7, 1e-4, 0.01}) {
      for (const double tolerance : {0.0, 1e-3, 10.0}) {
        const Model<double> model(
            {.topics = topics, .words = kWords, .doc_topic_prior = prior, .mean_change_tol = tolerance},
            component);
        std::int64_t other = 0;
        LargestDifference({topics, kWords, component, prior, tolerance}, rows, *model, &other);
        LargestDifference({topics, kWords, component, prior, tolerance}, tiny, *model, &other);
        EXPECT_EQ(other, 0);
      }
    }
  }
}

// A word that only a dropped topic explains brings that topic back.
TEST(LdaEdgeTest, ADroppedTopicThatIsNeededComesBack) {
  const std::int64_t topics = 60;
  std::vector<double> component(static_cast<std::size_t>(topics * kWords), 1e-40);
  for (std::int64_t k = 0; k < topics; ++k) {
    for (std::int64_t word = 0; word < 40; ++word) {
      component[static_cast<std::size_t>(k * kWords + word)] = k == word % 3 ? 0.05 : 1e-12;
    }
  }
  component[static_cast<std::size_t>(59 * kWords + 99)] = 1e-9;
  component[static_cast<std::size_t>(1 * kWords + 99)] = 3e-8;
  component[static_cast<std::size_t>(59 * kWords + 98)] = 1e-20;
  const double prior = 1.0 / 46;
  const Model<double> model({.topics = topics, .words = kWords, .doc_topic_prior = prior}, component);
  std::int64_t other = 0;
  LargestDifference({topics, kWords, component, prior},
                    OneRow({0, 3, 6, 9, 1, 99, 98}, {9, 9, 9, 9, 0.01, 1, 1}), *model, &other);
  EXPECT_EQ(other, 0);
}

#if defined(__x86_64__)
TEST(LdaEdgeTest, AnotherRoundingModeOrFlushToZeroChangesNothing) {
  const Csr rows = Documents(20, 17);
  const Model<double> model({.topics = 10, .words = kWords, .doc_topic_prior = 0.0015},
                            Component<double>(10, 1));
  const std::vector<double> expected = model.All(rows);
  const unsigned before = _mm_getcsr();
  const unsigned other = before | 0x8040U | 0x6000U;  // flush results and inputs to zero, round towards zero
  _mm_setcsr(other);
  const std::vector<double> found = model.All(rows);
  const unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_TRUE(SameBits(found, expected));
  EXPECT_EQ(after, other);
}
#endif

Code CodeOf(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return Code::kInternal;
}

TEST(LdaEdgeTest, BadInputIsRefused) {
  const Model<double> model({.topics = 3, .words = kWords, .doc_topic_prior = 0.3}, Component<double>(3, 1));
  const double nan = std::nan("");
  for (const double value : {-1.0, nan, HUGE_VAL}) {
    EXPECT_EQ(CodeOf([&] { model.All(OneRow({1}, {value})); }), Code::kInvalidValue);
  }
  EXPECT_EQ(CodeOf([&] { model.All(OneRow({-1}, {1})); }), Code::kInvalidValue);
  EXPECT_EQ(CodeOf([&] { model.All(OneRow({kWords}, {1})); }), Code::kInvalidValue);
  Csr rows = OneRow({1}, {1});
  rows.columns = kWords + 1;
  EXPECT_EQ(CodeOf([&] { model.All(rows); }), Code::kInvalidArgument);
  rows = OneRow({1}, {1});
  rows.row_starts = {0, 2};
  EXPECT_EQ(CodeOf([&] { model.All(rows); }), Code::kInvalidArgument);
  const std::vector<double> component = Component<double>(3, 1);
  const auto make = [&](LdaSettings settings) {
    const Lda::Packed packed(3, kWords, component);
    const Lda lda(settings, packed.arrays());
  };
  EXPECT_EQ(CodeOf([&] { make({.topics = 0, .words = kWords}); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { make({.topics = 9, .words = kWords}); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { make({.topics = 3, .words = kWords, .single = true}); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { make({.topics = 3, .words = kWords, .doc_topic_prior = nan}); }),
            Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { Lda::Packed(3, kWords, std::vector<double>(3 * kWords, -1)); }),
            Code::kInvalidValue);
  EXPECT_EQ(CodeOf([&] { Lda::Packed(4, kWords, component); }), Code::kInvalidArgument);
}

TEST(KernelsTest, AnUnknownInstructionSetIsRefused) {
  EXPECT_EQ(CodeOf([] { kernels::Named("v5"); }), Code::kInvalidConfiguration);
  EXPECT_EQ(kernels::Named("baseline").name, "baseline");
}

}  // namespace
}  // namespace foretell
