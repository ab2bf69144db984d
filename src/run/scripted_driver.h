// A driver for tests: scores units of small parts through the public API, over any storage, and a
// storage that calls a hook around each of its operations.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foretell/storage.h"
#include "foretell/unit.h"
#include "store/quick_folder.h"
#include "store/temporary_folder.h"

namespace foretell {

// Calls `before` and `after` around each operation; either may throw. Local or not, as told.
class HookedStorage : public Storage {
  // Before its uses, which need its type.
  template <typename Work>
  auto Hooked(const char* operation, std::string_view key, Work work) {
    before(operation, key);
    auto result = work();
    after(operation, key);
    return result;
  }

 public:
  using Hook = std::function<void(const char* operation, std::string_view key)>;

  explicit HookedStorage(std::shared_ptr<Storage> inner, bool local = true)
      : inner_(std::move(inner)), local_(local) {}
  Hook before = [](const char*, std::string_view) {};
  Hook after = [](const char*, std::string_view) {};

  std::string url() const override { return inner_->url(); }
  CreateAnswer Create(std::string_view key, std::string_view body) override {
    return Hooked("create", key, [&] { return inner_->Create(key, body); });
  }
  std::uint64_t PutFile(std::string_view key, const std::filesystem::path& source) override {
    return Hooked("put", key, [&] { return inner_->PutFile(key, source); });
  }
  std::optional<std::string> Read(std::string_view key) override {
    return Hooked("read", key, [&] { return inner_->Read(key); });
  }
  bool ReadInto(std::string_view key, const std::filesystem::path& target) override {
    return Hooked("read", key, [&] { return inner_->ReadInto(key, target); });
  }
  std::optional<ObjectInfo> Stat(std::string_view key) override {
    return Hooked("stat", key, [&] { return inner_->Stat(key); });
  }
  std::vector<ObjectInfo> List(std::string_view prefix, std::string_view from) override {
    return Hooked("list", prefix, [&] { return inner_->List(prefix, from); });
  }
  void Delete(std::string_view key) override {
    Hooked("delete", key, [&] {
      inner_->Delete(key);
      return 0;
    });
  }
  bool Move(std::string_view from, std::string_view to) override {
    return Hooked("move", to, [&] { return inner_->Move(from, to); });
  }
  void MakeDurable(std::string_view key) override {
    Hooked("make durable", key, [&] {
      inner_->MakeDurable(key);
      return 0;
    });
  }
  std::optional<std::filesystem::path> LocalPath(std::string_view key) override {
    return local_ ? inner_->LocalPath(key) : std::nullopt;
  }

 private:
  std::shared_ptr<Storage> inner_;
  bool local_;
};

struct Script {
  std::int64_t units = 2;
  std::int64_t splits = 2;
  std::int64_t version = 1;
};

inline Lineage TestLineage() {
  return {{}, "EventTopics", "/models", "incremental"};
}

inline Pin TestPin(std::int64_t version) {
  return {
      version, std::string(64, 'a'), R"({"files":["a.parquet"]})", R"({"python":"3.11"})", "test", "", "run",
      0};
}

inline std::string PartName(std::int64_t unit, std::int64_t split) {
  return "part-" + std::to_string(unit) + "-" + std::to_string(split) + ".txt";
}

inline std::string RowText(std::int64_t unit, std::int64_t split, std::int64_t version) {
  return "row of unit " + std::to_string(unit) + " split " + std::to_string(split) + " by version " +
         std::to_string(version) + "\n";
}

// Writes a part's one row into staging, whole, and says what it is. On a local output as engines do:
// under another name first, and not synced.
inline Part Score(Storage& storage, const Attempt& attempt, std::int64_t unit, std::int64_t split) {
  const std::string name = PartName(unit, split);
  const std::string row = RowText(unit, split, attempt.pin().version);
  const auto write = [&row](const std::filesystem::path& path) {
    std::ofstream written(path, std::ios::binary);
    if (!(written << row << std::flush)) throw Error(Code::kIo, "cannot write " + path.string());
  };
  if (const auto folder = attempt.staging_path()) {
    write(*folder / ("." + name));
    std::error_code error;
    std::filesystem::rename(*folder / ("." + name), *folder / name, error);
    if (error) throw Error(Code::kIo, "cannot rename in " + folder->string() + ": " + error.message());
  } else {
    const TemporaryFolder scratch(QuickFolder());
    write(scratch.path() / "row");
    storage.PutFile(attempt.staging_key() + "/" + name, scratch.path() / "row");
  }
  return {split, {name}, {row.size()}, {1, 1, 0, 0, 0}, R"({"seconds":0.5})"};
}

// Runs the script as the engines do, from an open output to its last published unit.
inline void Drive(Output& output, Storage& storage, const Script& script) {
  for (std::int64_t number = 1; number <= script.units; ++number) {
    Unit unit = output.Unit(number, [&] { return TestPin(script.version); });
    while (!unit.committed()) {
      Attempt attempt = unit.Start();
      std::set<std::int64_t> done;
      for (const Part& part : attempt.Adopt()) done.insert(part.split);
      for (std::int64_t split = 0; split < script.splits; ++split) {
        if (!done.contains(split)) attempt.FinishPart(Score(storage, attempt, number, split));
      }
      unit.Commit(attempt);
    }
    if (!unit.published()) unit.Publish();
  }
}

// Makes a storage an output that was opened before, without the probe that a first start makes.
inline void Prepare(Storage& storage) {
  static const std::string lineage = [] {
    const auto first = OpenStorage("memory://scripted-driver");
    Output::Open(first, TestLineage());
    return first->Read("_foretell/lineage.json").value();
  }();
  storage.Create("_foretell/lineage.json", lineage);
}

inline void OpenAndDrive(const std::shared_ptr<Storage>& storage, const Script& script) {
  Output output = Output::Open(storage, TestLineage());
  Drive(output, *storage, script);
}

// Every row of the script is there once, by the version that its unit was pinned to last, and
// nothing else is visible or left in staging.
inline void ExpectFinished(const std::shared_ptr<Storage>& storage, const Script& script) {
  Output output = Output::Read(storage);
  const std::vector<Unit> units = output.ReadUnits();
  ASSERT_EQ(static_cast<std::int64_t>(units.size()), script.units);
  std::set<std::string> expected;
  for (const Unit& unit : units) {
    ASSERT_TRUE(unit.committed());
    EXPECT_TRUE(unit.published());
    EXPECT_EQ(unit.commit()->counts.rows, script.splits);
    std::set<std::int64_t> splits;
    for (const Part& part : unit.commit()->parts) {
      EXPECT_TRUE(splits.insert(part.split).second);
      for (const std::string& file : part.files) {
        EXPECT_TRUE(expected.insert(file).second) << file << " twice";
        EXPECT_EQ(storage->Read(file), RowText(unit.number(), part.split, unit.pin().version)) << file;
      }
    }
    EXPECT_EQ(static_cast<std::int64_t>(splits.size()), script.splits);
  }
  std::set<std::string> visible;
  for (const ObjectInfo& info : storage->List("")) {
    if (!info.key.starts_with("_foretell/")) visible.insert(info.key);
    EXPECT_FALSE(info.key.starts_with("_foretell/staging/")) << info.key;
    EXPECT_FALSE(info.key.starts_with("_foretell/probe/")) << info.key;
  }
  EXPECT_EQ(visible, expected);
}

}  // namespace foretell
