// cpp_predictor save STORE WEIGHTS           a version from a model file, and production moved to it
// cpp_predictor score STORE [REFERENCE]      events on standard input, predictions on standard output
#include <iostream>
#include <span>
#include <string>
#include <string_view>

#include "event_kind.h"
#include "event_lines.h"
#include "foretell/foretell.h"

namespace {

constexpr const char* kName = "EventKind";
constexpr const char* kWeights = "weights.tsv";  // the file's path within a version

void Save(const std::string& url, const std::string& weights) {
  const EventKind usable(weights);  // what cannot be loaded is not saved
  foretell::Store store(foretell::OpenStorage(url));
  foretell::Draft draft;
  draft.files.push_back({kWeights, weights});
  draft.fields = R"({"metadata": {"saved by": "cpp_predictor"}})";
  const foretell::Manifest saved = store.Save(kName, draft);
  store.Promote(kName, "production", saved.version, {.who = "cpp_predictor", .why = "saved"});
  std::cout << kName << '@' << saved.version << " saved in " << store.storage().url() << '\n';
}

void Score(const std::string& url, const std::string& reference) {
  foretell::Store store(foretell::OpenStorage(url));
  const foretell::Manifest version = store.Resolve(foretell::ParseReference(reference));
  const foretell::OpenedFiles files =
      foretell::OpenFiles(store, version);  // verified, mapped by whoever reads them
  const EventKind predictor(files.paths.at(kWeights));
  foretell::MapOptions options;
  options.on_error = foretell::OnError::kNull;
  options.threads = 2;  // order is kept
  options.version = version.version;
  foretell::Batches predictions = Map(EventLines(std::cin), predictor, options);
  while (const auto batch = predictions.Next()) {
    const foretell::Column& id = batch->column("id");
    const foretell::Column& kind = batch->column("kind");
    const foretell::Column& score = batch->column("score");
    const foretell::Column& error = batch->column("_error");
    for (std::int64_t i = 0; i < batch->rows(); ++i) {
      std::cout << id.String(i) << '\t';
      if (error.IsNull(i)) {
        std::cout << kind.String(i) << '\t' << score.Double(i);
      } else {
        std::cout << "-\t" << error.child(1).String(i);
      }
      std::cout << "\tversion " << batch->column("model_version").Int(i) << '\n';
    }
  }
}

int Run(std::span<char*> arguments) {
  const std::string_view verb = arguments.size() > 1 ? arguments[1] : "";
  if (verb == "save" && arguments.size() == 4) {
    Save(arguments[2], arguments[3]);
  } else if (verb == "score" && (arguments.size() == 3 || arguments.size() == 4)) {
    Score(arguments[2], arguments.size() == 4 ? arguments[3] : std::string(kName) + "@production");
  } else {
    std::cerr << "usage: cpp_predictor save STORE WEIGHTS | score STORE [REFERENCE] < events.tsv\n";
    return 2;
  }
  return 0;
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
