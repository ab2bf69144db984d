// Saving: every blob, then the manifest under the next free number.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "foretell/store.h"
#include "store/blobs.h"
#include "store/commit.h"
#include "store/elapsed.h"
#include "store/file/descriptor.h"
#include "store/file_digest.h"
#include "store/layout.h"
#include "store/manifest.h"
#include "store/numbered_log.h"
#include "store/retired_log.h"
#include "store/sealed.h"

namespace foretell {
namespace {

// Tells whether a file was written to between two looks.
struct Look {
  dev_t device = 0;
  ino_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const Look&) const = default;
};

Look LookAt(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    ThrowErrno("read", path, errno);
  }
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

void CheckUnchanged(const std::filesystem::path& path, const Look& before) {
  if (LookAt(path) != before) {
    throw Error(Code::kIo, path.string() + " was changed while it was being saved",
                "save again when nothing writes to it; no version was made");
  }
}

// Blobs that are there already for these digests and that an unretired manifest of the name names.
// One of the newest manifests nearly always does; no more than those are read.
std::map<std::string, FileEntry> ReusableBlobs(Storage& storage, std::string_view name, std::int64_t highest,
                                               const std::vector<FileEntry>& wanted) {
  std::map<std::string, FileEntry> reusable;
  std::map<std::string, bool> open;  // digests that have some blob
  for (const FileEntry& file : wanted) {
    const std::string folder = BlobFolder(file.sha256);
    const std::vector<ObjectInfo> from = storage.List(folder, folder + "/" + file.sha256);
    if (!from.empty() && IsBlobKeyOf(from.front().key, file.sha256)) {
      open[file.sha256] = true;
    }
  }
  constexpr std::int64_t kRead = 32;
  for (std::int64_t version = highest; !open.empty() && version > 0 && version > highest - kRead; --version) {
    const std::string key = VersionKey(name, version);
    try {
      const std::optional<std::string> document = storage.Read(key);
      if (!document || ReadRetired(storage, name, version).retired()) {
        continue;
      }
      for (const FileEntry& file : ReadManifest(*document, name, version, key).files) {
        if (open.contains(file.sha256)) {
          // Where that is cheap every byte is read, so that saving anew repairs a damaged store.
          const bool local = storage.LocalPath(file.blob).has_value();
          local ? VerifyBlob(storage, file, key) : CheckBlob(storage, file, key);
          reusable[file.sha256] = file;
          open.erase(file.sha256);
        }
      }
    } catch (const Error& error) {
      if (error.code() != Code::kBadManifest && error.code() != Code::kMissingBlob &&
          error.code() != Code::kDamagedBlob) {
        throw;
      }
    }
  }
  return reusable;
}

void CheckSpelling(std::string_view there, std::string_view name) {
  if (there != name) {
    throw Error(Code::kNameTaken,
                "the store has '" + std::string(there) + "', which differs from '" + std::string(name) +
                    "' only in case",
                "use the spelling that is there");
  }
}

// The manifest that won a number: it may be the first of a name that differs in case.
void CheckWinner(std::string winner, std::string_view name, std::int64_t version) {
  try {
    CheckSpelling(ReadManifest(std::move(winner), name, version, VersionKey(name, version)).name, name);
  } catch (const Error& error) {
    if (error.code() != Code::kBadManifest) {
      throw;
    }
  }
}

}  // namespace

Manifest Store::Save(std::string_view name, const Draft& draft) {
  ValidateName(name);
  ValidateFields(draft.fields);
  std::vector<std::string> paths;
  paths.reserve(draft.files.size());
  for (const Draft::File& file : draft.files) {
    paths.push_back(file.path);
  }
  ValidatePaths(paths);

  const Elapsed elapsed;
  std::vector<Look> looks;
  std::vector<FileEntry> files;
  looks.reserve(draft.files.size());
  files.reserve(draft.files.size());
  std::uint64_t total = 0;
  for (const Draft::File& file : draft.files) {
    looks.push_back(LookAt(file.source));
    const FileDigest digest = Sha256OfFile(file.source);
    CheckUnchanged(file.source, looks.back());
    files.push_back({file.path, digest.size, digest.sha256, {}});
    total += digest.size;
  }

  EnsureWritable();
  const auto check_spelling = [&] {
    const auto spelling = Spelling(name);
    if (spelling) {
      CheckSpelling(*spelling, name);
    }
    return spelling.has_value();
  };
  const bool spelled = check_spelling();
  const std::string attempt_id = NewAttemptId();
  const std::string created = UtcNow();
  std::map<std::string, FileEntry> stored = ReusableBlobs(*storage_, name, Highest(name), files);
  std::uint64_t done = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    FileEntry& file = files[i];
    if (draft.progress) {
      draft.progress(done, total);
    }
    if (const auto there = stored.find(file.sha256); there != stored.end()) {
      file.blob = there->second.blob;
    } else {
      file.blob = BlobKey(file.sha256, attempt_id);
      const std::filesystem::path& source = draft.files[i].source;
      const std::uint64_t written = storage_->PutFile(file.blob, source);
      CheckUnchanged(source, looks[i]);
      if (written != file.size) {
        throw Error(Code::kIo,
                    "only " + std::to_string(written) + " of " + std::to_string(file.size) + " bytes of " +
                        source.string() + " were stored",
                    "save again; no version was made");
      }
      stored[file.sha256] = file;
    }
    done += file.size;
  }
  if (draft.progress) {
    draft.progress(done, total);
  }

  std::int64_t version = Highest(name) + 1;
  if (!spelled && version > 1) {
    check_spelling();  // the first version came while this save stored its blobs
  }
  while (true) {
    CheckSaveAge(elapsed());
    std::string document = WriteManifest(name, version, attempt_id, created, files, draft.fields);
    const std::string key = VersionKey(name, version);
    Committed result = CommitNumbered(*storage_, VersionFolder(name), version, document, attempt_id);
    if (result.ours) {
      return ReadManifest(std::move(document), name, version, key);
    }
    CheckWinner(std::move(result.winner), name, version);
    version = std::max(version, Highest(name)) + 1;
  }
}

}  // namespace foretell
