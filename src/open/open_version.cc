// Open: the list of the kinds of versions that C++ opens.
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "foretell/open.h"
#include "models/text_predictor.h"

namespace foretell {
namespace {

using Json = nlohmann::json;

[[noreturn]] void Damaged(const Manifest& manifest, const std::string& what) {
  throw Error(Code::kModelDamaged,
              manifest.name + "@" + std::to_string(manifest.version) + ": its manifest " + what,
              "save the version again");
}

std::vector<std::string> Names(const Manifest& manifest, const Json& value, const std::string& what) {
  std::vector<std::string> names;
  if (!value.is_array()) {
    Damaged(manifest, "has no list of " + what);
  }
  for (const Json& name : value) {
    if (!name.is_string()) {
      Damaged(manifest, "has " + what + " that are no names");
    }
    names.push_back(name.get<std::string>());
  }
  return names;
}

TextPredictorSettings SettingsOf(const Manifest& manifest, const Json& document) {
  TextPredictorSettings settings;
  const Json& told = document.value("predictor", Json::object());
  if (!told.is_object()) {
    Damaged(manifest, "does not say what it predicts");
  }
  settings.text = Names(manifest, told.value("text", Json()), "text columns");
  const Json outputs = told.value("outputs", Json());
  if (!outputs.is_array()) {
    Damaged(manifest, "has no list of outputs");
  }
  for (const Json& output : outputs) {
    const std::vector<std::string> pair = Names(manifest, output, "outputs");
    if (pair.size() != 2) {
      Damaged(manifest, "has an output that is no column and method");
    }
    settings.outputs.push_back({pair[0], MethodNamed(pair[1])});
  }
  const Json signature = document.value("signature", Json::object());
  if (signature.is_object() && signature.contains("keep") && !signature["keep"].is_null()) {
    settings.keep = Names(manifest, signature["keep"], "kept columns");
  }
  return settings;
}

std::shared_ptr<const Predictor> OpenText(const Manifest& manifest, const Json& document,
                                          const OpenedFiles& files) {
  const Json model = document.value("model", Json::object());
  const std::string loader = model.is_object() ? model.value("loader", "") : "";
  if (loader != "native") {
    throw Error(Code::kNoLoader, "the model's loader is '" + loader + "', and C++ opens native ones");
  }
  const auto file = files.paths.find(model.value("file", ""));
  if (file == files.paths.end()) {
    Damaged(manifest, "names no file of the model");
  }
  try {
    auto native = std::make_shared<const NativeModel>(Container(MapFile(file->second)));
    return std::make_shared<const TextPredictor>(std::move(native), SettingsOf(manifest, document));
  } catch (const Error& error) {
    if (error.code() == Code::kInvalidArgument) {
      Damaged(manifest, "does not fit the model: " + error.message());
    }
    throw;
  }
}

struct Kind {
  std::string_view name;
  std::shared_ptr<const Predictor> (*open)(const Manifest&, const Json&, const OpenedFiles&);
};

constexpr std::array kKinds = {
    Kind{"text", &OpenText},
};

}  // namespace

OpenedVersion Open(Store& store, std::string_view reference,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                   const std::filesystem::path& cache) {
  Manifest manifest = store.Resolve(ParseReference(reference));
  try {
    const Json document = Json::parse(manifest.document);
    const std::string kind = document.value("kind", "");
    for (const Kind& known : kKinds) {
      if (known.name == kind) {
        std::shared_ptr<const Predictor> predictor =
            known.open(manifest, document, OpenFiles(store, manifest, progress, cache));
        return {std::move(manifest), std::move(predictor)};
      }
    }
    throw Error(Code::kNoLoader,
                manifest.name + "@" + std::to_string(manifest.version) +
                    (kind == "python" ? " is a predictor of Python code, and only Python opens it"
                                      : " is of the kind '" + kind + "', which is not known here"),
                "ft.TextPredictor saves versions without code");
  } catch (const Json::exception& problem) {
    Damaged(manifest, std::string("is not as it should be: ") + problem.what());
  }
}

}  // namespace foretell
