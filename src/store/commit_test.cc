#include "store/commit.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "store/expect_code.h"
#include "store/faulty_storage.h"
#include "store/memory/memory_storage.h"

namespace foretell {
namespace {

constexpr Patience kQuick{.tries = 4, .first_pause = std::chrono::milliseconds(0)};

class CommitTest : public testing::Test {
 protected:
  std::shared_ptr<MemoryStorage> real_ = std::make_shared<MemoryStorage>("memory://commit");
  FaultyStorage storage_{real_};
  std::string id_ = NewAttemptId();
  std::string body_ = "{\"attempt_id\":\"" + id_ + "\"}";

  Committed Commit() { return CommitObject(storage_, "log/1", body_, id_, kQuick); }
};

TEST_F(CommitTest, CreatedIsOk) {
  EXPECT_TRUE(Commit().ours);
  EXPECT_EQ(real_->Read("log/1"), body_);
}

TEST_F(CommitTest, AnothersObjectIsAConflictThatShowsTheWinner) {
  real_->Create("log/1", "another");
  const Committed result = Commit();
  EXPECT_FALSE(result.ours);
  EXPECT_EQ(result.winner, "another");
}

TEST_F(CommitTest, ALostAnswerAfterTheCreateIsOk) {
  int creates = 0;
  storage_.on_create = [&](Storage& inner, std::string_view key, std::string_view body) {
    ++creates;
    inner.Create(key, body);
    return CreateAnswer::kUnknown;
  };
  EXPECT_TRUE(Commit().ours);
  EXPECT_EQ(creates, 1);
}

TEST_F(CommitTest, ALostAnswerFollowedByExistsIsStillOurs) {
  int creates = 0;
  storage_.on_create = [&](Storage& inner, std::string_view key, std::string_view body) {
    ++creates;
    inner.Create(key, body);
    return creates == 1 ? CreateAnswer::kRetry : inner.Create(key, body);
  };
  EXPECT_TRUE(Commit().ours);
}

TEST_F(CommitTest, AnAnswerLostBeforeTheCreateIsTriedAgain) {
  int creates = 0;
  storage_.on_create = [&](Storage& inner, std::string_view key, std::string_view body) {
    return ++creates < 3 ? CreateAnswer::kUnknown : inner.Create(key, body);
  };
  EXPECT_TRUE(Commit().ours);
  EXPECT_EQ(creates, 3);
}

TEST_F(CommitTest, ALostAnswerWhileAnotherWinsIsAConflict) {
  storage_.on_create = [&](Storage& inner, std::string_view key, std::string_view) {
    inner.Create(key, "another");
    return CreateAnswer::kUnknown;
  };
  EXPECT_FALSE(Commit().ours);
}

TEST_F(CommitTest, WhatCannotBeReadBackIsUnknown) {
  storage_.on_create = [](Storage& inner, std::string_view key, std::string_view body) {
    inner.Create(key, body);
    return CreateAnswer::kUnknown;
  };
  storage_.on_read = [](Storage&, std::string_view) -> std::optional<std::string> {
    throw Error(Code::kIo, "the network is down");
  };
  EXPECT_EQ(CodeOf([&] { return Commit(); }), Code::kUnknownOutcome);
  EXPECT_EQ(real_->Read("log/1"), body_);  // nothing was deleted
}

TEST_F(CommitTest, AnswersThatStayLostAreUnknown) {
  storage_.on_create = [](Storage&, std::string_view, std::string_view) { return CreateAnswer::kUnknown; };
  EXPECT_EQ(CodeOf([&] { return Commit(); }), Code::kUnknownOutcome);
}

TEST_F(CommitTest, AFailureAfterALostAnswerIsUnknownToo) {
  int creates = 0;
  storage_.on_create = [&](Storage&, std::string_view, std::string_view) {
    if (++creates == 1) {
      return CreateAnswer::kUnknown;
    }
    throw Error(Code::kNoSpace, "full");
  };
  EXPECT_EQ(CodeOf([&] { return Commit(); }), Code::kUnknownOutcome);
}

TEST_F(CommitTest, AFailureIsFailedAndLeavesTheOldState) {
  storage_.on_create = [](Storage&, std::string_view, std::string_view) -> CreateAnswer {
    throw Error(Code::kNoSpace, "full");
  };
  EXPECT_EQ(CodeOf([&] { return Commit(); }), Code::kNoSpace);
  EXPECT_FALSE(real_->Stat("log/1"));
}

TEST_F(CommitTest, RetryIsTriedAgainAndFailsInTheEnd) {
  int creates = 0;
  storage_.on_create = [&](Storage&, std::string_view, std::string_view) {
    ++creates;
    return CreateAnswer::kRetry;
  };
  EXPECT_EQ(CodeOf([&] { return Commit(); }), Code::kIo);
  EXPECT_EQ(creates, kQuick.tries);
}

TEST_F(CommitTest, EqualContentOfAnotherAttemptIsNotOurs) {
  const std::string other = NewAttemptId();
  real_->Create("log/1", "{\"attempt_id\":\"" + other + "\"}");
  EXPECT_FALSE(Commit().ours);
  EXPECT_NE(other, id_);
}

TEST_F(CommitTest, ABodyWithoutItsAttemptIsRefused) {
  EXPECT_EQ(CodeOf([&] { return CommitObject(storage_, "log/1", "{}", id_, kQuick); }), Code::kInternal);
  EXPECT_EQ(CodeOf([&] { return CommitObject(storage_, "log/1", "", "", kQuick); }), Code::kInternal);
}

TEST(ProbeTest, ASoundStoragePassesAndIsLeftEmpty) {
  MemoryStorage storage("memory://probe");
  ProbeStorage(storage);
  ProbeStorage(storage, "_foretell");
  EXPECT_TRUE(storage.List("", "").empty());
}

TEST(ProbeTest, AStorageThatIgnoresTheConditionIsRefused) {
  FaultyStorage storage(std::make_shared<MemoryStorage>("memory://ignores"));
  storage.on_create = [](Storage& inner, std::string_view key, std::string_view body) {
    inner.Delete(key);
    inner.Create(key, body);
    return CreateAnswer::kCreated;
  };
  EXPECT_EQ(CodeOf([&] { ProbeStorage(storage); }), Code::kRacyStorage);
}

TEST(ProbeTest, AStorageThatHonoursTheConditionOnlyOneByOneIsRefused) {
  FaultyStorage storage(std::make_shared<MemoryStorage>("memory://checks-then-writes"));
  storage.on_create = [](Storage& inner, std::string_view key, std::string_view body) {
    if (inner.Stat(key)) {
      return CreateAnswer::kExists;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    inner.Delete(key);
    inner.Create(key, body);
    return CreateAnswer::kCreated;
  };
  EXPECT_EQ(CodeOf([&] { ProbeStorage(storage); }), Code::kRacyStorage);
}

TEST(ProbeTest, AFailureIsReportedAsItIs) {
  FaultyStorage storage(std::make_shared<MemoryStorage>("memory://denied"));
  storage.on_create = [](Storage&, std::string_view, std::string_view) -> CreateAnswer {
    throw Error(Code::kNotPermitted, "denied");
  };
  EXPECT_EQ(CodeOf([&] { ProbeStorage(storage); }), Code::kNotPermitted);
}

}  // namespace
}  // namespace foretell
