#include "store/memory/memory_storage.h"

#include "store/storage_suite.h"

namespace foretell {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, StorageSuite,
                         testing::Values(StorageMaker([](const std::filesystem::path& folder) {
                           return OpenStorage("memory://" + folder.string());
                         })));

TEST(MemoryStorageTest, TwoOpensOfANameMeet) {
  const auto one = OpenStorage("memory://met");
  one->Create("a", "1");
  EXPECT_EQ(OpenStorage("memory://met")->Read("a"), "1");
  EXPECT_FALSE(OpenStorage("memory://other")->Read("a"));
  EXPECT_EQ(one->url(), "memory://met");
}

}  // namespace
}  // namespace foretell
