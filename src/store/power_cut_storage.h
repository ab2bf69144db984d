// A Storage in memory that takes the contract at its word and gives no more: a writer's process may end
// between any two steps of an operation, and the power may be cut. For tests.
//
// A write is seen by others first and durable later. What is durable stays; of what is not, a power cut keeps
// or loses each change of a folder, in any order (a move is kept or lost as a whole), and an object whose
// writer ended midway is torn: a prefix of it is there, or zeros.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foretell/storage.h"

namespace foretell {

// What ends with a process. Not an Error: nothing catches it but the test.
struct ProcessEnded {};

class PowerCutStorage : public Storage {
 public:
  explicit PowerCutStorage(std::uint64_t seed) : chance_(seed) {}

  // The process ends before the n-th step of a write from now on, and does nothing more; 0: never.
  void EndProcessAfter(int steps);
  // Another process begins. True when the one before was ended.
  bool BeginProcess();
  void CutPower();
  // The storage's own clock.
  void Wait(std::chrono::hours time);

  std::string url() const override { return "power-cut://memory"; }
  CreateAnswer Create(std::string_view key, std::string_view body) override;
  std::uint64_t PutFile(std::string_view key, const std::filesystem::path& source) override;
  std::optional<std::string> Read(std::string_view key) override;
  bool ReadInto(std::string_view key, const std::filesystem::path& target) override;
  std::optional<ObjectInfo> Stat(std::string_view key) override;
  std::vector<ObjectInfo> List(std::string_view prefix, std::string_view after) override;
  void Delete(std::string_view key) override;
  bool Move(std::string_view from, std::string_view to) override;
  std::optional<std::filesystem::path> LocalPath(std::string_view key) override;
  void MakeDurable(std::string_view key) override;

 private:
  struct Object {
    std::string bytes;
    std::int64_t modified_ns = 0;
    bool whole = true;
  };
  using Objects = std::map<std::string, Object, std::less<>>;
  using Edit = std::pair<std::string, std::optional<Object>>;  // nothing: removed
  using Change = std::vector<Edit>;

  // Each with the mutex held.
  void Step();
  void Show(Change change);
  void Sync(std::string_view key);
  const Object* Find(std::string_view key);
  Object Written(std::string bytes);

  std::mutex mutex_;
  std::mt19937_64 chance_;
  Objects durable_;
  Objects seen_;
  std::vector<Change> pending_;  // what `seen_` has and `durable_` has not
  std::int64_t now_ns_ = std::int64_t{1'800'000'000} * 1'000'000'000;
  int steps_left_ = 0;
  bool ended_ = false;
};

}  // namespace foretell
