// Garbage collection. First it purges what was retired for thirty days, then it deletes the blobs that no
// unpurged manifest names and that are older than seven days. It may end anywhere and be run again.
//
// It needs no lock against saves: a save ends within three days, so what it has stored is younger than seven
// days until its manifest is there, and it takes over the blobs of unretired manifests only, which are not
// purged for another thirty days.
#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "foretell/store.h"
#include "store/layout.h"
#include "store/manifest.h"
#include "store/numbered_log.h"
#include "store/retired_log.h"
#include "store/storage_clock.h"

namespace foretell {
namespace {

constexpr std::int64_t kDay = std::chrono::nanoseconds(std::chrono::hours(24)).count();
constexpr std::int64_t kRetiredFor = 30 * kDay;
constexpr std::int64_t kUnnamedFor = 7 * kDay;

// The versions that have a log, by name. To be asked for before the manifests are read: a version comes
// before its log, so that a log without a manifest tells of a lost one.
std::map<std::string, std::set<std::int64_t>> Logged(Storage& storage) {
  std::map<std::string, std::set<std::int64_t>> logged;
  for (const std::string& name : NamesBelow(storage, RetiredFolder())) {
    for (const std::string& number : Folders(storage, RetiredFolder(name))) {
      if (const auto version = ParseNumber(number)) {
        logged[name].insert(*version);
      }
    }
  }
  return logged;
}

// What manifests name. Nothing may be deleted by what is not known: a manifest that is damaged, or missing
// among others, ends the collection.
class Named {
 public:
  explicit Named(Storage& storage) : storage_(storage) {}

  // Reads the manifests that were not there the last time; they never change.
  void Read() {
    for (const std::string& name : NamesBelow(storage_, VersionsFolder())) {
      std::int64_t& highest = highest_[name];
      for (const std::int64_t version : Numbers(storage_, VersionFolder(name), highest)) {
        if (version != highest + 1) {
          ThrowMissing(name, highest + 1);
        }
        for (const std::string& blob : BlobsOf(name, version)) {
          ++naming_[blob];
        }
        highest = version;
      }
    }
  }

  void CheckThere(const std::string& name, std::int64_t version) {
    if (version > highest_[name]) {
      ThrowMissing(name, version);
    }
  }

  // A purged version's manifest names nothing any more.
  void Forget(const std::string& name, std::int64_t version) {
    for (const std::string& blob : BlobsOf(name, version)) {
      --naming_[blob];
    }
  }

  bool Has(const std::string& blob) const {
    const auto found = naming_.find(blob);
    return found != naming_.end() && found->second > 0;
  }

 private:
  [[noreturn]] void ThrowMissing(const std::string& name, std::int64_t version) const {
    throw Error(Code::kBadManifest,
                VersionKey(name, version) + " is missing in " + storage_.url() +
                    ", and what it names cannot be told from garbage; nothing more is deleted",
                "restore it from a copy of the store");
  }

  std::vector<std::string> BlobsOf(const std::string& name, std::int64_t version) const {
    const std::string key = VersionKey(name, version);
    std::optional<std::string> document = storage_.Read(key);
    if (!document) {
      ThrowMissing(name, version);
    }
    std::vector<std::string> blobs;
    for (FileEntry& file : ReadManifest(*std::move(document), name, version, key).files) {
      blobs.push_back(std::move(file.blob));
    }
    return blobs;
  }

  Storage& storage_;
  std::map<std::string, std::int64_t> highest_;  // by name, in lower case
  std::map<std::string, int> naming_;            // how often unpurged manifests name a blob
};

// Whether the version is purged now, or would be in a dry run.
bool Purge(Store& store, const std::string& name, std::int64_t version, std::int64_t now,
           const Collection& collection, Garbage& garbage) {
  Storage& storage = store.storage();
  while (true) {
    const RetiredState state = ReadRetired(storage, name, version);
    if (!state.retired()) {
      return false;
    }
    if (state.purged()) {
      if (!collection.dry_run) {
        storage.MakeDurable(NumberedKey(RetiredFolder(name, version), state.last.sequence));
      }
      return true;
    }
    const auto info = storage.Stat(NumberedKey(RetiredFolder(name, version), state.last.sequence));
    if (!info || now - info->modified_ns < kRetiredFor) {
      garbage.waiting.push_back({name, version, state.last});
      return false;
    }
    for (const std::string& alias : store.Aliases(name)) {
      if (store.AliasVersion(name, alias) == version) {
        throw Error(Code::kInUse,
                    "'" + alias + "' names " + name + "@" + std::to_string(version) +
                        ", which is retired; its files are not given up, and nothing more is deleted",
                    "bring it back with `foretell restore`, or promote another version");
      }
    }
    if (collection.dry_run ||
        AppendVersionEntry(storage, name, version, state,
                           {.kind = "purged", .who = collection.who, .why = collection.why})) {
      garbage.purged.push_back({name, version, state.last});
      return true;
    }
  }
}

}  // namespace

Garbage Store::CollectGarbage(const Collection& collection) {
  if (collection.who.empty()) {
    throw Error(Code::kInvalidArgument, "a collection of garbage must say who makes it, but `who` is empty");
  }
  EnsureReadable();
  Storage& storage = *storage_;
  const std::map<std::string, std::set<std::int64_t>> logged = Logged(storage);
  Named named(storage);
  named.Read();
  const std::int64_t now = StorageNow(storage);
  Garbage garbage;
  for (const auto& [folded, versions] : logged) {
    const std::string name = Spelling(folded).value_or(folded);
    for (const std::int64_t version : versions) {
      named.CheckThere(folded, version);
      if (Purge(*this, name, version, now, collection, garbage)) {
        named.Forget(folded, version);
      }
    }
  }

  std::vector<std::string> candidates;
  for (const std::string& folder : {BlobsFolder(), ProbeFolder()}) {
    for (ObjectInfo& info : storage.List(folder)) {
      if ((folder == BlobsFolder() && !IsBlobKey(info.key)) || named.Has(info.key)) {
        continue;
      }
      if (now - info.modified_ns < kUnnamedFor) {
        garbage.young.push_back(std::move(info));
      } else {
        candidates.push_back(std::move(info.key));
      }
    }
  }
  constexpr std::size_t kAtOnce = 64;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i % kAtOnce == 0) {
      named.Read();
    }
    std::optional<ObjectInfo> info = storage.Stat(candidates[i]);
    if (!info || named.Has(candidates[i]) || now - info->modified_ns < kUnnamedFor) {
      continue;
    }
    if (!collection.dry_run) {
      storage.Delete(info->key);
    }
    garbage.deleted.push_back(*std::move(info));
  }
  for (ObjectInfo& info : storage.Unfinished()) {
    if (now - info.modified_ns < kUnnamedFor) {
      garbage.young.push_back(std::move(info));
      continue;
    }
    if (!collection.dry_run) {
      storage.RemoveUnfinished(info.key);
    }
    garbage.deleted.push_back(std::move(info));
  }
  return garbage;
}

}  // namespace foretell
