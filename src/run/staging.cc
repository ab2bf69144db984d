#include "run/staging.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "run/layout.h"
#include "store/temporary_folder.h"

namespace foretell::run {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : value_(open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

[[noreturn]] void Failed(const char* what, const fs::path& path, int number) {
  const Code code = number == ENOSPC || number == EDQUOT                     ? Code::kNoSpace
                    : number == EACCES || number == EPERM || number == EROFS ? Code::kNotPermitted
                                                                             : Code::kIo;
  throw Error(code, std::string("cannot ") + what + " '" + path.string() + "': " + std::strerror(number));
}

// False when it is gone.
bool SyncFolder(const fs::path& path) {
  const Descriptor folder(path, O_RDONLY | O_DIRECTORY);
  if (folder.get() < 0 && (errno == ENOENT || errno == ENOTDIR)) return false;
  if (folder.get() < 0) Failed("open the folder", path, errno);
  if (fsync(folder.get()) != 0) Failed("sync the folder", path, errno);
  return true;
}

std::string WhyNotWholeFile(const fs::path& path, const std::string& name, std::uint64_t size) {
  const Descriptor file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return "'" + name + "' is not there";
    if (errno == ELOOP) return "'" + name + "' is a symbolic link";
    Failed("open", path, errno);
  }
  struct stat info{};
  if (fstat(file.get(), &info) != 0) Failed("look at", path, errno);
  if (!S_ISREG(info.st_mode)) return "'" + name + "' is not a regular file";
  if (static_cast<std::uint64_t>(info.st_size) != size) {
    return "'" + name + "' has " + std::to_string(info.st_size) + " bytes, the part says " +
           std::to_string(size);
  }
  if (fsync(file.get()) != 0) Failed("sync", path, errno);
  return {};
}

// True when done, false when the source is gone.
bool LinkFile(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (error) Failed("create the folder", to.parent_path(), error.value());
  if (unlink(to.c_str()) != 0 && errno != ENOENT) Failed("replace", to, errno);
  if (link(from.c_str(), to.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  // No hard links here, or too many on this file already.
  fs::copy_file(from, to, error);
  if (error && !fs::exists(from)) return false;
  if (error) Failed("copy to", to, error.value());
  return true;
}

// Where bytes are not local there is no link: through a file of this machine, in constant memory.
bool CopyObject(Storage& storage, const std::string& from, const std::string& to) {
  const TemporaryFolder folder;
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
        folders.insert(folder.empty() ? *local : *local / folder);
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
    whole = source && target ? LinkFile(*source / file, *target / file)
                             : CopyObject(storage, StagedKey(unit, from, file), StagedKey(unit, to, file));
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
