// This machine's verified files. A blob on a local file system is used in place: its digest is
// checked once, and a record remembers which file that was. Any other blob is copied into the cache.
//
//   <cache>/files/ab/<sha256>              copies, mode 0400
//   <cache>/records/<sha256>.<path>.json   size, inode, times and owner of a file when it was verified
//   <cache>/locks/<sha256>                 held while a file is verified or copied
//
// A warm open looks at these by stat only. One process verifies or copies a file while the others
// wait; the lock goes with its holder. A file that changed in any way is verified again, a damaged
// copy is fetched again, and damaged bytes of the store itself are refused (FT0409).
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "foretell/storage.h"
#include "foretell/store.h"
#include "store/file/descriptor.h"

namespace foretell {

// FORETELL_CACHE, else $XDG_CACHE_HOME/foretell, else ~/.cache/foretell, else, where the home folder
// does not exist, /tmp/foretell-<uid>.
std::filesystem::path DefaultCachePath();

class Cache {
 public:
  // Makes the folders (0700). FT0504 when one is a symbolic link, belongs to another user, may be
  // written by others, or cannot be made.
  explicit Cache(std::filesystem::path root = DefaultCachePath());

  // A local file with the blob's bytes, verified; never written to. `whose` is "EventTopics@3", for
  // messages. FT0408 when the blob is missing, FT0409 when it is damaged. Any thread may call it.
  std::filesystem::path Fetch(Storage& storage, const FileEntry& file, std::string_view whose) const;

 private:
  std::filesystem::path RecordPath(const FileEntry& file, const std::filesystem::path& path) const;
  bool IsRecorded(const FileEntry& file, const std::filesystem::path& path) const;
  // Reads every byte; true when the digest is right, which is then recorded.
  bool VerifyAndRecord(const FileEntry& file, const std::filesystem::path& path) const;
  void Record(const FileEntry& file, const std::filesystem::path& path, const nlohmann::json& look) const;
  Descriptor Lock(const FileEntry& file) const;
  void Copy(Storage& storage, const FileEntry& file, const std::filesystem::path& target,
            std::string_view whose) const;

  std::filesystem::path root_;
};

}  // namespace foretell
