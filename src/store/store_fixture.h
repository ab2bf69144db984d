// A store in memory or in a folder, and short ways to fill it; for tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "foretell/store.h"
#include "store/memory/memory_storage.h"
#include "store/temporary_folder.h"

namespace foretell {

class StoreFixture : public testing::Test {
 protected:
  std::filesystem::path Local(const std::string& name, const std::string& bytes) {
    const std::filesystem::path path = folder_.path() / name;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path;
  }

  // A draft of one file "model.bin".
  Draft DraftOf(const std::string& bytes, std::string fields = "{}") {
    Draft draft;
    draft.files.push_back({"model.bin", Local("local", bytes)});
    draft.fields = std::move(fields);
    return draft;
  }

  Manifest Save(Store& store, const std::string& name, const std::string& bytes) {
    return store.Save(name, DraftOf(bytes));
  }

  TemporaryFolder folder_;
};

}  // namespace foretell
