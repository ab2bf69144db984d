#include "foretell/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "digest/sha256.h"
#include "store/commit.h"
#include "store/elapsed.h"
#include "store/expect_code.h"
#include "store/faulty_storage.h"
#include "store/layout.h"
#include "store/sealed.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

using nlohmann::json;

class StoreTest : public StoreFixture {
 protected:
  std::shared_ptr<MemoryStorage> memory_ = std::make_shared<MemoryStorage>("memory://store");
  Store store_{memory_};

  // An entry in the log of a version, whatever leads to it.
  void AppendRetired(const std::string& name, std::int64_t version, const std::string& kind) {
    std::int64_t sequence = 1;
    while (memory_->Stat(NumberedKey(RetiredFolder(name, version), sequence))) {
      ++sequence;
    }
    memory_->Create(NumberedKey(RetiredFolder(name, version), sequence), Seal({{"name", name},
                                                                               {"version", version},
                                                                               {"sequence", sequence},
                                                                               {"kind", kind},
                                                                               {"attempt_id", NewAttemptId()},
                                                                               {"who", "ana"},
                                                                               {"when", UtcNow()},
                                                                               {"why", ""}}));
  }
};

TEST_F(StoreTest, SavedVersionsComeBackAsTheyWereSaved) {
  const Manifest one =
      store_.Save("Event/Topics", DraftOf("first", R"({"metadata": {"trained on": "2026-11-01"}})"));
  const Manifest two = Save(store_, "Event/Topics", "second");
  EXPECT_EQ(one.version, 1);
  EXPECT_EQ(two.version, 2);
  EXPECT_EQ(store_.Versions("Event/Topics"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(store_.Names(), std::vector<std::string>{"Event/Topics"});

  const Manifest read = Store(memory_).Get("Event/Topics", 1);
  EXPECT_EQ(read.name, "Event/Topics");
  EXPECT_EQ(read.document, one.document);
  EXPECT_EQ(read.sha256, Sha256Of(read.document));
  ASSERT_EQ(read.files.size(), 1U);
  EXPECT_EQ(read.files[0].path, "model.bin");
  EXPECT_EQ(read.files[0].size, 5U);
  EXPECT_EQ(memory_->Read(read.files[0].blob), "first");
  const json document = json::parse(read.document);
  EXPECT_EQ(document["metadata"]["trained on"], "2026-11-01");
  EXPECT_EQ(document["format"], 1);
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_F(StoreTest, TheFirstSaveCreatesTheStoreAndReadersAreTold) {
  EXPECT_FALSE(store_.Exists());
  EXPECT_EQ(CodeOf([&] { return store_.Names(); }), Code::kNotAStore);
  EXPECT_EQ(CodeOf([&] { return store_.Get("A", 1); }), Code::kNotAStore);
  EXPECT_EQ(CodeOf([&] { return store_.Resolve({"A", "latest"}); }), Code::kNotAStore);
  EXPECT_TRUE(memory_->List("", "").empty());  // reading wrote nothing
  Save(store_, "A", "1");
  EXPECT_TRUE(store_.Exists());
  const std::optional<std::string> text = memory_->Read(StoreKey());
  ASSERT_TRUE(text);
  EXPECT_EQ(json::parse(*text)["probe"]["creates"], 16);
}

TEST_F(StoreTest, WhatIsNotThereIsNamed) {
  Save(store_, "A", "1");
  EXPECT_EQ(CodeOf([&] { return store_.Get("B", 1); }), Code::kUnknownPredictor);
  EXPECT_EQ(CodeOf([&] { return store_.Versions("B"); }), Code::kUnknownPredictor);
  EXPECT_EQ(CodeOf([&] { return store_.Aliases("B"); }), Code::kUnknownPredictor);
  EXPECT_EQ(CodeOf([&] { return store_.History("B", "x"); }), Code::kUnknownPredictor);
  for (const std::int64_t version : {std::int64_t{2}, std::int64_t{0}, std::int64_t{-1}, INT64_MAX}) {
    EXPECT_EQ(CodeOf([&] { return store_.Get("A", version); }), Code::kUnknownVersion) << version;
  }
  EXPECT_EQ(CodeOf([&] { return store_.Resolve({"A", "production"}); }), Code::kUnknownAlias);
  EXPECT_EQ(CodeOf([&] { return store_.Rollback("A", "production", {.who = "ana"}); }), Code::kUnknownAlias);
  EXPECT_EQ(store_.AliasVersion("A", "production"), std::nullopt);
  EXPECT_TRUE(store_.History("A", "production").empty());
  try {
    store_.Get("A", 9);
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "A has no version 9; its versions are 1 to 1");
  }
}

TEST_F(StoreTest, NamesOutsideTheGrammarAreRefusedEverywhere) {
  Save(store_, "A", "1");
  const Move move{.who = "ana"};
  for (const std::string name : {"", "a__b", "../a", "a b", "a@1"}) {
    EXPECT_EQ(CodeOf([&] { return Save(store_, name, "1"); }), Code::kInvalidName);
    EXPECT_EQ(CodeOf([&] { return store_.Get(name, 1); }), Code::kInvalidName);
    EXPECT_EQ(CodeOf([&] { return store_.Versions(name); }), Code::kInvalidName);
    EXPECT_EQ(CodeOf([&] { return store_.Resolve({name, "1"}); }), Code::kInvalidName);
    EXPECT_EQ(CodeOf([&] { return store_.Aliases(name); }), Code::kInvalidName);
    EXPECT_EQ(CodeOf([&] { return store_.Promote(name, "x", 1, move); }), Code::kInvalidName);
    EXPECT_EQ(CodeOf([&] { return store_.Verify(name, 1); }), Code::kInvalidName);
  }
  for (const std::string alias : {"", "latest", "12", "../x", "a/b"}) {
    EXPECT_EQ(CodeOf([&] { return store_.Promote("A", alias, 1, move); }), Code::kInvalidAlias);
    EXPECT_EQ(CodeOf([&] { return store_.Rollback("A", alias, move); }), Code::kInvalidAlias);
    EXPECT_EQ(CodeOf([&] { return store_.History("A", alias); }), Code::kInvalidAlias);
    EXPECT_EQ(CodeOf([&] { return store_.AliasVersion("A", alias); }), Code::kInvalidAlias);
  }
}

TEST_F(StoreTest, ANameInAnotherCaseIsRefused) {
  Save(store_, "EventTopics", "1");
  EXPECT_EQ(CodeOf([&] { return Save(store_, "eventtopics", "2"); }), Code::kNameTaken);
  EXPECT_EQ(CodeOf([&] { return store_.Get("eventTopics", 1); }), Code::kNameTaken);
  EXPECT_EQ(CodeOf([&] { return store_.Versions("eventTopics"); }), Code::kNameTaken);
  store_.Promote("EventTopics", "production", 1, {.who = "ana"});
  EXPECT_EQ(CodeOf([&] { return store_.Promote("EventTopics", "Production", 1, {.who = "ana"}); }),
            Code::kNameTaken);
  EXPECT_EQ(CodeOf([&] { return store_.Resolve({"EventTopics", "PRODUCTION"}); }), Code::kNameTaken);
}

TEST_F(StoreTest, OfTwoFirstSavesInDifferentCaseOneWins) {
  std::atomic<int> saved = 0;
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  const std::vector<std::string> names = {"Topics", "topics"};
  Save(store_, "Other", "x");
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      Store own(memory_);
      Draft draft;
      try {
        own.Save(names[static_cast<std::size_t>(i)], draft);
        ++saved;
      } catch (const Error& error) {
        taken += error.code() == Code::kNameTaken ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(saved, 1);
  EXPECT_EQ(taken, 1);
}

TEST_F(StoreTest, AFirstSaveInAnotherCaseThatCameMeanwhileWins) {
  Draft draft = DraftOf("1");
  bool other_saved = false;
  draft.progress = [&](std::uint64_t, std::uint64_t) {
    if (!std::exchange(other_saved, true)) {
      Store(memory_).Save("topics", Draft{});
    }
  };
  EXPECT_EQ(CodeOf([&] { return store_.Save("Topics", draft); }), Code::kNameTaken);
  EXPECT_TRUE(other_saved);
  EXPECT_EQ(store_.Versions("topics"), std::vector<std::int64_t>{1});
}

TEST_F(StoreTest, DraftsThatAreNotAllowedMakeNothing) {
  Draft draft = DraftOf("1");
  draft.files.push_back({"MODEL.bin", draft.files[0].source});
  EXPECT_EQ(CodeOf([&] { return store_.Save("A", draft); }), Code::kInvalidPath);
  draft.files[1].path = "../x";
  EXPECT_EQ(CodeOf([&] { return store_.Save("A", draft); }), Code::kInvalidPath);
  draft.files[1] = {"other", folder_.path() / "absent"};
  EXPECT_EQ(CodeOf([&] { return store_.Save("A", draft); }), Code::kIo);
  draft.files.pop_back();
  std::string deep(100'000, '[');
  for (const std::string& fields : {std::string("[]"), std::string("1"), std::string(""), std::string("{"),
                                    std::string(R"({"files": 1})"), std::string(R"({"version": 1})"),
                                    std::string(R"({"a": NaN})"), std::string("{\"a\": \"\xff\"}"),
                                    std::string(R"({"a": )") + deep, std::string(R"({"body_sha256": ""})")}) {
    draft.fields = fields;
    EXPECT_EQ(CodeOf([&] { return store_.Save("A", draft); }), Code::kInvalidArgument)
        << fields.substr(0, 30);
  }
  EXPECT_TRUE(memory_->List("", "").empty());
}

TEST_F(StoreTest, SixteenThreadsSaveWithoutAGap) {
  constexpr int kThreads = 16;
  constexpr int kSaves = 100;
  const std::filesystem::path same = Local("same", "the same bytes");
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      Store own(memory_);
      Draft draft;
      draft.files.push_back({"model.bin", same});
      for (int j = 0; j < kSaves; ++j) {
        own.Save("Topics", draft);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::vector<std::int64_t> versions = store_.Versions("Topics");
  ASSERT_EQ(versions.size(), 1600U);
  EXPECT_EQ(versions.back(), 1600);
  std::set<std::string> attempts;
  for (const std::int64_t version : versions) {
    attempts.insert(json::parse(store_.Get("Topics", version).document)["attempt_id"].get<std::string>());
  }
  EXPECT_EQ(attempts.size(), 1600U);
  EXPECT_LE(memory_->List("blobs", "").size(), 16U);  // the first of each thread at most
}

TEST_F(StoreTest, ALostAnswerToASaveMakesOneVersion) {
  const auto faulty = std::make_shared<FaultyStorage>(memory_);
  Store store(faulty);
  Save(store, "A", "1");
  faulty->on_create = [](Storage& inner, std::string_view key, std::string_view body) {
    inner.Create(key, body);
    return CreateAnswer::kUnknown;
  };
  EXPECT_EQ(Save(store, "A", "2").version, 2);
  EXPECT_EQ(store.Promote("A", "live", 2, {.who = "ana"}).sequence, 1);
  EXPECT_EQ(store.Versions("A").size(), 2U);
  EXPECT_EQ(store.History("A", "live").size(), 1U);
  EXPECT_TRUE(store.VerifyAll().empty());
}

TEST_F(StoreTest, ALoserTakesTheNextNumberWithoutUploadingAgain) {
  const auto faulty = std::make_shared<FaultyStorage>(memory_);
  Store store(faulty);
  int puts = 0;
  int rivals = 0;
  faulty->before_put = [&](std::string_view) { ++puts; };
  faulty->on_create = [&](Storage& inner, std::string_view key, std::string_view body) {
    if (key.starts_with("versions/") && rivals < 3) {
      ++rivals;
      Store(memory_).Save("A", {});
    }
    return inner.Create(key, body);
  };
  EXPECT_EQ(Save(store, "A", "mine").version, 4);
  EXPECT_EQ(puts, 1);
}

TEST_F(StoreTest, AFailedSaveLeavesTheOldState) {
  Save(store_, "A", "1");
  const auto faulty = std::make_shared<FaultyStorage>(memory_);
  Store store(faulty);
  faulty->before_put = [](std::string_view) { throw Error(Code::kNoSpace, "full"); };
  EXPECT_EQ(CodeOf([&] { return Save(store, "A", "2"); }), Code::kNoSpace);
  EXPECT_EQ(store_.Versions("A").size(), 1U);
  faulty->before_put = nullptr;
  EXPECT_EQ(Save(store, "A", "2").version, 2);
}

TEST_F(StoreTest, AFileThatChangesWhileItIsSavedMakesNoVersion) {
  Save(store_, "A", "1");
  const auto faulty = std::make_shared<FaultyStorage>(memory_);
  Store store(faulty);
  faulty->before_put = [&](std::string_view) { Local("local", "changed"); };
  EXPECT_EQ(CodeOf([&] { return Save(store, "A", "2"); }), Code::kIo);
  EXPECT_EQ(store_.Versions("A").size(), 1U);
}

TEST_F(StoreTest, BlobsAreSharedOnlyThroughAnUnretiredManifestAndOnlyWhenSound) {
  const Manifest one = Save(store_, "A", "same");
  EXPECT_EQ(Save(store_, "A", "same").files[0].blob, one.files[0].blob);
  AppendRetired("A", 1, "retired");
  AppendRetired("A", 2, "retired");
  const Manifest three = Save(store_, "A", "same");
  EXPECT_NE(three.files[0].blob, one.files[0].blob);
  memory_->Delete(three.files[0].blob);
  const Manifest four = Save(store_, "A", "same");
  EXPECT_NE(four.files[0].blob, three.files[0].blob);
  EXPECT_EQ(memory_->Read(four.files[0].blob), "same");
}

TEST_F(StoreTest, ProgressIsToldAndMayStopTheSave) {
  Draft draft = DraftOf("12345");
  draft.files.push_back({"more", Local("more", "123")});
  std::vector<std::uint64_t> told;
  draft.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 8U);
    told.push_back(done);
  };
  store_.Save("A", draft);
  EXPECT_EQ(told, (std::vector<std::uint64_t>{0, 5, 8}));
  draft.progress = [](std::uint64_t, std::uint64_t) { throw Error(Code::kInterrupted, "stop"); };
  EXPECT_EQ(CodeOf([&] { return store_.Save("A", draft); }), Code::kInterrupted);
  EXPECT_EQ(store_.Versions("A").size(), 1U);
}

TEST_F(StoreTest, ASaveOfThreeDaysGivesUp) {
  CheckSaveAge(std::chrono::hours(71));
  EXPECT_EQ(CodeOf([] { CheckSaveAge(std::chrono::hours(72)); }), Code::kTooSlow);
}

TEST_F(StoreTest, APromotionOfHalfAnHourGivesUp) {
  CheckMoveAge(std::chrono::minutes(29));
  EXPECT_EQ(CodeOf([] { CheckMoveAge(std::chrono::minutes(30)); }), Code::kTooSlow);
}

TEST_F(StoreTest, LatestAndVersionsLeaveRetiredOnesOut) {
  for (const std::string bytes : {"1", "2", "3"}) {
    Save(store_, "A", bytes);
  }
  EXPECT_EQ(store_.Resolve(ParseReference("A")).version, 3);
  AppendRetired("A", 3, "retired");
  EXPECT_EQ(store_.Resolve(ParseReference("A@latest")).version, 2);
  EXPECT_EQ(store_.Versions("A"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(store_.Get("A", 3).version, 3);  // pins still open it
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "live", 3, {.who = "ana"}); }), Code::kRetired);
  AppendRetired("A", 3, "restored");
  EXPECT_EQ(store_.Resolve(ParseReference("A")).version, 3);
  AppendRetired("A", 3, "retired");
  AppendRetired("A", 2, "retired");
  AppendRetired("A", 1, "purged");
  EXPECT_EQ(CodeOf([&] { return store_.Resolve(ParseReference("A")); }), Code::kNoVersions);
  EXPECT_EQ(Save(store_, "A", "4").version, 4);  // a number is never used again
}

TEST_F(StoreTest, AStoreOfANewerFormatIsRefused) {
  Save(store_, "A", "1");
  const auto newer = [&](const std::string& key) {
    json object = json::parse(*memory_->Read(key));
    object["format"] = 2;
    memory_->Delete(key);
    memory_->Create(key, object.dump());
  };
  newer(VersionKey("A", 1));
  EXPECT_EQ(CodeOf([&] { return store_.Get("A", 1); }), Code::kNewerFormat);
  EXPECT_EQ(CodeOf([&] { return Save(*std::make_unique<Store>(memory_), "A", "2"); }), Code::kNewerFormat);
  EXPECT_EQ(store_.VerifyAll().at(0).code, Code::kNewerFormat);
  newer(StoreKey());
  EXPECT_EQ(CodeOf([&] { return Store(memory_).Exists(); }), Code::kNewerFormat);
}

TEST_F(StoreTest, ADamagedManifestDoesNotBlockTheNextSave) {
  Save(store_, "A", "1");
  memory_->Delete(VersionKey("A", 1));
  memory_->Create(VersionKey("A", 1), "garbage");
  EXPECT_EQ(CodeOf([&] { return store_.Get("A", 1); }), Code::kBadManifest);
  EXPECT_EQ(Save(store_, "A", "2").version, 2);
  EXPECT_EQ(Store(memory_).Resolve(ParseReference("A")).version, 2);
}

TEST(ReferenceTest, NamesVersionsAliasesAndLatest) {
  EXPECT_EQ(ParseReference("A").selector, "latest");
  EXPECT_EQ(ParseReference("team/A@3").name, "team/A");
  EXPECT_EQ(ParseReference("team/A@3").selector, "3");
  EXPECT_EQ(ParseReference("A@production").selector, "production");
  for (const std::string text : {"", "@", "A@", "A@0", "A@03", "A@1@2", "A@-1", "A@Latest", "a__b@1", "A@a/b",
                                 "A@1234567890123", " A", "A@ 1"}) {
    EXPECT_EQ(CodeOf([&] { return ParseReference(text); }), Code::kInvalidReference) << text;
  }
}

}  // namespace
}  // namespace foretell
