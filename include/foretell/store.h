// The store: versions of predictors and the aliases that name them, kept on a Storage.
//
//   Store store(OpenStorage("./models"));
//   Manifest saved = store.Save("EventTopics", draft);
//   store.Promote("EventTopics", "production", saved.version, {.who = "ana"});
//   Manifest live = store.Resolve(ParseReference("EventTopics@production"));
//
// Append-only and safe under any number of concurrent users on any number of machines. Each
// operation ends OK (it returns), CONFLICT (FT0404), UNKNOWN (FT0405; nothing was deleted) or
// FAILED (another Error; the old state holds). Any thread may call any method.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foretell/error.h"
#include "foretell/storage.h"

namespace foretell {

struct FileEntry {
  std::string path;  // within the version: relative, '/'-separated, no ".."
  std::uint64_t size = 0;
  std::string sha256;  // 64 lower-case hex digits
  std::string blob;    // the storage key that holds the bytes
};

// One immutable saved version. `document` is the whole manifest as JSON text: what is not a
// member here (schemas, loader, environment, metadata …) is read from it by those who need it.
struct Manifest {
  std::string name;
  std::int64_t version = 0;
  std::vector<FileEntry> files;
  std::string document;
  std::string sha256;  // of `document`, exactly as stored
};

// What is to become a version. No two paths may be equal but for ASCII case (FT0104).
struct Draft {
  struct File {
    std::string path;
    std::filesystem::path source;  // a local file; not changed
  };
  std::vector<File> files;
  std::string fields = "{}";  // a JSON object, merged into the manifest; reserved keys are refused
  // Bytes stored so far and in all; may be empty.
  std::function<void(std::uint64_t, std::uint64_t)> progress;
};

// "EventTopics@production", "EventTopics@3", "EventTopics@latest", "EventTopics" (= latest).
struct Reference {
  std::string name;
  std::string selector = "latest";
};
Reference ParseReference(std::string_view text);  // FT0105

struct AliasEntry {
  std::int64_t sequence = 0;
  std::string kind;  // "promote" or "rollback"
  std::int64_t version = 0;
  std::string manifest_sha256;
  std::optional<std::int64_t> undoes;  // the sequence that a rollback undid
  std::string previous_entry_sha256;   // "" in the first entry
  std::string attempt_id;
  std::string who, when, why;  // `when`: UTC, ISO 8601, for people only
  bool unchecked = false;      // promoted although no report allowed it
};

// The modes of prediction (docs/check.md) in which reports must say that a predictor's version agrees, before
// an alias names it.
const std::vector<std::string>& RequiredModes();

struct Move {
  std::string who = {};
  std::string why = {};
  // Promotion only: no report is asked for. `why` must say something (FT0101); recorded in the entry.
  bool unchecked = false;
  std::vector<std::string> require = {};    // promotion only: modes besides RequiredModes()
  std::optional<std::int64_t> expect = {};  // refuse (FT0404) unless the alias names this version now
  bool retry_on_conflict = false;
  std::optional<std::int64_t> undo = {};  // rollback only: the entry to undo
};

// One entry of the log of a version.
struct VersionEntry {
  std::int64_t sequence = 0;
  std::string kind = {};   // "in-use": an alias is about to name it; "retired", "restored", "purged"
  std::string alias = {};  // of an in-use
  std::string who = {};
  std::string when = {};  // UTC, ISO 8601, for people only
  std::string why = {};
};

struct Retirement {
  std::string who = {};
  std::string why = {};
  // Refuse (FT0419) when an alias was moved to the version within this time; at least an hour (FT0101).
  std::chrono::seconds unused_for = std::chrono::hours(7 * 24);
};

struct Collection {
  std::string who = {};
  std::string why = {};
  bool dry_run = true;
};

// What a collection of garbage did, or would do.
struct Garbage {
  struct Version {
    std::string name;
    std::int64_t version = 0;
    VersionEntry retired;
  };
  std::vector<Version> purged;      // for ever: retired for thirty days
  std::vector<Version> waiting;     // retired for less
  std::vector<ObjectInfo> deleted;  // what nothing names, older than seven days
  std::vector<ObjectInfo> young;    // younger, perhaps of a save under way
};

// What a check or a comparison found of a version. Promote reads those of kind "check".
struct Report {
  std::int64_t sequence = 0;
  std::string manifest_sha256;  // of the version
  std::string who, when;        // `when`: UTC, ISO 8601, for people only
  std::string body;             // a JSON object
};

struct Finding {
  std::string key;
  Code code;
  std::string message;
};

class Store {
 public:
  // Opens; a storage without a store is created by the first save, and a reader of one is told
  // so (FT0410). A store of a newer format is refused (FT0407). A copy is another handle on the
  // same store.
  explicit Store(std::shared_ptr<Storage> storage);

  Storage& storage() const { return *storage_; }
  // Whether there is a store already; false before the first save.
  bool Exists();

  // The next version. Nothing of it is visible before all of it is durable.
  Manifest Save(std::string_view name, const Draft& draft);

  // A name or alias in another spelling than its owner's (case) is refused: FT0414.
  std::vector<std::string> Names();  // as their owners spell them
  // Ascending; those that are retired or purged only on request.
  std::vector<std::int64_t> Versions(std::string_view name, bool with_retired = false);
  Manifest Get(std::string_view name, std::int64_t version);  // FT0401, FT0402
  // Also FT0403. `as_of`: what an alias named then, as History tells it.
  Manifest Resolve(const Reference& reference, std::string_view as_of = {});

  // A version that can be seen is durable on return, whoever saved it. To be called before anything
  // elsewhere, like the pin of a run, needs it to last. Writes nothing: a store that may only be read is as
  // good.
  void MakeDurable(std::string_view name, std::int64_t version);

  std::vector<std::string> Aliases(std::string_view name);
  std::optional<std::int64_t> AliasVersion(std::string_view name, std::string_view alias);
  // Oldest first. `as_of`, a UTC time like "2026-11-01T12:00:00Z" (FT0101): what was there then, by the
  // running maximum of `when`; its last entry is what the alias named. For people, never for runs.
  std::vector<AliasEntry> History(std::string_view name, std::string_view alias, std::string_view as_of = {});
  // The new entry, or the newest one when the alias names `version` already. FT0421 unless `move.unchecked`,
  // when the version is a predictor's (its manifest has a signature) and its reports do not say that the
  // modes which RequiredModes and `move.require` name agree.
  AliasEntry Promote(std::string_view name, std::string_view alias, std::int64_t version, const Move& move);
  // Undoes the last promotion that is not undone yet; FT0411 when there is none. With `move.undo`
  // only that entry: undone already, its rollback is returned if nothing followed, else FT0404.
  AliasEntry Rollback(std::string_view name, std::string_view alias, const Move& move);
  // The promotion that a rollback would undo now; FT0411 when there is none.
  AliasEntry Undoable(std::string_view name, std::string_view alias);

  // Hides a version from `latest` and from new moves of aliases; its number opens it still. FT0419 while an
  // alias names it or did lately. Returns the newest entry when it is retired already; FT0420 when purged.
  VersionEntry Retire(std::string_view name, std::int64_t version, const Retirement& retirement);
  // Undoes that, until garbage collection purges the version (FT0420). FT0101 when it is not retired.
  VersionEntry Restore(std::string_view name, std::int64_t version, std::string_view who,
                       std::string_view why);
  // The entry that retired or purged a version; nothing for any other.
  std::optional<VersionEntry> Retired(std::string_view name, std::int64_t version);
  // Purges what was retired for thirty days, then deletes what no unpurged version names and is older than
  // seven days, by the storage's own clock (a small object is written and removed to read it, by a dry run
  // too). Safe beside any other use of the store; ended anywhere, it is run again. FT0406 when a manifest is
  // damaged or missing: then what it names is not known, and nothing more is deleted.
  Garbage CollectGarbage(const Collection& collection);

  // Adds a report, for ever. `body` is a JSON object of at most 60 levels, 16 MiB as it is stored (FT0101).
  Report AppendReport(std::string_view name, std::int64_t version, std::string_view body,
                      std::string_view who);
  // Every report on a version, oldest first; none is on another version's bytes. Damage: FT0418.
  std::vector<Report> Reports(std::string_view name, std::int64_t version);

  // Reads every byte of one version (manifest, blobs); empty when all is well.
  std::vector<Finding> Verify(std::string_view name, std::int64_t version);
  // Every version, alias log and store file.
  std::vector<Finding> VerifyAll();

 private:
  struct State;

  void EnsureReadable();
  void EnsureWritable();
  std::int64_t Highest(std::string_view name);
  std::optional<std::string> Spelling(std::string_view name);
  [[noreturn]] void ThrowUnknownName(std::string_view name);

  std::shared_ptr<Storage> storage_;
  std::shared_ptr<State> state_;
};

}  // namespace foretell
