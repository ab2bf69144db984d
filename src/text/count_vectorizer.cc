#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "foretell/error.h"
#include "text/vectorizer.h"

namespace foretell {
namespace {

struct NamedType {
  CountType type;
  std::string_view name;
};

constexpr std::array kTypes = {
    NamedType{CountType::kInt8, "int8"},       NamedType{CountType::kInt16, "int16"},
    NamedType{CountType::kInt32, "int32"},     NamedType{CountType::kInt64, "int64"},
    NamedType{CountType::kUint8, "uint8"},     NamedType{CountType::kUint16, "uint16"},
    NamedType{CountType::kUint32, "uint32"},   NamedType{CountType::kUint64, "uint64"},
    NamedType{CountType::kFloat32, "float32"}, NamedType{CountType::kFloat64, "float64"},
};

// scikit-learn counts in a C int.
double Cast(std::int32_t counted, CountType type) {
  switch (type) {
    case CountType::kInt8:
      return static_cast<std::int8_t>(counted);
    case CountType::kInt16:
      return static_cast<std::int16_t>(counted);
    case CountType::kUint8:
      return static_cast<std::uint8_t>(counted);
    case CountType::kUint16:
      return static_cast<std::uint16_t>(counted);
    case CountType::kFloat32:
      return static_cast<double>(static_cast<float>(counted));
    case CountType::kInt32:
    case CountType::kInt64:
    case CountType::kUint32:
    case CountType::kUint64:
    case CountType::kFloat64:
      break;
  }
  return counted;
}

// Without the stop words, where leaving them out changes no count: each token is a term, and those are none
// of the vocabulary.
Analyzer WithoutIdleStopWords(Analyzer analyzer, const Vocabulary& vocabulary) {
  AnalyzerSettings settings = analyzer.settings();
  const bool idle = settings.ngram_max == 1 &&
                    std::none_of(settings.stop_words.begin(), settings.stop_words.end(),
                                 [&](const std::string& word) { return vocabulary.Find(word).has_value(); });
  if (!idle || settings.stop_words.empty()) {
    return analyzer;
  }
  settings.stop_words.clear();
  return Analyzer(std::move(settings));
}

}  // namespace

CountType ParseCountType(std::string_view name) {
  for (const NamedType& known : kTypes) {
    if (known.name == name) {
      return known.type;
    }
  }
  throw Error(Code::kInvalidArgument,
              "dtype is '" + std::string(name.substr(0, 40)) +
                  "', and only whole numbers of 8 to 64 bits, float32 and float64 can be compiled",
              "train with another dtype; the pipeline itself still runs in Python");
}

CountVectorizer::CountVectorizer(Analyzer analyzer, Vocabulary vocabulary, Settings settings)
    : analyzer_(WithoutIdleStopWords(std::move(analyzer), vocabulary)),
      vocabulary_(vocabulary),
      settings_(settings) {}

void CountVectorizer::AddGroup(std::span<const std::string_view> terms, Tally& tally) const {
  std::array<std::int32_t, Vocabulary::kGroup> ids;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  vocabulary_.FindGroup(terms, ids);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    tally.Add(static_cast<std::size_t>(ids[i]), 1);
  }
}

void CountVectorizer::Append(std::string_view document, Scratch& scratch, Csr& out) const {
  Tally& tally = scratch.tally;
  const auto unknown = static_cast<std::size_t>(vocabulary_.size());
  if (tally.size() != unknown + 1) {
    tally.Resize(unknown + 1);
  }
  std::size_t grouped = 0;
  std::size_t added = 0;
  analyzer_.ForEachTerm(document, scratch.analyzer, [&](std::string_view term) {
    scratch.group[grouped] = term;
    if (++grouped == Vocabulary::kGroup) {
      AddGroup(scratch.group, tally);
      added += grouped;
      grouped = 0;
    }
  });
  AddGroup(std::span(scratch.group).first(grouped), tally);
  std::size_t at = out.ids.size();
  const std::size_t most = std::min(added + grouped, unknown);
  out.ids.resize(at + most);
  out.values.resize(at + most);
  tally.Take([&](std::size_t id, std::int32_t count) {
    if (id != unknown) {  // which comes last
      out.ids[at] = static_cast<std::int32_t>(id);
      out.values[at] = settings_.binary ? 1 : Cast(count, settings_.type);
      ++at;
    }
  });
  out.ids.resize(at);
  out.values.resize(at);
  out.columns = columns();
  out.row_starts.push_back(static_cast<std::int64_t>(at));
}

}  // namespace foretell
