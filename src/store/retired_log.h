// The log of a version: in-use (an alias is about to name it), retired, restored, purged. The last
// entry decides; nothing follows purged. Damage throws FT0406.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "foretell/storage.h"
#include "foretell/store.h"

namespace foretell {

struct RetiredState {
  VersionEntry last;  // its sequence is 0 when the log is empty

  bool purged() const { return last.kind == "purged"; }
  bool retired() const { return last.kind == "retired" || purged(); }
};

RetiredState ReadRetired(Storage& storage, std::string_view name, std::int64_t version);
VersionEntry ReadVersionEntry(Storage& storage, std::string_view name, std::int64_t version,
                              std::int64_t sequence);
// All entries, for verify.
void CheckRetiredLog(Storage& storage, std::string_view name, std::int64_t version);

// Creates the entry that follows `state`, its sequence and time set; nothing when another entry was first.
std::optional<VersionEntry> AppendVersionEntry(Storage& storage, std::string_view name, std::int64_t version,
                                               const RetiredState& state, VersionEntry entry);

// FT0412 when the version is retired, FT0420 when it is purged.
void CheckNotRetired(std::string_view name, std::int64_t version, const RetiredState& state);
[[noreturn]] void ThrowPurged(std::string_view name, std::int64_t version, const VersionEntry& purged);

// Appends `in-use`, so that a retirement and a move of an alias cannot both win. Throws as
// CheckNotRetired does.
void MarkInUse(Storage& storage, std::string_view name, std::int64_t version, std::string_view alias,
               std::string_view who, std::string_view why);

}  // namespace foretell
