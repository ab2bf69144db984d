// A Storage in this process's memory, for tests and trials: "memory://name".
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "foretell/storage.h"

namespace foretell {

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(std::string url) : url_(std::move(url)) {}

  std::string url() const override { return url_; }
  CreateAnswer Create(std::string_view key, std::string_view body) override;
  std::uint64_t PutFile(std::string_view key, const std::filesystem::path& source) override;
  std::optional<std::string> Read(std::string_view key) override;
  bool ReadInto(std::string_view key, const std::filesystem::path& target) override;
  std::optional<ObjectInfo> Stat(std::string_view key) override;
  std::vector<ObjectInfo> List(std::string_view prefix, std::string_view after) override;
  void Delete(std::string_view key) override;
  bool Move(std::string_view from, std::string_view to) override;
  std::optional<std::filesystem::path> LocalPath(std::string_view key) override;

 private:
  struct Object {
    std::string bytes;
    std::int64_t modified_ns = 0;
  };

  std::string url_;
  std::mutex mutex_;
  std::map<std::string, Object, std::less<>> objects_;
};

// The one storage of this name in the process; its objects live as long as the process.
std::shared_ptr<Storage> OpenMemoryStorage(std::string_view name);

}  // namespace foretell
