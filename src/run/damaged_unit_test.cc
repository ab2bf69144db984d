// Something else than a driver has touched an output: a person, another process, a storage that does not keep
// what it promised. What is there is refused by its name, or passed over; no row changes.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "run/layout.h"
#include "run/record.h"
#include "run/scripted_driver.h"
#include "store/memory/memory_storage.h"
#include "store/sealed.h"

namespace foretell {
namespace {

class DamagedUnitTest : public testing::Test {
 protected:
  DamagedUnitTest() { Prepare(*storage_); }

  Output Open() { return Output::Open(hooked_, TestLineage()); }
  static Unit Pinned(Output& output, std::int64_t number = 1) {
    return output.Unit(number, [] { return TestPin(1); });
  }
  // The unit's only attempt, with its only part.
  Attempt Scored(Unit& unit, std::int64_t split = 0) {
    Attempt attempt = unit.Start();
    attempt.FinishPart(Score(*hooked_, attempt, unit.number(), split));
    return attempt;
  }

  std::string Text(const std::string& key) { return storage_->Read(key).value(); }
  void Put(const std::string& key, const std::string& text) {
    storage_->Delete(key);
    storage_->Create(key, text);
  }
  // As whoever can write a whole record may change one.
  void Reseal(const std::string& key, const std::string& from, const std::string& to) {
    std::string text = Text(key);
    text.erase(0, text.find('\n', 2) + 1);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    Put(key, SealText(text.replace(at, from.size(), to)));
  }

  // Once, after (or before) the first operation of a kind on a key that holds `word`.
  static HookedStorage::Hook Once(const std::string& operation, const std::string& word,
                                  const std::function<void()>& work) {
    return [=, done = std::make_shared<bool>(false)](const char* now, std::string_view key) {
      if (*done || now != operation || key.find(word) == std::string_view::npos) return;
      *done = true;
      work();
    };
  }

  static void ExpectRefused(Code code, const std::string& word, const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_NE(error.message().find(word), std::string::npos) << error.message();
      return;
    }
    ADD_FAILURE() << "nothing was thrown; expected: " << word;
  }

  std::shared_ptr<Storage> storage_ = std::make_shared<MemoryStorage>("memory://damaged");
  std::shared_ptr<HookedStorage> hooked_ = std::make_shared<HookedStorage>(storage_);
};

TEST_F(DamagedUnitTest, ARecordThatIsTooLargeIsNotRead) {
  Put(run::LineageKey(), std::string(run::kMaxSmallRecord + 1, ' '));
  ExpectRefused(Code::kBadUnitLog, run::LineageKey(), [&] { Open(); });
}

TEST_F(DamagedUnitTest, AForeignNameIsRefusedWhereOnlyRecordsHaveAPlace) {
  {
    Output output = Open();
    Pinned(output);
  }
  const std::string in_units = run::UnitFolder(1) + "/notes.txt";
  Put(in_units, "mine");
  ExpectRefused(Code::kBadUnitLog, in_units, [&] { Output::Read(storage_).ReadUnit(1); });
  storage_->Delete(in_units);
  const std::string in_epochs = run::EpochsFolder() + "/notes.txt";
  Put(in_epochs, "mine");
  ExpectRefused(Code::kBadUnitLog, in_epochs, [&] { Open(); });
  storage_->Delete(in_epochs);
  Put(run::EpochKey(2), Text(run::EpochKey(1)));
  ExpectRefused(Code::kBadUnitLog, run::EpochKey(2), [&] { Open(); });
}

TEST_F(DamagedUnitTest, AForeignNameInStagingIsPassedOverAndGoesWithIt) {
  Put(run::AllStagingFolder() + "/notes.txt", "mine");
  Put(run::UnitStagingFolder(1) + "/notes.txt", "mine");
  OpenAndDrive(hooked_, {1, 1, 1});
  Open();
  EXPECT_EQ(storage_->List(run::AllStagingFolder()).size(), 1U) << "what no unit has is left alone";
}

TEST_F(DamagedUnitTest, ARecordUnderAnothersKeyIsRefusedByThatKey) {
  Output output = Open();
  Unit unit = Pinned(output);
  Attempt first = Scored(unit);
  first.Fail(Error(Code::kBrokenPredictor, "the model is on fire"));
  const std::string other = run::AttemptId(1, 77, "0123456789abcdef");

  const std::string failed = run::FailedKey(1, 1, other);
  Put(failed, Text(run::FailedKey(1, 1, first.id())));
  ExpectRefused(Code::kBadUnitLog, failed, [&] { output.ReadUnit(1); });
  storage_->Delete(failed);

  // A part under another split, and under another attempt.
  const std::string split = run::PartKey(1, first.id(), 5);
  Put(split, Text(run::PartKey(1, first.id(), 0)));
  ExpectRefused(Code::kBadUnitLog, split, [&] { unit.Start().Adopt(); });
  storage_->Delete(split);
  const std::string part = run::PartKey(1, other, 3);
  Put(part, Text(run::PartKey(1, first.id(), 0)));
  EXPECT_EQ(unit.Start().Adopt().size(), 1U) << "of an attempt that was not started, nothing is adopted";
  Put(run::AttemptKey(1, other), Text(run::AttemptKey(1, first.id())));
  ExpectRefused(Code::kBadUnitLog, run::AttemptKey(1, other), [&] { unit.Start().Adopt(); });
  Reseal(run::AttemptKey(1, other), first.id(), other);
  ExpectRefused(Code::kBadUnitLog, part, [&] { unit.Start().Adopt(); });
}

TEST_F(DamagedUnitTest, APublicationOfAnotherCommitIsRefused) {
  OpenAndDrive(hooked_, {1, 1, 1});
  const std::string attempt = Output::Read(storage_).ReadUnit(1).commit()->attempt_id;
  const std::string whole = Text(run::PublishedKey(1));
  Reseal(run::PublishedKey(1), attempt, run::AttemptId(9, 9, "0123456789abcdef"));
  ExpectRefused(Code::kBadUnitLog, run::PublishedKey(1), [&] { Output::Read(storage_).ReadUnit(1); });
  Put(run::PublishedKey(1), whole);
  Reseal(run::PublishedKey(1), "\"commit\":2", "\"commit\":3");
  ExpectRefused(Code::kBadUnitLog, run::PublishedKey(1), [&] { Output::Read(storage_).ReadUnit(1); });
  Put(run::PublishedKey(1), whole);
  hooked_->after = Once("list", run::UnitFolder(1), [&] { storage_->Delete(run::PublishedKey(1)); });
  ExpectRefused(Code::kBadUnitLog, "was listed and is not there", [&] { Output::Read(hooked_).ReadUnit(1); });
}

TEST_F(DamagedUnitTest, PartsAreAdoptedUnderTheVeryPinTheyWereScoredUnder) {
  Output output = Open();
  Unit unit = Pinned(output);
  const Attempt first = Scored(unit);
  const std::string record = run::AttemptKey(1, first.id());
  const std::string whole = Text(record);
  const std::string pin = "\"pin_id\":\"" + unit.pin().id + "\"";
  Reseal(record, pin, "\"pin_id\":\"" + std::string(32, '0') + "\"");
  EXPECT_TRUE(unit.Start().Adopt().empty()) << "its pin was lost, and another has the number";
  Put(record, whole);
  Reseal(record, pin + ",", "");
  EXPECT_EQ(unit.Start().Adopt().size(), 1U) << "as an earlier release wrote it";
  for (const ObjectInfo& info : storage_->List(run::UnitStagingFolder(1))) {
    if (info.key.find(first.id()) == std::string::npos) storage_->Delete(info.key);
  }
  output.Repin(1, 2, std::string(64, 'b'), "ana", "version 1 is on fire");
  unit = output.ReadUnit(1);
  EXPECT_TRUE(unit.Start().Adopt().empty()) << "its pin is not the last any more";
}

TEST_F(DamagedUnitTest, TwoPartsOfOneFileAreNotBothAdopted) {
  Output output = Open();
  Unit unit = Pinned(output);
  Attempt first = unit.Start();
  const Part part = Score(*hooked_, first, 1, 0);
  first.FinishPart(part);
  Attempt second = unit.Start();
  Score(*hooked_, second, 1, 0);
  second.FinishPart({4, part.files, part.sizes, part.counts, ""});
  EXPECT_EQ(unit.Start().Adopt().size(), 1U);
}

TEST_F(DamagedUnitTest, AnIdThatWasUsedBeforeStopsTheAttempt) {
  Output output = Open();
  Unit unit = Pinned(output);
  hooked_->before = [&](const char* operation, std::string_view key) {
    if (std::string_view(operation) == "create" && key.ends_with("attempt.json"))
      Put(std::string(key), "another");
  };
  ExpectRefused(Code::kBadUnitLog, "used twice", [&] { unit.Start(); });
  hooked_->before = [](const char*, std::string_view) {};
  Attempt attempt = unit.Start();
  const Part part = Score(*hooked_, attempt, 1, 0);
  Put(run::PartKey(1, attempt.id(), 0), "another");
  ExpectRefused(Code::kBadUnitLog, "used twice", [&] { attempt.FinishPart(part); });
}

TEST_F(DamagedUnitTest, AUnitThatLostItsPinSaysSo) {
  Output output = Open();
  Unit unit = Pinned(output);
  storage_->Delete(run::EntryKey(1, 1));
  ExpectRefused(Code::kBadUnitLog, "has lost its pin", [&] { unit.Start(); });
}

TEST_F(DamagedUnitTest, AStorageThatDropsWhatItCreatedIsNamed) {
  Output output = Open();
  Unit unit = Pinned(output);
  const Attempt attempt = Scored(unit);
  hooked_->after = Once("create", run::EntryKey(1, 2), [&] { storage_->Delete(run::EntryKey(1, 2)); });
  ExpectRefused(Code::kBadUnitLog, "was created and is not there", [&] { unit.Commit(attempt); });
  storage_->Delete(run::LineageKey());
  for (const ObjectInfo& info : storage_->List("")) storage_->Delete(info.key);
  hooked_->after = Once("create", run::LineageKey(), [&] { storage_->Delete(run::LineageKey()); });
  ExpectRefused(Code::kBadUnitLog, run::LineageKey(), [&] { Open(); });
}

TEST_F(DamagedUnitTest, AnAttemptCommitsItsOwnUnitOnly) {
  Output output = Open();
  Unit first = Pinned(output, 1);
  const Attempt attempt = Scored(first);
  ASSERT_TRUE(first.Commit(attempt));
  Unit second = Pinned(output, 2);
  ExpectRefused(Code::kInvalidArgument, "is of unit 1, not 2", [&] { second.Commit(attempt); });
  ExpectRefused(Code::kInvalidArgument, "has no commit to publish", [&] { second.Publish(); });
}

TEST_F(DamagedUnitTest, WhoeverLearnsOfACommitPublishesIt) {
  Output output = Open();
  Unit late = Pinned(output);
  Unit unit = output.ReadUnit(1);
  ASSERT_TRUE(unit.Commit(Scored(unit)));
  late.Publish();
  ExpectFinished(storage_, {1, 1, 1});
}

TEST_F(DamagedUnitTest, AFileThatGoesWhileItIsPublishedStopsThePublisherUnlessAnotherHasFinished) {
  Output output = Open();
  Unit unit = Pinned(output);
  ASSERT_TRUE(unit.Commit(Scored(unit)));
  const std::string row = Text(run::StagedKey(1, unit.commit()->attempt_id, PartName(1, 0)));
  hooked_->after = Once("move", PartName(1, 0), [&] { storage_->Delete(PartName(1, 0)); });
  ExpectRefused(Code::kBadUnitLog, "was moved into place and is gone", [&] { unit.Publish(); });
  Put(PartName(1, 0), row);
  hooked_->before = Once("move", PartName(1, 0), [&] {
    Unit(output.ReadUnit(1)).Publish();
    storage_->Delete(PartName(1, 0));  // by a person, who may
  });
  unit.Publish();
  EXPECT_TRUE(unit.published());
  EXPECT_FALSE(storage_->Stat(PartName(1, 0)));
}

TEST_F(DamagedUnitTest, APinOfAPersonLosesToWhoeverWasFaster) {
  Output output = Open();
  Unit unit = Pinned(output);
  hooked_->before = Once("create", run::EntryKey(1, 2),
                         [&] { Output::Read(storage_).Repin(1, 5, std::string(64, 'c'), "ben", "faster"); });
  ExpectRefused(Code::kUnitConflict, "pinned by another meanwhile",
                [&] { output.Repin(1, 4, std::string(64, 'b'), "ana", "slower"); });
  EXPECT_EQ(output.ReadUnit(1).pin().version, 5);
}

TEST_F(DamagedUnitTest, APlanThatFailsLeavesTheUnitToTheNextTry) {
  Output output = Open();
  ASSERT_TRUE([&] {
    Unit first = Pinned(output, 1);
    return first.Commit(Scored(first));
  }());
  for (int tried = 0; tried < 2; ++tried) {
    ExpectRefused(Code::kIo, "no listing",
                  [&] { output.Unit(2, []() -> Pin { throw Error(Code::kIo, "no listing"); }); });
  }
  EXPECT_EQ(Pinned(output, 2).pin().version, 1);
  ExpectRefused(Code::kInvalidArgument, "numbered from 1", [&] { Pinned(output, 1'000'000'000'000); });
}

TEST_F(DamagedUnitTest, AnotherModeIsRefusedWithTheWordsThatRunIt) {
  const auto refused = [](const char* made, const char* asked, const std::string& word) {
    const std::shared_ptr<Storage> storage = std::make_shared<MemoryStorage>("memory://modes");
    Output::Open(storage, {{}, "EventTopics", "/models", made});
    try {
      Output::Open(storage, {{}, "EventTopics", "/models", asked});
      ADD_FAILURE() << made << " was opened as " << asked;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kBadOutput);
      EXPECT_TRUE(error.hint().starts_with(word)) << error.hint();
    }
  };
  refused("bounded", "incremental", "run it without --incremental");
  refused("incremental", "bounded", "run it with --incremental");
  refused("stream", "bounded", "run it in mode 'stream'");
}

TEST(DamagedFileTest, AFolderThatCannotBeMadeForInputIsNamed) {
  const TemporaryFolder folder(QuickFolder());
  const auto storage = OpenStorage((folder.path() / "out").string());
  Prepare(*storage);
  Output output = Output::Open(storage, TestLineage());
  std::ofstream(folder.path() / "out" / run::AllStagingFolder()) << "a file in the place of a folder";
  try {
    output.MakeInputFolder(1);
    ADD_FAILURE() << "a folder was made in a file";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kIo);
    EXPECT_NE(error.message().find(run::AllStagingFolder()), std::string::npos) << error.message();
  }
}

TEST(DamagedFileTest, WhatIsNotAFileIsNoPart) {
  const TemporaryFolder folder(QuickFolder());
  const auto storage = OpenStorage((folder.path() / "out").string());
  Prepare(*storage);
  Output output = Output::Open(storage, TestLineage());
  Unit unit = output.Unit(1, [] { return TestPin(1); });
  Attempt attempt = unit.Start();
  const auto why = [&](const std::string& name, std::uint64_t size) {
    try {
      attempt.FinishPart({0, {name}, {size}, {}, ""});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInvalidArgument);
      return error.message();
    }
    return std::string("it was finished");
  };
  std::filesystem::create_directory(*attempt.staging_path() / "folder");
  std::ofstream(*attempt.staging_path() / "file") << "12345";
  EXPECT_NE(why("folder", 0).find("is not a regular file"), std::string::npos) << why("folder", 0);
  EXPECT_NE(why("file/below", 0).find("is not there"), std::string::npos) << why("file/below", 0);
  EXPECT_NE(why("file", 4).find("has 5 bytes"), std::string::npos) << why("file", 4);
}

}  // namespace
}  // namespace foretell
