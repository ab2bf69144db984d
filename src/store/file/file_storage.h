// A directory as a Storage. Durable: each method that writes returns after fsync of the file, of its
// folder and of every folder above it up to the root.
//
// Files appear whole: written under a temporary name in the same folder (".<random>.tmp", which List
// never shows), synced, then renamed to a free name. A process killed at any point leaves the old
// state or the new one, and perhaps a temporary file.
//
// Symbolic links below the root are refused, wherever they lead; the root itself may be one.
#pragma once

#include <filesystem>
#include <mutex>
#include <set>
#include <string>

#include "foretell/storage.h"
#include "store/file/descriptor.h"

namespace foretell {

class FileStorage : public Storage {
 public:
  // `root` is absolute. It is created by the first write.
  explicit FileStorage(std::filesystem::path root);

  std::string url() const override { return root_.string(); }
  CreateAnswer Create(std::string_view key, std::string_view body) override;
  std::uint64_t PutFile(std::string_view key, const std::filesystem::path& source) override;
  std::optional<std::string> Read(std::string_view key) override;
  bool ReadInto(std::string_view key, const std::filesystem::path& target) override;
  std::optional<ObjectInfo> Stat(std::string_view key) override;
  std::vector<ObjectInfo> List(std::string_view prefix, std::string_view after) override;
  void Delete(std::string_view key) override;
  std::vector<ObjectInfo> Unfinished() override;
  void RemoveUnfinished(std::string_view key) override;
  bool Move(std::string_view from, std::string_view to) override;
  void MakeDurable(std::string_view key) override;
  std::optional<std::filesystem::path> LocalPath(std::string_view key) override;

 private:
  // The opened folder that holds a key's file, and the file's name in it.
  struct Place {
    Descriptor folder;
    std::string name;
    std::filesystem::path folder_path;
    std::filesystem::path path;
  };

  Descriptor OpenRoot() const;  // empty when there is none
  void CreateRoot() const;
  void SyncRootOnce();
  // Nothing when a folder on the way is missing.
  std::optional<Place> Find(std::string_view key) const;
  // Makes the folders that are missing, durably.
  Place Make(std::string_view key);
  // Opens for reading; empty when absent.
  Descriptor OpenFile(const Place& place) const;
  // Syncs `folder`, unless this object has done so since `child` was made in it.
  void SyncOnce(int folder, const std::filesystem::path& path, const std::filesystem::path& child);

  std::filesystem::path root_;
  std::mutex mutex_;
  std::set<std::filesystem::path> synced_;  // folders whose own entry this object knows to be durable
};

}  // namespace foretell
