#include "store/retired_log.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "store/commit.h"
#include "store/layout.h"
#include "store/numbered_log.h"
#include "store/sealed.h"

namespace foretell {
namespace {

using nlohmann::json;

std::vector<std::int64_t> Sequences(Storage& storage, std::string_view name, std::int64_t version) {
  return WholeLog(storage, RetiredFolder(name, version), "entry", Code::kBadManifest);
}

std::string By(const VersionEntry& entry) {
  return " (" + entry.who + ", " + entry.when + (entry.why.empty() ? "" : ": " + entry.why) + ")";
}

}  // namespace

VersionEntry ReadVersionEntry(Storage& storage, std::string_view name, std::int64_t version,
                              std::int64_t sequence) {
  const std::string key = NumberedKey(RetiredFolder(name, version), sequence);
  const json object = Unseal(ReadNumbered(storage, key, Code::kBadManifest), key, Code::kBadManifest);
  const SealedReader reader(object, key, Code::kBadManifest);
  VersionEntry entry;
  entry.sequence = reader.Number("sequence");
  entry.kind = reader.Text("kind");
  entry.who = reader.Text("who");
  entry.when = reader.Text("when");
  entry.why = reader.Text("why");
  if (FoldCase(reader.Text("name")) != FoldCase(name) || reader.Number("version") != version ||
      entry.sequence != sequence) {
    reader.Fail("it belongs to another version or place");
  }
  if (entry.kind == "in-use") {
    entry.alias = reader.Text("alias");
  } else if (entry.kind != "retired" && entry.kind != "restored" && entry.kind != "purged") {
    reader.Fail("its kind is not known");
  }
  return entry;
}

RetiredState ReadRetired(Storage& storage, std::string_view name, std::int64_t version) {
  const std::vector<std::int64_t> sequences = Sequences(storage, name, version);
  return {sequences.empty() ? VersionEntry() : ReadVersionEntry(storage, name, version, sequences.back())};
}

void CheckRetiredLog(Storage& storage, std::string_view name, std::int64_t version) {
  const std::vector<std::int64_t> sequences = Sequences(storage, name, version);
  for (const std::int64_t sequence : sequences) {
    const VersionEntry entry = ReadVersionEntry(storage, name, version, sequence);
    if (entry.kind == "purged" && sequence != sequences.back()) {
      throw Error(Code::kBadManifest,
                  RetiredFolder(name, version) + " is damaged: entry " + std::to_string(sequence + 1) +
                      " follows a purged one",
                  "restore it from a copy of the store");
    }
  }
}

std::optional<VersionEntry> AppendVersionEntry(Storage& storage, std::string_view name, std::int64_t version,
                                               const RetiredState& state, VersionEntry entry) {
  entry.sequence = state.last.sequence + 1;
  entry.when = UtcNow();
  const std::string attempt_id = NewAttemptId();
  json body = {{"name", name},       {"version", version},       {"sequence", entry.sequence},
               {"kind", entry.kind}, {"attempt_id", attempt_id}, {"who", entry.who},
               {"when", entry.when}, {"why", entry.why}};
  if (entry.kind == "in-use") {
    body["alias"] = entry.alias;
  }
  storage.MakeDurable(VersionKey(name, version));  // a log is not to outlive its version
  const std::string folder = RetiredFolder(name, version);
  const bool ours = CommitNumbered(storage, folder, entry.sequence, Seal(std::move(body)), attempt_id).ours;
  return ours ? std::optional(std::move(entry)) : std::nullopt;
}

void ThrowPurged(std::string_view name, std::int64_t version, const VersionEntry& purged) {
  throw Error(
      Code::kPurged,
      std::string(name) + "@" + std::to_string(version) + " is purged" + By(purged) + ": its files are gone",
      "choose another version, or save the model anew");
}

void CheckNotRetired(std::string_view name, std::int64_t version, const RetiredState& state) {
  if (state.purged()) {
    ThrowPurged(name, version, state.last);
  }
  if (state.retired()) {
    const std::string reference = std::string(name) + "@" + std::to_string(version);
    throw Error(Code::kRetired, reference + " is retired" + By(state.last) + " and takes no alias",
                "choose another version, or bring it back with `foretell restore " + reference + "`");
  }
}

void MarkInUse(Storage& storage, std::string_view name, std::int64_t version, std::string_view alias,
               std::string_view who, std::string_view why) {
  while (true) {
    const RetiredState state = ReadRetired(storage, name, version);
    CheckNotRetired(name, version, state);
    if (AppendVersionEntry(storage, name, version, state,
                           {.kind = "in-use",
                            .alias = std::string(alias),
                            .who = std::string(who),
                            .why = std::string(why)})) {
      return;
    }
  }
}

}  // namespace foretell
