#include "store/memory/memory_storage.h"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "foretell/error.h"
#include "store/file/descriptor.h"
#include "store/layout.h"

namespace foretell {
namespace {

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

CreateAnswer MemoryStorage::Create(std::string_view key, std::string_view body) {
  ValidateKey(key);
  const std::lock_guard lock(mutex_);
  const bool created = objects_.try_emplace(std::string(key), Object{std::string(body), NowNs()}).second;
  return created ? CreateAnswer::kCreated : CreateAnswer::kExists;
}

std::uint64_t MemoryStorage::PutFile(std::string_view key, const std::filesystem::path& source) {
  ValidateKey(key);
  const Descriptor file = OpenSource(source);
  std::string bytes = ReadAll(file.get(), source);
  const std::uint64_t size = bytes.size();
  const std::lock_guard lock(mutex_);
  objects_.insert_or_assign(std::string(key), Object{std::move(bytes), NowNs()});
  return size;
}

std::optional<std::string> MemoryStorage::Read(std::string_view key) {
  ValidateKey(key);
  const std::lock_guard lock(mutex_);
  const auto object = objects_.find(key);
  return object == objects_.end() ? std::nullopt : std::optional(object->second.bytes);
}

bool MemoryStorage::ReadInto(std::string_view key, const std::filesystem::path& target) {
  const std::optional<std::string> bytes = Read(key);
  if (!bytes) {
    return false;
  }
  const Descriptor file = OpenAt(AT_FDCWD, target.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (!file) {
    ThrowErrno("create", target, errno);
  }
  WriteAll(file.get(), *bytes, target);
  return true;
}

std::optional<ObjectInfo> MemoryStorage::Stat(std::string_view key) {
  ValidateKey(key);
  const std::lock_guard lock(mutex_);
  const auto object = objects_.find(key);
  if (object == objects_.end()) {
    return std::nullopt;
  }
  return ObjectInfo{object->first, object->second.bytes.size(), object->second.modified_ns};
}

std::vector<ObjectInfo> MemoryStorage::List(std::string_view prefix, std::string_view after) {
  std::string start;
  if (!prefix.empty()) {
    ValidateKey(prefix);
    start = std::string(prefix) + "/";
  }
  std::vector<ObjectInfo> found;
  const std::lock_guard lock(mutex_);
  for (auto object = objects_.lower_bound(std::max(start, std::string(after)));
       object != objects_.end() && object->first.starts_with(start); ++object) {
    if (object->first > after) {
      found.push_back({object->first, object->second.bytes.size(), object->second.modified_ns});
    }
  }
  return found;
}

void MemoryStorage::Delete(std::string_view key) {
  ValidateKey(key);
  const std::lock_guard lock(mutex_);
  if (const auto object = objects_.find(key); object != objects_.end()) {
    objects_.erase(object);
  }
}

bool MemoryStorage::Move(std::string_view from, std::string_view to) {
  ValidateKey(from);
  ValidateKey(to);
  const std::lock_guard lock(mutex_);
  const auto source = objects_.find(from);
  const auto target = objects_.find(to);
  if (source == objects_.end()) {
    return target != objects_.end();
  }
  if (target != objects_.end()) {
    throw Error(Code::kConflict, "cannot move " + std::string(from) + " in " + url_ + ": " + std::string(to) +
                                     " is there already");
  }
  auto node = objects_.extract(source);
  node.key() = std::string(to);
  objects_.insert(std::move(node));
  return true;
}

std::optional<std::filesystem::path> MemoryStorage::LocalPath(std::string_view key) {
  ValidateKey(key);
  return std::nullopt;
}

std::shared_ptr<Storage> OpenMemoryStorage(std::string_view name) {
  // The one registry: two opens of a name must meet, as two opens of a path do.
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<Storage>, std::less<>> storages;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Storage>& storage = storages[std::string(name)];
  if (!storage) {
    storage = std::make_shared<MemoryStorage>("memory://" + std::string(name));
  }
  return storage;
}

}  // namespace foretell
