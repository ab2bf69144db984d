// The JSON files of a store (store.json, manifests, entries of logs) and of a run carry their own
// digest, so that any change of any byte is found, with nothing beside them:
//
//   {
//     "body_sha256": "<SHA-256 of everything after this line>",
//     "attempt_id": ...
//
// A store's are written with sorted keys and two spaces of indentation: equal objects give equal bytes.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "foretell/error.h"

namespace foretell {

inline constexpr int kStoreFormat = 1;  // the member "format" of every such file
inline constexpr std::size_t kLargestSealed = std::size_t{64} << 20;

// The text of a JSON object whose other members are `rest`: every byte after the digest's line.
std::string SealText(std::string_view rest);

// Whether a text begins with the digest of what follows; a later format may begin in another way.
enum class SealState { kWhole, kBroken, kNone };
SealState LookAtSeal(std::string_view text);

// `body` is an object without "body_sha256"; "format" is added. FT0101 when a string in it is not
// UTF-8.
std::string Seal(nlohmann::json body);

// The object, with every member checked to be as it was sealed. `where` names the file in messages.
// Throws FT0407 for a newer format, else `damaged`.
nlohmann::json Unseal(std::string_view text, std::string_view where, Code damaged);

inline constexpr int kDeepestSealed = 64;
// Parses JSON of at most so many levels; throws nlohmann::json::exception.
nlohmann::json ParseShallow(std::string_view text, int deepest = kDeepestSealed);

// Members of an unsealed object, by type; each throws `damaged` when it is absent or of another type.
class SealedReader {
 public:
  SealedReader(const nlohmann::json& object, std::string_view where, Code damaged)
      : object_(object), where_(where), damaged_(damaged) {}

  std::string Text(const char* member) const;
  std::int64_t Number(const char* member) const;  // 0 or more
  const nlohmann::json& List(const char* member) const;
  bool Has(const char* member) const;
  bool Flag(const char* member) const;  // false when it is absent
  [[noreturn]] void Fail(const std::string& what) const;

 private:
  const nlohmann::json& object_;
  std::string_view where_;
  Code damaged_;
};

// Now, as "2026-11-01T12:00:00Z".
std::string UtcNow();
// Whether a text is written so: as texts, such times compare as times.
bool IsUtcTime(std::string_view text);

}  // namespace foretell
