#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "foretell/error.h"
#include "text/murmur.h"
#include "text/vectorizer.h"

namespace foretell {
namespace {

// As many sums fit into caches, and into a thread's memory; beyond, a document's columns are sorted.
constexpr std::int64_t kMostTallied = std::int64_t{1} << 22U;

struct Hashed {
  std::uint32_t column;
  std::int32_t value;
};

Hashed HashOf(std::string_view term, std::uint32_t features, bool alternate_sign) {
  const std::uint32_t hash = Murmur3(term);
  const bool negative = hash >> 31U != 0;
  const std::uint32_t magnitude = negative ? 0U - hash : hash;  // of the hash as a signed number
  return {magnitude % features, alternate_sign && negative ? -1 : 1};
}

}  // namespace

HashingVectorizer::HashingVectorizer(Analyzer analyzer, Settings settings)
    : analyzer_(std::move(analyzer)), settings_(settings) {
  if (settings_.features < 1 || settings_.features >= std::numeric_limits<std::int32_t>::max()) {
    throw Error(Code::kInvalidArgument, "n_features is " + std::to_string(settings_.features) +
                                            ", and has to be from 1 to 2147483646");
  }
}

void HashingVectorizer::Append(std::string_view document, Scratch& scratch, Csr& out) const {
  const auto features = static_cast<std::uint32_t>(settings_.features);
  const std::size_t begin = out.ids.size();
  const auto append = [&](std::size_t column, std::int32_t sum) {
    out.ids.push_back(static_cast<std::int32_t>(column));
    out.values.push_back(settings_.binary ? 1 : sum);
  };
  if (settings_.features <= kMostTallied) {
    if (scratch.tally.size() != features) {
      scratch.tally.Resize(features);
    }
    analyzer_.ForEachTerm(document, scratch.analyzer, [&](std::string_view term) {
      const Hashed hashed = HashOf(term, features, settings_.alternate_sign);
      scratch.tally.Add(hashed.column, hashed.value);
    });
    scratch.tally.Take(append);
  } else {
    scratch.hashed.clear();
    analyzer_.ForEachTerm(document, scratch.analyzer, [&](std::string_view term) {
      const Hashed hashed = HashOf(term, features, settings_.alternate_sign);
      scratch.hashed.emplace_back(hashed.column, hashed.value);
    });
    std::sort(scratch.hashed.begin(), scratch.hashed.end());
    for (std::size_t i = 0; i < scratch.hashed.size();) {
      const std::uint32_t column = scratch.hashed[i].first;
      std::int32_t sum = 0;
      for (; i < scratch.hashed.size() && scratch.hashed[i].first == column; ++i) {
        sum += scratch.hashed[i].second;
      }
      append(column, sum);
    }
  }
  Normalize(std::span(out.values).subspan(begin), settings_.norm, settings_.single);
  out.columns = columns();
  out.row_starts.push_back(static_cast<std::int64_t>(out.ids.size()));
}

}  // namespace foretell
