// AnalyzerSettings as JSON.
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "arrow/utf8.h"
#include "foretell/error.h"
#include "text/analyzer.h"

namespace foretell {
namespace {

using nlohmann::json;

template <typename Value, std::size_t kCount>
using Names = std::array<std::pair<Value, const char*>, kCount>;

using Kind = AnalyzerSettings::Kind;
constexpr Names<Kind, 3> kAnalyzers = {
    {{Kind::kWord, "word"}, {Kind::kChar, "char"}, {Kind::kCharWb, "char_wb"}}};
constexpr Names<StripAccents, 3> kStripAccents = {
    {{StripAccents::kNone, nullptr}, {StripAccents::kUnicode, "unicode"}, {StripAccents::kAscii, "ascii"}}};
constexpr Names<DecodeErrors, 3> kDecodeErrors = {{{DecodeErrors::kStrict, "strict"},
                                                   {DecodeErrors::kIgnore, "ignore"},
                                                   {DecodeErrors::kReplace, "replace"}}};

json NameOf(const char* name) {
  return name == nullptr ? json(nullptr) : json(name);
}

[[noreturn]] void Invalid(const char* key, const json& found, const std::string& expected) {
  throw Error(Code::kInvalidArgument,
              std::string(key) + " is " +
                  Printable(found.dump(-1, ' ', false, json::error_handler_t::replace)) + ", and " +
                  expected + " can be compiled",
              "train with another setting; the pipeline itself still runs in Python");
}

template <typename Value, std::size_t kCount>
Value ValueOf(const json& object, const char* key, const Names<Value, kCount>& names) {
  const json& found = object.at(key);
  std::string expected;
  for (const auto& [value, name] : names) {
    if (found == NameOf(name)) {
      return value;
    }
    expected += (expected.empty() ? "" : " or ") + NameOf(name).dump();
  }
  Invalid(key, found, "only " + expected);
}

template <typename Value, std::size_t kCount>
json NameOf(Value value, const Names<Value, kCount>& names) {
  for (const auto& [other, name] : names) {
    if (other == value) {
      return NameOf(name);
    }
  }
  return nullptr;
}

std::vector<std::string> Texts(const json& object, const char* key) {
  const json& found = object.at(key);
  std::vector<std::string> texts;
  if (found.is_null()) {
    return texts;
  }
  if (!found.is_array()) {
    Invalid(key, found, "only null or a list of words");
  }
  for (const json& text : found) {
    if (!text.is_string()) {
      Invalid(key, found, "only null or a list of words");
    }
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

template <typename Value>
Value Get(const json& object, const char* key, const char* expected) {
  try {
    return object.at(key).get<Value>();
  } catch (const json::type_error&) {
    Invalid(key, object.at(key), expected);
  }
}

AnalyzerSettings FromJson(const json& object) {
  AnalyzerSettings settings;
  settings.analyzer = ValueOf(object, "analyzer", kAnalyzers);
  settings.lowercase = Get<bool>(object, "lowercase", "only true or false");
  settings.strip_accents = ValueOf(object, "strip_accents", kStripAccents);
  settings.token_pattern = Get<std::string>(object, "token_pattern", "only a regular expression");
  settings.stop_words = Texts(object, "stop_words");
  const auto range = Get<std::vector<std::int64_t>>(object, "ngram_range", "only two numbers");
  if (range.size() != 2) {
    Invalid("ngram_range", object.at("ngram_range"), "only two numbers");
  }
  settings.ngram_min = range[0];
  settings.ngram_max = range[1];
  settings.decode_error = ValueOf(object, "decode_error", kDecodeErrors);
  settings.unicode = ParseUnicodeVersion(Get<std::string>(object, "unicode", "only a version of Unicode"));
  return settings;
}

}  // namespace

AnalyzerSettings ParseAnalyzerSettings(std::string_view text) {
  constexpr std::size_t kKeys = 8;
  try {
    const json object = json::parse(text);
    AnalyzerSettings settings = FromJson(object);
    if (object.size() == kKeys) {
      return settings;
    }
  } catch (const json::exception& error) {
    throw Error(Code::kInvalidArgument,
                "an analyzer's settings cannot be read: " + std::string(error.what()));
  }
  throw Error(Code::kInvalidArgument, "an analyzer's settings have keys that are not known",
              "upgrade foretell on this machine");
}

std::string ToJson(const AnalyzerSettings& settings) {
  const json object = {
      {"analyzer", NameOf(settings.analyzer, kAnalyzers)},
      {"lowercase", settings.lowercase},
      {"strip_accents", NameOf(settings.strip_accents, kStripAccents)},
      {"token_pattern", settings.token_pattern},
      {"stop_words", settings.stop_words.empty() ? json(nullptr) : json(settings.stop_words)},
      {"ngram_range", {settings.ngram_min, settings.ngram_max}},
      {"decode_error", NameOf(settings.decode_error, kDecodeErrors)},
      {"unicode", ToString(settings.unicode)},
  };
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace foretell
