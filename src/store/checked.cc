#include "store/checked.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ranges>
#include <utility>

#include "store/report_log.h"

namespace foretell {
namespace {

using nlohmann::json;

bool IsTrue(const json& report, const char* member) {
  const auto found = report.find(member);
  return found != report.end() && found->is_boolean() && found->get<bool>();
}

std::vector<std::string> Texts(const json& report, const char* member) {
  std::vector<std::string> texts;
  const auto found = report.find(member);
  if (found == report.end() || !found->is_array()) {
    return texts;
  }
  for (const json& text : *found) {
    if (text.is_string()) {
      texts.push_back(text.get<std::string>());
    }
  }
  return texts;
}

std::string First(const std::vector<std::string>& texts, const char* otherwise) {
  return texts.empty() ? otherwise : texts.front();
}

bool IsPredictor(const Manifest& manifest) {
  const json document = json::parse(manifest.document);
  const auto signature = document.find("signature");
  return signature != document.end() && !signature->is_null();
}

}  // namespace

const std::vector<std::string>& RequiredModes() {
  static const std::vector<std::string> kModes = {"bulk",   "item",  "batches", "shuffled",
                                                  "sliced", "twice", "process"};
  return kModes;
}

void EnsureChecked(Storage& storage, const Manifest& manifest, std::string_view alias,
                   const std::vector<std::string>& require) {
  if (!IsPredictor(manifest)) {
    return;
  }
  const std::string reference = manifest.name + "@" + std::to_string(manifest.version);
  const std::string command = "`foretell check " + reference;
  const auto refuse = [&](const std::string& why, const std::string& hint) {
    throw Error(Code::kNotChecked, std::string(alias) + " cannot move to " + reference + ": " + why,
                hint + "; --unchecked --why TEXT moves it all the same, and stays in the history");
  };
  std::vector<std::string> missing = RequiredModes();
  for (const std::string& mode : require) {
    if (std::ranges::find(missing, mode) == missing.end()) {
      missing.push_back(mode);
    }
  }
  const std::size_t wanted = missing.size();
  std::string lacking;
  const std::vector<Report> reports = ReadReports(storage, manifest);
  for (const Report& kept : std::views::reverse(reports)) {
    const json report = json::parse(kept.body);
    if (const auto kind = report.find("kind"); kind == report.end() || *kind != "check") {
      continue;
    }
    if (!IsTrue(report, "passed")) {
      refuse("in its last check, " + First(Texts(report, "findings"), "it did not pass"),
             command + "` shows more");
    }
    if (IsTrue(report, "complete")) {
      for (const std::string& mode : Texts(report, "passing")) {
        std::erase(missing, mode);
      }
    } else if (lacking.empty()) {
      lacking = First(Texts(report, "lacking"), "it is incomplete");
    }
    if (missing.empty()) {
      return;
    }
  }
  if (!lacking.empty()) {
    refuse("its check is incomplete: " + lacking, "run " + command + " --rows PATH`");
  }
  if (missing.size() == wanted) {
    refuse("it has not been checked", "run " + command + "`");
  }
  std::string names;
  for (const std::string& mode : missing) {
    names += (names.empty() ? "" : ", ") + mode;
  }
  refuse("no check has tried the mode " + names, "run " + command + "`");
}

}  // namespace foretell
