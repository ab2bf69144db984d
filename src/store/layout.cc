#include "store/layout.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "foretell/error.h"

namespace foretell {
namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestAlias = 128;
constexpr std::size_t kLongestPath = 1000;
constexpr std::size_t kLongestKey = 1000;
constexpr std::size_t kLongestSegment = 255;  // NAME_MAX of the usual file systems
constexpr std::size_t kDigits = 12;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsWord(char c) {
  return IsDigit(c) || IsLetter(c);
}
bool IsMark(char c) {
  return c == '.' || c == '_' || c == '-';
}
bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool IsHex(std::string_view text, std::size_t length) {
  return text.size() == length &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

// For messages: control characters and over-long texts must not spoil a terminal.
std::string Quoted(std::string_view text) {
  constexpr std::size_t kShown = 80;
  std::string quoted = "'";
  for (const char c : text.substr(0, kShown)) {
    if (IsControl(c)) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      quoted += escape.data();
    } else {
      quoted += c;
    }
  }
  return quoted + (text.size() > kShown ? "…'" : "'");
}

// What is wrong with a '/'-separated path, or "".
std::string_view PathFault(std::string_view path, std::size_t longest, bool hidden_allowed) {
  if (path.empty()) {
    return "it is empty";
  }
  if (path.size() > longest) {
    return "it is longer than 1000 bytes";
  }
  if (path.find('\\') != std::string_view::npos) {
    return "it holds a backslash";
  }
  if (std::any_of(path.begin(), path.end(), IsControl)) {
    return "it holds a control character";
  }
  if (!HoldsUtf8(path)) {
    return "it is not valid UTF-8";
  }
  if (path.front() == '/') {
    return "it is not relative";
  }
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view segment = path.substr(start, end - start);
    if (segment.empty()) {
      return "it has an empty segment";
    }
    if (segment == "." || segment == "..") {
      return "it has a segment '.' or '..'";
    }
    if (segment.size() > kLongestSegment) {
      return "it has a segment of more than 255 bytes";
    }
    if (!hidden_allowed && segment.front() == '.') {
      return "it has a segment that begins with '.'";
    }
    start = end + 1;
  }
  return {};
}

std::string NameSegment(std::string_view name) {
  std::string segment;
  for (const char c : FoldCase(name)) {
    segment += c == '/' ? std::string("__") : std::string(1, c);
  }
  return segment;
}

}  // namespace

bool HoldsUtf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0 || i + length > text.size()) {
      return false;
    }
    for (std::size_t j = 1; j < length; ++j) {
      if ((static_cast<unsigned char>(text[i + j]) & 0xc0U) != 0x80) {
        return false;
      }
    }
    const auto second = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
      return false;
    }
    i += length;
  }
  return true;
}

void ValidateName(std::string_view name) {
  bool valid = !name.empty() && IsWord(name.back());
  bool after_word = false;
  std::size_t written = 0;  // as a segment of a key
  for (const char c : name) {
    const bool word = IsWord(c);
    valid = valid && (word || (after_word && (IsMark(c) || c == '/')));
    after_word = word;
    written += c == '/' ? 2 : 1;
  }
  if (!valid || written > kLongestName) {
    throw Error(Code::kInvalidName,
                Quoted(name) +
                    " is not a name: expected letters and digits, with single '.', '_' or '-' between "
                    "them, in segments divided by '/', at most 200 characters ('/' counts twice)",
                "choose a name like EventTopics or team/event-topics");
  }
}

void ValidateAlias(std::string_view alias) {
  const bool valid = !alias.empty() && alias.size() <= kLongestAlias &&
                     (IsWord(alias.front()) || alias.front() == '_') &&
                     std::all_of(alias.begin(), alias.end(), [](char c) { return IsWord(c) || IsMark(c); });
  if (!valid) {
    throw Error(Code::kInvalidAlias,
                Quoted(alias) +
                    " is not an alias: expected a letter, digit or '_', then at most 127 letters, digits, "
                    "'.', '_' or '-'",
                "choose an alias like production or canary");
  }
  if (std::all_of(alias.begin(), alias.end(), IsDigit)) {
    throw Error(Code::kInvalidAlias, Quoted(alias) + " is all digits, which is the number of a version",
                "choose an alias like production or canary");
  }
  if (FoldCase(alias) == "latest") {
    throw Error(Code::kInvalidAlias, Quoted(alias) + " is computed and cannot be moved",
                "choose an alias like production or canary");
  }
}

void ValidatePath(std::string_view path) {
  if (const std::string_view fault = PathFault(path, kLongestPath, true); !fault.empty()) {
    throw Error(Code::kInvalidPath,
                "the path " + Quoted(path) + " within a version is not allowed: " + std::string(fault),
                "use a relative path like model/weights.bin");
  }
}

void ValidatePaths(std::span<const std::string> paths) {
  std::set<std::string, std::less<>> folded;
  for (const std::string& path : paths) {
    ValidatePath(path);
    if (!folded.insert(FoldCase(path)).second) {
      throw Error(Code::kInvalidPath,
                  "the path " + Quoted(path) +
                      " within a version is there twice (letters are compared "
                      "without case)",
                  "give each file a path of its own");
    }
  }
  for (const std::string& path : folded) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (folded.contains(std::string_view(path).substr(0, slash))) {
        throw Error(Code::kInvalidPath,
                    "the path " + Quoted(path.substr(0, slash)) + " within a version is a file and a folder",
                    "give each file a path of its own");
      }
    }
  }
}

void ValidateKey(std::string_view key) {
  if (const std::string_view fault = PathFault(key, kLongestKey, false); !fault.empty()) {
    throw Error(Code::kInvalidPath,
                "the key " + Quoted(key) + " is not allowed in a storage: " + std::string(fault));
  }
}

bool IsSha256(std::string_view text) {
  return IsHex(text, 64);
}

bool IsAttemptId(std::string_view text) {
  return IsHex(text, 32);
}

std::string FoldCase(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return folded;
}

std::string NumberText(std::int64_t number) {
  if (number < 1 || number > kLargestNumber) {
    throw Error(Code::kInternal, "the number " + std::to_string(number) + " is not from 1 to 999999999999");
  }
  std::string digits = std::to_string(number);
  return std::string(kDigits - digits.size(), '0') + digits;
}

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  if (text.size() != kDigits || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return std::nullopt;
  }
  std::int64_t number = 0;
  for (const char c : text) {
    number = number * 10 + (c - '0');
  }
  return number == 0 ? std::nullopt : std::optional(number);
}

std::optional<std::int64_t> NumberOfKey(std::string_view folder, std::string_view key) {
  constexpr std::string_view kSuffix = ".json";
  if (key.size() != folder.size() + 1 + kDigits + kSuffix.size() || !key.starts_with(folder) ||
      key[folder.size()] != '/' || !key.ends_with(kSuffix)) {
    return std::nullopt;
  }
  return ParseNumber(key.substr(folder.size() + 1, kDigits));
}

std::string NumberedKey(std::string_view folder, std::int64_t number) {
  return std::string(folder) + "/" + NumberText(number) + ".json";
}

std::string StoreKey() {
  return "store.json";
}

std::string BlobsFolder() {
  return "blobs";
}

std::string BlobFolder(std::string_view sha256) {
  return BlobsFolder() + "/sha256/" + std::string(sha256.substr(0, 2));
}

std::string BlobKey(std::string_view sha256, std::string_view attempt_id) {
  return BlobFolder(sha256) + "/" + std::string(sha256) + "." + std::string(attempt_id);
}

bool IsBlobKeyOf(std::string_view key, std::string_view sha256) {
  const std::string start = BlobFolder(sha256) + "/" + std::string(sha256) + ".";
  return key.starts_with(start) && IsAttemptId(key.substr(start.size()));
}

bool IsBlobKey(std::string_view key) {
  constexpr std::size_t kDigest = 64;
  const std::string_view name = key.substr(std::min(key.rfind('/') + 1, key.size()));
  const std::string_view sha256 = name.substr(0, kDigest);
  return IsSha256(sha256) && IsBlobKeyOf(key, sha256);
}

std::string VersionsFolder() {
  return "versions";
}

std::string VersionFolder(std::string_view name) {
  return VersionsFolder() + "/" + NameSegment(name);
}

std::string NameOfSegment(std::string_view segment) {
  std::string name;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const bool slash = segment.substr(i, 2) == "__";
    name += slash ? '/' : segment[i];
    i += slash ? 1 : 0;
  }
  return name;
}

std::string VersionKey(std::string_view name, std::int64_t version) {
  return NumberedKey(VersionFolder(name), version);
}

std::string AliasesFolder() {
  return "aliases";
}

std::string AliasesFolder(std::string_view name) {
  return AliasesFolder() + "/" + NameSegment(name);
}

std::string AliasFolder(std::string_view name, std::string_view alias) {
  return AliasesFolder(name) + "/" + FoldCase(alias);
}

std::string AliasKey(std::string_view name, std::string_view alias, std::int64_t sequence) {
  return NumberedKey(AliasFolder(name, alias), sequence);
}

std::string RetiredFolder() {
  return "retired";
}

std::string RetiredFolder(std::string_view name) {
  return RetiredFolder() + "/" + NameSegment(name);
}

std::string RetiredFolder(std::string_view name, std::int64_t version) {
  return RetiredFolder(name) + "/" + NumberText(version);
}

std::string ReportsFolder() {
  return "reports";
}

std::string ReportsFolder(std::string_view name, std::int64_t version) {
  return ReportsFolder() + "/" + NameSegment(name) + "/" + NumberText(version);
}

std::string ProbeFolder() {
  return "probe";
}

std::string ProbeKey(std::string_view attempt_id, int number) {
  return ProbeFolder() + "/" + std::string(attempt_id) + "." + std::to_string(number);
}

}  // namespace foretell
