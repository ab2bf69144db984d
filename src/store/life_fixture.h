// A store in memory and one in a folder, whose objects can be aged; for tests of retirement and garbage.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "store/aged_storage.h"
#include "store/file/file_storage.h"
#include "store/layout.h"
#include "store/store_fixture.h"

namespace foretell {

class LifeFixture : public StoreFixture, public testing::WithParamInterface<bool> {
 protected:
  LifeFixture() {
    for (const std::string bytes : {"1", "2", "3"}) {
      Save(store_, "A", bytes);
    }
  }

  std::shared_ptr<Storage> Plain() {
    if (GetParam()) {
      return std::make_shared<FileStorage>(folder_.path() / "store");
    }
    return std::make_shared<MemoryStorage>("memory://life");
  }

  std::set<std::string> Keys(const std::string& folder) {
    std::set<std::string> keys;
    for (const ObjectInfo& info : plain_->List(folder, "")) {
      keys.insert(info.key);
    }
    return keys;
  }
  std::string Blob(std::int64_t version) { return store_.Get("A", version).files.at(0).blob; }

  static constexpr std::chrono::hours kDay{24};
  std::shared_ptr<Storage> plain_ = Plain();
  std::shared_ptr<AgedStorage> storage_ = std::make_shared<AgedStorage>(plain_);
  Store store_{storage_};
  Retirement ana_{.who = "ana", .why = "wrong labels"};
};

inline std::string StorageName(const testing::TestParamInfo<bool>& info) {
  return info.param ? "File" : "Memory";
}

}  // namespace foretell
