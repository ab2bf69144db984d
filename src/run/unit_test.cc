// One driver at a time: what each step promises, refuses and leaves behind.
#include "foretell/unit.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "run/layout.h"
#include "run/scripted_driver.h"
#include "store/memory/memory_storage.h"
#include "store/sealed.h"

namespace foretell {
namespace {

namespace fs = std::filesystem;

Code CodeOf(const std::function<void()>& work, std::string* message = nullptr, std::string* hint = nullptr) {
  try {
    work();
  } catch (const Error& error) {
    if (message != nullptr) *message = error.message();
    if (hint != nullptr) *hint = error.hint();
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return Code::kInternal;
}

class UnitTest : public testing::TestWithParam<const char*> {
 protected:
  UnitTest() {
    const bool memory = std::string_view(GetParam()) == "memory";
    storage_ = OpenStorage(memory ? "memory://" + folder_.path().filename().string()
                                  : (folder_.path() / "out").string());
  }
  Output Open() { return Output::Open(storage_, TestLineage()); }
  Unit Pinned(Output& output, std::int64_t number = 1, std::int64_t version = 1) {
    return output.Unit(number, [&] { return TestPin(version); });
  }
  void Put(const std::string& key, const std::string& text) {
    storage_->Delete(key);
    ASSERT_EQ(storage_->Create(key, text), CreateAnswer::kCreated);
  }
  void Corrupt(const std::string& key, const std::string& from, const std::string& to) {
    std::string text = storage_->Read(key).value();
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    Put(key, text.replace(at, from.size(), to));
  }

  TemporaryFolder folder_{QuickFolder()};
  std::shared_ptr<Storage> storage_;
};

INSTANTIATE_TEST_SUITE_P(Storages, UnitTest, testing::Values("memory", "file"),
                         [](const auto& param_info) { return std::string(param_info.param); });

TEST_P(UnitTest, ARunLeavesEachRowOnceAndNothingElse) {
  const Script script{3, 4, 7};
  OpenAndDrive(storage_, script);
  ExpectFinished(storage_, script);
  Output output = Open();
  EXPECT_EQ(output.epoch(), 2);
  const Unit unit = output.ReadUnit(2);
  EXPECT_EQ(unit.pin().version, 7);
  EXPECT_EQ(unit.pin().plan, R"({"files":["a.parquet"]})");
  EXPECT_EQ(unit.pin().environment, R"({"python":"3.11"})");
  EXPECT_EQ(unit.commit()->epoch, 1);
  EXPECT_EQ(unit.commit()->parts[3].details, R"({"seconds":0.5})");
  EXPECT_EQ(output.ReadUnits(2).size(), 1U);
  EXPECT_EQ(output.UnitNumbers(), (std::vector<std::int64_t>{1, 2, 3}));
}

TEST_P(UnitTest, ThePinThatExistsWinsOverThePlanOfALaterStart) {
  {
    Output first = Open();
    Pinned(first, 1, 1);
  }
  Output second = Open();
  int asked = 0;
  const Unit unit = second.Unit(1, [&] { return ++asked, TestPin(2); });
  EXPECT_EQ(unit.pin().version, 1);
  EXPECT_EQ(asked, 0);
}

TEST_P(UnitTest, AnotherPredictorStoreOrModeIsRefused) {
  {
    Open();
  }
  const auto with = [&](const Lineage& lineage) { return [&, lineage] { Output::Open(storage_, lineage); }; };
  std::string message;
  EXPECT_EQ(CodeOf(with({{}, "Other", "/models", "incremental"}), &message), Code::kOtherLineage);
  EXPECT_NE(message.find("'EventTopics', not 'Other'"), std::string::npos) << message;
  EXPECT_EQ(CodeOf(with({{}, "EventTopics", "/other", "incremental"})), Code::kOtherLineage);
  EXPECT_EQ(CodeOf(with({{}, "EventTopics", "/models", "bounded"})), Code::kBadOutput);
  EXPECT_EQ(CodeOf(with({{}, "EventTopics", "/models", "hourly"})), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(with({{}, "", "/models", "incremental"})), Code::kInvalidArgument);
}

TEST_P(UnitTest, AFolderThatHoldsSomethingElseIsRefusedAndLeftAlone) {
  Put("letters/to-my-aunt.txt", "dear aunt");
  std::string message;
  EXPECT_EQ(CodeOf([&] { Open(); }, &message), Code::kBadOutput);
  EXPECT_NE(message.find("letters/to-my-aunt.txt"), std::string::npos);
  EXPECT_EQ(storage_->List("").size(), 1U);
  EXPECT_EQ(CodeOf([&] { Output::Read(storage_); }), Code::kNoSuchRun);
}

TEST_P(UnitTest, AnOutputOpenedForReadingRefusesToWrite) {
  {
    Output output = Open();
    Pinned(output);
  }
  Output output = Output::Read(storage_);
  EXPECT_EQ(output.epoch(), 0);
  EXPECT_EQ(output.lineage().predictor, "EventTopics");
  const std::size_t before = storage_->List("").size();
  Unit unit = output.ReadUnit(1);
  EXPECT_EQ(CodeOf([&] { Pinned(output, 2); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { unit.Start(); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { unit.Publish(); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { output.ReadUnit(2); }), Code::kNoSuchRun);
  EXPECT_EQ(CodeOf([&] { output.Pins(2); }), Code::kNoSuchRun);
  EXPECT_EQ(storage_->List("").size(), before);
}

TEST_P(UnitTest, TheNextUnitWaitsForTheOneBefore) {
  Output output = Open();
  Unit first = Pinned(output, 1);
  EXPECT_EQ(CodeOf([&] { Pinned(output, 2); }), Code::kUnitConflict);
  EXPECT_EQ(CodeOf([&] { Pinned(output, 3); }), Code::kUnitConflict);
  EXPECT_EQ(CodeOf([&] { Pinned(output, 0); }), Code::kInvalidArgument);
  Attempt attempt = first.Start();
  attempt.FinishPart(Score(*storage_, attempt, 1, 0));
  ASSERT_TRUE(first.Commit(attempt));
  EXPECT_FALSE(storage_->Stat(PartName(1, 0)));
  // Whoever meets a commit that is not published publishes it, and only then goes on.
  Pinned(output, 2);
  EXPECT_TRUE(storage_->Stat(PartName(1, 0)));
  EXPECT_TRUE(output.ReadUnit(1).published());
}

TEST_P(UnitTest, AStreamMayLeaveOutNumbersButNotGoBack) {
  Output output = Output::Open(storage_, {{}, "EventTopics", "/models", "stream"});
  Unit unit = Pinned(output, 4);
  EXPECT_EQ(CodeOf([&] { Pinned(output, 9); }), Code::kUnitConflict);
  Attempt attempt = unit.Start();
  ASSERT_TRUE(unit.Commit(attempt));
  Pinned(output, 9);
  EXPECT_EQ(CodeOf([&] { Pinned(output, 6); }), Code::kUnitConflict);
  EXPECT_TRUE(output.ReadUnit(4).published());
}

TEST_P(UnitTest, ThreeFailuresStopTheUnitUntilAPersonPinsAnotherVersion) {
  Output output = Open();
  Unit unit = Pinned(output);
  for (int ended = 0; ended < 5; ++ended) unit.Start();  // these merely ended
  for (int failed = 0; failed < 3; ++failed) {
    Attempt attempt = unit.Start();
    EXPECT_TRUE(
        attempt.Fail(Error(Code::kBrokenPredictor, "the model is on fire, " + std::to_string(failed))));
    EXPECT_TRUE(attempt.Fail(Error(Code::kCrashed, "counted once")));
  }
  std::string message;
  std::string hint;
  EXPECT_EQ(CodeOf([&] { unit.Start(); }, &message, &hint), Code::kUnitFailed);
  EXPECT_EQ(message,
            "unit 1 failed 3 times by version 1, the last time with FT0307: the model is on fire, 2");
  EXPECT_EQ(hint, "foretell pin set " + storage_->url() +
                      " 1 VERSION --why …  # another version, or 1 again once the cause is gone");
  EXPECT_EQ(CodeOf([&] { output.Repin(1, 2, "b", "ana", ""); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { output.Repin(7, 2, "b", "ana", "why"); }), Code::kNoSuchRun);
  const Pin pin = Output::Read(storage_).Repin(1, 2, "b", "ana", "version 1 is on fire");
  EXPECT_EQ(pin.sequence, 2);
  EXPECT_EQ(pin.plan, unit.pin().plan);
  // The driver had version 1 loaded: it must not go on under another's pin without knowing.
  EXPECT_EQ(CodeOf([&] { unit.Start(); }), Code::kUnitConflict);
  EXPECT_EQ(unit.pin().version, 2);
  Attempt attempt = unit.Start();
  attempt.FinishPart(Score(*storage_, attempt, 1, 0));
  ASSERT_TRUE(unit.Commit(attempt));
  EXPECT_EQ(CodeOf([&] { output.Repin(1, 3, "c", "ana", "too late"); }), Code::kUnitConflict);
  EXPECT_EQ(output.Pins(1).size(), 2U);
  unit.Publish();
  EXPECT_EQ(storage_->Read(PartName(1, 0)), RowText(1, 0, 2));
}

TEST_P(UnitTest, AFailureCountsWhateverItsReasonIs) {
  Output output = Open();
  Unit unit = Pinned(output);
  unit.Start().Fail(Error(Code::kPredictorRaised, std::string("\xff\xfe not UTF-8 \0", 14)));
  unit.Start().Fail(Error(Code::kPredictorRaised, ""));
  unit.Start().Fail(Error(Code::kPredictorRaised, std::string(std::size_t{3} << 20, '\xff')));
  EXPECT_EQ(CodeOf([&] { unit.Start(); }), Code::kUnitFailed);
}

TEST_P(UnitTest, WhatIsNotTheVersionsFaultNeverCounts) {
  Output output = Open();
  Unit unit = Pinned(output);
  const std::size_t before = storage_->List(run::UnitsFolder()).size();
  for (const Code code : {Code::kNoSpace, Code::kNotPermitted, Code::kIo, Code::kInputChanged,
                          Code::kUnreadableInput, Code::kOutputInUse, Code::kUnitConflict, Code::kInterrupted,
                          Code::kNotTrusted, Code::kBadCache, Code::kMissingBlob, Code::kInternal}) {
    EXPECT_FALSE(unit.Start().Fail(Error(code, "not the version"))) << CodeText(code);
  }
  EXPECT_EQ(storage_->List(run::UnitsFolder()).size(), before);
  for (const Code code : {Code::kNoLoader, Code::kPredictorRaised, Code::kBrokenPredictor, Code::kDeadline,
                          Code::kCrashed, Code::kCannotLoad, Code::kModelDamaged, Code::kCodeDamaged}) {
    EXPECT_TRUE(IsOfVersion(code)) << CodeText(code);
  }
}

// Every byte of every document that a start reads: of a unit that is done after a failed attempt and a
// person's pin, and of one that was interrupted after its first part.
TEST(UnitFlipTest, AnyFlippedByteOfAnyDocumentIsRefusedByName) {
  const std::shared_ptr<Storage> whole = std::make_shared<MemoryStorage>("memory://flips");
  Prepare(*whole);
  {
    Output output = Output::Open(whole, TestLineage());
    Unit first = output.Unit(1, [] { return TestPin(1); });
    first.Start().Fail(Error(Code::kBrokenPredictor, "the model is on fire"));
    output.Repin(1, 2, std::string(64, 'b'), "ana", "version 1 is on fire");
    Drive(output, *whole, {1, 1, 2});
    Attempt cut = output.Unit(2, [] { return TestPin(2); }).Start();
    cut.FinishPart(Score(*whole, cut, 2, 0));
  }
  std::map<std::string, std::string> objects;
  for (const ObjectInfo& info : whole->List("")) objects[info.key] = whole->Read(info.key).value();
  const auto start = [&](const std::string& flipped, const std::string& text) {
    const std::shared_ptr<Storage> storage = std::make_shared<MemoryStorage>("memory://flip");
    for (const auto& [key, body] : objects) storage->Create(key, key == flipped ? text : body);
    Output output = Output::Open(storage, TestLineage());
    const std::vector<Unit> units = output.ReadUnits();
    Unit second = output.Unit(2, [] { return TestPin(2); });
    EXPECT_EQ(second.Start().Adopt().size(), 1U);
  };
  start("", "");
  int documents = 0;
  for (const auto& [key, body] : objects) {
    if (!key.ends_with(".json")) continue;
    ++documents;
    for (std::size_t at = 0; at < body.size(); ++at) {
      std::string text = body;
      text[at] = static_cast<char>(text[at] ^ (1 << (at % 8)));
      std::string message;
      ASSERT_EQ(CodeOf([&] { start(key, text); }, &message), Code::kBadUnitLog) << key << " byte " << at;
      ASSERT_NE(message.find(key), std::string::npos) << message;
    }
  }
  EXPECT_EQ(documents, 10) << "lineage, epoch, three pins, commit, published, failed, attempt, part";
}

TEST_P(UnitTest, OnlyWholePartsUnderTheSamePinAreAdopted) {
  Output output = Open();
  Unit unit = Pinned(output);
  Attempt first = unit.Start();
  first.FinishPart(Score(*storage_, first, 1, 0));
  first.FinishPart(Score(*storage_, first, 1, 1));
  Score(*storage_, first, 1, 2);                                 // no record: not whole
  storage_->Delete(first.staging_key() + "/" + PartName(1, 1));  // and this one is damaged
  ASSERT_EQ(storage_->Create(first.staging_key() + "/" + PartName(1, 1), "short"), CreateAnswer::kCreated);
  Attempt second = unit.Start();
  const std::vector<Part> adopted = second.Adopt();
  ASSERT_EQ(adopted.size(), 1U);
  EXPECT_EQ(adopted[0].split, 0);
  EXPECT_TRUE(second.Adopt().empty());
  EXPECT_EQ(storage_->Read(second.staging_key() + "/" + PartName(1, 0)), RowText(1, 0, 1));
  EXPECT_FALSE(storage_->Stat(second.staging_key() + "/" + PartName(1, 1)));
  EXPECT_FALSE(storage_->Stat(second.staging_key() + "/" + PartName(1, 2)));
  // A third attempt takes from the second what it needs once.
  Attempt third = unit.Start();
  EXPECT_EQ(third.Adopt().size(), 1U);
  // Another pin: another version's rows.
  output.Repin(1, 2, "b", "ana", "why");
  EXPECT_EQ(CodeOf([&] { unit.Start(); }), Code::kUnitConflict);
  EXPECT_TRUE(unit.Start().Adopt().empty());
}

TEST_P(UnitTest, APartMustBeWholeAndStayInsideTheOutput) {
  Output output = Open();
  Unit unit = Pinned(output);
  Attempt attempt = unit.Start();
  Part part = Score(*storage_, attempt, 1, 0);
  const auto refused = [&](Part wrong) {
    EXPECT_EQ(CodeOf([&] { attempt.FinishPart(wrong); }), Code::kInvalidArgument);
  };
  for (const std::string name : {"../part", "/etc/passwd", "a/../../b", "_foretell/lineage.json",
                                 "_Foretell/x", "", "a//b", ".hidden", "a\\b", "missing.txt"}) {
    refused({0, {name}, {1}, {}, ""});
  }
  refused({0, {std::string("nul\0", 4)}, {1}, {}, ""});
  refused({0, {std::string(900, 'x')}, {1}, {}, ""});
  refused({0, part.files, {part.sizes[0] + 1}, {}, ""});
  refused({0, part.files, {}, {}, ""});
  refused({-1, part.files, part.sizes, {}, ""});
  refused({0, part.files, part.sizes, {-1, 0, 0, 0, 0}, ""});
  refused({0, part.files, part.sizes, {}, "{not json"});
  refused({0, {part.files[0], part.files[0]}, {part.sizes[0], part.sizes[0]}, {}, ""});
  attempt.FinishPart(part);
  refused(part);
  part.split = 1;
  refused(part);  // another part has this file
  ASSERT_TRUE(unit.Commit(attempt));
  unit.Publish();
  Unit next = Pinned(output, 2);
  Attempt second = next.Start();
  const Part same_name = Score(*storage_, second, 1, 0);
  EXPECT_EQ(CodeOf([&] { second.FinishPart(same_name); }), Code::kInvalidArgument);
}

TEST_P(UnitTest, ALoserKeepsTheWinnersRowsAndRemovesItsOwn) {
  Output output = Open();
  Unit unit = Pinned(output);
  Unit zombie = output.ReadUnit(1);
  Attempt late = zombie.Start();
  late.FinishPart(Score(*storage_, late, 1, 0));
  Attempt winner = unit.Start();
  winner.FinishPart(Score(*storage_, winner, 1, 1));
  ASSERT_TRUE(unit.Commit(winner));
  EXPECT_FALSE(zombie.Commit(late));
  EXPECT_EQ(zombie.commit()->attempt_id, winner.id());
  EXPECT_TRUE(storage_->List(late.staging_key()).empty());
  EXPECT_FALSE(storage_->List(winner.staging_key()).empty());
  EXPECT_EQ(CodeOf([&] { zombie.Start(); }), Code::kUnitConflict);
  EXPECT_EQ(CodeOf([&] { late.FinishPart({3, {"x"}, {1}, {}, ""}); }), Code::kUnitConflict);
  EXPECT_TRUE(unit.Commit(winner)) << "the same commit twice is one commit";
  zombie.Publish();
  unit.Publish();
  EXPECT_EQ(storage_->Read(PartName(1, 1)), RowText(1, 1, 1));
  EXPECT_FALSE(storage_->Stat(PartName(1, 0)));
}

TEST_P(UnitTest, WhatALateAttemptLeavesIsSweptByTheNextStart) {
  const Script script{1, 1, 1};
  {
    Output output = Open();
    Unit unit = Pinned(output);
    Attempt late = unit.Start();
    Drive(output, *storage_, script);
    Score(*storage_, late, 1, 0);  // wakes up, writes, dies
    EXPECT_FALSE(storage_->List(run::AllStagingFolder()).empty());
  }
  {
    Open();
  }
  ExpectFinished(storage_, script);
}

TEST_P(UnitTest, ACommittedFileThatIsNowhereStopsPublishing) {
  Output output = Open();
  Unit unit = Pinned(output);
  Attempt attempt = unit.Start();
  attempt.FinishPart(Score(*storage_, attempt, 1, 0));
  attempt.FinishPart(Score(*storage_, attempt, 1, 1));
  ASSERT_TRUE(unit.Commit(attempt));
  const std::string staged = attempt.staging_key() + "/" + PartName(1, 1);
  const std::string row = storage_->Read(staged).value();
  storage_->Delete(staged);
  std::string message;
  EXPECT_EQ(CodeOf([&] { unit.Publish(); }, &message), Code::kBadUnitLog);
  EXPECT_NE(message.find(PartName(1, 1)), std::string::npos) << message;
  EXPECT_FALSE(storage_->Stat(run::PublishedKey(1)));
  EXPECT_EQ(CodeOf([&] { Pinned(output, 2); }), Code::kBadUnitLog);
  Put(PartName(1, 1), "something else");
  EXPECT_EQ(CodeOf([&] { unit.Publish(); }), Code::kBadUnitLog);
  Put(PartName(1, 1), row);
  unit.Publish();
  EXPECT_TRUE(unit.published());
  // From then on a file may be removed, and a late publisher neither minds nor brings it back.
  storage_->Delete(PartName(1, 1));
  unit.Publish();
  EXPECT_FALSE(storage_->Stat(PartName(1, 1)));
}

TEST_P(UnitTest, AForeignFileUnderAFinalNameIsNotOverwritten) {
  Output output = Open();
  Unit unit = Pinned(output);
  Attempt attempt = unit.Start();
  attempt.FinishPart(Score(*storage_, attempt, 1, 0));
  ASSERT_TRUE(unit.Commit(attempt));
  Put(PartName(1, 0), "mine");
  EXPECT_EQ(CodeOf([&] { unit.Publish(); }), Code::kBadUnitLog);
  EXPECT_EQ(storage_->Read(PartName(1, 0)), "mine");
  EXPECT_TRUE(storage_->Stat(attempt.staging_key() + "/" + PartName(1, 0)));
}

TEST_P(UnitTest, DamagedAndNewerRecordsAreNamed) {
  OpenAndDrive(storage_, {1, 1, 1});
  Output output = Output::Read(storage_);
  const std::string commit = run::EntryKey(1, 2);
  const auto reads = [&](const std::string& key, Code code) {
    std::string message;
    EXPECT_EQ(CodeOf([&] { output.ReadUnits(); }, &message), code) << message;
    EXPECT_NE(message.find(key), std::string::npos) << message;
  };
  const std::string text = storage_->Read(commit).value();
  const auto reseal = [&](const std::string& key, const std::string& from, const std::string& to) {
    std::string rest = storage_->Read(key).value();
    rest.erase(0, rest.find('\n', 2) + 1);
    rest.replace(rest.find(from), from.size(), to);
    Put(key, SealText(rest));
  };
  Corrupt(commit, "\"format\":1", "\"format\":2");
  reads(commit, Code::kBadUnitLog);
  Put(commit, text);
  reseal(commit, "\"format\":1", "\"format\":2");
  reads(commit, Code::kNewerFormat);
  Put(commit, R"({"format":2,"sealed":"in another way"})");
  reads(commit, Code::kNewerFormat);
  Put(commit, text.substr(0, text.size() / 2));
  reads(commit, Code::kBadUnitLog);
  Put(commit, text);
  reseal(commit, "\"path\":\"part-1-0.txt\"", "\"path\":\"../part-1-0.txt\"");
  reads(commit, Code::kBadUnitLog);
  Put(commit, text);
  reseal(commit, "\"pin\":1", "\"pin\":2");
  reads(commit, Code::kBadUnitLog);
  Put(commit, text);
  Put(run::EntryKey(1, 4), text);
  reads(run::EntryKey(1, 4), Code::kBadUnitLog);
  storage_->Delete(run::EntryKey(1, 4));
  storage_->Delete(commit);
  reads(run::PublishedKey(1), Code::kBadUnitLog);
  Put(commit, text);
  storage_->Delete(run::EntryKey(1, 1));
  reads(run::EntryKey(1, 1), Code::kBadUnitLog);
  Put(run::UnitsFolder() + "/7/000000000001.json", text);
  reads(run::UnitsFolder() + "/7/000000000001.json", Code::kBadUnitLog);
  reseal(run::LineageKey(), "\"format\":1", "\"format\":99");
  EXPECT_EQ(CodeOf([&] { Open(); }), Code::kNewerFormat);
}

TEST_P(UnitTest, AnAnswerThatIsLostAndCannotBeReadBackIsUnknownAndDeletesNothing) {
  auto hooked = std::make_shared<HookedStorage>(storage_);
  Output output = Output::Open(hooked, TestLineage());
  Unit unit = Pinned(output);
  Attempt attempt = unit.Start();
  attempt.FinishPart(Score(*storage_, attempt, 1, 0));
  const std::size_t before = storage_->List(attempt.staging_key()).size();
  bool cut = false;
  hooked->before = [&](const char* operation, std::string_view) {
    if (cut && std::string_view(operation) == "read") throw Error(Code::kIo, "the network is down");
  };
  // Another's entry is there by now, but that cannot be seen.
  Output::Read(storage_).Repin(1, 2, "b", "ana", "why");
  cut = true;
  EXPECT_EQ(CodeOf([&] { unit.Commit(attempt); }), Code::kUnknownOutcome);
  cut = false;
  EXPECT_EQ(storage_->List(attempt.staging_key()).size(), before);
  EXPECT_FALSE(unit.Commit(attempt));
  EXPECT_EQ(storage_->List(attempt.staging_key()).size(), before) << "a pin is no commit";
}

TEST_P(UnitTest, PartsMayBeFinishedByManyThreads) {
  Output output = Open();
  Unit unit = Pinned(output);
  Attempt attempt = unit.Start();
  {
    std::vector<std::jthread> threads;
    for (std::int64_t split = 0; split < 8; ++split) {
      threads.emplace_back([&, split] { attempt.FinishPart(Score(*storage_, attempt, 1, split)); });
    }
  }
  ASSERT_TRUE(unit.Commit(attempt));
  unit.Publish();
  ExpectFinished(storage_, {1, 8, 1});
}

TEST(UnitLockTest, ASecondDriverOfALocalOutputRefusesAtOnceAndNamesTheFirst) {
  const TemporaryFolder folder(QuickFolder());
  const std::string url = (folder.path() / "out").string();
  std::string message;
  {
    Output first = Output::Open(OpenStorage(url), TestLineage());
    EXPECT_EQ(CodeOf([&] { Output::Open(OpenStorage(url), TestLineage()); }, &message), Code::kOutputInUse);
    EXPECT_NE(message.find("process " + std::to_string(getpid()) + " on "), std::string::npos) << message;
    Output::Read(OpenStorage(url));
  }
  Output::Open(OpenStorage(url), TestLineage());
}

TEST(UnitInputTest, WhatAPlanIsAboutToNameGoesWhenItsUnitIsPublished) {
  const TemporaryFolder folder(QuickFolder());
  const auto storage = OpenStorage((folder.path() / "out").string());
  Output output = Output::Open(storage, TestLineage());
  const fs::path abandoned = output.MakeInputFolder(1).value();
  const fs::path input = output.MakeInputFolder(1).value();
  EXPECT_NE(abandoned, input);
  std::ofstream(abandoned / "rows.arrow") << "an earlier plan's";
  std::ofstream(input / "rows.arrow") << "rows";
  Unit unit = output.Unit(1, [] { return TestPin(1); });
  Attempt attempt = unit.Start();
  EXPECT_TRUE(attempt.Adopt().empty());
  EXPECT_EQ(attempt.staging_path()->parent_path(), input.parent_path());
  attempt.FinishPart(Score(*storage, attempt, 1, 0));
  ASSERT_TRUE(unit.Commit(attempt));
  EXPECT_TRUE(fs::exists(input / "rows.arrow")) << "until the unit is published";
  unit.Publish();
  EXPECT_FALSE(fs::exists(input.parent_path()));
  EXPECT_EQ(Output::Open(OpenStorage("memory://no-folders"), TestLineage()).MakeInputFolder(1), std::nullopt);
}

TEST(UnitLinkTest, AdoptedFilesAreHardLinksAndALinkOutOfStagingIsNoPart) {
  const TemporaryFolder folder(QuickFolder());
  const auto storage = OpenStorage((folder.path() / "out").string());
  Output output = Output::Open(storage, TestLineage());
  Unit unit = output.Unit(1, [] { return TestPin(1); });
  Attempt first = unit.Start();
  first.FinishPart(Score(*storage, first, 1, 0));
  std::ofstream(folder.path() / "secret") << "12345";
  fs::create_symlink(folder.path() / "secret", *first.staging_path() / "link.txt");
  EXPECT_EQ(CodeOf([&] { first.FinishPart({1, {"link.txt"}, {5}, {}, ""}); }), Code::kInvalidArgument);
  Attempt second = unit.Start();
  ASSERT_EQ(second.Adopt().size(), 1U);
  EXPECT_EQ(fs::hard_link_count(*second.staging_path() / PartName(1, 0)), 2U);
  EXPECT_TRUE(
      fs::equivalent(*second.staging_path() / PartName(1, 0), *first.staging_path() / PartName(1, 0)));
}

TEST(BadRowsTest, TheRuleIsJudgedOverTheLastRowsAndNeverUnderTheLeast) {
  const auto counts = [](std::int64_t rows, std::int64_t bad) { return Counts{rows, rows - bad, bad, 0, 0}; };
  CheckBadRows({}, {});
  CheckBadRows({counts(19, 19)}, {});
  CheckBadRows({counts(2000, 20)}, {});                           // 1 % is allowed
  CheckBadRows({counts(10'000, 10'000), counts(10'000, 0)}, {});  // the newest 10,000 rows are fine
  std::string message;
  EXPECT_EQ(CodeOf([&] { CheckBadRows({counts(2000, 21)}, {}); }, &message), Code::kTooManyBadRows);
  EXPECT_EQ(message, "21 of 2000 rows could not be predicted, that is 1.05 % of them; at most 1 % may be");
  EXPECT_EQ(CodeOf([&] { CheckBadRows({counts(20, 20)}, {}); }), Code::kTooManyBadRows);
  EXPECT_EQ(CodeOf([&] { CheckBadRows({counts(9'999, 0), counts(100, 0), counts(1'000, 150)}, {}); }),
            Code::kTooManyBadRows);
  CheckBadRows({counts(50, 50)}, {1.0, 20, 10'000});
  CheckBadRows({counts(1, 0)}, {0.0, 0, 1});
  for (const BadRowLimit& wrong : {BadRowLimit{-0.5, 20, 10'000}, BadRowLimit{1.5, 20, 10'000},
                                   BadRowLimit{0.5, -1, 10'000}, BadRowLimit{0.5, 20, 0}}) {
    EXPECT_EQ(CodeOf([&] { CheckBadRows({}, wrong); }), Code::kInvalidArgument);
  }
  EXPECT_EQ(CodeOf([&] { CheckBadRows({counts(1, 1)}, {0.0, 0, 1}); }), Code::kTooManyBadRows);
}

}  // namespace
}  // namespace foretell
