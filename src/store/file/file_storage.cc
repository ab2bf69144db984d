#include "store/file/file_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "foretell/error.h"
#include "store/file/linux.h"
#include "store/layout.h"

namespace foretell {
namespace {

std::string TemporaryName() {
  std::array<unsigned char, 12> random{};
  if (::getentropy(random.data(), random.size()) != 0) {
    throw Error(Code::kInternal, "the system gives no random numbers");
  }
  std::string name = ".";
  for (const unsigned char byte : random) {
    name += "0123456789abcdef"[byte >> 4U];
    name += "0123456789abcdef"[byte & 15U];
  }
  return name + ".tmp";
}

bool IsTemporaryName(std::string_view name) {
  constexpr std::size_t kDigits = 24;
  return name.size() == kDigits + 5 && name.front() == '.' && name.ends_with(".tmp") &&
         std::all_of(name.begin() + 1, name.begin() + 1 + kDigits,
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// A new file under a temporary name; removed again unless it was renamed.
class TemporaryFile {
 public:
  TemporaryFile(int folder, const std::filesystem::path& folder_path)
      : folder_(folder), name_(TemporaryName()), path_(folder_path / name_) {
    file_ = OpenAt(folder_, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
    if (!file_) {
      ThrowErrno("create", path_, errno);
    }
  }
  ~TemporaryFile() {
    if (!renamed_) {
      ::unlinkat(folder_, name_.c_str(), 0);
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int fd() const { return file_.get(); }
  const char* name() const { return name_.c_str(); }
  const std::filesystem::path& path() const { return path_; }
  void Renamed() { renamed_ = true; }

 private:
  int folder_;
  std::string name_;
  std::filesystem::path path_;
  Descriptor file_;
  bool renamed_ = false;
};

// Without following a link. False when it is absent; what cannot be looked at is not called absent.
bool LookAt(int folder, const char* name, const std::filesystem::path& path, struct stat& status) {
  if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return true;
  }
  if (errno != ENOENT && errno != ENOTDIR) {
    ThrowErrno("read", path, errno);
  }
  return false;
}

bool Exists(int folder, const char* name, const std::filesystem::path& path) {
  struct stat status{};
  return LookAt(folder, name, path, status);
}

ObjectInfo Info(std::string key, const struct stat& status) {
  return {std::move(key), static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

[[noreturn]] void ThrowLink(const std::filesystem::path& path) {
  throw Error(Code::kInvalidPath, path.string() + " is a symbolic link, which a storage does not follow",
              "put the files themselves there, or make the storage's root the link");
}

// Absent: true for ENOENT, and for ENOTDIR where a file stands in the place of a folder.
bool MeansAbsent(int folder, const char* name, const std::filesystem::path& path, int error) {
  if (error != ENOENT && error != ENOTDIR && error != ELOOP) {
    return false;
  }
  struct stat status{};
  if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode)) {
    ThrowLink(path);
  }
  return error != ELOOP;
}

[[noreturn]] void ThrowNotKnownDurable(const std::filesystem::path& path, int error) {
  throw Error(Code::kUnknownOutcome,
              "cannot sync " + path.string() + ": " + std::generic_category().message(error) +
                  "; it is not known whether the last change is durable",
              "look at the file system's state, then repeat the operation if need be");
}

// The folder was renamed into or created in; what is visible may be lost with the power.
void SyncVisible(int folder, const std::filesystem::path& path) {
  if (::fsync(folder) != 0) {
    ThrowNotKnownDurable(path, errno);
  }
}

// One level of a listing. Folders sort as if their names ended with '/', which gives key order.
struct Entry {
  std::string name;
  bool is_folder = false;
};

std::vector<Entry> ReadFolder(Descriptor folder, const std::filesystem::path& path) {
  const int fd = folder.get();
  DIR* opened = ::fdopendir(fd);
  if (opened == nullptr) {
    ThrowErrno("list", path, errno);
  }
  static_cast<void>(folder.Release());  // closedir closes it
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opened, ::closedir);
  std::vector<Entry> entries;
  while (true) {
    errno = 0;
    const dirent* next = ::readdir(stream.get());
    if (next == nullptr) {
      if (errno != 0) {
        ThrowErrno("list", path, errno);
      }
      break;
    }
    if (next->d_name[0] == '.' && !IsTemporaryName(next->d_name)) {
      continue;
    }
    Entry entry{next->d_name, next->d_type == DT_DIR};
    if (next->d_type == DT_UNKNOWN) {
      struct stat status{};
      if (!LookAt(fd, next->d_name, path / next->d_name, status)) {
        continue;  // removed meanwhile
      }
      entry.is_folder = S_ISDIR(status.st_mode);
    }
    if (entry.is_folder) {
      entry.name += '/';
    }
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

// Finds the objects, or else the temporary files.
void Walk(Descriptor folder, const std::filesystem::path& path, const std::string& prefix,
          std::string_view after, bool temporary, std::vector<ObjectInfo>& found) {
  const Descriptor kept = OpenAt(folder.get(), ".", O_RDONLY | O_DIRECTORY);  // fdopendir consumes the other
  if (!kept) {
    ThrowErrno("list", path, errno);
  }
  for (const Entry& entry : ReadFolder(std::move(folder), path)) {
    const std::string key = prefix + entry.name;
    if (entry.is_folder && entry.name.front() == '.') {
      continue;
    }
    if (entry.is_folder) {
      if (key < after && !after.starts_with(key)) {
        continue;  // every key below it comes before `after`
      }
      Descriptor next = OpenAt(kept.get(), entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (next) {
        Walk(std::move(next), path / entry.name, key, after, temporary, found);
      } else if (errno != ENOENT) {
        ThrowErrno("list", path / entry.name, errno);
      }
      continue;
    }
    struct stat status{};
    if (IsTemporaryName(entry.name) == temporary && key > after &&
        LookAt(kept.get(), entry.name.c_str(), path / entry.name, status) && S_ISREG(status.st_mode)) {
      found.push_back(Info(key, status));
    }
  }
}

// A driver that goes on for months makes folders without end.
constexpr std::size_t kMostSynced = 4096;

}  // namespace

FileStorage::FileStorage(std::filesystem::path root) : root_(std::move(root)) {}

Descriptor FileStorage::OpenRoot() const {
  Descriptor root = OpenAt(AT_FDCWD, root_.c_str(), O_RDONLY | O_DIRECTORY);
  if (!root && errno != ENOENT && errno != ENOTDIR) {
    ThrowErrno("open", root_, errno);
  }
  return root;
}

void FileStorage::CreateRoot() const {
  std::filesystem::path made;
  for (const std::filesystem::path& part : root_) {
    made /= part;
    if (::mkdir(made.c_str(), 0777) == 0) {
      const Descriptor parent = OpenAt(AT_FDCWD, made.parent_path().c_str(), O_RDONLY | O_DIRECTORY);
      if (!parent) {
        ThrowErrno("open", made.parent_path(), errno);
      }
      Sync(parent.get(), made.parent_path());
    } else if (errno != EEXIST && errno != EISDIR) {
      const int error = errno;
      std::error_code ignored;
      if (!std::filesystem::is_directory(made, ignored)) {  // an existing folder of a read-only parent
        ThrowErrno("create the folder", made, error);
      }
    } else if (const Descriptor parent =
                   OpenAt(AT_FDCWD, made.parent_path().c_str(), O_RDONLY | O_DIRECTORY)) {
      // Whoever made it may have died before it was durable. Most of these were always there, and some
      // can be opened but not synced, so a failure says nothing.
      static_cast<void>(::fsync(parent.get()));
    }
  }
}

void FileStorage::SyncRootOnce() {
  {
    const std::lock_guard lock(mutex_);
    if (synced_.contains(root_)) {
      return;
    }
  }
  const std::filesystem::path above = root_.parent_path();
  const Descriptor parent = OpenAt(AT_FDCWD, above.c_str(), O_RDONLY | O_DIRECTORY);
  // Where it may not be read, or is of a kind that cannot be synced, nobody has made the root in it.
  if (!parent && errno != EACCES) {
    ThrowErrno("open", above, errno);
  }
  if (parent && ::fsync(parent.get()) != 0 && errno != EINVAL && errno != EROFS) {
    ThrowErrno("sync", above, errno);
  }
  const std::lock_guard lock(mutex_);
  synced_.insert(root_);
}

std::optional<FileStorage::Place> FileStorage::Find(std::string_view key) const {
  ValidateKey(key);
  Place place{OpenRoot(), {}, root_, {}};
  if (!place.folder) {
    return std::nullopt;
  }
  for (std::size_t slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/')) {
    const std::string segment(key.substr(0, slash));
    Descriptor next = OpenAt(place.folder.get(), segment.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    place.folder_path /= segment;
    if (!next) {
      const int error = errno;
      if (MeansAbsent(place.folder.get(), segment.c_str(), place.folder_path, error)) {
        return std::nullopt;
      }
      ThrowErrno("open", place.folder_path, error);
    }
    place.folder = std::move(next);
    key.remove_prefix(slash + 1);
  }
  place.name = key;
  place.path = place.folder_path / place.name;
  return place;
}

void FileStorage::SyncOnce(int folder, const std::filesystem::path& path,
                           const std::filesystem::path& child) {
  {
    const std::lock_guard lock(mutex_);
    if (synced_.contains(child)) {
      return;
    }
  }
  Sync(folder, path);
  const std::lock_guard lock(mutex_);
  if (synced_.size() >= kMostSynced) {
    synced_.clear();  // what is forgotten is synced once more
  }
  synced_.insert(child);
}

FileStorage::Place FileStorage::Make(std::string_view key) {
  ValidateKey(key);
  Place place{OpenRoot(), {}, root_, {}};
  if (!place.folder) {
    CreateRoot();
    place.folder = OpenRoot();
    if (!place.folder) {
      ThrowErrno("open", root_, ENOTDIR);
    }
  }
  SyncRootOnce();  // also when it was there, as below
  for (std::size_t slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/')) {
    const std::string segment(key.substr(0, slash));
    const std::filesystem::path path = place.folder_path / segment;
    if (::mkdirat(place.folder.get(), segment.c_str(), 0777) != 0) {
      const int error = errno;
      if (error != EEXIST && !Exists(place.folder.get(), segment.c_str(), path)) {
        ThrowErrno("create the folder", path, error);
      }
    }
    // Also when it was there: whoever made it may have died before it was durable.
    SyncOnce(place.folder.get(), place.folder_path, path);
    Descriptor next = OpenAt(place.folder.get(), segment.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!next) {
      const int error = errno;
      MeansAbsent(place.folder.get(), segment.c_str(), path, error);
      ThrowErrno("open", path, error);
    }
    place.folder = std::move(next);
    place.folder_path = path;
    key.remove_prefix(slash + 1);
  }
  place.name = key;
  place.path = place.folder_path / place.name;
  return place;
}

Descriptor FileStorage::OpenFile(const Place& place) const {
  Descriptor file = OpenAt(place.folder.get(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) {
    const int error = errno;
    if (!MeansAbsent(place.folder.get(), place.name.c_str(), place.path, error)) {
      ThrowErrno("open", place.path, error);
    }
    return file;
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    ThrowErrno("read", place.path, errno);
  }
  return S_ISREG(status.st_mode) ? std::move(file) : Descriptor();
}

CreateAnswer FileStorage::Create(std::string_view key, std::string_view body) {
  const Place place = Make(key);
  // Looked for first: a loser need not write its bytes. The rename decides.
  bool created = false;
  if (!Exists(place.folder.get(), place.name.c_str(), place.path)) {
    TemporaryFile file(place.folder.get(), place.folder_path);
    WriteAll(file.fd(), body, file.path());
    Sync(file.fd(), file.path());
    const int error =
        RenameToFreeName(place.folder.get(), file.name(), place.folder.get(), place.name.c_str());
    if (error != 0 && error != EEXIST) {
      ThrowErrno("create", place.path, error);
    }
    created = error == 0;
    if (created) {
      file.Renamed();
    }
  }
  // Also for a loser: it goes on from what it has seen, which must not be lost after that.
  SyncVisible(place.folder.get(), place.folder_path);
  return created ? CreateAnswer::kCreated : CreateAnswer::kExists;
}

std::uint64_t FileStorage::PutFile(std::string_view key, const std::filesystem::path& source) {
  const Descriptor from = OpenSource(source);
  const Place place = Make(key);
  TemporaryFile file(place.folder.get(), place.folder_path);
  const std::uint64_t copied = CopyAll(from.get(), source, file.fd(), file.path());
  Sync(file.fd(), file.path());
  if (::renameat(place.folder.get(), file.name(), place.folder.get(), place.name.c_str()) != 0) {
    ThrowErrno("create", place.path, errno);
  }
  file.Renamed();
  Sync(place.folder.get(), place.folder_path);
  return copied;
}

std::optional<std::string> FileStorage::Read(std::string_view key) {
  const std::optional<Place> place = Find(key);
  const Descriptor file = place ? OpenFile(*place) : Descriptor();
  if (!file) {
    return std::nullopt;
  }
  return ReadAll(file.get(), place->path);
}

bool FileStorage::ReadInto(std::string_view key, const std::filesystem::path& target) {
  const std::optional<Place> place = Find(key);
  const Descriptor file = place ? OpenFile(*place) : Descriptor();
  if (!file) {
    return false;
  }
  const Descriptor to = OpenAt(AT_FDCWD, target.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (!to) {
    ThrowErrno("create", target, errno);
  }
  CopyAll(file.get(), place->path, to.get(), target);
  return true;
}

std::optional<ObjectInfo> FileStorage::Stat(std::string_view key) {
  const std::optional<Place> place = Find(key);
  const Descriptor file = place ? OpenFile(*place) : Descriptor();
  struct stat status{};
  if (!file) {
    return std::nullopt;
  }
  if (::fstat(file.get(), &status) != 0) {
    ThrowErrno("read", place->path, errno);
  }
  return Info(std::string(key), status);
}

std::vector<ObjectInfo> FileStorage::List(std::string_view prefix, std::string_view after) {
  std::vector<ObjectInfo> found;
  if (prefix.empty()) {
    if (Descriptor root = OpenRoot()) {
      Walk(std::move(root), root_, "", after, false, found);
    }
    return found;
  }
  const std::optional<Place> place = Find(prefix);
  if (!place) {
    return found;
  }
  Descriptor folder = OpenAt(place->folder.get(), place->name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!folder) {
    const int error = errno;
    if (!MeansAbsent(place->folder.get(), place->name.c_str(), place->path, error)) {
      ThrowErrno("list", place->path, error);
    }
    return found;
  }
  Walk(std::move(folder), place->path, std::string(prefix) + "/", after, false, found);
  return found;
}

void FileStorage::Delete(std::string_view key) {
  const std::optional<Place> place = Find(key);
  if (!place) {
    return;
  }
  if (::unlinkat(place->folder.get(), place->name.c_str(), 0) != 0) {
    if (errno != ENOENT && errno != EISDIR) {
      ThrowErrno("remove", place->path, errno);
    }
    return;
  }
  Sync(place->folder.get(), place->folder_path);
}

std::vector<ObjectInfo> FileStorage::Unfinished() {
  std::vector<ObjectInfo> found;
  if (Descriptor root = OpenRoot()) {
    Walk(std::move(root), root_, "", "", true, found);
  }
  return found;
}

void FileStorage::RemoveUnfinished(std::string_view key) {
  const std::size_t start = key.rfind('/') + 1;  // 0 where there is no '/'
  const std::string name(key.substr(start));
  if (!IsTemporaryName(name)) {
    throw Error(Code::kInternal, "'" + std::string(key) + "' is not the name of a temporary file");
  }
  // Any name of the same folder finds the folder.
  const std::optional<Place> place = Find(std::string(key.substr(0, start)) + "any");
  if (place && ::unlinkat(place->folder.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    ThrowErrno("remove", place->folder_path / name, errno);
  }
}

bool FileStorage::Move(std::string_view from, std::string_view to) {
  const std::optional<Place> source = Find(from);
  const bool source_exists = source && Exists(source->folder.get(), source->name.c_str(), source->path);
  if (!source_exists) {
    const std::optional<Place> moved = Find(to);
    if (!moved || !Exists(moved->folder.get(), moved->name.c_str(), moved->path)) {
      return false;
    }
    SyncVisible(moved->folder.get(), moved->folder_path);  // whoever moved it may have died before this
    return true;
  }
  const Place target = Make(to);
  const int error =
      RenameToFreeName(source->folder.get(), source->name.c_str(), target.folder.get(), target.name.c_str());
  if (error == ENOENT) {
    return Exists(target.folder.get(), target.name.c_str(), target.path);  // another process was faster
  }
  if (error == EEXIST) {
    throw Error(Code::kConflict,
                "cannot move " + source->path.string() + ": " + target.path.string() + " is there already");
  }
  if (error != 0) {
    ThrowErrno("move", source->path, error);
  }
  SyncVisible(target.folder.get(), target.folder_path);
  SyncVisible(source->folder.get(), source->folder_path);
  return true;
}

void FileStorage::MakeDurable(std::string_view key) {
  const std::optional<Place> place = Find(key);
  // Where nothing can be written, or synced, nothing was written that could be lost.
  if (place && ::fsync(place->folder.get()) != 0 && errno != EROFS && errno != EINVAL) {
    ThrowNotKnownDurable(place->folder_path, errno);
  }
}

std::optional<std::filesystem::path> FileStorage::LocalPath(std::string_view key) {
  const std::optional<Place> place = Find(key);
  if (!place || !OpenFile(*place)) {
    return std::nullopt;
  }
  return place->path;
}

}  // namespace foretell
