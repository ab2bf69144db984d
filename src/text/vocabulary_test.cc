#include "text/vocabulary.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "foretell/error.h"
#include "text/text_buffer.h"

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

std::vector<std::string_view> ViewsOf(const std::vector<std::string>& terms) {
  return {terms.begin(), terms.end()};
}

// Words of one to thirty letters, each once.
std::vector<std::string> ManyTerms(std::size_t count) {
  std::mt19937_64 random(7);
  std::vector<std::string> terms;
  for (std::size_t i = 0; i < count; ++i) {
    terms.push_back(std::to_string(i) + std::string(random() % 30, static_cast<char>('a' + random() % 26)));
  }
  return terms;
}

// -1 when there is none.
std::int32_t FindPadded(const Vocabulary& vocabulary, const std::string& term) {
  TextBuffer buffer;
  buffer.Append(term);
  buffer.Append("behind it");
  const std::string_view padded = buffer.text().substr(0, term.size());
  const std::int32_t id = vocabulary.FindPadded(padded);
  const std::vector<std::string_view> group(3, padded);
  std::vector<std::int32_t> ids(3, -2);
  vocabulary.FindGroup(group, ids);
  EXPECT_EQ(ids, std::vector<std::int32_t>(3, id < 0 ? vocabulary.size() : id));
  return id;
}

TEST(VocabularyTest, FindsEachTermByItsId) {
  for (const std::size_t size : {0U, 1U, 2U, 7U, 8U, 9U, 5000U}) {
    const std::vector<std::string> terms = ManyTerms(size);
    const Vocabulary::Packed packed = Vocabulary::Build(ViewsOf(terms));
    const Vocabulary vocabulary(packed.arrays());
    ASSERT_EQ(vocabulary.size(), static_cast<std::int32_t>(size));
    for (std::size_t i = 0; i < size; ++i) {
      const auto id = static_cast<std::int32_t>(i);
      EXPECT_EQ(vocabulary.Find(terms[i]), id);
      EXPECT_EQ(FindPadded(vocabulary, terms[i]), id);
      EXPECT_EQ(vocabulary.term(id), terms[i]);
      EXPECT_EQ(vocabulary.Find(terms[i] + "!"), std::nullopt);
      EXPECT_EQ(FindPadded(vocabulary, terms[i] + "!"), -1);
    }
    EXPECT_EQ(vocabulary.Find(""), std::nullopt);
    EXPECT_EQ(FindPadded(vocabulary, ""), -1);
  }
}

TEST(VocabularyTest, TellsApartTermsThatDifferInZerosAtTheirEnd) {
  using namespace std::string_literals;
  const std::vector<std::string> terms = {"a"s, "a\0"s, "a\0\0\0\0\0\0\0"s, "a\0\0\0\0\0\0\0\0"s, ""s, "\0"s};
  const Vocabulary::Packed packed = Vocabulary::Build(ViewsOf(terms));
  const Vocabulary vocabulary(packed.arrays());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    EXPECT_EQ(vocabulary.Find(terms[i]), static_cast<std::int32_t>(i));
    EXPECT_EQ(FindPadded(vocabulary, terms[i]), static_cast<std::int32_t>(i));
  }
}

TEST(VocabularyTest, RefusesATermThatOccursTwice) {
  EXPECT_EQ(CodeOf([] { Vocabulary::Build(std::vector<std::string_view>{"a", "b", "a"}); }),
            Code::kInvalidArgument);
}

// Arrays to damage.
struct Loose {
  explicit Loose(const Vocabulary::Packed& packed)
      : terms(packed.arrays().terms.begin(), packed.arrays().terms.end()),
        offsets(packed.arrays().offsets.begin(), packed.arrays().offsets.end()),
        slots(packed.arrays().slots.begin(), packed.arrays().slots.end()) {}

  std::optional<Code> Opened() const {
    return CodeOf([this] { static_cast<void>(Vocabulary({terms, offsets, slots})); });
  }

  std::vector<char> terms;
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint32_t> slots;
};

TEST(VocabularyTest, RefusesDamagedArrays) {
  const Loose whole(Vocabulary::Build(ViewsOf(ManyTerms(100))));
  EXPECT_EQ(whole.Opened(), std::nullopt);
  const auto damaged = [&](const std::function<void(Loose&)>& damage) {
    Loose loose = whole;
    damage(loose);
    return loose.Opened();
  };
  EXPECT_EQ(damaged([](Loose& loose) { loose.offsets.clear(); }), Code::kModelDamaged);
  EXPECT_EQ(damaged([](Loose& loose) { loose.offsets[3] = loose.offsets[7]; }), Code::kModelDamaged);
  EXPECT_EQ(damaged([](Loose& loose) { loose.offsets.back() += 1; }), Code::kModelDamaged);
  EXPECT_EQ(damaged([](Loose& loose) { loose.offsets[0] = 1; }), Code::kModelDamaged);
  EXPECT_EQ(damaged([](Loose& loose) { loose.terms.clear(); }), Code::kModelDamaged);
  EXPECT_EQ(damaged([](Loose& loose) { loose.terms[0] ^= 1; }), Code::kModelDamaged);
  EXPECT_EQ(damaged([](Loose& loose) { loose.slots.pop_back(); }), Code::kModelDamaged);
  EXPECT_EQ(damaged([](Loose& loose) { loose.slots.assign(loose.slots.size(), 0); }), Code::kModelDamaged);
  EXPECT_EQ(damaged([](Loose& loose) { loose.slots.assign(loose.slots.size(), 1); }), Code::kModelDamaged);
  EXPECT_EQ(damaged([](Loose& loose) { loose.slots[0] = 0xFFFFFFFFU; }), Code::kModelDamaged);
  for (std::size_t slot = 0; slot < whole.slots.size(); ++slot) {
    EXPECT_EQ(damaged([&](Loose& loose) { loose.slots[slot] ^= 0x80000001U; }), Code::kModelDamaged);
  }
}

}  // namespace
}  // namespace foretell
