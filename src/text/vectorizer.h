// Documents to rows of numbers, as scikit-learn's CountVectorizer and HashingVectorizer transform them: the
// same ids in the same order, the same values to the bit.
#pragma once

#include <cstdint>
#include <string_view>
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
    Tally tally;
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
  Analyzer analyzer_;
  Vocabulary vocabulary_;
  Settings settings_;
};

}  // namespace foretell
