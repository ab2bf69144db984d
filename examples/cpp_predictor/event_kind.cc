#include "event_kind.h"

#include <charconv>
#include <fstream>
#include <utility>
#include <vector>

#include "foretell/builder.h"
#include "foretell/error.h"

using foretell::Batch;
using foretell::Code;
using foretell::Column;
using foretell::ColumnBuilder;
using foretell::Error;
using foretell::ParseType;
using foretell::Schema;

namespace {

Schema Input() {
  return Schema({{"title", ParseType("string")}});
}

Schema Output() {
  return Schema({{"kind", ParseType("string")}, {"score", ParseType("double")}});
}

// What `Map` turns into a bad row, with this code and message.
Schema OutputWithErrors() {
  auto fields = Output().fields();
  fields.push_back({"_error", ParseType("struct<code: string, message: string>")});
  return Schema(std::move(fields));
}

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

// The next word of `text`, ASCII letters in lower case; "" at the end.
std::string NextWord(std::string_view& text) {
  std::string word;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (IsLetter(c)) {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!word.empty()) {
      break;
    }
  }
  return word;
}

}  // namespace

EventKind::EventKind(const std::filesystem::path& weights)
    : signature_{.input = Input(), .output = Output(), .keep = std::vector<std::string>{"id"}} {
  std::ifstream file(weights);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::size_t first = line.find('\t');
    const std::size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
    double weight = 0;
    const char* end = line.data() + line.size();
    if (second == std::string::npos ||
        std::from_chars(line.data() + second + 1, end, weight) != std::from_chars_result{end, std::errc()}) {
      throw Error(Code::kInvalidArgument, weights.string() + " line " + std::to_string(number) + " is '" +
                                              line + "', expected word<TAB>kind<TAB>weight");
    }
    words_[line.substr(0, first)][line.substr(first + 1, second - first - 1)] = weight;
  }
  if (words_.empty()) {
    throw Error(Code::kInvalidArgument, weights.string() + " has no weights, or cannot be read");
  }
}

Batch EventKind::Predict(const Batch& batch) const {
  const Column& titles = batch.column("title");
  ColumnBuilder kinds(ParseType("string"));
  ColumnBuilder scores(ParseType("double"));
  ColumnBuilder errors(ParseType("struct<code: string, message: string>"));
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    if (titles.IsNull(i)) {
      kinds.AppendNull();
      scores.AppendNull();
      errors.child(0).AppendString("FT0301");
      errors.child(1).AppendString("the event has no title");
      errors.CloseStruct();
      continue;
    }
    Weights sums;
    std::string_view text = titles.String(i);
    for (std::string word = NextWord(text); !word.empty(); word = NextWord(text)) {
      if (const auto known = words_.find(word); known != words_.end()) {
        for (const auto& [kind, weight] : known->second) {
          sums[kind] += weight;
        }
      }
    }
    std::string_view best = "other";
    double score = 0;
    for (const auto& [kind, sum] : sums) {
      if (sum > score) {
        best = kind;
        score = sum;
      }
    }
    kinds.AppendString(best);
    scores.AppendDouble(score);
    errors.AppendNull();
  }
  return {std::make_shared<const Schema>(OutputWithErrors()),
          {kinds.Finish(), scores.Finish(), errors.Finish()},
          batch.rows()};
}
