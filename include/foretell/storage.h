// Where bytes are kept: a directory, memory, later a bucket. One primitive carries every
// protocol of the store: create if absent.
//
// Keys are relative, '/'-separated, of the grammar of `store/layout.h`; a storage refuses "",
// "..", backslashes and NUL (FT0104). Every method may be called by any thread.
// Failures that say nothing about the stored state throw Error (FT09xx).
//
// Others may see a write before it is durable, and its writer may end between the two. A write that returned
// is durable itself, and with it what was visible in its folder then; MakeDurable does only the latter.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace foretell {

// What a storage says of one conditional create. `store/commit.h` turns it into an outcome.
enum class CreateAnswer {
  kCreated,  // durable, and visible to every later read
  kExists,   // something is there already, durable by now: ours from a lost answer, or another's
  kRetry,    // nothing happened; asking again may help (HTTP 409)
  kUnknown,  // the answer was lost: it may or may not have happened
};

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // the storage's own clock, nanoseconds since the epoch
};

class Storage {
 public:
  virtual ~Storage() = default;

  // A name for people and messages: a path or URL.
  virtual std::string url() const = 0;

  // Creates `key` with `body`, whole, or leaves what is there unchanged.
  virtual CreateAnswer Create(std::string_view key, std::string_view body) = 0;

  // Stores a local file's bytes under a key that nobody else writes; durable on return.
  // Overwrites what an earlier, unfinished try of the same key left. Returns the bytes written.
  virtual std::uint64_t PutFile(std::string_view key, const std::filesystem::path& source) = 0;

  // The whole object, or nothing when the key is absent.
  virtual std::optional<std::string> Read(std::string_view key) = 0;

  // Writes the object into `target` (created or truncated), in constant memory; false when absent.
  virtual bool ReadInto(std::string_view key, const std::filesystem::path& target) = 0;

  // Size and time, or nothing when the key is absent.
  virtual std::optional<ObjectInfo> Stat(std::string_view key) = 0;

  // Every object below `prefix` (a folder, "" for all) whose key is greater than `after`, in key
  // order, at any depth. Temporary files of the storage itself never appear.
  virtual std::vector<ObjectInfo> List(std::string_view prefix, std::string_view after = {}) = 0;

  // Removes the object; absence is success.
  virtual void Delete(std::string_view key) = 0;

  // What writers that ended midway have left (temporary files, unfinished uploads), for garbage collection.
  // It is no object: no other method sees it, and these keys are good for RemoveUnfinished only.
  virtual std::vector<ObjectInfo> Unfinished() { return {}; }
  virtual void RemoveUnfinished(std::string_view key) { static_cast<void>(key); }

  // Moves an object to a key that is free. True also when the source is missing and the target
  // is there (it was moved before); false when neither exists.
  virtual bool Move(std::string_view from, std::string_view to) = 0;

  // What can be seen under `key` is durable on return, whoever wrote it. To be called before anything is
  // written elsewhere, or answered, that needs it to last.
  virtual void MakeDurable(std::string_view key) {
    static_cast<void>(key);
  }  // where it is as soon as it is seen

  // A local file that holds the object's bytes in place, for mmap; nothing where there is none.
  virtual std::optional<std::filesystem::path> LocalPath(std::string_view key) = 0;
};

// "/path", "file:///path" or "memory://name". Opens nothing and writes nothing.
// Throws FT0904 for a scheme that is not known, naming the extra that adds it.
std::shared_ptr<Storage> OpenStorage(std::string_view url);

}  // namespace foretell
