#include "run/staging.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "run/layout.h"
#include "store/file/descriptor.h"
#include "store/temporary_folder.h"

namespace foretell::run {
namespace {

namespace fs = std::filesystem;

// False when it is gone.
bool SyncFolder(const fs::path& path) {
  const Descriptor folder = OpenAt(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!folder && (errno == ENOENT || errno == ENOTDIR)) return false;
  if (!folder) ThrowErrno("open the folder", path, errno);
  Sync(folder.get(), path);
  return true;
}

std::string WhyNotWholeFile(const fs::path& path, const std::string& name, std::uint64_t size) {
  const Descriptor file = OpenAt(AT_FDCWD, path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return "'" + name + "' is not there";
    if (errno == ELOOP) return "'" + name + "' is a symbolic link";
    ThrowErrno("open", path, errno);
  }
  struct stat info{};
  if (fstat(file.get(), &info) != 0) ThrowErrno("look at", path, errno);
  if (!S_ISREG(info.st_mode)) return "'" + name + "' is not a regular file";
  if (static_cast<std::uint64_t>(info.st_size) != size) {
    return "'" + name + "' has " + std::to_string(info.st_size) + " bytes, the part says " +
           std::to_string(size);
  }
  Sync(file.get(), path);
  return {};
}

// False where there are no hard links, or too many on this file already, or it is gone.
bool LinkFile(const fs::path& from, const fs::path& to) {
  std::error_code ignored;  // the copy that is made instead says what is wrong
  fs::create_directories(to.parent_path(), ignored);
  unlink(to.c_str());
  return link(from.c_str(), to.c_str()) == 0;
}

// In constant memory; false when the source is gone.
bool CopyObject(Storage& storage, const std::string& from, const std::string& to) {
  if (const std::optional<fs::path> local = storage.LocalPath(from)) {
    storage.PutFile(to, *local);
    return true;
  }
  const TemporaryFolder folder;  // where bytes are not local, through a file of this machine
  const fs::path copy = folder.path() / "part";
  if (!storage.ReadInto(from, copy)) return false;
  storage.PutFile(to, copy);
  return true;
}

}  // namespace

std::optional<fs::path> StagingPath(Storage& storage, std::int64_t unit, const std::string& attempt) {
  const std::optional<fs::path> started = storage.LocalPath(AttemptKey(unit, attempt));
  if (!started) return std::nullopt;
  return started->parent_path().parent_path();
}

std::string WhyNotWhole(Storage& storage, std::int64_t unit, const std::string& attempt, const Part& part) {
  const std::optional<fs::path> local = StagingPath(storage, unit, attempt);
  std::set<fs::path> folders;
  for (std::size_t i = 0; i < part.files.size(); ++i) {
    const std::string& name = part.files[i];
    if (local) {
      std::string why = WhyNotWholeFile(*local / name, name, part.sizes[i]);
      if (!why.empty()) return why;
      for (fs::path folder = fs::path(name).parent_path();; folder = folder.parent_path()) {
        folders.insert(*local / folder);
        if (folder.empty()) break;
      }
      continue;
    }
    const std::optional<ObjectInfo> info = storage.Stat(StagedKey(unit, attempt, name));
    if (!info) return "'" + name + "' is not there";
    if (info->size != part.sizes[i]) {
      return "'" + name + "' has " + std::to_string(info->size) + " bytes, the part says " +
             std::to_string(part.sizes[i]);
    }
  }
  for (const fs::path& folder : folders) {
    if (!SyncFolder(folder)) return "the folder '" + folder.string() + "' is gone";
  }
  return {};
}

bool LinkPart(Storage& storage, std::int64_t unit, const std::string& from, const std::string& to,
              const Part& part) {
  const std::optional<fs::path> source = StagingPath(storage, unit, from);
  const std::optional<fs::path> target = StagingPath(storage, unit, to);
  bool whole = true;
  for (const std::string& file : part.files) {
    whole = (source && target && LinkFile(*source / file, *target / file)) ||
            CopyObject(storage, StagedKey(unit, from, file), StagedKey(unit, to, file));
    if (!whole) break;
  }
  // The copy is what counts, so it is the copy that is looked at, and synced.
  if (whole && WhyNotWhole(storage, unit, to, part).empty()) return true;
  // What stays behind would be the other attempt's own bytes, for this one to write over.
  for (const std::string& file : part.files) storage.Delete(StagedKey(unit, to, file));
  return false;
}

void RemoveStaging(Storage& storage, const std::string& folder) {
  if (const std::optional<fs::path> lineage = storage.LocalPath(LineageKey())) {
    // At once, with an engine's own temporary files. What cannot go is only garbage.
    std::error_code ignored;
    fs::remove_all(lineage->parent_path().parent_path() / folder, ignored);
    return;
  }
  for (const ObjectInfo& info : storage.List(folder)) storage.Delete(info.key);
}

}  // namespace foretell::run
