// Verification: every byte that the store's files name, and every file that they name.
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "foretell/store.h"
#include "store/alias_log.h"
#include "store/blobs.h"
#include "store/layout.h"
#include "store/manifest.h"
#include "store/numbered_log.h"
#include "store/report_log.h"
#include "store/retired_log.h"
#include "store/sealed.h"

namespace foretell {
namespace {

class Verifier {
 public:
  explicit Verifier(Storage& storage) : storage_(storage) {}

  std::vector<Finding> TakeFindings() { return std::move(findings_); }

  void StoreFile() {
    Check(StoreKey(), [&] {
      const std::optional<std::string> text = storage_.Read(StoreKey());
      if (!text) {
        throw Error(Code::kNotAStore, StoreKey() + " is missing");
      }
      Unseal(*text, StoreKey(), Code::kNotAStore);
    });
  }

  // `name` in any case.
  void Version(std::string_view name, std::int64_t version) {
    const std::string key = VersionKey(name, version);
    Check(key, [&] {
      const std::optional<std::string> document = storage_.Read(key);
      if (!document) {
        throw Error(Code::kBadManifest, key + " is missing, though later versions or an alias need it");
      }
      const Manifest manifest = ReadManifest(*document, name, version, key);
      digests_[key] = manifest.sha256;
      Check(ReportsFolder(name, version), [&] { ReadReports(storage_, manifest); });
      for (const FileEntry& file : manifest.files) {
        Check(file.blob, [&] { Blob(manifest, file); });
      }
    });
    Check(RetiredFolder(name, version), [&] { CheckRetiredLog(storage_, name, version); });
  }

  void Alias(std::string_view name, std::string_view alias) {
    const std::string folder = AliasFolder(name, alias);
    const std::vector<std::int64_t> sequences = Numbers(storage_, folder);
    if (const std::int64_t gap = FirstGap(sequences)) {
      Check(NumberedKey(folder, gap), [&] {
        throw Error(Code::kBadAliasEntry,
                    NumberedKey(folder, gap) + " is missing, though later entries are there");
      });
    }
    std::vector<StoredAliasEntry> log;
    for (const std::int64_t sequence : sequences) {
      const std::string key = NumberedKey(folder, sequence);
      Check(key, [&] {
        const std::optional<std::string> text = storage_.Read(key);
        StoredAliasEntry entry = ReadAliasEntry(text.value_or(""), name, alias, sequence, key);
        if (!log.empty() && log.back().entry.sequence == sequence - 1 &&
            log.back().sha256 != entry.entry.previous_entry_sha256) {
          throw Error(Code::kBadAliasEntry, key + " does not follow from the entry before it");
        }
        const std::string manifest_key = VersionKey(name, entry.entry.version);
        const auto known = digests_.find(manifest_key);
        log.push_back(entry);
        if (known == digests_.end() || known->second != entry.entry.manifest_sha256) {
          throw Error(Code::kBadAliasEntry,
                      key + " names " + manifest_key + ", which is missing, damaged or not the one it named");
        }
      });
    }
    if (log.size() == sequences.size()) {
      Check(folder, [&] { Standing(log, folder); });
    }
  }

  template <typename Body>
  void Check(const std::string& key, Body&& body) {
    try {
      body();
    } catch (const Error& error) {
      findings_.push_back({key, error.code(), error.message()});
    }
  }

 private:
  void Blob(const Manifest& manifest, const FileEntry& file) {
    const std::string whose = manifest.name + "@" + std::to_string(manifest.version);
    try {
      blobs_.insert(file.blob).second ? VerifyBlob(storage_, file, whose) : CheckBlob(storage_, file, whose);
    } catch (const Error& error) {
      // What a purged version names is not missed.
      if (error.code() != Code::kMissingBlob ||
          !ReadRetired(storage_, manifest.name, manifest.version).purged()) {
        throw;
      }
    }
  }

  Storage& storage_;
  std::set<std::string> blobs_;                 // read already
  std::map<std::string, std::string> digests_;  // of sound manifests, by key
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Store::Verify(std::string_view name, std::int64_t version) {
  try {
    static_cast<void>(Get(name, version));
  } catch (const Error& error) {
    // What is damaged is a finding; what was never there is the caller's mistake.
    if (error.code() != Code::kBadManifest && error.code() != Code::kNewerFormat) {
      throw;
    }
  }
  Verifier verifier(*storage_);
  verifier.Version(name, version);
  return verifier.TakeFindings();
}

std::vector<Finding> Store::VerifyAll() {
  Verifier verifier(*storage_);
  verifier.StoreFile();
  // From the keys, not from what the files say: damaged ones are listed, too.
  std::map<std::string, std::set<std::int64_t>> versions;  // by the name's segment
  std::map<std::string, std::set<std::string>> aliases;
  const auto segments = [&](const std::string& folder, const auto& take) {
    for (const ObjectInfo& info : storage_->List(folder)) {
      const std::size_t start = folder.size() + 1;
      const std::size_t end = info.key.find('/', start);
      if (end != std::string::npos) {
        take(info.key.substr(start, end - start), info.key, end);
      }
    }
  };
  segments(VersionsFolder(), [&](const std::string& name, const std::string& key, std::size_t end) {
    if (const auto number = NumberOfKey(key.substr(0, end), key)) {
      versions[name].insert(*number);
    }
  });
  segments(AliasesFolder(), [&](const std::string& name, const std::string& key, std::size_t end) {
    const std::size_t alias_end = key.find('/', end + 1);
    if (alias_end != std::string::npos && NumberOfKey(key.substr(0, alias_end), key)) {
      aliases[name].insert(key.substr(end + 1, alias_end - end - 1));
      versions[name];
    }
  });
  for (auto& [segment, numbers] : versions) {
    const std::string name = NameOfSegment(segment);
    for (const std::string& alias : aliases[segment]) {
      // An alias may name a version whose manifest is gone; it has to be missed even if it was the last.
      for (const std::int64_t sequence : Numbers(*storage_, AliasFolder(name, alias))) {
        try {
          const std::string key = AliasKey(name, alias, sequence);
          numbers.insert(
              ReadAliasEntry(storage_->Read(key).value_or(""), name, alias, sequence, key).entry.version);
        } catch (const Error&) {
          continue;  // found below
        }
      }
    }
    const std::int64_t last = numbers.empty() ? 0 : *numbers.rbegin();
    constexpr std::int64_t kMissingNamed = 1000;
    std::int64_t missing = 0;
    for (std::int64_t version = 1; version <= last && missing < kMissingNamed; ++version) {
      missing += numbers.contains(version) ? 0 : 1;
      verifier.Version(name, version);
    }
    for (const std::string& alias : aliases[segment]) {
      verifier.Alias(name, alias);
    }
  }
  return verifier.TakeFindings();
}

}  // namespace foretell
