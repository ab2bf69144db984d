// Drivers that die, sleep and overlap at every single step: whatever happens, the rows are there
// once each, by one version, and nothing else is.
#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

#include "run/layout.h"
#include "run/scripted_driver.h"

namespace foretell {
namespace {

// Not an Error: nothing catches it but the test, as nothing survives a kill.
struct Killed {};

std::shared_ptr<Storage> Fresh(std::string_view kind, const TemporaryFolder& folder, int number) {
  if (kind == "memory") {
    return OpenStorage("memory://" + folder.path().filename().string() + "-" + std::to_string(number));
  }
  return OpenStorage((folder.path() / ("out" + std::to_string(number))).string());
}

class CrashTest : public testing::TestWithParam<const char*> {
 protected:
  // "file-remote" is a directory that is used as a bucket would be: no links, no lock, copies.
  std::string_view kind() const {
    return std::string_view(GetParam()).substr(0, 4) == "file" ? "file" : "memory";
  }
  bool local() const { return std::string_view(GetParam()) == "file"; }
  TemporaryFolder folder_{QuickFolder()};
};

INSTANTIATE_TEST_SUITE_P(Storages, CrashTest, testing::Values("memory", "file", "file_remote"),
                         [](const auto& param_info) { return std::string(param_info.param); });

// Runs the script until operation `n`, and kills it before or after that; false when it ended before.
bool RunAndKill(const std::shared_ptr<Storage>& storage, bool local, const Script& script, int n,
                bool after) {
  auto hooked = std::make_shared<HookedStorage>(storage, local);
  int count = 0;
  bool dead = false;
  const auto hook = [&](bool now) {
    return [&, now](const char*, std::string_view) {
      if (dead) throw Killed{};
      if (now && ++count == n) {
        dead = true;
        throw Killed{};
      }
    };
  };
  hooked->before = hook(!after);
  hooked->after = hook(after);
  try {
    OpenAndDrive(hooked, script);
  } catch (const Killed&) {
    return true;
  }
  return false;
}

TEST_P(CrashTest, ADriverKilledAtAnyStepIsFinishedByTheNext) {
  const bool memory = kind() == "memory";
  const Script script{2, memory ? 2 : 1, 1};
  int number = 0;
  for (const bool after : {false, true}) {
    if (after && !memory && !local()) continue;
    for (int n = 1;; ++n) {
      const auto storage = Fresh(kind(), folder_, ++number);
      // The first start probes the storage, which is another test.
      {
        Output::Open(std::make_shared<HookedStorage>(storage, local()), TestLineage());
      }
      const bool killed = RunAndKill(storage, local(), script, n, after);
      // The alias has moved meanwhile: a unit that was pinned stays with its version.
      OpenAndDrive(std::make_shared<HookedStorage>(storage, local()), {script.units, script.splits, 2});
      ExpectFinished(storage, script);
      if (HasFailure()) FAIL() << "killed " << (after ? "after" : "before") << " operation " << n;
      if (!killed) {
        EXPECT_GT(n, 30) << "the script took fewer steps than it has";
        break;
      }
    }
  }
}

TEST_P(CrashTest, ADriverKilledAgainAndAgainGetsThereAndKeepsFinishedParts) {
  const Script script{2, 2, 1};
  for (const int stride : kind() == "memory" ? std::vector<int>{5, 9, 14, 22} : std::vector<int>{22}) {
    const auto storage = Fresh(kind(), folder_, stride);
    int starts = 0;
    int limit = stride;
    {
      Output::Open(storage, TestLineage());
    }
    while (RunAndKill(storage, local(), script, limit, starts % 2 == 0)) {
      ASSERT_LT(++starts, 100);
      ++limit;  // each start gets a little further
    }
    OpenAndDrive(storage, script);
    ExpectFinished(storage, script);
    EXPECT_GT(starts, 1);
  }
}

TEST(FirstStartTest, KilledAtAnyStepOfTheProbeTheNextStartWorks) {
  const TemporaryFolder folder(QuickFolder());
  int kills = 0;
  for (int n = 1; n < 700; n += 13) {
    const auto storage = Fresh("memory", folder, n);
    auto hooked = std::make_shared<HookedStorage>(storage);
    std::atomic<int> count{0};
    hooked->before = [&](const char*, std::string_view) {
      if (++count >= n) throw Killed{};
    };
    try {
      Output::Open(hooked, TestLineage());
    } catch (const Killed&) {
      ++kills;
    }
    Output output = Output::Open(storage, TestLineage());
    EXPECT_LE(output.epoch(), 2);
  }
  EXPECT_GT(kills, 1);
}

// A driver in a thread that stops before its n-th operation until it is let go.
class Sleeper {
 public:
  Sleeper(std::shared_ptr<Storage> storage, const Script& script, int n)
      : hooked_(std::make_shared<HookedStorage>(std::move(storage))) {
    hooked_->before = [this, n](const char*, std::string_view) {
      std::unique_lock lock(mutex_);
      if (++count_ != n) return;
      asleep_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return let_go_; });
    };
    thread_ = std::jthread([this, script] {
      try {
        OpenAndDrive(hooked_, script);
      } catch (const Error& error) {
        failure_ = error.code();
      }
      const std::lock_guard lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    });
  }
  ~Sleeper() { Finish(); }

  // True when it stopped there, false when it came to its end before.
  bool Asleep() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asleep_ || ended_; });
    return asleep_;
  }
  void Finish() {
    {
      const std::lock_guard lock(mutex_);
      let_go_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }
  // Losing is allowed to a driver, in these words only.
  void ExpectEndedWell() const { EXPECT_EQ(failure_.value_or(Code::kUnitConflict), Code::kUnitConflict); }

 private:
  std::shared_ptr<HookedStorage> hooked_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
  bool asleep_ = false, let_go_ = false, ended_ = false;
  std::optional<Code> failure_;
  std::jthread thread_;
};

class OverlapTest : public testing::Test {
 protected:
  std::shared_ptr<Storage> Opened(int number) {
    auto storage = Fresh("memory", folder_, number);
    Prepare(*storage);
    return storage;
  }
  TemporaryFolder folder_{QuickFolder()};
};

TEST_F(OverlapTest, AZombieThatWakesUpAtAnyStepAfterAnothersWholeRunChangesNothing) {
  const Script script{2, 2, 1};
  for (int n = 1;; ++n) {
    const auto storage = Opened(n);
    Sleeper zombie(storage, script, n);
    const bool asleep = zombie.Asleep();
    OpenAndDrive(storage, script);
    std::map<std::string, std::int64_t> before;
    for (const ObjectInfo& info : storage->List("")) {
      if (!info.key.starts_with("_foretell/")) before[info.key] = info.modified_ns;
    }
    zombie.Finish();
    zombie.ExpectEndedWell();
    for (const ObjectInfo& info : storage->List("")) {
      if (!info.key.starts_with("_foretell/")) {
        EXPECT_EQ(before[info.key], info.modified_ns) << info.key;
      }
    }
    OpenAndDrive(storage, script);  // sweeps what the zombie left in staging
    ExpectFinished(storage, script);
    if (HasFailure()) FAIL() << "asleep before operation " << n;
    if (!asleep) return;
  }
}

TEST_F(OverlapTest, TwoDriversThatOverlapAtAnyPairOfStepsLeaveOneCommit) {
  const Script first{1, 1, 1};
  const Script second{1, 1, 2};
  int number = 0;
  for (int i = 1;; ++i) {
    bool first_slept = false;
    for (int j = 1;; ++j) {
      const auto storage = Opened(++number);
      Sleeper a(storage, first, i);
      first_slept = a.Asleep();
      Sleeper b(storage, second, j);
      const bool second_slept = b.Asleep();
      a.Finish();
      b.Finish();
      a.ExpectEndedWell();
      b.ExpectEndedWell();
      OpenAndDrive(storage, first);
      ExpectFinished(storage, {1, 1, Output::Read(storage).ReadUnit(1).pin().version});
      if (HasFailure()) FAIL() << "first asleep before operation " << i << ", second before " << j;
      if (!second_slept) break;
    }
    if (!first_slept) break;
  }
  EXPECT_GT(number, 400) << "the drivers took fewer steps than they have";
}

TEST_F(OverlapTest, APersonsPinAtAnyStepOfADriverAndACommitCannotBothWin) {
  const Script script{1, 2, 1};
  int won = 0;
  int refused = 0;
  for (int n = 1;; ++n) {
    const auto storage = Opened(n);
    Sleeper driver(storage, script, n);
    const bool asleep = driver.Asleep();
    std::int64_t version = 1;
    try {
      Output::Read(storage).Repin(1, 5, std::string(64, 'b'), "ana", "version 1 is wrong");
      version = 5;
      ++won;
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == Code::kUnitConflict || error.code() == Code::kNoSuchRun) << error.what();
      ++refused;
    }
    driver.Finish();
    driver.ExpectEndedWell();
    OpenAndDrive(storage, script);
    ExpectFinished(storage, script);
    EXPECT_EQ(Output::Read(storage).ReadUnit(1).pin().version, version);
    if (HasFailure()) FAIL() << "pinned before operation " << n;
    if (!asleep) break;
  }
  EXPECT_GT(won, 10);
  EXPECT_GT(refused, 10);
}

TEST_F(OverlapTest, AnyNumberOfPublishersAtOnceIsAsGoodAsOne) {
  for (int round = 0; round < 30; ++round) {
    const auto storage = Opened(round);
    const Script script{1, 6, 1};
    Output output = Output::Open(storage, TestLineage());
    Unit unit = output.Unit(1, [] { return TestPin(1); });
    Attempt attempt = unit.Start();
    for (std::int64_t split = 0; split < script.splits; ++split) {
      attempt.FinishPart(Score(*storage, attempt, 1, split));
    }
    ASSERT_TRUE(unit.Commit(attempt));
    {
      std::vector<std::jthread> publishers;
      for (int i = 0; i < 3; ++i) {
        publishers.emplace_back([&] { output.ReadUnit(1).Publish(); });
      }
    }
    ExpectFinished(storage, script);
  }
}

TEST(OverlapFileTest, PublishersOfALocalOutputAtOnceAreAsGoodAsOne) {
  const TemporaryFolder folder(QuickFolder());
  const Script script{1, 6, 1};
  const auto storage = Fresh("file", folder, 1);
  Output output = Output::Open(storage, TestLineage());
  Unit unit = output.Unit(1, [] { return TestPin(1); });
  Attempt attempt = unit.Start();
  for (std::int64_t split = 0; split < script.splits; ++split) {
    attempt.FinishPart(Score(*storage, attempt, 1, split));
  }
  ASSERT_TRUE(unit.Commit(attempt));
  {
    std::vector<std::jthread> publishers;
    for (int i = 0; i < 3; ++i) {
      publishers.emplace_back([&] { output.ReadUnit(1).Publish(); });
    }
  }
  ExpectFinished(storage, script);
}

}  // namespace
}  // namespace foretell
