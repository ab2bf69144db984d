#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "digest/sha256.h"
#include "store/commit.h"
#include "store/expect_code.h"
#include "store/life_fixture.h"
#include "store/sealed.h"

namespace foretell {
namespace {

class GarbageTest : public LifeFixture {
 protected:
  // A blob that a save which was killed has left.
  std::string Leave(const std::string& bytes) {
    const std::string key = BlobKey(Sha256Of(bytes), NewAttemptId());
    plain_->PutFile(key, Local("left", bytes));
    return key;
  }

  Garbage Collect(bool dry_run = false) {
    return store_.CollectGarbage({.who = "gc", .why = "nightly", .dry_run = dry_run});
  }
  std::set<std::string> Deleted(bool dry_run = false) {
    std::set<std::string> keys;
    for (const ObjectInfo& info : Collect(dry_run).deleted) {
      keys.insert(info.key);
    }
    return keys;
  }
};
INSTANTIATE_TEST_SUITE_P(Life, GarbageTest, testing::Bool(), StorageName);

using Strings = std::set<std::string>;

TEST_P(GarbageTest, OnlyWhatNothingNamesAndIsOldGoes) {
  const std::string old = Leave("of a killed save");
  const std::string same_bytes = Leave("1");  // as version 1's, under another attempt's key
  storage_->Age("", 8 * kDay);
  const std::string young = Leave("of a save under way");
  const Strings before = Keys("");
  const Garbage garbage = Collect();
  ASSERT_EQ(garbage.young.size(), 1U);
  EXPECT_EQ(garbage.young[0].key, young);
  Strings expected = before;
  expected.erase(old);
  expected.erase(same_bytes);
  EXPECT_EQ(Keys(""), expected);
  EXPECT_EQ(garbage.deleted.size(), 2U);
  EXPECT_TRUE(garbage.purged.empty());
  EXPECT_TRUE(store_.VerifyAll().empty());
  EXPECT_TRUE(Deleted().empty());
  storage_->Age(young, 7 * kDay - std::chrono::hours(1));
  EXPECT_TRUE(Deleted().empty());
  storage_->Age(young, std::chrono::hours(1));
  EXPECT_EQ(Deleted(), Strings{young});
}

TEST_P(GarbageTest, ADryRunChangesNothingAndTellsTheSame) {
  Leave("left");
  store_.Retire("A", 2, ana_);
  storage_->Age("", 31 * kDay);
  const Strings before = Keys("");
  const Garbage dry = Collect(true);
  EXPECT_EQ(Keys(""), before);
  const Garbage wet = Collect();
  ASSERT_EQ(dry.deleted.size(), 2U);
  ASSERT_EQ(wet.deleted.size(), 2U);
  for (int i : {0, 1}) {
    EXPECT_EQ(dry.deleted[static_cast<std::size_t>(i)].key, wet.deleted[static_cast<std::size_t>(i)].key);
  }
  ASSERT_EQ(dry.purged.size(), 1U);
  ASSERT_EQ(wet.purged.size(), 1U);
  EXPECT_EQ(dry.purged[0].name, "A");
  EXPECT_EQ(dry.purged[0].version, 2);
  EXPECT_EQ(dry.purged[0].retired.why, "wrong labels");
  EXPECT_EQ(Keys("").size(), before.size() - 2 + 1);  // two blobs less, one entry `purged` more
  EXPECT_EQ(CodeOf([&] { return store_.CollectGarbage({}); }), Code::kInvalidArgument);
}

TEST_P(GarbageTest, ARetiredVersionKeepsItsFilesForThirtyDays) {
  const std::string blob = Blob(2);
  storage_->Age("", 100 * kDay);
  store_.Retire("A", 2, ana_);
  storage_->Age(RetiredFolder("A", 2), 30 * kDay - std::chrono::hours(1));
  const Garbage early = Collect();
  EXPECT_TRUE(early.purged.empty());
  ASSERT_EQ(early.waiting.size(), 1U);
  EXPECT_EQ(early.waiting[0].version, 2);
  EXPECT_TRUE(plain_->Stat(blob));
  EXPECT_EQ(store_.Restore("A", 2, "ana", "").sequence, 2);
  EXPECT_TRUE(Collect().waiting.empty());
  store_.Retire("A", 2, ana_);  // the thirty days begin anew
  EXPECT_TRUE(Collect().purged.empty());
  storage_->Age(RetiredFolder("A", 2), 30 * kDay);
  const Garbage late = Collect();
  EXPECT_EQ(late.purged.size(), 1U);
  EXPECT_FALSE(plain_->Stat(blob));
}

TEST_P(GarbageTest, PurgedIsForEver) {
  store_.Retire("A", 3, ana_);
  storage_->Age("", 31 * kDay);
  Collect();
  EXPECT_EQ(store_.Retired("A", 3)->kind, "purged");
  EXPECT_EQ(store_.Retired("A", 3)->who, "gc");
  EXPECT_EQ(CodeOf([&] { return store_.Restore("A", 3, "ana", ""); }), Code::kPurged);
  EXPECT_EQ(CodeOf([&] { return store_.Retire("A", 3, ana_); }), Code::kPurged);
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "live", 3, {.who = "ana"}); }), Code::kPurged);
  EXPECT_EQ(store_.Resolve(ParseReference("A")).version, 2);
  EXPECT_EQ(store_.Get("A", 3).version, 3);  // what it was is still told
  EXPECT_EQ(Save(store_, "A", "3").version, 4);
  EXPECT_EQ(store_.Get("A", 4).files[0].sha256, store_.Get("A", 3).files[0].sha256);
  EXPECT_NE(Blob(4), Blob(3));
  EXPECT_TRUE(store_.VerifyAll().empty());  // files of a purged version are not missed
  EXPECT_TRUE(store_.Verify("A", 3).empty());
  EXPECT_TRUE(Collect().purged.empty());
  // Nothing follows it; what does is damage.
  VersionEntry more;
  more.sequence = store_.Retired("A", 3)->sequence + 1;
  const std::string attempt_id = NewAttemptId();
  plain_->Create(NumberedKey(RetiredFolder("A", 3), more.sequence), Seal({{"name", "A"},
                                                                          {"version", 3},
                                                                          {"sequence", more.sequence},
                                                                          {"kind", "restored"},
                                                                          {"attempt_id", attempt_id},
                                                                          {"who", "ana"},
                                                                          {"when", UtcNow()},
                                                                          {"why", ""}}));
  EXPECT_FALSE(store_.VerifyAll().empty());
}

TEST_P(GarbageTest, SharedBlobsStayWhileOneVersionNamesThem) {
  const Manifest twin = Save(store_, "A", "2");
  EXPECT_EQ(twin.files[0].blob, Blob(2));  // equal bytes are kept once
  store_.Retire("A", 2, ana_);
  storage_->Age("", 31 * kDay);
  const Garbage garbage = Collect();
  EXPECT_EQ(garbage.purged.size(), 1U);
  EXPECT_TRUE(garbage.deleted.empty());
  EXPECT_TRUE(plain_->Stat(twin.files[0].blob));
  EXPECT_TRUE(store_.VerifyAll().empty());
  store_.Retire("A", twin.version, ana_);
  storage_->Age("", 31 * kDay);
  EXPECT_EQ(Deleted(), Strings{twin.files[0].blob});
}

TEST_P(GarbageTest, ASaveDoesNotReuseTheBlobsOfARetiredVersion) {
  store_.Retire("A", 2, ana_);
  const Manifest saved = Save(store_, "A", "2");
  EXPECT_NE(saved.files[0].blob, Blob(2));
  storage_->Age(RetiredFolder("A", 2), 31 * kDay);
  storage_->Age("blobs/", 31 * kDay);
  EXPECT_EQ(Deleted(), Strings{Blob(2)});
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_P(GarbageTest, AManifestThatAppearsMeanwhileIsRespected) {
  const std::string left = Leave("5");
  const std::string other = Leave("6");
  storage_->Age("", 31 * kDay);
  bool done = false;
  // After the manifests were read the first time and before anything is deleted: the clock's object.
  storage_->before_write = [&](std::string_view key) {
    if (!done && key.starts_with("probe/")) {
      done = true;
      Save(store_, "B", "x");
      nlohmann::json body = nlohmann::json::parse(store_.Get("B", 1).document);
      body.erase("body_sha256");
      body["version"] = 2;
      body["files"] = {{{"path", "a"}, {"size", 1}, {"sha256", Sha256Of("5")}, {"blob", left}}};
      plain_->Create(VersionKey("B", 2), Seal(std::move(body)));
    }
  };
  EXPECT_EQ(Deleted(), Strings{other});
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_P(GarbageTest, ARestorationThatComesFirstWins) {
  store_.Retire("A", 2, ana_);
  storage_->Age("", 31 * kDay);
  bool done = false;
  storage_->before_write = [&](std::string_view key) {
    if (!done && key.starts_with(RetiredFolder("A", 2))) {
      done = true;
      Store(plain_).Restore("A", 2, "ben", "");
    }
  };
  const Garbage garbage = Collect();
  EXPECT_TRUE(garbage.purged.empty());
  EXPECT_TRUE(garbage.deleted.empty());
  EXPECT_FALSE(store_.Retired("A", 2));
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_P(GarbageTest, NothingGoesWhileAManifestIsDamagedOrMissing) {
  Leave("left");
  Save(store_, "A", "4");
  store_.Promote("A", "live", 4, {.who = "ana"});
  storage_->Age("", 31 * kDay);
  const Strings before = Keys("");
  for (const std::int64_t version : {2, 4}) {  // the last one is missed by its log
    const std::string key = VersionKey("A", version);
    const std::string kept = *plain_->Read(key);
    for (const std::string& damage : {std::string(), kept.substr(0, kept.size() - 2)}) {
      plain_->Delete(key);
      if (!damage.empty()) {
        plain_->Create(key, damage);
      }
      EXPECT_EQ(CodeOf([&] { return Collect(); }), Code::kBadManifest) << key << damage.size();
    }
    plain_->Delete(key);
    plain_->Create(key, kept);
    EXPECT_EQ(Keys(""), before);
  }
  EXPECT_EQ(Deleted().size(), 1U);
}

TEST_P(GarbageTest, WhatIsNotTheStoresIsLeftAlone) {
  for (const char* key : {"blobs/readme.txt", "blobs/sha256/ab/notes", "notes.txt", "versions/a b/x.json",
                          "retired/a b/000000000001/x", "elsewhere/1"}) {
    plain_->Create(key, "somebody else's");
  }
  const std::string probe = ProbeKey(NewAttemptId(), 3);
  plain_->Create(probe, "of a probe that was killed");
  storage_->Age("", 31 * kDay);
  EXPECT_EQ(Deleted(), Strings{probe});
}

// As if the process were killed before its n-th write, for every n; then it is run again.
TEST_P(GarbageTest, KilledAnywhereItIsRunAgain) {
  const auto fill = [&] {
    for (const char* bytes : {"a", "b", "c"}) {
      Leave(bytes);
    }
    const std::int64_t kept = Save(store_, "A", "kept").version;
    const std::int64_t first = Save(store_, "A", "gone").version;
    const std::int64_t second = Save(store_, "A", "gone, too").version;
    static_cast<void>(kept);
    store_.Retire("A", first, ana_);
    store_.Retire("A", second, ana_);
    storage_->Age("", 31 * kDay);
    return second;
  };
  struct Killed {};
  int killed = 0;
  for (int last = 0;; last += GetParam() ? 3 : 1) {  // in a folder every third, since each is synced
    const std::int64_t gone = fill();
    int writes = 0;
    storage_->before_write = [&](std::string_view) {
      if (writes++ == last) {
        throw Killed();
      }
    };
    bool died = false;
    try {
      Collect();
    } catch (const Killed&) {
      died = true;
      ++killed;
    }
    storage_->before_write = nullptr;
    EXPECT_TRUE(store_.VerifyAll().empty()) << last;
    storage_->Age("probe/", 8 * kDay);
    Collect();
    EXPECT_TRUE(store_.VerifyAll().empty()) << last;
    EXPECT_EQ(store_.Retired("A", gone)->kind, "purged");
    Strings named;
    for (const std::int64_t version : store_.Versions("A")) {
      named.insert(Blob(version));
    }
    EXPECT_EQ(Keys("blobs"), named) << last;
    EXPECT_TRUE(Keys("probe").empty());
    if (!died) {
      break;
    }
  }
  EXPECT_GE(killed, GetParam() ? 3 : 9);  // the clock's object twice, two entries, five blobs
}

}  // namespace
}  // namespace foretell
