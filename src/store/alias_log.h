// The log of an alias: entries 1..k without gaps, each naming the digest of the one before it. The
// alias's value is entry k. Damage throws FT0413, a newer format FT0407.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foretell/storage.h"
#include "foretell/store.h"

namespace foretell {

struct StoredAliasEntry {
  AliasEntry entry;
  std::string name, alias;  // as they were spelled
  std::string sha256;       // of the entry's bytes
};

std::string WriteAliasEntry(std::string_view name, std::string_view alias, const AliasEntry& entry);
StoredAliasEntry ReadAliasEntry(std::string_view text, std::string_view name, std::string_view alias,
                                std::int64_t sequence, std::string_view where);

// The newest entry; nothing when the alias was never moved. FT0414 when the alias is there in
// another spelling.
std::optional<StoredAliasEntry> ReadAliasTop(Storage& storage, std::string_view name, std::string_view alias);
// Every entry, oldest first, with the chain checked.
std::vector<StoredAliasEntry> ReadAliasLog(Storage& storage, std::string_view name, std::string_view alias);

// The newest entry that was there at a time ("" for now), by the running maximum of `when`.
std::optional<StoredAliasEntry> ReadAliasAsOf(Storage& storage, std::string_view name, std::string_view alias,
                                              std::string_view as_of);
// Leaves the entries that were there at a time: an entry of a slow clock came after those before it all the
// same. FT0101 when it is not a time like "2026-11-01T12:00:00Z".
void KeepAsOf(std::vector<StoredAliasEntry>& log, std::string_view as_of);

// The promotions that are not undone, oldest first: the last is what a rollback undoes, the one
// before it what the alias names afterwards. FT0413 when a rollback undoes another entry.
std::vector<AliasEntry> Standing(const std::vector<StoredAliasEntry>& log, std::string_view where);

}  // namespace foretell
