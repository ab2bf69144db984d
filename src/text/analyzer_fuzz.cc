// Any bytes, by any settings: the first bytes choose them, a token_pattern may be of the bytes themselves,
// and the rest is a document. Nothing leaves its buffers; every term is UTF-8; and what is said of the terms
// holds.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/utf8.h"
#include "foretell/error.h"
#include "text/analyzer.h"
#include "text/vectorizer.h"

namespace foretell {
namespace {

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

constexpr std::array<std::string_view, 9> kPatterns = {
    R"((?u)\b\w\w+\b)", R"(\w+)", R"([a-zA-Z]+)", R"(\S+)",      R"(\w{3,})",
    R"(\b[^\d\W]+\b)",  R"(\W+)", R"([^a]+)",     R"([^\x00]+)",
};

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  unsigned One() {
    if (bytes_.empty()) {
      return 0;
    }
    const auto one = static_cast<unsigned char>(bytes_[0]);
    bytes_.remove_prefix(1);
    return one;
  }

  std::string_view Take(std::size_t count) {
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view Rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

AnalyzerSettings SettingsOf(Bytes& bytes) {
  AnalyzerSettings settings;
  const unsigned choice = bytes.One();
  settings.analyzer = static_cast<AnalyzerSettings::Kind>(choice % 3);
  settings.lowercase = (choice & 4U) != 0;
  settings.strip_accents = static_cast<StripAccents>((choice >> 3U) % 3);
  settings.decode_error = static_cast<DecodeErrors>((choice >> 5U) % 3);
  const unsigned more = bytes.One();
  settings.unicode = static_cast<UnicodeVersion>(more % kUnicodeVersions);
  settings.ngram_min = 1 + (more >> 2U) % 4;
  settings.ngram_max = settings.ngram_min + (more >> 4U) % 4;
  const unsigned pattern = bytes.One();
  settings.token_pattern =
      pattern < kPatterns.size() * 20 ? kPatterns[pattern / 20] : bytes.Take(pattern % 16);
  if ((more & 0x80U) != 0) {
    settings.stop_words = {std::string(bytes.Take(2)), "the", "a"};
  }
  return settings;
}

void Check(Bytes bytes) {
  const AnalyzerSettings settings = SettingsOf(bytes);
  std::unique_ptr<const Analyzer> analyzer;
  try {
    analyzer = std::make_unique<const Analyzer>(settings);
  } catch (const Error& error) {
    Require(error.code() == Code::kInvalidArgument);
    return;
  }
  // Behind the document there is nothing, so that the address sanitizer sees a byte that is read there.
  const std::vector<char> document(bytes.Rest().begin(), bytes.Rest().end());
  const std::string_view text(document.data(), document.size());
  Analyzer::Scratch scratch;
  std::vector<std::string> terms;
  try {
    analyzer->ForEachTerm(text, scratch, [&](std::string_view term) {
      Require(!term.empty() && IsUtf8(term));
      terms.emplace_back(term);
    });
  } catch (const Error& error) {
    Require(error.code() == Code::kInvalidUtf8 && settings.decode_error == DecodeErrors::kStrict &&
            !IsUtf8(text));
    return;
  }
  Require(settings.decode_error != DecodeErrors::kStrict || IsUtf8(text));
  // Counting all of its terms finds each of them.
  std::vector<std::string_view> unique(terms.begin(), terms.end());
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  const Vocabulary::Packed packed = Vocabulary::Build(unique);
  const CountVectorizer counts(*analyzer, Vocabulary(packed.arrays()), {});
  CountVectorizer::Scratch counting;
  Csr rows;
  counts.Append(text, counting, rows);
  Require(rows.ids.size() == unique.size());
  double sum = 0;
  for (const double value : rows.values) {
    sum += value;
  }
  Require(sum == static_cast<double>(terms.size()));
}

}  // namespace
}  // namespace foretell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  foretell::Check(foretell::Bytes({reinterpret_cast<const char*>(data), size}));
  return 0;
}
