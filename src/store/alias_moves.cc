// Promotion and rollback. Each first marks the version as in use (so that a retirement cannot win at
// the same time), then creates the next entry of the alias's log.
#include <algorithm>
#include <utility>

#include "foretell/store.h"
#include "store/alias_log.h"
#include "store/blobs.h"
#include "store/checked.h"
#include "store/commit.h"
#include "store/elapsed.h"
#include "store/layout.h"
#include "store/numbered_log.h"
#include "store/retired_log.h"
#include "store/sealed.h"

namespace foretell {
namespace {

std::string Described(const AliasEntry& entry) {
  return entry.who + (entry.kind == "rollback" ? " rolled it back to " : " moved it to ") + "version " +
         std::to_string(entry.version) + " at " + entry.when +
         (entry.why.empty() ? "" : " (" + entry.why + ")");
}

std::string Target(std::string_view name, std::string_view alias) {
  return "'" + std::string(alias) + "' of " + std::string(name);
}

void Validate(std::string_view name, std::string_view alias, const Move& move) {
  ValidateName(name);
  ValidateAlias(alias);
  if (move.who.empty()) {
    throw Error(Code::kInvalidArgument, "a move of an alias must say who makes it, but `who` is empty");
  }
}

void CheckExpected(std::string_view name, std::string_view alias, const std::optional<StoredAliasEntry>& top,
                   const Move& move) {
  if (!move.expect || (top && top->entry.version == *move.expect)) {
    return;
  }
  throw Error(Code::kConflict,
              Target(name, alias) + " was expected to name version " + std::to_string(*move.expect) +
                  ", but " +
                  (top ? "names version " + std::to_string(top->entry.version) + ": " + Described(top->entry)
                       : "names none"),
              "look at `foretell history`, then decide again");
}

// Before anything is written. That it is not retired is made sure of by its in-use.
void CheckUsable(Storage& storage, const Manifest& manifest) {
  CheckNotRetired(manifest.name, manifest.version, ReadRetired(storage, manifest.name, manifest.version));
  const std::string whose = manifest.name + "@" + std::to_string(manifest.version);
  for (const FileEntry& file : manifest.files) {
    CheckBlob(storage, file, whose);
  }
}

// Creates the entry after `top`; nothing when another was first and the move may be tried again.
std::optional<AliasEntry> Append(Storage& storage, std::string_view name, std::string_view alias,
                                 const std::optional<StoredAliasEntry>& top, const Manifest& manifest,
                                 std::optional<std::int64_t> undoes, const Move& move) {
  AliasEntry entry;
  entry.sequence = top ? top->entry.sequence + 1 : 1;
  entry.kind = undoes ? "rollback" : "promote";
  entry.version = manifest.version;
  entry.manifest_sha256 = manifest.sha256;
  entry.undoes = undoes;
  entry.previous_entry_sha256 = top ? top->sha256 : std::string();
  entry.attempt_id = NewAttemptId();
  entry.who = move.who;
  entry.when = UtcNow();
  entry.why = move.why;
  entry.unchecked = move.unchecked;
  const std::string body = WriteAliasEntry(name, alias, entry);
  const std::string key = AliasKey(name, alias, entry.sequence);
  const Elapsed elapsed;
  MarkInUse(storage, name, manifest.version, alias, move.who, move.why);
  CheckMoveAge(elapsed());
  const Committed result =
      CommitNumbered(storage, AliasFolder(name, alias), entry.sequence, body, entry.attempt_id);
  if (result.ours) {
    return entry;
  }
  const StoredAliasEntry winner = ReadAliasEntry(result.winner, name, alias, entry.sequence, key);
  if (!move.retry_on_conflict) {
    throw Error(Code::kConflict,
                Target(name, alias) + " was moved by another at the same time: " + Described(winner.entry),
                "look at it, then try again");
  }
  return std::nullopt;
}

void CheckUndoable(std::string_view name, std::string_view alias, const std::vector<AliasEntry>& standing) {
  if (standing.size() < 2) {
    throw Error(Code::kNothingToUndo,
                Target(name, alias) + " has no promotion before " + std::to_string(standing.back().version) +
                    " to go back to",
                "promote a version instead");
  }
}

}  // namespace

AliasEntry Store::Promote(std::string_view name, std::string_view alias, std::int64_t version,
                          const Move& move) {
  Validate(name, alias, move);
  if (move.undo) {
    throw Error(Code::kInvalidArgument, "`undo` is for a rollback, not for a promotion");
  }
  if (move.unchecked && move.why.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw Error(Code::kInvalidArgument, "an unchecked promotion needs a reason",
                "say why: --why TEXT, or why=…");
  }
  const Manifest manifest = Get(name, version);
  while (true) {
    const std::optional<StoredAliasEntry> top = ReadAliasTop(*storage_, name, alias);
    CheckExpected(name, alias, top, move);
    if (top && top->entry.version == version) {
      if (top->entry.manifest_sha256 != manifest.sha256) {
        throw Error(Code::kBadManifest,
                    std::string(name) + "@" + std::to_string(version) + " is not the version that " +
                        Target(name, alias) + " was moved to: its manifest has another digest",
                    "restore it from a copy of the store");
      }
      storage_->MakeDurable(AliasKey(name, alias, top->entry.sequence));
      return top->entry;
    }
    if (!move.unchecked) {
      EnsureChecked(*storage_, manifest, alias, move.require);
    }
    CheckUsable(*storage_, manifest);
    if (const auto entry = Append(*storage_, name, alias, top, manifest, std::nullopt, move)) {
      return *entry;
    }
  }
}

AliasEntry Store::Undoable(std::string_view name, std::string_view alias) {
  ValidateName(name);
  ValidateAlias(alias);
  EnsureReadable();
  const std::vector<StoredAliasEntry> log = ReadAliasLog(*storage_, name, alias);
  if (log.empty()) {
    static_cast<void>(Resolve({std::string(name), std::string(alias)}));  // says what is unknown
  }
  const std::vector<AliasEntry> standing = Standing(log, AliasFolder(name, alias));
  CheckUndoable(name, alias, standing);
  return standing.back();
}

AliasEntry Store::Rollback(std::string_view name, std::string_view alias, const Move& move) {
  Validate(name, alias, move);
  if (move.unchecked) {
    throw Error(Code::kInvalidArgument, "`unchecked` is for a promotion, not for a rollback");
  }
  EnsureReadable();
  std::optional<std::int64_t> undo = move.undo;
  while (true) {
    const std::vector<StoredAliasEntry> log = ReadAliasLog(*storage_, name, alias);
    if (log.empty()) {
      static_cast<void>(Resolve({std::string(name), std::string(alias)}));  // says what is unknown
    }
    const std::vector<AliasEntry> standing = Standing(log, AliasFolder(name, alias));
    if (undo) {
      const bool promotion = *undo >= 1 && *undo <= static_cast<std::int64_t>(log.size()) &&
                             !log[static_cast<std::size_t>(*undo) - 1].entry.undoes;
      if (!promotion) {
        throw Error(Code::kInvalidArgument,
                    "entry " + std::to_string(*undo) + " of " + Target(name, alias) + " is not a promotion",
                    "`foretell history` shows the entries");
      }
      if (log.back().entry.undoes == undo) {
        storage_->MakeDurable(AliasKey(name, alias, log.back().entry.sequence));
        return log.back().entry;  // the same rollback once more
      }
      if (standing.back().sequence != *undo) {
        throw Error(Code::kConflict,
                    "entry " + std::to_string(*undo) + " of " + Target(name, alias) +
                        " is not what a rollback undoes now, which is entry " +
                        std::to_string(standing.back().sequence) + ": " + Described(standing.back()),
                    "look at `foretell history`, then decide again");
      }
    }
    CheckExpected(name, alias, log.back(), move);
    CheckUndoable(name, alias, standing);
    undo = standing.back().sequence;  // a retry undoes this one or none
    const AliasEntry& target = standing[standing.size() - 2];
    const Manifest manifest = Get(name, target.version);
    if (manifest.sha256 != target.manifest_sha256) {
      throw Error(Code::kBadManifest,
                  std::string(name) + "@" + std::to_string(target.version) + " is not the version that " +
                      Target(name, alias) + " named: its manifest has another digest",
                  "restore it from a copy of the store");
    }
    CheckUsable(*storage_, manifest);
    if (const auto entry = Append(*storage_, name, alias, log.back(), manifest, undo, move)) {
      return *entry;
    }
  }
}

}  // namespace foretell
