// Every byte of a small store damaged, one at a time: verify finds it, and loading refuses.
#include <gtest/gtest.h>

#include "foretell/store.h"
#include "store/expect_code.h"
#include "store/layout.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

class VerifyTest : public StoreFixture {
 protected:
  VerifyTest() {
    Save(store_, "A", "first model");
    Save(store_, "A", "second model");
    store_.Promote("A", "live", 1, {.who = "ana"});
    store_.Promote("A", "live", 2, {.who = "ana", .why = "better"});
  }

  void Replace(const std::string& key, const std::string& bytes) {
    memory_->Delete(key);
    memory_->Create(key, bytes);
  }

  // As a process that starts now would see it.
  bool LoadingRefuses() {
    return CodeOf([&] {
             Store store(memory_);
             for (const std::int64_t version : {1, 2}) {
               store.Get("A", version);
             }
             store.History("A", "live");
             store.Resolve({"A", "live"});
             return store.Versions("A");
           })
        .has_value();
  }

  std::shared_ptr<MemoryStorage> memory_ = std::make_shared<MemoryStorage>("memory://verify");
  Store store_{memory_};
};

TEST_F(VerifyTest, EveryDamagedByteOfTheMetadataIsFound) {
  ASSERT_TRUE(store_.VerifyAll().empty());
  std::size_t checked = 0;
  for (const ObjectInfo& info : memory_->List("", "")) {
    if (info.key.starts_with("blobs/")) {
      continue;
    }
    const std::string sound = *memory_->Read(info.key);
    for (std::size_t i = 0; i < sound.size(); ++i) {
      for (const int mask : {0x01, 0x20, 0x80}) {
        std::string damaged = sound;
        damaged[i] = static_cast<char>(damaged[i] ^ mask);
        Replace(info.key, damaged);
        ASSERT_FALSE(store_.VerifyAll().empty()) << info.key << " byte " << i;
        ASSERT_TRUE(LoadingRefuses()) << info.key << " byte " << i;
      }
      Replace(info.key, sound.substr(0, i));
      ASSERT_FALSE(store_.VerifyAll().empty()) << info.key << " cut at " << i;
      ASSERT_TRUE(LoadingRefuses()) << info.key << " cut at " << i;
      ++checked;
    }
    Replace(info.key, sound + " ");
    ASSERT_FALSE(store_.VerifyAll().empty()) << info.key << " longer";
    Replace(info.key, sound);
  }
  EXPECT_GT(checked, 2000U);
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_F(VerifyTest, EveryDamagedByteOfABlobIsFound) {
  const FileEntry file = store_.Get("A", 2).files[0];
  const std::string sound = *memory_->Read(file.blob);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    std::string damaged = sound;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    Replace(file.blob, damaged);
    EXPECT_EQ(store_.Verify("A", 2).at(0).code, Code::kDamagedBlob);
    Replace(file.blob, sound.substr(0, i));
    EXPECT_EQ(store_.Verify("A", 2).at(0).code, Code::kDamagedBlob);
  }
  memory_->Delete(file.blob);
  EXPECT_EQ(store_.Verify("A", 2).at(0).code, Code::kMissingBlob);
  EXPECT_EQ(store_.Verify("A", 2).at(0).key, file.blob);
  EXPECT_TRUE(store_.Verify("A", 1).empty());
}

TEST_F(VerifyTest, EveryMissingFileOfMetadataIsFound) {
  for (const ObjectInfo& info : memory_->List("", "")) {
    // The newest entry of a log is all that says it was made; without it the log is an older one.
    if (info.key == AliasKey("A", "live", 2) || info.key.starts_with("retired/")) {
      continue;
    }
    const std::string sound = *memory_->Read(info.key);
    memory_->Delete(info.key);
    EXPECT_FALSE(store_.VerifyAll().empty()) << info.key;
    EXPECT_TRUE(info.key.starts_with("blobs/") || LoadingRefuses()) << info.key;
    memory_->Create(info.key, sound);
  }
}

TEST_F(VerifyTest, AManifestOfAnotherVersionInItsPlaceIsFound) {
  const std::string first = *memory_->Read(VersionKey("A", 1));
  Replace(VersionKey("A", 2), first);
  EXPECT_EQ(CodeOf([&] { return store_.Get("A", 2); }), Code::kBadManifest);
  EXPECT_FALSE(store_.Verify("A", 2).empty());
}

TEST_F(VerifyTest, WhatWasNeverThereIsTheCallersMistake) {
  EXPECT_EQ(CodeOf([&] { return store_.Verify("A", 3); }), Code::kUnknownVersion);
  EXPECT_EQ(CodeOf([&] { return store_.Verify("B", 1); }), Code::kUnknownPredictor);
}

}  // namespace
}  // namespace foretell
