// Documents to rows of numbers, as scikit-learn's CountVectorizer and HashingVectorizer transform them: the
// same ids in the same order, the same values to the bit. A row is appended to a Csr, whose `columns` it
// sets.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "text/analyzer.h"
#include "text/csr.h"
#include "text/norm.h"
#include "text/tally.h"
#include "text/vocabulary.h"

namespace foretell {

// What scikit-learn casts the counts to, which wraps or rounds them.
enum class CountType : std::uint8_t {
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFloat32,
  kFloat64
};

// From numpy's name of it, "int64"; FT0101 for another type.
CountType ParseCountType(std::string_view name);

class CountVectorizer {
 public:
  struct Settings {
    bool binary = false;  // every count is 1
    CountType type = CountType::kInt64;
  };

  // What a thread keeps between documents.
  class Scratch {
   private:
    friend class CountVectorizer;
    Analyzer::Scratch analyzer;
    Tally tally;  // of one number more than there are terms, for those that are not known
    std::array<std::string_view, Vocabulary::kGroup> group;
  };

  // The arrays of `vocabulary` outlive it.
  CountVectorizer(Analyzer analyzer, Vocabulary vocabulary, Settings settings);

  const Analyzer& analyzer() const { return analyzer_; }
  const Vocabulary& vocabulary() const { return vocabulary_; }
  const Settings& settings() const { return settings_; }
  std::int64_t columns() const { return vocabulary_.size(); }

  // Appends the row of a document to `out`: the ids of its known terms in ascending order, with their counts.
  // FT0208: see Analyzer; `out` stays as it was then. Any thread, each with a scratch of its own.
  void Append(std::string_view document, Scratch& scratch, Csr& out) const;

 private:
  void AddGroup(std::span<const std::string_view> terms, Tally& tally) const;

  Analyzer analyzer_;
  Vocabulary vocabulary_;
  Settings settings_;
};

class HashingVectorizer {
 public:
  struct Settings {
    std::int64_t features = std::int64_t{1} << 20U;
    bool alternate_sign = true;
    bool binary = false;  // every value is 1, before the norm
    Norm norm = Norm::kL2;
    bool single = false;  // dtype float32
  };

  // What a thread keeps between documents.
  class Scratch {
   private:
    friend class HashingVectorizer;
    Analyzer::Scratch analyzer;
    Tally tally;
    std::vector<std::pair<std::uint32_t, std::int32_t>> hashed;
  };

  // FT0101 for a number of features that is not from 1 to 2^31 - 2.
  HashingVectorizer(Analyzer analyzer, Settings settings);

  const Analyzer& analyzer() const { return analyzer_; }
  const Settings& settings() const { return settings_; }
  std::int64_t columns() const { return settings_.features; }

  // Appends the row of a document to `out`: a column in ascending order for each hash of a term, also where
  // terms cancel each other out (a value of 0). FT0208: see Analyzer; `out` stays as it was then. Any thread,
  // each with a scratch of its own, in an environment of FloatingPointEnvironment.
  void Append(std::string_view document, Scratch& scratch, Csr& out) const;

 private:
  Analyzer analyzer_;
  Settings settings_;
};

}  // namespace foretell
