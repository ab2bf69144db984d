// What every Storage must do, as tests that each storage runs:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StorageSuite, testing::Values(StorageMaker([](const auto& folder) {
//     return OpenStorage("memory://" + folder.filename().string());
//   })));
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "foretell/storage.h"
#include "store/temporary_folder.h"

namespace foretell {

// Makes an empty storage; the folder is new, and goes after the test.
using StorageMaker = std::function<std::shared_ptr<Storage>(const std::filesystem::path& folder)>;

class StorageSuite : public testing::TestWithParam<StorageMaker> {
 protected:
  StorageSuite() : storage_(GetParam()(folder_.path() / "storage")) {}

  std::filesystem::path LocalFile(const std::string& bytes) {
    const std::filesystem::path path = folder_.path() / "local";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path;
  }

  static std::string Content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::vector<std::string> Keys(std::string_view prefix, std::string_view after = {}) {
    std::vector<std::string> keys;
    for (const ObjectInfo& info : storage_->List(prefix, after)) {
      keys.push_back(info.key);
    }
    return keys;
  }

  TemporaryFolder folder_;
  std::shared_ptr<Storage> storage_;
};

}  // namespace foretell
