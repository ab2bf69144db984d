#include "cache/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "digest/sha256.h"
#include "store/blobs.h"
#include "store/commit.h"
#include "store/file/linux.h"
#include "store/file_digest.h"
#include "store/layout.h"
#include "store/sealed.h"

namespace foretell {
namespace {

using nlohmann::json;

constexpr std::string_view kHint = "remove it, or name another folder with FORETELL_CACHE";

[[noreturn]] void Refuse(const std::filesystem::path& path, const std::string& what) {
  throw Error(Code::kBadCache, "the cache " + path.string() + " " + what, std::string(kHint));
}

void MakeFolder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    Refuse(path, "cannot be made: " + std::generic_category().message(errno));
  }
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    Refuse(path, "cannot be read: " + std::generic_category().message(errno));
  }
  if (!S_ISDIR(status.st_mode)) {
    Refuse(path, S_ISLNK(status.st_mode) ? "is a symbolic link" : "is not a folder");
  }
  if (status.st_uid != ::geteuid()) {
    Refuse(path, "belongs to user " + std::to_string(status.st_uid) + ", not to this one");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    Refuse(path, "may be written by other users");
  }
}

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::optional<struct stat> LookAt(const std::filesystem::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return std::nullopt;
    }
    ThrowErrno("read", path, errno);
  }
  return status;
}

// For people. A path may be any bytes, and JSON is UTF-8; the record's own name tells two paths apart.
std::string Readable(const std::filesystem::path& path) {
  return json::parse(json(path.string()).dump(-1, ' ', false, json::error_handler_t::replace));
}

// What a later look is compared with.
json Described(const struct stat& status, const FileEntry& file, const std::filesystem::path& path) {
  return {{"path", Readable(path)},
          {"sha256", file.sha256},
          {"size", status.st_size},
          {"device", status.st_dev},
          {"inode", status.st_ino},
          {"modified_ns", Nanoseconds(status.st_mtim)},
          {"changed_ns", Nanoseconds(status.st_ctim)},
          {"owner", status.st_uid}};
}

}  // namespace

std::filesystem::path DefaultCachePath() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  if (const auto given = variable("FORETELL_CACHE"); !given.empty()) {
    return std::filesystem::absolute(given);
  }
  if (const auto shared = variable("XDG_CACHE_HOME"); shared.is_absolute()) {
    return shared / "foretell";
  }
  std::error_code ignored;
  if (const auto home = variable("HOME");
      home.is_absolute() && std::filesystem::is_directory(home, ignored)) {
    return home / ".cache" / "foretell";
  }
  return "/tmp/foretell-" + std::to_string(::geteuid());
}

Cache::Cache(std::filesystem::path root) : root_(std::move(root)) {
  std::error_code error;
  std::filesystem::create_directories(root_.parent_path(), error);
  if (error) {
    Refuse(root_, "cannot be made: " + error.message());
  }
  MakeFolder(root_);
  for (const char* folder : {"files", "records", "locks"}) {
    MakeFolder(root_ / folder);
  }
}

std::filesystem::path Cache::Fetch(Storage& storage, const FileEntry& file, std::string_view whose) const {
  const std::optional<std::filesystem::path> local = storage.LocalPath(file.blob);
  if (local && IsLocalFileSystem(*local)) {
    CheckBlob(storage, file, whose);
    if (!IsRecorded(file, *local)) {
      const Descriptor lock = Lock(file);
      if (!IsRecorded(file, *local) && !VerifyAndRecord(file, *local)) {
        ThrowDamagedBlob(storage, file, whose);
      }
    }
    return *local;
  }
  const std::filesystem::path folder = root_ / "files" / file.sha256.substr(0, 2);
  const std::filesystem::path path = folder / file.sha256;
  if (!IsRecorded(file, path)) {
    const Descriptor lock = Lock(file);
    if (!IsRecorded(file, path)) {
      MakeFolder(folder);
      if (!LookAt(path) || !VerifyAndRecord(file, path)) {
        Copy(storage, file, path, whose);
      }
    }
  }
  return path;
}

std::filesystem::path Cache::RecordPath(const FileEntry& file, const std::filesystem::path& path) const {
  return root_ / "records" / (file.sha256 + "." + Sha256Of(path.string()).substr(0, 16) + ".json");
}

bool Cache::IsRecorded(const FileEntry& file, const std::filesystem::path& path) const {
  const std::optional<struct stat> status = LookAt(path);
  if (!status || !S_ISREG(status->st_mode)) {
    return false;
  }
  const Descriptor record = OpenAt(AT_FDCWD, RecordPath(file, path).c_str(), O_RDONLY | O_NOFOLLOW);
  if (!record) {
    return false;
  }
  try {
    json object = Unseal(ReadAll(record.get(), path), "the record", Code::kBadCache);
    object.erase("body_sha256");
    object.erase("format");
    return object == Described(*status, file, path);
  } catch (const Error&) {
    return false;  // torn by a crash, or of another release: the file is verified anew
  }
}

bool Cache::VerifyAndRecord(const FileEntry& file, const std::filesystem::path& path) const {
  const std::optional<struct stat> before = LookAt(path);
  if (!before || !S_ISREG(before->st_mode)) {
    return false;
  }
  const FileDigest digest = Sha256OfFile(path);
  const std::optional<struct stat> after = LookAt(path);
  const json look = Described(*before, file, path);
  if (digest.size != file.size || digest.sha256 != file.sha256 || !after ||
      Described(*after, file, path) != look) {
    return false;
  }
  // The clock of a file system ticks in milliseconds. A change in the same tick as the last one would
  // not be seen, so a file that is this young is verified once more by the next open.
  constexpr std::int64_t kYoung = 50'000'000;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (Nanoseconds(now) - Nanoseconds(before->st_ctim) < kYoung) {
    return true;
  }
  Record(file, path, look);
  return true;
}

void Cache::Record(const FileEntry& file, const std::filesystem::path& path, const json& look) const {
  const std::filesystem::path record = RecordPath(file, path);
  std::filesystem::path temporary = record;
  temporary += ".tmp";
  {
    // The lock is held, so nobody else writes this name. Not synced: a record that is lost or torn
    // costs one verification.
    const Descriptor written =
        OpenAt(AT_FDCWD, temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (!written) {
      ThrowErrno("create", temporary, errno);
    }
    WriteAll(written.get(), Seal(look), temporary);
  }
  if (::rename(temporary.c_str(), record.c_str()) != 0) {
    ThrowErrno("create", record, errno);
  }
}

Descriptor Cache::Lock(const FileEntry& file) const {
  const std::filesystem::path path = root_ / "locks" / file.sha256;
  Descriptor lock = OpenAt(AT_FDCWD, path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!lock) {
    ThrowErrno("open", path, errno);
  }
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) {
      ThrowErrno("lock", path, errno);
    }
  }
  return lock;
}

void Cache::Copy(Storage& storage, const FileEntry& file, const std::filesystem::path& target,
                 std::string_view whose) const {
  std::filesystem::path temporary = target;
  temporary += ".tmp";
  std::error_code ignored;
  std::filesystem::remove(temporary, ignored);  // what a killed holder of the lock left
  try {
    if (!storage.ReadInto(file.blob, temporary)) {
      ThrowMissingBlob(storage, file, whose);
    }
    const Descriptor copy = OpenSource(temporary);
    const FileDigest digest = Sha256OfDescriptor(copy.get(), temporary);
    if (digest.size != file.size || digest.sha256 != file.sha256) {
      ThrowDamagedBlob(storage, file, whose);
    }
    if (::fchmod(copy.get(), 0400) != 0) {
      ThrowErrno("protect", temporary, errno);
    }
    Sync(copy.get(), temporary);
    if (::rename(temporary.c_str(), target.c_str()) != 0) {
      ThrowErrno("create", target, errno);
    }
    if (const std::optional<struct stat> status = LookAt(target)) {
      Record(file, target,
             Described(*status, file, target));  // nobody else writes it, so its age is no matter
    }
  } catch (...) {
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

}  // namespace foretell
