#include "store/alias_log.h"

#include <gtest/gtest.h>

#include <thread>

#include "store/expect_code.h"
#include "store/faulty_storage.h"
#include "store/layout.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

class AliasLogTest : public StoreFixture {
 protected:
  AliasLogTest() {
    for (const std::string bytes : {"1", "2", "3", "4"}) {
      Save(store_, "A", bytes);
    }
  }

  std::shared_ptr<MemoryStorage> memory_ = std::make_shared<MemoryStorage>("memory://alias");
  Store store_{memory_};
  Move ana_{.who = "ana", .why = "better topics"};
};

TEST_F(AliasLogTest, PromotionsAreKeptForEver) {
  EXPECT_EQ(store_.Promote("A", "production", 1, ana_).sequence, 1);
  const AliasEntry second = store_.Promote("A", "production", 3, ana_);
  EXPECT_EQ(second.sequence, 2);
  EXPECT_EQ(store_.AliasVersion("A", "production"), 3);
  EXPECT_EQ(store_.Resolve(ParseReference("A@production")).version, 3);
  const std::vector<AliasEntry> history = store_.History("A", "production");
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].kind, "promote");
  EXPECT_EQ(history[0].version, 1);
  EXPECT_EQ(history[1].who, "ana");
  EXPECT_EQ(history[1].why, "better topics");
  EXPECT_EQ(history[1].manifest_sha256, store_.Get("A", 3).sha256);
  EXPECT_EQ(store_.Aliases("A"), std::vector<std::string>{"production"});
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_F(AliasLogTest, PromotingWhatTheAliasNamesMakesNoEntry) {
  store_.Promote("A", "production", 2, ana_);
  EXPECT_EQ(store_.Promote("A", "production", 2, {.who = "ben"}).who, "ana");
  EXPECT_EQ(store_.History("A", "production").size(), 1U);
}

TEST_F(AliasLogTest, RollbacksGoBackOnePromotionAtATime) {
  for (const std::int64_t version : {1, 2, 3}) {
    store_.Promote("A", "production", version, ana_);
  }
  const AliasEntry first = store_.Rollback("A", "production", ana_);
  EXPECT_EQ(first.version, 2);
  EXPECT_EQ(first.undoes, 3);
  EXPECT_EQ(store_.Rollback("A", "production", ana_).version, 1);
  EXPECT_EQ(CodeOf([&] { return store_.Rollback("A", "production", ana_); }), Code::kNothingToUndo);
  store_.Promote("A", "production", 4, ana_);
  EXPECT_EQ(store_.Rollback("A", "production", ana_).version, 1);
  EXPECT_EQ(store_.History("A", "production").size(), 7U);
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_F(AliasLogTest, ARollbackThatNamesItsEntryNeverUndoesAnother) {
  for (const std::int64_t version : {1, 2, 3}) {
    store_.Promote("A", "production", version, ana_);
  }
  Move undo = ana_;
  undo.undo = 3;
  EXPECT_EQ(store_.Rollback("A", "production", undo).version, 2);
  EXPECT_EQ(store_.Rollback("A", "production", undo).sequence, 4);  // the retry: the same entry
  EXPECT_EQ(store_.AliasVersion("A", "production"), 2);
  undo.undo = 1;
  EXPECT_EQ(CodeOf([&] { return store_.Rollback("A", "production", undo); }), Code::kConflict);
  for (const std::int64_t wrong : {0, 4, 9, -1}) {
    undo.undo = wrong;
    EXPECT_EQ(CodeOf([&] { return store_.Rollback("A", "production", undo); }), Code::kInvalidArgument);
  }
  store_.Promote("A", "production", 4, ana_);
  undo.undo = 3;
  EXPECT_EQ(CodeOf([&] { return store_.Rollback("A", "production", undo); }), Code::kConflict);
}

TEST_F(AliasLogTest, ExpectComparesAndSets) {
  Move move = ana_;
  move.expect = 1;
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "production", 2, move); }), Code::kConflict);
  store_.Promote("A", "production", 1, ana_);
  EXPECT_EQ(store_.Promote("A", "production", 2, move).version, 2);
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "production", 3, move); }), Code::kConflict);
  EXPECT_EQ(CodeOf([&] { return store_.Rollback("A", "production", move); }), Code::kConflict);
}

TEST_F(AliasLogTest, AsOfUsesTheRunningMaximumOfTheTimes) {
  const auto at = [](const std::string& hour) { return "2026-11-01T" + hour + ":00Z"; };
  // The second mover's clock is fast, or the third one's slow.
  const std::vector<std::string> whens = {at("10:00"), at("12:00"), at("11:00"), at("13:00")};
  for (std::int64_t sequence = 1; sequence <= 4; ++sequence) {
    AliasEntry entry = store_.Promote("A", "draft", sequence, ana_);
    entry.when = whens[static_cast<std::size_t>(sequence) - 1];
    const auto before = ReadAliasTop(*memory_, "A", "live");
    entry.previous_entry_sha256 = before ? before->sha256 : "";
    memory_->Create(AliasKey("A", "live", sequence), WriteAliasEntry("A", "live", entry));
  }
  const auto named = [&](const std::string& when) {
    const Reference live{.name = "A", .selector = "live"};
    const std::int64_t version = store_.Resolve(live, when).version;
    EXPECT_EQ(store_.History("A", "live", when).size(), static_cast<std::size_t>(version)) << when;
    return version;
  };
  EXPECT_EQ(named(at("10:00")), 1);
  EXPECT_EQ(named(at("11:59")), 1);
  EXPECT_EQ(named(at("12:00")), 3);
  EXPECT_EQ(named(at("12:59")), 3);
  EXPECT_EQ(named(at("13:00")), 4);
  EXPECT_EQ(named("2030-01-01T00:00:00Z"), 4);
  EXPECT_TRUE(store_.History("A", "live", at("09:59")).empty());
  EXPECT_EQ(CodeOf([&] { return store_.Resolve({"A", "live"}, at("09:59")); }), Code::kUnknownAlias);
  EXPECT_EQ(CodeOf([&] { return store_.Resolve({"A", "dead"}, at("10:00")); }), Code::kUnknownAlias);
  EXPECT_EQ(CodeOf([&] { return store_.Resolve({"A", "latest"}, at("10:00")); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { return store_.Resolve({"A", "2"}, at("10:00")); }), Code::kInvalidArgument);
  for (const char* wrong :
       {"2026-11-01", "2026-11-01T10:00:00", "2026-11-01 10:00:00Z", "now", "2026-11-01T10:00:00+01:00"}) {
    EXPECT_EQ(CodeOf([&] { return store_.History("A", "live", wrong); }), Code::kInvalidArgument) << wrong;
  }
}

TEST_F(AliasLogTest, WhatARollbackWouldUndoIsTold) {
  EXPECT_EQ(CodeOf([&] { return store_.Undoable("A", "production"); }), Code::kUnknownAlias);
  store_.Promote("A", "production", 1, ana_);
  EXPECT_EQ(CodeOf([&] { return store_.Undoable("A", "production"); }), Code::kNothingToUndo);
  store_.Promote("A", "production", 2, ana_);
  store_.Promote("A", "production", 3, ana_);
  store_.Rollback("A", "production", ana_);
  EXPECT_EQ(store_.Undoable("A", "production").sequence, 2);
}

TEST_F(AliasLogTest, AnUncheckedPromotionIsToldForEver) {
  EXPECT_TRUE(
      store_.Promote("A", "production", 1, {.who = "ana", .why = "down", .unchecked = true}).unchecked);
  store_.Promote("A", "production", 2, ana_);
  const std::vector<AliasEntry> history = store_.History("A", "production");
  EXPECT_TRUE(history[0].unchecked);
  EXPECT_FALSE(history[1].unchecked);
  EXPECT_EQ(CodeOf([&] { return store_.Rollback("A", "production", {.who = "ana", .unchecked = true}); }),
            Code::kInvalidArgument);
}

TEST_F(AliasLogTest, AMoveSaysWhoMakesIt) {
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "production", 1, {}); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "production", 1, {.who = "\xff"}); }),
            Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "production", 9, ana_); }), Code::kUnknownVersion);
  EXPECT_TRUE(memory_->List("aliases", "").empty());
}

TEST_F(AliasLogTest, TwoPromotersLeaveOneWinner) {
  const auto faulty = std::make_shared<FaultyStorage>(memory_);
  Store slow(faulty);
  bool rival = true;
  faulty->on_create = [&](Storage& inner, std::string_view key, std::string_view body) {
    if (rival && key.starts_with("aliases/")) {
      rival = false;
      store_.Promote("A", "production", 4, {.who = "ben"});
    }
    return inner.Create(key, body);
  };
  EXPECT_EQ(CodeOf([&] { return slow.Promote("A", "production", 2, ana_); }), Code::kConflict);
  EXPECT_EQ(store_.AliasVersion("A", "production"), 4);
  rival = true;
  Move retry = ana_;
  retry.retry_on_conflict = true;
  store_.Promote("A", "production", 1, ana_);
  EXPECT_EQ(slow.Promote("A", "production", 2, retry).sequence, 4);
  EXPECT_EQ(store_.History("A", "production").size(), 4U);
}

TEST_F(AliasLogTest, ManyPromotersLeaveAContiguousHistory) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      Store own(memory_);
      for (int j = 0; j < 10; ++j) {
        Move move{.who = "thread " + std::to_string(i), .retry_on_conflict = true};
        own.Promote("A", "production", 1 + (i + j) % 4, move);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::vector<AliasEntry> history = store_.History("A", "production");
  EXPECT_GE(history.size(), 8U);
  for (std::size_t i = 1; i < history.size(); ++i) {
    EXPECT_EQ(history[i].sequence, static_cast<std::int64_t>(i) + 1);
    EXPECT_NE(history[i].version, history[i - 1].version);
  }
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_F(AliasLogTest, AVersionWithoutItsFilesIsNotPromoted) {
  const FileEntry file = store_.Get("A", 2).files[0];
  memory_->Delete(file.blob);
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "production", 2, ana_); }), Code::kMissingBlob);
  memory_->Create(file.blob, "22");
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "production", 2, ana_); }), Code::kDamagedBlob);
  EXPECT_TRUE(memory_->List("aliases", "").empty());
}

TEST_F(AliasLogTest, AGapOrABrokenChainIsFound) {
  for (const std::int64_t version : {1, 2, 3}) {
    store_.Promote("A", "production", version, ana_);
  }
  const std::string second = AliasKey("A", "production", 2);
  const std::string kept = *memory_->Read(second);
  memory_->Delete(second);
  EXPECT_EQ(CodeOf([&] { return store_.AliasVersion("A", "production"); }), Code::kBadAliasEntry);
  EXPECT_EQ(CodeOf([&] { return store_.History("A", "production"); }), Code::kBadAliasEntry);
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "production", 4, ana_); }), Code::kBadAliasEntry);
  EXPECT_FALSE(store_.VerifyAll().empty());
  // Sound in itself, but not the entry that was there.
  AliasEntry other = ReadAliasEntry(kept, "A", "production", 2, "").entry;
  other.version = 4;
  memory_->Create(second, WriteAliasEntry("A", "production", other));
  EXPECT_EQ(CodeOf([&] { return store_.History("A", "production"); }), Code::kBadAliasEntry);
  EXPECT_FALSE(store_.VerifyAll().empty());
}

}  // namespace
}  // namespace foretell
