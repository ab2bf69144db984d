#include "run/layout.h"

#include <algorithm>
#include <vector>

#include "foretell/error.h"
#include "store/layout.h"

namespace foretell::run {
namespace {

constexpr std::size_t kDigits = 12;
constexpr std::size_t kLongestPath = 768;  // a staged key is longer, and must be a key still
constexpr std::string_view kJson = ".json";
constexpr std::string_view kPublishedName = "published.json";
constexpr std::string_view kFailedName = "failed";

// Splits are numbered from 0, all else from 1.
std::string FirstSplit() {
  return std::string(kDigits, '0');
}

std::optional<std::int64_t> ParseEntryName(std::string_view name) {
  if (!name.ends_with(kJson)) return std::nullopt;
  return ParseNumber(name.substr(0, name.size() - kJson.size()));
}

std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t begin = 0;;) {
    const std::size_t end = path.find('/', begin);
    if (end == std::string_view::npos) {
      segments.push_back(path.substr(begin));
      return segments;
    }
    segments.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
}

std::string Below(std::string_view name) {
  return std::string(kOwnFolder) + "/" + std::string(name);
}

}  // namespace

std::string LineageKey() {
  return Below("lineage.json");
}
std::string EpochsFolder() {
  return Below("epochs");
}
std::string EpochKey(std::int64_t epoch) {
  return EpochsFolder() + "/" + NumberText(epoch) + ".json";
}

std::string UnitsFolder() {
  return Below("units");
}
std::string UnitFolder(std::int64_t unit) {
  return UnitsFolder() + "/" + NumberText(unit);
}
std::string EntryKey(std::int64_t unit, std::int64_t sequence) {
  return UnitFolder(unit) + "/" + NumberText(sequence) + ".json";
}
std::string PublishedKey(std::int64_t unit) {
  return UnitFolder(unit) + "/" + std::string(kPublishedName);
}
std::string FailedFolder(std::int64_t unit, std::int64_t pin) {
  return UnitFolder(unit) + "/" + std::string(kFailedName) + "/" + NumberText(pin);
}
std::string FailedKey(std::int64_t unit, std::int64_t pin, std::string_view attempt) {
  return FailedFolder(unit, pin) + "/" + std::string(attempt) + ".json";
}
std::string AfterUnit(std::int64_t unit) {
  return UnitFolder(unit) + "/~";
}

std::string AllStagingFolder() {
  return Below("staging");
}
std::string UnitStagingFolder(std::int64_t unit) {
  return AllStagingFolder() + "/" + NumberText(unit);
}
std::string StagingFolder(std::int64_t unit, std::string_view attempt) {
  return UnitStagingFolder(unit) + "/" + std::string(attempt);
}
std::string StagedKey(std::int64_t unit, std::string_view attempt, std::string_view path) {
  return StagingFolder(unit, attempt) + "/" + std::string(path);
}
std::string AttemptKey(std::int64_t unit, std::string_view attempt) {
  return StagedKey(unit, attempt, Below("attempt.json"));
}
std::string PartKey(std::int64_t unit, std::string_view attempt, std::int64_t split) {
  return StagedKey(unit, attempt,
                   Below("parts/" + (split == 0 ? FirstSplit() : NumberText(split)) + ".json"));
}

std::string AttemptId(std::int64_t epoch, std::int64_t counter, std::string_view random) {
  std::string count = std::to_string(counter);
  if (count.size() < 4) count.insert(0, 4 - count.size(), '0');
  return NumberText(epoch) + "-" + count + "-" + std::string(random);
}

bool IsAttempt(std::string_view text) {
  return text.size() > kDigits + 6 && text.size() <= 80 && ParseNumber(text.substr(0, kDigits)) &&
         text[kDigits] == '-' && std::ranges::all_of(text, [](char c) {
           return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::optional<UnitKey> ParseUnitKey(std::string_view key) {
  const std::vector<std::string_view> parts = Segments(key);
  if (parts.size() < 4 || parts[0] != kOwnFolder || parts[1] != "units") return std::nullopt;
  const std::optional<std::int64_t> unit = ParseNumber(parts[2]);
  if (!unit) return std::nullopt;
  if (parts.size() == 4) {
    if (parts[3] == kPublishedName) return UnitKey{UnitKey::Kind::kPublished, *unit, 0};
    const std::optional<std::int64_t> sequence = ParseEntryName(parts[3]);
    if (!sequence) return std::nullopt;
    return UnitKey{UnitKey::Kind::kEntry, *unit, *sequence};
  }
  if (parts.size() != 6 || parts[3] != kFailedName) return std::nullopt;
  const std::optional<std::int64_t> pin = ParseNumber(parts[4]);
  if (!pin || !parts[5].ends_with(kJson) || !IsAttempt(parts[5].substr(0, parts[5].size() - kJson.size()))) {
    return std::nullopt;
  }
  return UnitKey{UnitKey::Kind::kFailed, *unit, *pin};
}

std::optional<StagingKey> ParseStagingKey(std::string_view key) {
  const std::vector<std::string_view> parts = Segments(key);
  if (parts.size() < 5 || parts[0] != kOwnFolder || parts[1] != "staging") return std::nullopt;
  const std::optional<std::int64_t> unit = ParseNumber(parts[2]);
  if (!unit || !IsAttempt(parts[3])) return std::nullopt;
  StagingKey parsed{*unit, std::string(parts[3]), std::nullopt};
  if (parts.size() == 7 && parts[4] == kOwnFolder && parts[5] == "parts") {
    parsed.part = ParseEntryName(parts[6]);
    if (parts[6] == FirstSplit() + std::string(kJson)) parsed.part = 0;
  }
  return parsed;
}

std::optional<std::int64_t> ParseEpochKey(std::string_view key) {
  const std::vector<std::string_view> parts = Segments(key);
  if (parts.size() != 3 || parts[0] != kOwnFolder || parts[1] != "epochs") return std::nullopt;
  return ParseEntryName(parts[2]);
}

std::string WhyNotPartPath(std::string_view path) {
  if (path.size() > kLongestPath) return "it is longer than " + std::to_string(kLongestPath) + " bytes";
  try {
    ValidateKey(path);
  } catch (const Error& error) {
    return error.message();
  }
  if (FoldCase(path.substr(0, path.find('/'))) == kOwnFolder) return "it lies below _foretell";
  return {};
}

}  // namespace foretell::run
