// Every name that a store keeps on its storage is spelled here and nowhere else, and every name
// that comes in from outside is checked here.
//
//   store.json                              format version; what the probe found
//   blobs/sha256/ab/<digest>.<attempt>      immutable bytes
//   versions/<name>/<n>.json                manifests
//   aliases/<name>/<alias>/<seq>.json       the log of an alias
//   retired/<name>/<n>/<seq>.json           the log of a version: in-use, retired, restored, purged
//   reports/<name>/<n>/<seq>.json           reports on a version
//   probe/<attempt>.<n>                     exists while a storage is being probed
//
// Numbers are padded to 12 digits, so that key order is number order. A name is one segment: '/' is
// written "__", which the grammar of names cannot produce; letters are folded to lower case.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace foretell {

// The grammars. Each returns, or throws its code with what was found and what is expected.
void ValidateName(std::string_view name);    // FT0102
void ValidateAlias(std::string_view alias);  // FT0103
void ValidatePath(std::string_view path);    // FT0104: a path within a version
// Each path alone, and all together: no two equal but for ASCII case, none a folder of another.
void ValidatePaths(std::span<const std::string> paths);
// FT0104: relative, non-empty segments of at most 255 bytes that do not begin with '.' (so that the
// files a storage hides cannot be named), no backslash, no control character.
void ValidateKey(std::string_view key);

bool HoldsUtf8(std::string_view text);        // strict: no overlong forms, no surrogates
bool IsSha256(std::string_view text);         // 64 lower-case hex digits
bool IsAttemptId(std::string_view text);      // 32 lower-case hex digits
std::string FoldCase(std::string_view text);  // ASCII only

inline constexpr std::int64_t kLargestNumber = 999'999'999'999;
// "000000000007", and back; nothing when the text is not such a number or is 0.
std::string NumberText(std::int64_t number);
std::optional<std::int64_t> ParseNumber(std::string_view text);
// The number of "<folder>/000000000007.json", the folder given without '/'.
std::optional<std::int64_t> NumberOfKey(std::string_view folder, std::string_view key);
std::string NumberedKey(std::string_view folder, std::int64_t number);  // the other way round

std::string StoreKey();
std::string BlobsFolder();
std::string BlobKey(std::string_view sha256, std::string_view attempt_id);
std::string BlobFolder(std::string_view sha256);
bool IsBlobKey(std::string_view key);
bool IsBlobKeyOf(std::string_view key, std::string_view sha256);
std::string VersionsFolder();
std::string VersionFolder(std::string_view name);
// The name, in lower case, that a folder of versions or aliases belongs to; for any text, a text.
std::string NameOfSegment(std::string_view segment);
std::string VersionKey(std::string_view name, std::int64_t version);
std::string AliasesFolder();
std::string AliasesFolder(std::string_view name);
std::string AliasFolder(std::string_view name, std::string_view alias);
std::string AliasKey(std::string_view name, std::string_view alias, std::int64_t sequence);
std::string RetiredFolder();
std::string RetiredFolder(std::string_view name);
std::string RetiredFolder(std::string_view name, std::int64_t version);
std::string ReportsFolder();
std::string ReportsFolder(std::string_view name, std::int64_t version);
std::string ProbeFolder();
std::string ProbeKey(std::string_view attempt_id, int number);

}  // namespace foretell
