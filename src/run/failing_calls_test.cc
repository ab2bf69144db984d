// A call of the system fails below a driver, whichever it is: the driver ends with an Error of the file
// system, or does without the call; and the next one ends with the rows of an undisturbed run.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "run/lock.h"
#include "run/scripted_driver.h"
#include "store/fail_everywhere.h"

namespace foretell {
namespace {

namespace fs = std::filesystem;

class RunFailingCallsTest : public testing::Test {
 protected:
  fs::path root() const { return folder_.path() / "out"; }

  // A unit whose first part an interrupted attempt has finished, so that the next one links it.
  fs::path Template() {
    const fs::path made = folder_.path() / "template";
    if (fs::exists(made)) return made;
    const auto storage = OpenStorage(made.string());
    Prepare(*storage);
    Output output = Output::Open(storage, TestLineage());
    Unit unit = output.Unit(1, [] { return TestPin(1); });
    Attempt attempt = unit.Start();
    const std::string row = RowText(1, 0, 1);
    fs::create_directory(*attempt.staging_path() / "day=1");
    std::ofstream(*attempt.staging_path() / "day=1/row.txt") << row;
    attempt.FinishPart({0, {"day=1/row.txt"}, {row.size()}, {1, 1, 0, 0, 0}, ""});
    return made;
  }

  void PrepareOutput() {
    fs::remove_all(root());
    fs::copy(Template(), root(), fs::copy_options::recursive);
  }

  TemporaryFolder folder_{QuickFolder()};
};

TEST_F(RunFailingCallsTest, ADriverStopsOrGoesOnAndTheNextOneFinishes) {
  const Script script{2, 2, 1};
  FailEverywhere([&] { PrepareOutput(); }, [&] { OpenAndDrive(OpenStorage(root().string()), script); },
                 [&](bool returned) {
                   const auto storage = OpenStorage(root().string());
                   if (returned) {
                     for (const Unit& unit : Output::Read(storage).ReadUnits()) {
                       EXPECT_TRUE(unit.published()) << "it returned";
                     }
                   }
                   OpenAndDrive(storage, script);
                   ExpectFinished(storage, script);
                 });
}

// A driver that met an error answers for the rest of its attempt, too: it may go on when the cause is gone.
TEST_F(RunFailingCallsTest, APartThatCouldNotBeFinishedIsFinishedByTryingAgain) {
  FailEverywhere(
      [&] { PrepareOutput(); },
      [&] {
        const auto storage = OpenStorage(root().string());
        Output output = Output::Open(storage, TestLineage());
        Unit unit = output.Unit(1, [] { return TestPin(1); });
        Attempt attempt = unit.Start();
        const Part part = Score(*storage, attempt, 1, 7);
        try {
          attempt.FinishPart(part);
        } catch (const Error& error) {
          EXPECT_TRUE(IsOfTheMachine(error.code())) << error.what();
          // Its record may be there already: then the attempt is over, and the part adopted.
          try {
            attempt.FinishPart(part);
          } catch (const Error& again) {
            EXPECT_EQ(again.code(), Code::kBadUnitLog) << again.what();
            attempt = unit.Start();
            attempt.Adopt();
          }
        }
        const std::vector<Part> parts = attempt.parts();
        EXPECT_EQ(std::count_if(parts.begin(), parts.end(), [](const Part& done) { return done.split == 7; }),
                  1);
      },
      [](bool) {});
}

TEST_F(RunFailingCallsTest, ALockThatCannotBeTakenOrNamedIsNoReasonToStop) {
  const fs::path file = folder_.path() / "lock";
  for (const char* name : {"flock", "ftruncate", "gethostname"}) {
    const FailingCall failing(name, 1, EIO);
    EXPECT_NO_THROW(run::OutputLock(file, "out")) << name;
    EXPECT_TRUE(failing.happened()) << name;
  }
  const auto refused = [&](int error) {
    const FailingCall failing("open", 1, error);
    try {
      run::OutputLock(file, "out");
    } catch (const Error& raised) {
      EXPECT_NE(raised.message().find(file.string()), std::string::npos) << raised.message();
      return raised.code();
    }
    return Code::kUnknownCode;
  };
  EXPECT_EQ(refused(EIO), Code::kIo);
  EXPECT_EQ(refused(EACCES), Code::kNotPermitted);
  EXPECT_EQ(refused(EROFS), Code::kNotPermitted);
}

TEST_F(RunFailingCallsTest, AHolderThatCannotBeReadIsAnotherProcess) {
  const fs::path file = folder_.path() / "lock";
  const run::OutputLock held(file, "out");
  const auto refusal = [&] {
    try {
      run::OutputLock(file, "out");
    } catch (const Error& raised) {
      EXPECT_EQ(raised.code(), Code::kOutputInUse);
      return raised.message();
    }
    return std::string("it was not refused");
  };
  EXPECT_NE(refusal().find("by process " + std::to_string(getpid()) + " on "), std::string::npos);
  {
    const FailingCall failing("pread", 1, EIO);
    EXPECT_TRUE(refusal().ends_with("by another process"));
  }
  std::ofstream(file, std::ios::trunc) << "\n\n";
  EXPECT_TRUE(refusal().ends_with("by another process"));
}

}  // namespace
}  // namespace foretell
