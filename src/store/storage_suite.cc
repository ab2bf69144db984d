#include "store/storage_suite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

#include "foretell/error.h"

namespace foretell {

TEST_P(StorageSuite, AnEmptyStorageHoldsNothing) {
  EXPECT_EQ(storage_->Read("a/b"), std::nullopt);
  EXPECT_FALSE(storage_->Stat("a/b"));
  EXPECT_TRUE(storage_->List("").empty());
  EXPECT_TRUE(storage_->List("a").empty());
  EXPECT_FALSE(storage_->Move("a/b", "a/c"));
  EXPECT_FALSE(storage_->LocalPath("a/b"));
  EXPECT_FALSE(storage_->ReadInto("a/b", folder_.path() / "out"));
  storage_->Delete("a/b");
}

TEST_P(StorageSuite, CreateKeepsWhatIsThere) {
  const std::string body("one\0two", 7);
  EXPECT_EQ(storage_->Create("a/b.json", body), CreateAnswer::kCreated);
  EXPECT_EQ(storage_->Create("a/b.json", "other"), CreateAnswer::kExists);
  EXPECT_EQ(storage_->Create("a/b.json", body), CreateAnswer::kExists);
  EXPECT_EQ(storage_->Read("a/b.json"), body);
  EXPECT_EQ(storage_->Create("empty", ""), CreateAnswer::kCreated);
  EXPECT_EQ(storage_->Read("empty"), "");
}

TEST_P(StorageSuite, OneOfManyConcurrentCreatesWins) {
  constexpr int kThreads = 16;
  for (int round = 0; round < 8; ++round) {
    const std::string key = "race/" + std::to_string(round);
    std::atomic<int> winners = 0;
    std::latch start(kThreads);
    std::vector<std::string> won(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        const std::string body = "writer " + std::to_string(i);
        start.arrive_and_wait();
        if (storage_->Create(key, body) == CreateAnswer::kCreated) {
          ++winners;
          won[static_cast<std::size_t>(i)] = body;
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_EQ(winners, 1);
    EXPECT_NE(std::find(won.begin(), won.end(), storage_->Read(key)), won.end());
  }
}

TEST_P(StorageSuite, PutFileStoresAndOverwrites) {
  std::string bytes(3'000'001, 'x');  // more than one buffer
  bytes[2'999'999] = '\n';
  EXPECT_EQ(storage_->PutFile("blobs/ab/one", LocalFile(bytes)), bytes.size());
  EXPECT_EQ(storage_->Read("blobs/ab/one"), bytes);
  EXPECT_EQ(storage_->PutFile("blobs/ab/one", LocalFile("short")), 5U);
  EXPECT_EQ(storage_->Read("blobs/ab/one"), "short");
  EXPECT_EQ(storage_->PutFile("blobs/ab/none", LocalFile("")), 0U);
  EXPECT_EQ(storage_->Stat("blobs/ab/none")->size, 0U);
  EXPECT_THROW(storage_->PutFile("blobs/ab/two", folder_.path() / "absent"), Error);
  EXPECT_THROW(storage_->PutFile("blobs/ab/two", folder_.path()), Error);
  EXPECT_FALSE(storage_->Stat("blobs/ab/two"));
}

TEST_P(StorageSuite, ReadIntoWritesOrTruncatesTheTarget) {
  const std::string bytes(1'500'000, 'y');
  storage_->PutFile("a/one", LocalFile(bytes));
  storage_->Create("a/two", "2");
  const std::filesystem::path target = folder_.path() / "out";
  ASSERT_TRUE(storage_->ReadInto("a/one", target));
  EXPECT_EQ(Content(target), bytes);
  ASSERT_TRUE(storage_->ReadInto("a/two", target));
  EXPECT_EQ(Content(target), "2");
}

TEST_P(StorageSuite, StatTellsSizeAndTime) {
  storage_->Create("a", "123");
  const std::int64_t first = storage_->Stat("a")->modified_ns;
  storage_->Create("b", "1234");
  EXPECT_EQ(storage_->Stat("a")->size, 3U);
  EXPECT_EQ(storage_->Stat("a")->key, "a");
  EXPECT_GE(storage_->Stat("b")->modified_ns, first);
  EXPECT_EQ(storage_->Stat("a")->modified_ns, first);
}

TEST_P(StorageSuite, ListsInKeyOrderAtAnyDepth) {
  // '-' and '.' come before '/' and so a folder's keys come after its name with either.
  const std::vector<std::string> keys = {"a-b/1",   "a.b", "a/1", "a/10", "a/2/x",
                                         "a/2/y/z", "a/3", "a0",  "aa",   "b"};
  for (const std::string& key : std::views::reverse(keys)) {
    storage_->Create(key, key);
  }
  EXPECT_EQ(Keys(""), keys);
  EXPECT_EQ(Keys("a"), (std::vector<std::string>{"a/1", "a/10", "a/2/x", "a/2/y/z", "a/3"}));
  EXPECT_EQ(Keys("a/2"), (std::vector<std::string>{"a/2/x", "a/2/y/z"}));
  EXPECT_TRUE(Keys("a/1").empty());  // an object, not a folder
  EXPECT_TRUE(Keys("a/4").empty());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(Keys("", keys[i]),
              std::vector<std::string>(keys.begin() + static_cast<std::ptrdiff_t>(i) + 1, keys.end()))
        << keys[i];
  }
  EXPECT_EQ(Keys("a", "a/2"), (std::vector<std::string>{"a/2/x", "a/2/y/z", "a/3"}));
  EXPECT_EQ(Keys("a", "a/2/y"), (std::vector<std::string>{"a/2/y/z", "a/3"}));
  EXPECT_EQ(Keys("a", "0").size(), 5U);
  EXPECT_TRUE(Keys("a", "b").empty());
  EXPECT_EQ(storage_->List("a")[1].size, 4U);
}

TEST_P(StorageSuite, DeleteIsIdempotent) {
  storage_->Create("a/b", "1");
  storage_->Delete("a/b");
  EXPECT_FALSE(storage_->Stat("a/b"));
  storage_->Delete("a/b");
  EXPECT_EQ(storage_->Create("a/b", "2"), CreateAnswer::kCreated);
}

TEST_P(StorageSuite, ListedTimesAreTheOnesThatStatTells) {
  storage_->Create("a/1", "1");
  storage_->PutFile("a/2", LocalFile("22"));
  for (const ObjectInfo& info : storage_->List("")) {
    EXPECT_GT(info.modified_ns, 0);
    EXPECT_EQ(info.modified_ns, storage_->Stat(info.key)->modified_ns) << info.key;
    EXPECT_EQ(info.size, storage_->Stat(info.key)->size) << info.key;
  }
}

TEST_P(StorageSuite, WhatIsWholeIsNotUnfinished) {
  EXPECT_TRUE(storage_->Unfinished().empty());
  storage_->Create("a/1", "1");
  storage_->PutFile("a/2", LocalFile("22"));
  EXPECT_TRUE(storage_->Unfinished().empty());
}

TEST_P(StorageSuite, DeletingLeavesEverythingElse) {
  for (const char* key : {"a/1", "a/2", "a/2b", "a/3/x"}) {
    storage_->Create(key, "1");
  }
  storage_->Delete("a/2");
  storage_->Delete("a/3");  // a folder is no object
  EXPECT_EQ(Keys(""), (std::vector<std::string>{"a/1", "a/2b", "a/3/x"}));
}

TEST_P(StorageSuite, MoveIsIdempotentAndNeverOverwrites) {
  storage_->Create("staging/x", "1");
  EXPECT_TRUE(storage_->Move("staging/x", "final/deep/x"));
  EXPECT_EQ(storage_->Read("final/deep/x"), "1");
  EXPECT_FALSE(storage_->Stat("staging/x"));
  EXPECT_TRUE(storage_->Move("staging/x", "final/deep/x"));
  storage_->Create("staging/x", "2");
  EXPECT_THROW(storage_->Move("staging/x", "final/deep/x"), Error);
  EXPECT_EQ(storage_->Read("final/deep/x"), "1");
  EXPECT_EQ(storage_->Read("staging/x"), "2");
}

TEST_P(StorageSuite, OneOfManyConcurrentMovesOfOneKeyMovesItAndAllAgree) {
  storage_->Create("from", "1");
  std::atomic<int> agreed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { agreed += storage_->Move("from", "to") ? 1 : 0; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(agreed, 8);
  EXPECT_EQ(storage_->Read("to"), "1");
}

TEST_P(StorageSuite, LocalPathHoldsTheBytesInPlace) {
  storage_->Create("a/b", "bytes");
  if (const auto path = storage_->LocalPath("a/b")) {
    EXPECT_EQ(Content(*path), "bytes");
  }
}

TEST_P(StorageSuite, KeysOutsideTheGrammarAreRefused) {
  const std::string nul("a\0b", 3);
  const std::vector<std::string> wrong = {"",
                                          "/a",
                                          "a/",
                                          "a//b",
                                          "..",
                                          "a/../b",
                                          "./a",
                                          "a/.",
                                          "a\\b",
                                          nul,
                                          "a/.hidden",
                                          "a\nb",
                                          "\xff",
                                          std::string(256, 'a'),
                                          std::string(1001, 'a')};
  for (const std::string& key : wrong) {
    const auto refused = [&](const std::function<void()>& call) {
      try {
        call();
      } catch (const Error& error) {
        return error.code() == Code::kInvalidPath;
      }
      return false;
    };
    EXPECT_TRUE(refused([&] { storage_->Create(key, ""); })) << key;
    EXPECT_TRUE(refused([&] { storage_->PutFile(key, LocalFile("")); })) << key;
    EXPECT_TRUE(refused([&] { static_cast<void>(storage_->Read(key)); })) << key;
    EXPECT_TRUE(refused([&] { static_cast<void>(storage_->Stat(key)); })) << key;
    EXPECT_TRUE(refused([&] { storage_->Delete(key); })) << key;
    EXPECT_TRUE(refused([&] { storage_->Move(key, "b"); })) << key;
    EXPECT_TRUE(refused([&] { storage_->Move("b", key); })) << key;
    EXPECT_TRUE(refused([&] { static_cast<void>(storage_->LocalPath(key)); })) << key;
    EXPECT_TRUE(key.empty() || refused([&] { static_cast<void>(storage_->List(key)); })) << key;
  }
  EXPECT_TRUE(storage_->List("").empty());
}

}  // namespace foretell
