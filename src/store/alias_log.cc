#include "store/alias_log.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "digest/sha256.h"
#include "store/layout.h"
#include "store/numbered_log.h"
#include "store/sealed.h"

namespace foretell {
namespace {

using nlohmann::json;

[[noreturn]] void ThrowDamaged(std::string_view where, const std::string& what) {
  throw Error(Code::kBadAliasEntry, std::string(where) + " is damaged: " + what,
              "restore the log from a copy of the store");
}

StoredAliasEntry ReadEntry(Storage& storage, std::string_view name, std::string_view alias,
                           std::int64_t sequence) {
  const std::string key = AliasKey(name, alias, sequence);
  const std::optional<std::string> text = storage.Read(key);
  if (!text) {
    ThrowDamaged(key, "it is missing");
  }
  StoredAliasEntry entry = ReadAliasEntry(*text, name, alias, sequence, key);
  if (entry.alias != alias || entry.name != name) {
    throw Error(Code::kNameTaken,
                "'" + std::string(alias) + "' of " + std::string(name) + " is there as '" + entry.alias +
                    "' of " + entry.name,
                "use the spelling that is there");
  }
  return entry;
}

std::vector<std::int64_t> Sequences(Storage& storage, std::string_view name, std::string_view alias) {
  const std::string folder = AliasFolder(name, alias);
  std::vector<std::int64_t> sequences = Numbers(storage, folder);
  if (const std::int64_t gap = FirstGap(sequences)) {
    ThrowDamaged(folder, "entry " + std::to_string(gap) + " is missing");
  }
  return sequences;
}

}  // namespace

std::string WriteAliasEntry(std::string_view name, std::string_view alias, const AliasEntry& entry) {
  json body = {{"name", name},
               {"alias", alias},
               {"sequence", entry.sequence},
               {"kind", entry.kind},
               {"version", entry.version},
               {"manifest_sha256", entry.manifest_sha256},
               {"previous_entry_sha256", entry.previous_entry_sha256},
               {"attempt_id", entry.attempt_id},
               {"who", entry.who},
               {"when", entry.when},
               {"why", entry.why}};
  if (entry.undoes) {
    body["undoes"] = *entry.undoes;
  }
  if (entry.unchecked) {
    body["unchecked"] = true;
  }
  return Seal(std::move(body));
}

StoredAliasEntry ReadAliasEntry(std::string_view text, std::string_view name, std::string_view alias,
                                std::int64_t sequence, std::string_view where) {
  const json object = Unseal(text, where, Code::kBadAliasEntry);
  const SealedReader reader(object, where, Code::kBadAliasEntry);
  StoredAliasEntry stored;
  stored.sha256 = Sha256Of(text);
  stored.name = reader.Text("name");
  stored.alias = reader.Text("alias");
  AliasEntry& entry = stored.entry;
  entry.sequence = reader.Number("sequence");
  if (FoldCase(stored.name) != FoldCase(name) || FoldCase(stored.alias) != FoldCase(alias) ||
      entry.sequence != sequence) {
    reader.Fail("it is entry " + std::to_string(entry.sequence) + " of '" + stored.alias + "' of " +
                stored.name);
  }
  entry.kind = reader.Text("kind");
  entry.version = reader.Number("version");
  entry.manifest_sha256 = reader.Text("manifest_sha256");
  entry.previous_entry_sha256 = reader.Text("previous_entry_sha256");
  entry.attempt_id = reader.Text("attempt_id");
  entry.who = reader.Text("who");
  entry.when = reader.Text("when");
  entry.why = reader.Text("why");
  entry.unchecked = reader.Flag("unchecked");
  if (entry.kind == "rollback") {
    entry.undoes = reader.Number("undoes");
  } else if (entry.kind != "promote" || reader.Has("undoes")) {
    reader.Fail("it is neither a promotion nor a rollback");
  }
  const bool first = sequence == 1;
  if (entry.version < 1 || !IsSha256(entry.manifest_sha256) || !IsAttemptId(entry.attempt_id) ||
      (first ? !entry.previous_entry_sha256.empty() : !IsSha256(entry.previous_entry_sha256)) ||
      (entry.undoes && (*entry.undoes < 1 || *entry.undoes >= sequence))) {
    reader.Fail("one of its members is out of range");
  }
  return stored;
}

std::optional<StoredAliasEntry> ReadAliasTop(Storage& storage, std::string_view name,
                                             std::string_view alias) {
  const std::vector<std::int64_t> sequences = Sequences(storage, name, alias);
  if (sequences.empty()) {
    return std::nullopt;
  }
  return ReadEntry(storage, name, alias, sequences.back());
}

std::vector<StoredAliasEntry> ReadAliasLog(Storage& storage, std::string_view name, std::string_view alias) {
  std::vector<StoredAliasEntry> log;
  for (const std::int64_t sequence : Sequences(storage, name, alias)) {
    StoredAliasEntry entry = ReadEntry(storage, name, alias, sequence);
    if (!log.empty() && entry.entry.previous_entry_sha256 != log.back().sha256) {
      ThrowDamaged(AliasKey(name, alias, sequence), "it does not follow from the entry before it");
    }
    log.push_back(std::move(entry));
  }
  return log;
}

void KeepAsOf(std::vector<StoredAliasEntry>& log, std::string_view as_of) {
  if (as_of.empty()) {
    return;
  }
  if (!IsUtcTime(as_of)) {
    throw Error(Code::kInvalidArgument,
                "'" + std::string(as_of.substr(0, 40)) + "' is not a time like 2026-11-01T12:00:00Z");
  }
  log.erase(std::find_if(log.begin(), log.end(),
                         [&](const StoredAliasEntry& stored) { return stored.entry.when > as_of; }),
            log.end());
}

std::optional<StoredAliasEntry> ReadAliasAsOf(Storage& storage, std::string_view name, std::string_view alias,
                                              std::string_view as_of) {
  if (as_of.empty()) {
    return ReadAliasTop(storage, name, alias);
  }
  std::vector<StoredAliasEntry> log = ReadAliasLog(storage, name, alias);
  KeepAsOf(log, as_of);
  return log.empty() ? std::nullopt : std::optional(std::move(log.back()));
}

std::vector<AliasEntry> Standing(const std::vector<StoredAliasEntry>& log, std::string_view where) {
  std::vector<AliasEntry> standing;
  for (const StoredAliasEntry& stored : log) {
    const AliasEntry& entry = stored.entry;
    if (!entry.undoes) {
      standing.push_back(entry);
      continue;
    }
    if (standing.size() < 2 || standing.back().sequence != *entry.undoes ||
        standing[standing.size() - 2].version != entry.version) {
      ThrowDamaged(where,
                   "entry " + std::to_string(entry.sequence) + " undoes what is not the last promotion");
    }
    standing.pop_back();
  }
  return standing;
}

}  // namespace foretell
