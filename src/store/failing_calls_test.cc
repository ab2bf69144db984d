// A call of the system fails, whichever it is: the operation ends with an Error of the file system, or does
// without the call; the old state or the new one is there; and the next operation works.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "store/aged_storage.h"
#include "store/expect_code.h"
#include "store/fail_everywhere.h"
#include "store/file/descriptor.h"
#include "store/file/file_storage.h"
#include "store/layout.h"
#include "store/quick_folder.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

class FailingCallsTest : public StoreFixture {
 protected:
  static constexpr std::chrono::hours kDay{24};
  std::filesystem::path root() const { return quick_.path() / "store"; }

  // Version 1 and 2 of A; `live` names 1.
  void Prepare() {
    std::filesystem::remove_all(root());
    std::filesystem::copy(Template(), root(), std::filesystem::copy_options::recursive);
  }

  std::filesystem::path Template() {
    const std::filesystem::path made = quick_.path() / "template";
    if (!std::filesystem::exists(made)) {
      Store store(std::make_shared<FileStorage>(made));
      Save(store, "A", "one");
      Save(store, "A", "two");
      store.Promote("A", "live", 1, {.who = "ana"});
      store.AppendReport("A", 1, "{}", "ana");
    }
    return made;
  }

  Store Opened() { return Store(std::make_shared<FileStorage>(root())); }

  void ExpectSound() {
    Store store = Opened();
    for (const Finding& finding : store.VerifyAll()) ADD_FAILURE() << finding.key << ": " << finding.message;
  }

  TemporaryFolder quick_{QuickFolder()};

  // Does `work` to a fresh store.
  void Fail(const std::function<void(Store&)>& work,
            const std::function<void(Store&, bool returned)>& check) {
    FailEverywhere([&] { Prepare(); },
                   [&] {
                     Store store = Opened();
                     work(store);
                   },
                   [&](bool returned) {
                     ExpectSound();
                     Store store = Opened();
                     check(store, returned);
                     EXPECT_EQ(CodeOf([&] { work(store); }), std::nullopt) << "the next operation";
                     ExpectSound();
                   });
  }
};

TEST_F(FailingCallsTest, ASaveIsMadeOrNot) {
  const std::filesystem::path model = Local("new", "three");
  Draft draft;
  draft.files.push_back({"model.bin", model});
  draft.files.push_back({"again.bin", model});
  Fail([&](Store& store) { store.Save("A", draft); },
       [&](Store& store, bool returned) {
         const std::size_t versions = store.Versions("A").size();
         EXPECT_TRUE(versions == 3 || (!returned && versions == 2)) << versions;
       });
}

TEST_F(FailingCallsTest, AMoveOfAnAliasIsMadeOrNot) {
  Fail([](Store& store) { store.Promote("A", "live", 2, {.who = "ana"}); },
       [](Store& store, bool returned) {
         const auto named = store.AliasVersion("A", "live");
         EXPECT_TRUE(named == 2 || (!returned && named == 1));
       });
}

TEST_F(FailingCallsTest, ARetirementIsMadeOrNot) {
  Fail([](Store& store) { store.Retire("A", 2, {.who = "ana"}); },
       [](Store& store, bool returned) { EXPECT_TRUE(store.Retired("A", 2) || !returned); });
}

TEST_F(FailingCallsTest, ReadersAreToldOrSeeWhatIsThere) {
  Fail(
      [](Store& store) {
        EXPECT_EQ(store.Names(), std::vector<std::string>{"A"});
        EXPECT_EQ(store.Versions("A").size(), 2U);
        EXPECT_EQ(store.Resolve({"A", "live"}).version, 1);
        EXPECT_EQ(store.History("A", "live").size(), 1U);
        EXPECT_EQ(store.Aliases("A").size(), 1U);
        EXPECT_EQ(store.Reports("A", 1).size(), 1U);
        EXPECT_TRUE(store.storage().LocalPath(store.Get("A", 2).files.at(0).blob));
      },
      [](Store&, bool) {});
}

TEST_F(FailingCallsTest, VerificationTellsWhatItCouldNotRead) {
  FailEverywhere([&] { Prepare(); },
                 [&] {
                   const std::vector<Finding> findings = Opened().VerifyAll();
                   const bool told = std::ranges::any_of(
                       findings, [](const Finding& finding) { return IsOfTheMachine(finding.code); });
                   EXPECT_TRUE(findings.empty() || told) << findings.front().message;
                 },
                 [](bool) {});
}

TEST_F(FailingCallsTest, GarbageGoesAndNothingElse) {
  FailEverywhere(
      [&] {
        Prepare();
        std::filesystem::create_directories(root() / "blobs/sha256/00");
        for (const std::string& name :
             {std::string(64, '0') + "." + std::string(32, '1'), "." + std::string(24, 'a') + ".tmp"}) {
          std::ofstream(root() / "blobs/sha256/00" / name) << "left";
        }
      },
      [&] {
        const auto aged = std::make_shared<AgedStorage>(std::make_shared<FileStorage>(root()));
        aged->Age("blobs/sha256/00", 8 * kDay);
        Store(aged).CollectGarbage({.who = "ana", .dry_run = false});
      },
      [&](bool returned) {
        ExpectSound();
        EXPECT_TRUE(!returned || std::filesystem::is_empty(root() / "blobs/sha256/00"));
      });
}

TEST_F(FailingCallsTest, AStorageSaysWhatFailed) {
  const std::filesystem::path source = Local("source", std::string(100, 'x'));
  FailEverywhere([&] { std::filesystem::remove_all(root()); },
                 [&] {
                   FileStorage storage(root());
                   EXPECT_NE(storage.Create("a/b/1", "one"), CreateAnswer::kUnknown);
                   EXPECT_EQ(storage.PutFile("a/c/2", source), 100U);
                   EXPECT_EQ(storage.Read("a/b/1"), "one");
                   EXPECT_TRUE(storage.ReadInto("a/c/2", folder_.path() / "target"));
                   EXPECT_EQ(storage.Stat("a/b/1")->size, 3U);
                   EXPECT_EQ(storage.List("a", "").size(), 2U);
                   EXPECT_EQ(storage.List("", "").size(), 2U);
                   EXPECT_TRUE(storage.Unfinished().empty());
                   EXPECT_TRUE(storage.Move("a/b/1", "d/1"));
                   EXPECT_TRUE(storage.Move("a/b/1", "d/1"));
                   EXPECT_FALSE(storage.Read("a/b/1"));
                   storage.MakeDurable("d/1");
                   storage.Delete("d/1");
                   EXPECT_FALSE(storage.Stat("d/1"));
                 },
                 [](bool) {});
}

TEST_F(FailingCallsTest, WhatMayOnlyBeReadIsAsDurableAsItWillEverBe) {
  Prepare();
  Store store = Opened();
  for (const int error : {EROFS, EINVAL}) {
    const FailingCall failing("fsync", 1, error);
    EXPECT_NO_THROW(store.MakeDurable("A", 1));
    EXPECT_TRUE(failing.happened());
  }
  const FailingCall failing("fsync", 1, EIO);
  EXPECT_EQ(CodeOf([&] { store.MakeDurable("A", 1); }), Code::kUnknownOutcome);
}

}  // namespace
}  // namespace foretell
