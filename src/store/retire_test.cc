#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "store/expect_code.h"
#include "store/life_fixture.h"
#include "store/retired_log.h"

namespace foretell {
namespace {

class RetireTest : public LifeFixture {};
INSTANTIATE_TEST_SUITE_P(Life, RetireTest, testing::Bool(), StorageName);

TEST_P(RetireTest, ARetiredVersionIsHiddenAndStillOpens) {
  EXPECT_FALSE(store_.Retired("A", 3));
  const VersionEntry entry = store_.Retire("A", 3, ana_);
  EXPECT_EQ(entry.kind, "retired");
  EXPECT_EQ(entry.sequence, 1);
  EXPECT_EQ(store_.Retired("A", 3)->who, "ana");
  EXPECT_EQ(store_.Retired("A", 3)->why, "wrong labels");
  EXPECT_EQ(store_.Resolve(ParseReference("A")).version, 2);
  EXPECT_EQ(store_.Versions("A"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(store_.Versions("A", true), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(store_.Get("A", 3).version, 3);
  EXPECT_EQ(store_.Resolve(ParseReference("A@3")).version, 3);
  EXPECT_TRUE(store_.Verify("A", 3).empty());
  EXPECT_EQ(CodeOf([&] { return store_.Promote("A", "production", 3, {.who = "ben"}); }), Code::kRetired);
  EXPECT_EQ(Save(store_, "A", "4").version, 4);  // the number is not used again
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_P(RetireTest, RetiringTwiceMakesOneEntry) {
  store_.Retire("A", 2, ana_);
  EXPECT_EQ(store_.Retire("A", 2, {.who = "ben"}).who, "ana");
  EXPECT_EQ(Keys("retired").size(), 1U);
}

TEST_P(RetireTest, RestoringUndoesIt) {
  store_.Retire("A", 3, ana_);
  EXPECT_EQ(store_.Restore("A", 3, "ben", "was right").sequence, 2);
  EXPECT_EQ(store_.Restore("A", 3, "cid", "").who, "ben");  // the retry
  EXPECT_FALSE(store_.Retired("A", 3));
  EXPECT_EQ(store_.Resolve(ParseReference("A")).version, 3);
  EXPECT_EQ(store_.Promote("A", "production", 3, {.who = "ben"}).version, 3);
  EXPECT_EQ(CodeOf([&] { return store_.Restore("A", 3, "ben", ""); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { return store_.Restore("A", 1, "ben", ""); }), Code::kInvalidArgument);
  store_.Retire("A", 2, ana_);
  store_.Restore("A", 2, "ben", "");
  EXPECT_EQ(store_.Retire("A", 2, ana_).sequence, 3);
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_P(RetireTest, WhatAnAliasNamesIsNotRetired) {
  store_.Promote("A", "production", 1, {.who = "ana"});
  storage_->Age("retired/", 400 * kDay);
  EXPECT_EQ(CodeOf([&] { return store_.Retire("A", 1, ana_); }), Code::kInUse);
  store_.Promote("A", "production", 2, {.who = "ana"});
  EXPECT_EQ(store_.Retire("A", 1, ana_).kind, "retired");
  // What a rollback would go back to may be retired; then the rollback is refused, by name.
  EXPECT_EQ(CodeOf([&] { return store_.Rollback("A", "production", {.who = "ana"}); }), Code::kRetired);
  EXPECT_EQ(store_.AliasVersion("A", "production"), 2);
}

TEST_P(RetireTest, WhatAnAliasNamedLatelyIsNotRetired) {
  store_.Promote("A", "production", 1, {.who = "ana"});
  store_.Promote("A", "production", 2, {.who = "ana"});
  EXPECT_EQ(CodeOf([&] { return store_.Retire("A", 1, ana_); }), Code::kInUse);
  storage_->Age("retired/", 7 * kDay - std::chrono::hours(1));
  EXPECT_EQ(CodeOf([&] { return store_.Retire("A", 1, ana_); }), Code::kInUse);
  Retirement sooner = ana_;
  sooner.unused_for = 6 * kDay;
  const auto entries = Keys("retired").size();
  EXPECT_EQ(store_.Retire("A", 1, sooner).sequence, 2);
  EXPECT_EQ(Keys("retired").size(), entries + 1);
  EXPECT_TRUE(Keys("probe").empty());  // the clock's object is gone
  sooner.unused_for = std::chrono::minutes(59);
  EXPECT_EQ(CodeOf([&] { return store_.Retire("A", 3, sooner); }), Code::kInvalidArgument);
}

TEST_P(RetireTest, AnOldInUseBeforeARestorationCountsByItsOwnAge) {
  store_.Promote("A", "production", 1, {.who = "ana"});
  store_.Promote("A", "production", 2, {.who = "ana"});
  storage_->Age("retired/", 8 * kDay);
  store_.Retire("A", 1, ana_);
  store_.Restore("A", 1, "ana", "");
  EXPECT_EQ(store_.Retire("A", 1, ana_).sequence, 4);
}

TEST_P(RetireTest, UnknownVersionsAndMissingNamesAreRefused) {
  EXPECT_EQ(CodeOf([&] { return store_.Retire("A", 4, ana_); }), Code::kUnknownVersion);
  EXPECT_EQ(CodeOf([&] { return store_.Retire("A", 0, ana_); }), Code::kUnknownVersion);
  EXPECT_EQ(CodeOf([&] { return store_.Retire("B", 1, ana_); }), Code::kUnknownPredictor);
  EXPECT_EQ(CodeOf([&] { return store_.Retire("a", 1, ana_); }), Code::kNameTaken);
  EXPECT_EQ(CodeOf([&] { return store_.Retire("A", 1, {}); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { return store_.Restore("A", 1, "", ""); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { return store_.Retired("A", 4); }), Code::kUnknownVersion);
  EXPECT_TRUE(Keys("retired").empty());
}

TEST_P(RetireTest, WhenEveryVersionIsRetiredNoneIsLatest) {
  for (const std::int64_t version : {1, 2, 3}) {
    store_.Retire("A", version, ana_);
  }
  EXPECT_EQ(CodeOf([&] { return store_.Resolve(ParseReference("A")); }), Code::kNoVersions);
  EXPECT_TRUE(store_.Versions("A").empty());
  EXPECT_EQ(Save(store_, "A", "4").version, 4);
  EXPECT_EQ(store_.Resolve(ParseReference("A")).version, 4);
}

// A promotion that comes between any two steps of a retirement, and the other way round.
TEST_P(RetireTest, OfARetirementAndAPromotionOnlyOneWins) {
  for (int step = 0; step < 2; ++step) {
    Save(store_, "A", "more");
    const std::int64_t version = store_.Resolve(ParseReference("A")).version;
    const auto rival = std::make_shared<AgedStorage>(plain_);
    Store other(rival);
    bool done = false;
    // The rival's whole operation happens just before the first create in the log that both want.
    const std::string log = RetiredFolder("A", version);
    std::optional<Code> refused;
    if (step == 0) {
      storage_->before_write = [&](std::string_view key) {
        if (!done && key.starts_with(log)) {
          done = true;
          other.Promote("A", "production", version, {.who = "ben"});
        }
      };
      refused = CodeOf([&] { return store_.Retire("A", version, ana_); });
      EXPECT_EQ(refused, Code::kInUse);
      EXPECT_EQ(store_.AliasVersion("A", "production"), version);
    } else {
      storage_->before_write = [&](std::string_view key) {
        if (!done && key.starts_with(log)) {
          done = true;
          other.Retire("A", version, ana_);
        }
      };
      refused = CodeOf([&] { return store_.Promote("A", "canary", version, {.who = "ben"}); });
      EXPECT_EQ(refused, Code::kRetired);
      EXPECT_EQ(store_.AliasVersion("A", "canary"), std::nullopt);
    }
    storage_->before_write = nullptr;
  }
  // A promotion that stands between its in-use and its alias entry.
  const std::int64_t version = Save(store_, "A", "last").version;
  bool done = false;
  std::optional<Code> refused;
  storage_->before_write = [&](std::string_view key) {
    if (!done && key.starts_with("aliases/")) {
      done = true;
      refused = CodeOf([&] { return Store(plain_).Retire("A", version, ana_); });
    }
  };
  store_.Promote("A", "canary", version, {.who = "ben"});
  storage_->before_write = nullptr;
  EXPECT_EQ(refused, Code::kInUse);
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_P(RetireTest, ManyRetirersAndPromotersAgree) {
  for (int round = 0; round < 10; ++round) {
    const std::int64_t version = Save(store_, "A", std::to_string(round)).version;
    std::atomic<int> promoted = 0;
    std::atomic<int> retired = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        Store own(plain_);
        const Move move{.who = "thread", .retry_on_conflict = true};
        const auto code = i % 2 == 0 ? CodeOf([&] { return own.Promote("A", "live", version, move); })
                                     : CodeOf([&] { return own.Retire("A", version, ana_); });
        if (!code) {
          ++(i % 2 == 0 ? promoted : retired);
        } else {
          EXPECT_EQ(code, i % 2 == 0 ? Code::kRetired : Code::kInUse);
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_TRUE((promoted == 4 && retired == 0) || (promoted == 0 && retired == 4))
        << promoted << " promotions and " << retired << " retirements";
    EXPECT_EQ(store_.AliasVersion("A", "live") == version, promoted == 4);
  }
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_P(RetireTest, DamageToTheLogIsFound) {
  store_.Retire("A", 2, ana_);
  store_.Restore("A", 2, "ana", "");
  store_.Retire("A", 2, ana_);
  const std::string first = NumberedKey(RetiredFolder("A", 2), 1);
  plain_->Delete(first);
  EXPECT_EQ(CodeOf([&] { return store_.Retired("A", 2); }), Code::kBadManifest);
  EXPECT_EQ(CodeOf([&] { return store_.Restore("A", 2, "ana", ""); }), Code::kBadManifest);
  EXPECT_FALSE(store_.VerifyAll().empty());
}

}  // namespace
}  // namespace foretell
