#include "store/power_cut_storage.h"

#include "store/storage_suite.h"

namespace foretell {
namespace {

// While no process ends and the power stays, it is a storage like any other.
INSTANTIATE_TEST_SUITE_P(PowerCut, StorageSuite,
                         testing::Values(StorageMaker([](const std::filesystem::path&) {
                           return std::make_shared<PowerCutStorage>(1);
                         })));

// How often something is so after a power cut, of 100 seeds.
template <typename Work>
int Times(Work&& work) {
  int times = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    PowerCutStorage storage(seed);
    times += work(storage) ? 1 : 0;
  }
  return times;
}

void EndDuring(PowerCutStorage& storage, int step, const std::function<void()>& work) {
  storage.EndProcessAfter(step);
  EXPECT_THROW(work(), ProcessEnded);
  EXPECT_THROW(storage.Read("a/1"), ProcessEnded);
  EXPECT_TRUE(storage.BeginProcess());
}

TEST(PowerCutStorageTest, WhatReturnedIsKeptAndWhatDidNotMayBeLost) {
  EXPECT_EQ(Times([](PowerCutStorage& storage) {
              storage.Create("a/1", "one");
              storage.CutPower();
              return storage.Read("a/1") == "one";
            }),
            100);
  const int kept = Times([](PowerCutStorage& storage) {
    EndDuring(storage, 2, [&] { storage.Create("a/1", "one"); });
    EXPECT_EQ(storage.Read("a/1"), "one");
    storage.CutPower();
    return storage.Read("a/1").has_value();
  });
  EXPECT_GT(kept, 20);
  EXPECT_LT(kept, 80);
}

TEST(PowerCutStorageTest, AWriteMakesItsFolderDurableAndNoOther) {
  const auto left = [](PowerCutStorage& storage, const std::string& next) {
    EndDuring(storage, 2, [&] { storage.Create("a/1", "one"); });
    storage.Create(next, "two");
    storage.CutPower();
    return storage.Read("a/1").has_value();
  };
  EXPECT_EQ(Times([&](PowerCutStorage& storage) { return left(storage, "a/2"); }), 100);
  EXPECT_EQ(Times([&](PowerCutStorage& storage) { return left(storage, "a/b/2"); }), 100);
  EXPECT_LT(Times([&](PowerCutStorage& storage) { return left(storage, "b/2"); }), 100);
  EXPECT_EQ(Times([](PowerCutStorage& storage) {
              EndDuring(storage, 2, [&] { storage.Create("a/1", "one"); });
              storage.MakeDurable("a/1");
              storage.CutPower();
              return storage.Read("a/1").has_value();
            }),
            100);
}

TEST(PowerCutStorageTest, AnObjectWhoseWriterEndedIsTornAndAMoveIsWhole) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "0123456789";
  std::set<std::string> seen;
  Times([&](PowerCutStorage& storage) {
    EndDuring(storage, 2, [&] { storage.PutFile("a/1", folder.path() / "file"); });
    storage.CutPower();
    seen.insert(storage.Read("a/1").value_or("none"));
    return true;
  });
  EXPECT_GT(seen.size(), 5U);
  EXPECT_TRUE(seen.contains("none"));
  EXPECT_FALSE(seen.contains("0123456789"));
  const int moved = Times([](PowerCutStorage& storage) {
    storage.Create("a/1", "one");
    EndDuring(storage, 2, [&] { storage.Move("a/1", "b/1"); });
    storage.CutPower();
    EXPECT_NE(storage.Read("a/1").has_value(), storage.Read("b/1").has_value());
    return storage.Read("b/1").has_value();
  });
  EXPECT_GT(moved, 20);
  EXPECT_LT(moved, 80);
}

}  // namespace
}  // namespace foretell
