#include "text/vectorizer.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "foretell/error.h"
#include "text/murmur.h"

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

const std::vector<std::string_view> kTerms = {"cat", "dog", "été"};

TEST(CountVectorizerTest, RowsHoldKnownTermsByTheirIds) {
  const Vocabulary::Packed packed = Vocabulary::Build(kTerms);
  const CountVectorizer counts(Analyzer({}), Vocabulary(packed.arrays()), {});
  CountVectorizer::Scratch scratch;
  Csr rows;
  for (const std::string_view document : {"Été dog bird DOG", "", "bird"}) {
    counts.Append(document, scratch, rows);
  }
  EXPECT_EQ(rows.columns, 3);
  EXPECT_EQ(rows.row_starts, (std::vector<std::int64_t>{0, 2, 2, 2}));
  EXPECT_EQ(rows.ids, (std::vector<std::int32_t>{1, 2}));
  EXPECT_EQ(rows.values, (std::vector<double>{2, 1}));
}

TEST(CountVectorizerTest, CountsAreCastAsNumpyCasts) {
  const Vocabulary::Packed packed = Vocabulary::Build(kTerms);
  std::string document;
  for (int i = 0; i < 300; ++i) {
    document += "cat ";
  }
  const auto counted = [&](CountVectorizer::Settings settings) {
    const CountVectorizer counts(Analyzer({}), Vocabulary(packed.arrays()), settings);
    CountVectorizer::Scratch scratch;
    Csr rows;
    counts.Append(document, scratch, rows);
    return rows.values.at(0);
  };
  EXPECT_EQ(counted({}), 300);
  EXPECT_EQ(counted({.binary = true}), 1);
  EXPECT_EQ(counted({.type = CountType::kUint8}), 44);
  EXPECT_EQ(counted({.type = CountType::kInt8}), 44);
  EXPECT_EQ(counted({.type = CountType::kFloat32}), 300);
  EXPECT_EQ(CodeOf([] { ParseCountType("float16"); }), Code::kInvalidArgument);
}

TEST(CountVectorizerTest, AStopWordOfTheVocabularyIsNotCounted) {
  const Vocabulary::Packed packed = Vocabulary::Build(kTerms);
  AnalyzerSettings settings;
  settings.stop_words = {"dog", "the"};
  const CountVectorizer counts(Analyzer(settings), Vocabulary(packed.arrays()), {});
  CountVectorizer::Scratch scratch;
  Csr rows;
  counts.Append("the dog and the cat", scratch, rows);
  EXPECT_EQ(rows.ids, std::vector<std::int32_t>{0});
}

TEST(CountVectorizerTest, ADocumentThatIsRefusedLeavesNoTrace) {
  const Vocabulary::Packed packed = Vocabulary::Build(kTerms);
  const CountVectorizer counts(Analyzer({}), Vocabulary(packed.arrays()), {});
  CountVectorizer::Scratch scratch;
  Csr rows;
  counts.Append("cat", scratch, rows);
  EXPECT_EQ(CodeOf([&] { counts.Append("dog \xff", scratch, rows); }), Code::kInvalidUtf8);
  counts.Append("cat cat", scratch, rows);
  EXPECT_EQ(rows.row_starts, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(rows.values, (std::vector<double>{1, 2}));
}

TEST(CountVectorizerTest, ThreadsShareOne) {
  const Vocabulary::Packed packed = Vocabulary::Build(kTerms);
  const CountVectorizer counts(Analyzer({}), Vocabulary(packed.arrays()), {});
  std::vector<Csr> rows(4);
  {
    std::vector<std::jthread> threads;
    for (Csr& own : rows) {
      threads.emplace_back([&counts, &own] {
        CountVectorizer::Scratch scratch;
        for (int i = 0; i < 200; ++i) {
          counts.Append("été dog cat cat " + std::string(static_cast<std::size_t>(i), 'x'), scratch, own);
        }
      });
    }
  }
  for (const Csr& own : rows) {
    EXPECT_EQ(own.ids, rows[0].ids);
    EXPECT_EQ(own.values, rows[0].values);
    EXPECT_EQ(own.ids.size(), 600U);
  }
}

TEST(HashingVectorizerTest, HashesAreThoseOfMurmur) {
  EXPECT_EQ(Murmur3(""), 0U);
  EXPECT_EQ(Murmur3("a"), 1009084850U);
  EXPECT_EQ(static_cast<std::int32_t>(Murmur3("the")), -1132748958);
  EXPECT_EQ(Murmur3("hello"), 613153351U);
  EXPECT_EQ(Murmur3("été"), 865297935U);
  EXPECT_EQ(static_cast<std::int32_t>(Murmur3("日本")), -992347838);
}

TEST(HashingVectorizerTest, TermsThatCancelStayAsZeros) {
  const HashingVectorizer hashes(Analyzer({}), {.features = 1});
  HashingVectorizer::Scratch scratch;
  Csr rows;
  hashes.Append("hello the", scratch, rows);  // one positive, one negative
  EXPECT_EQ(rows.ids, std::vector<std::int32_t>{0});
  EXPECT_EQ(rows.values, std::vector<double>{0});
  const HashingVectorizer binary(Analyzer({}), {.features = 1, .binary = true});
  binary.Append("hello the", scratch, rows);
  EXPECT_EQ(rows.values, (std::vector<double>{0, 1}));
}

TEST(HashingVectorizerTest, ManyFeaturesGiveTheSameAsFewWhereTheyFit) {
  const HashingVectorizer tallied(Analyzer({}), {.features = 1 << 22, .norm = Norm::kNone});
  const HashingVectorizer sorted(Analyzer({}), {.features = 1 << 23, .norm = Norm::kNone});
  HashingVectorizer::Scratch scratch;
  Csr few;
  Csr many;
  tallied.Append("hello the the été hello hello", scratch, few);
  sorted.Append("hello the the été hello hello", scratch, many);
  for (std::int32_t& id : many.ids) {
    id %= 1 << 22;
  }
  EXPECT_EQ(few.ids.size(), 3U);
  double sum = 0;
  for (const double value : many.values) {
    sum += value;
  }
  EXPECT_EQ(sum, 2);
  EXPECT_EQ(few.values.size(), many.values.size());
}

TEST(HashingVectorizerTest, RefusesANumberOfFeaturesThatIsNone) {
  for (const std::int64_t features : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{2147483647}}) {
    EXPECT_EQ(CodeOf([&] { HashingVectorizer(Analyzer({}), {.features = features}); }),
              Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace foretell
