#include "foretell/store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "store/alias_log.h"
#include "store/commit.h"
#include "store/layout.h"
#include "store/manifest.h"
#include "store/numbered_log.h"
#include "store/retired_log.h"
#include "store/sealed.h"

namespace foretell {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  constexpr std::size_t kShown = 10;
  std::string text;
  for (std::size_t i = 0; i < words.size() && i < kShown; ++i) {
    text += (i == 0 ? "" : ", ") + words[i];
  }
  return words.size() > kShown ? text + " and " + std::to_string(words.size() - kShown) + " more" : text;
}

bool IsAllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// False when there is no store.json.
bool CheckStoreFile(Storage& storage) {
  const std::optional<std::string> text = storage.Read(StoreKey());
  if (!text) {
    return false;
  }
  Unseal(*text, storage.url() + "/" + StoreKey(), Code::kNotAStore);
  return true;
}

}  // namespace

// What one handle has learned; it only ever grows truer, because a store only grows.
struct Store::State {
  std::mutex mutex;
  bool is_store = false;
  std::map<std::string, std::int64_t> highest;  // by the version folder
  std::map<std::string, std::string> spelling;  // by the version folder
};

Reference ParseReference(std::string_view text) {
  Reference reference;
  const std::size_t at = text.find('@');
  reference.name = text.substr(0, at);
  if (at != std::string_view::npos) {
    reference.selector = text.substr(at + 1);
  }
  try {
    ValidateName(reference.name);
    if (IsAllDigits(reference.selector)) {
      if (reference.selector.size() > 12 || reference.selector.front() == '0') {
        throw Error(Code::kInvalidReference,
                    "'" + reference.selector.substr(0, 20) + "' is not the number of a version");
      }
    } else if (reference.selector != "latest") {
      ValidateAlias(reference.selector);
    }
  } catch (const Error& error) {
    throw Error(Code::kInvalidReference, "this is not a version's name: " + error.message(),
                "write NAME@NUMBER, NAME@ALIAS or NAME@latest");
  }
  return reference;
}

Store::Store(std::shared_ptr<Storage> storage)
    : storage_(std::move(storage)), state_(std::make_shared<State>()) {
  static_cast<void>(Exists());
}

bool Store::Exists() {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->is_store) {
      return true;
    }
  }
  if (!CheckStoreFile(*storage_)) {
    return false;
  }
  const std::lock_guard lock(state_->mutex);
  state_->is_store = true;
  return true;
}

void Store::EnsureReadable() {
  if (!Exists()) {
    throw Error(Code::kNotAStore, "there is no store in " + storage_->url() + ": it has no " + StoreKey(),
                "check --store, FORETELL_STORE and foretell.toml; the first save creates a store");
  }
}

void Store::EnsureWritable() {
  if (Exists()) {
    return;
  }
  ProbeStorage(*storage_);
  const std::string attempt_id = NewAttemptId();
  const std::string body = Seal({{"attempt_id", attempt_id},
                                 {"created", UtcNow()},
                                 {"probe", {{"keys", 8}, {"creates", 16}, {"winners", 8}}}});
  CommitObject(*storage_, StoreKey(), body, attempt_id);
  EnsureReadable();  // another's store.json is as good, if we can read it
}

std::int64_t Store::Highest(std::string_view name) {
  const std::string folder = VersionFolder(name);
  std::int64_t seen = 0;
  {
    const std::lock_guard lock(state_->mutex);
    seen = state_->highest[folder];
  }
  std::vector<std::int64_t> later = Numbers(*storage_, folder, seen);
  if (later.empty() && seen > 0 && !storage_->Stat(VersionKey(name, seen))) {
    seen = 0;  // somebody removed the store from under this handle
    later = Numbers(*storage_, folder);
  }
  const std::int64_t highest = later.empty() ? seen : later.back();
  const std::lock_guard lock(state_->mutex);
  state_->highest[folder] = highest;
  return highest;
}

// As the newest manifests that can be read spell the name; nothing when it has no version. Damaged
// ones are passed over, since saving anew is how a version is repaired.
std::optional<std::string> Store::Spelling(std::string_view name) {
  const std::string folder = VersionFolder(name);
  {
    const std::lock_guard lock(state_->mutex);
    if (const auto known = state_->spelling.find(folder); known != state_->spelling.end()) {
      return known->second;
    }
  }
  constexpr std::int64_t kTried = 16;
  const std::int64_t highest = Highest(name);
  for (std::int64_t version = highest; version > 0 && version > highest - kTried; --version) {
    const std::string key = VersionKey(name, version);
    const std::optional<std::string> document = storage_->Read(key);
    if (!document) {
      continue;
    }
    try {
      std::string spelling = ReadManifest(*document, name, version, key).name;
      const std::lock_guard lock(state_->mutex);
      return state_->spelling[folder] = std::move(spelling);
    } catch (const Error& error) {
      if (error.code() != Code::kBadManifest) {
        throw;
      }
    }
  }
  return std::nullopt;
}

void Store::ThrowUnknownName(std::string_view name) {
  const std::vector<std::string> names = Names();
  throw Error(Code::kUnknownPredictor,
              "the store " + storage_->url() + " has no predictor '" + std::string(name) + "'" +
                  (names.empty() ? "; it is empty" : "; it has " + Joined(names)),
              "check the name, and which store is in use");
}

std::vector<std::string> Store::Names() {
  EnsureReadable();
  std::vector<std::string> names;
  for (const std::string& name : NamesBelow(*storage_, VersionsFolder())) {
    names.push_back(Spelling(name).value_or(name));  // damaged manifests do not hide that it is there
  }
  return names;
}

std::vector<std::int64_t> Store::Versions(std::string_view name, bool with_retired) {
  ValidateName(name);
  EnsureReadable();
  std::vector<std::int64_t> versions = Numbers(*storage_, VersionFolder(name));
  if (versions.empty()) {
    ThrowUnknownName(name);
  }
  if (const auto spelling = Spelling(name); spelling && *spelling != name) {
    throw Error(Code::kNameTaken, "the store has '" + *spelling + "', not '" + std::string(name) + "'",
                "use the spelling that is there");
  }
  if (with_retired) {
    return versions;
  }
  // Only versions that an alias ever named, or that were retired, have a log.
  const std::string folder = RetiredFolder(name);
  for (const std::string& segment : Folders(*storage_, folder)) {
    const std::optional<std::int64_t> version = ParseNumber(segment);
    if (version && ReadRetired(*storage_, name, *version).retired()) {
      std::erase(versions, *version);
    }
  }
  return versions;
}

Manifest Store::Get(std::string_view name, std::int64_t version) {
  ValidateName(name);
  EnsureReadable();
  const bool possible = version >= 1 && version <= kLargestNumber;
  const std::string key = possible ? VersionKey(name, version) : std::string();
  std::optional<std::string> document;
  if (possible) {
    document = storage_->Read(key);
  }
  if (!document) {
    const std::int64_t highest = Highest(name);
    if (highest == 0) {
      ThrowUnknownName(name);
    }
    if (possible && version < highest) {
      throw Error(Code::kBadManifest,
                  key + " is missing in " + storage_->url() + ", though later versions are there",
                  "restore it from a copy of the store");
    }
    throw Error(Code::kUnknownVersion,
                std::string(name) + " has no version " + std::to_string(version) +
                    "; its versions are 1 to " + std::to_string(highest),
                "list them with `foretell versions " + std::string(name) + "`");
  }
  Manifest manifest = ReadManifest(std::move(*document), name, version, storage_->url() + "/" + key);
  if (manifest.name != name) {
    throw Error(Code::kNameTaken, "the store has '" + manifest.name + "', not '" + std::string(name) + "'",
                "use the spelling that is there");
  }
  return manifest;
}

Manifest Store::Resolve(const Reference& reference, std::string_view as_of) {
  const std::string& name = reference.name;
  ValidateName(name);
  EnsureReadable();
  if (!as_of.empty() && (IsAllDigits(reference.selector) || reference.selector == "latest")) {
    throw Error(Code::kInvalidArgument,
                "only what an alias named is known as of a time, but '" + reference.selector + "' is none");
  }
  if (IsAllDigits(reference.selector)) {
    return Get(name, std::stoll(ParseReference(name + "@" + reference.selector).selector));
  }
  if (reference.selector == "latest") {
    std::int64_t version = Highest(name);
    if (version == 0) {
      ThrowUnknownName(name);
    }
    while (version > 0 && ReadRetired(*storage_, name, version).retired()) {
      --version;
    }
    if (version == 0) {
      throw Error(Code::kNoVersions, "every version of " + name + " is retired",
                  "save a new one, or restore one");
    }
    return Get(name, version);
  }
  ValidateAlias(reference.selector);
  const auto top = ReadAliasAsOf(*storage_, name, reference.selector, as_of);
  if (!top && !as_of.empty() && ReadAliasTop(*storage_, name, reference.selector)) {
    throw Error(Code::kUnknownAlias,
                "'" + reference.selector + "' of " + name + " named no version yet at " + std::string(as_of),
                "`foretell history " + name + " " + reference.selector + "` shows its first move");
  }
  if (!top) {
    if (Highest(name) == 0) {
      ThrowUnknownName(name);
    }
    const std::vector<std::string> aliases = Aliases(name);
    throw Error(Code::kUnknownAlias,
                name + " has no alias '" + reference.selector + "'" +
                    (aliases.empty() ? "; it has none at all" : "; it has " + Joined(aliases)),
                "make it with `foretell promote " + name + "@VERSION " + reference.selector + "`");
  }
  Manifest manifest = Get(name, top->entry.version);
  if (manifest.sha256 != top->entry.manifest_sha256) {
    throw Error(Code::kBadManifest,
                name + "@" + std::to_string(manifest.version) + " is not the version that '" +
                    reference.selector + "' was moved to: its manifest has another digest",
                "restore it from a copy of the store");
  }
  return manifest;
}

void Store::MakeDurable(std::string_view name, std::int64_t version) {
  // Its blobs were, before it could be seen.
  storage_->MakeDurable(VersionKey(name, version));
}

std::vector<std::string> Store::Aliases(std::string_view name) {
  ValidateName(name);
  EnsureReadable();
  const std::string folder = AliasesFolder(name);
  std::vector<std::string> aliases;
  for (const std::string& segment : Folders(*storage_, folder)) {
    const std::string key = AliasKey(name, segment, 1);
    if (const std::optional<std::string> text = storage_->Read(key)) {
      aliases.push_back(ReadAliasEntry(*text, name, segment, 1, key).alias);
    }
  }
  if (aliases.empty() && Highest(name) == 0) {
    ThrowUnknownName(name);
  }
  return aliases;
}

std::optional<std::int64_t> Store::AliasVersion(std::string_view name, std::string_view alias) {
  ValidateName(name);
  ValidateAlias(alias);
  EnsureReadable();
  if (const auto top = ReadAliasTop(*storage_, name, alias)) {
    return top->entry.version;
  }
  if (Highest(name) == 0) {
    ThrowUnknownName(name);
  }
  return std::nullopt;
}

std::vector<AliasEntry> Store::History(std::string_view name, std::string_view alias,
                                       std::string_view as_of) {
  ValidateName(name);
  ValidateAlias(alias);
  EnsureReadable();
  std::vector<StoredAliasEntry> log = ReadAliasLog(*storage_, name, alias);
  KeepAsOf(log, as_of);
  std::vector<AliasEntry> history;
  history.reserve(log.size());
  for (StoredAliasEntry& stored : log) {
    history.push_back(std::move(stored.entry));
  }
  if (history.empty() && Highest(name) == 0) {
    ThrowUnknownName(name);
  }
  return history;
}

}  // namespace foretell
