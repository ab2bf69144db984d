// A Storage around a real one whose objects can be made older than they are, and which can end a process's
// work at any write; for tests of what takes days.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "store/faulty_storage.h"

namespace foretell {

class AgedStorage : public FaultyStorage {
 public:
  explicit AgedStorage(std::shared_ptr<Storage> inner) : FaultyStorage(std::move(inner)) {}

  // All objects whose keys begin so, as they are now.
  void Age(const std::string& beginning, std::chrono::hours by) {
    for (const auto& found : {FaultyStorage::List("", ""), FaultyStorage::Unfinished()}) {
      for (const ObjectInfo& info : found) {
        older_[info.key] += info.key.starts_with(beginning) ? std::chrono::nanoseconds(by).count() : 0;
      }
    }
  }
  // Called before each Create and Delete; may throw, as a process that is killed would end there.
  std::function<void(std::string_view)> before_write;

  CreateAnswer Create(std::string_view key, std::string_view body) override {
    Write(key);
    return FaultyStorage::Create(key, body);
  }
  void Delete(std::string_view key) override {
    Write(key);
    FaultyStorage::Delete(key);
  }
  std::optional<ObjectInfo> Stat(std::string_view key) override {
    std::optional<ObjectInfo> info = FaultyStorage::Stat(key);
    if (info) {
      *info = Aged(*info);
    }
    return info;
  }
  std::vector<ObjectInfo> List(std::string_view prefix, std::string_view after) override {
    std::vector<ObjectInfo> found = FaultyStorage::List(prefix, after);
    for (ObjectInfo& info : found) {
      info = Aged(std::move(info));
    }
    return found;
  }

  std::vector<ObjectInfo> Unfinished() override {
    std::vector<ObjectInfo> found = FaultyStorage::Unfinished();
    for (ObjectInfo& info : found) {
      info = Aged(std::move(info));
    }
    return found;
  }
  void RemoveUnfinished(std::string_view key) override {
    Write(key);
    FaultyStorage::RemoveUnfinished(key);
  }

 private:
  void Write(std::string_view key) {
    if (before_write) {
      before_write(key);
    }
  }

  ObjectInfo Aged(ObjectInfo info) const {
    const auto older = older_.find(info.key);
    info.modified_ns -= older == older_.end() ? 0 : older->second;
    return info;
  }

  std::map<std::string, std::int64_t> older_;
};

}  // namespace foretell
