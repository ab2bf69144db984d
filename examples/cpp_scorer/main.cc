// cpp_scorer STORE REFERENCE [THREADS] < rows.jsonl > predictions.jsonl
//
// Any version that ft.TextPredictor saved, such as EventTopics@production, over JSON Lines: no Python.
#include <algorithm>
#include <charconv>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foretell/foretell.h"
#include "json_lines.h"

namespace {

constexpr std::int64_t kBatchRows = 10'000;

int Run(std::span<char*> arguments) {
  int threads = 1;
  if (arguments.size() == 4) {
    const std::string_view text = arguments[3];
    std::from_chars(text.data(), text.data() + text.size(), threads);
  }
  if (arguments.size() < 3 || arguments.size() > 4 || threads < 1) {
    std::cerr << "usage: cpp_scorer STORE REFERENCE [THREADS] < rows.jsonl\n";
    return 2;
  }
  foretell::Store store(foretell::OpenStorage(arguments[1]));
  const foretell::OpenedVersion live = foretell::Open(store, arguments[2]);

  // What the predictor reads, and what it keeps beside its predictions.
  const foretell::Signature& signature = live.predictor->signature();
  std::vector<std::string> texts;
  for (const foretell::Field& field : signature.input->fields()) {
    texts.push_back(field.name);
  }
  std::vector<std::string> keep = {"line"};
  std::vector<std::string> kept;  // and not read
  for (const std::string& name : signature.keep.value_or(std::vector<std::string>())) {
    keep.push_back(name);
    if (std::find(texts.begin(), texts.end(), name) == texts.end()) {
      kept.push_back(name);
    }
  }

  foretell::Batches predictions = foretell::Map(JsonLines(std::cin, texts, kept, kBatchRows), *live.predictor,
                                                {.on_error = foretell::OnError::kNull,
                                                 .threads = threads,
                                                 .version = live.manifest.version,
                                                 .keep = keep});
  while (const auto batch = predictions.Next()) {
    WriteJsonLines(*batch, kept, std::cout);
  }
  return std::cout.flush() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run({argv, static_cast<std::size_t>(argc)});
  } catch (const foretell::Error& error) {
    std::cerr << foretell::CodeText(error.code()) << ": " << error.message() << '\n';
    if (!error.hint().empty()) {
      std::cerr << "  " << error.hint() << '\n';
    }
    return 1;
  }
}
