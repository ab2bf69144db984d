// The documents of a run: written, read back, refused; and the frozen sample of format 1.
#include "run/record.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "run/layout.h"
#include "run/log.h"
#include "store/expect_code.h"
#include "store/sealed.h"
#include "store/temporary_folder.h"

namespace foretell::run {
namespace {

const Stamp kStamp{std::string(32, '0'), "2026-01-01T00:00:00.000Z"};
constexpr const char* kAttempt = "000000000001-0001-0123456789abcdef";

Commit SampleCommit() {
  Commit commit;
  commit.attempt_id = kAttempt;
  commit.epoch = 1;
  commit.sequence = 2;
  commit.parts = {{0, {"a.txt", "_quarantine/a.txt"}, {5, 7}, {10, 8, 1, 1, 2}, R"({"seconds":1})"},
                  {3, {}, {}, {4, 4, 0, 0, 0}, ""}};
  commit.counts = {14, 12, 1, 1, 2};
  return commit;
}

Code CodeOf(const std::string& text, std::int64_t sequence = 2) {
  try {
    DecodeEntry("the key", text, 1, sequence);
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("the key"), std::string::npos) << error.message();
    return error.code();
  }
  return Code::kUnknownCode;
}

TEST(RecordTest, ACommitComesBackAsItWas) {
  const Entry entry = DecodeEntry("key", EncodeCommit(SampleCommit(), 1, 1, kStamp), 1, 2);
  const Commit& commit = std::get<Commit>(entry);
  EXPECT_EQ(commit.attempt_id, kAttempt);
  EXPECT_EQ(commit.when, kStamp.when);
  ASSERT_EQ(commit.parts.size(), 2U);
  EXPECT_EQ(commit.parts[0].files, (std::vector<std::string>{"a.txt", "_quarantine/a.txt"}));
  EXPECT_EQ(commit.parts[0].sizes, (std::vector<std::uint64_t>{5, 7}));
  EXPECT_EQ(commit.parts[0].details, R"({"seconds":1})");
  EXPECT_EQ(commit.parts[1].details, "");
  EXPECT_EQ(commit.counts.unstable, 2);
}

TEST(RecordTest, APlanComesBackWithEveryNumberAndInItsOrder) {
  Pin pin{4,  "ab", R"( {"z": 1, "a": [18446744073709551615, -9223372036854775808, 0.1, "ü\u0000"]} )",
          "", "",   "",
          "", 1};
  const Pin read = std::get<Pin>(DecodeEntry("key", EncodePin(pin, 9, kStamp), 9, 1));
  EXPECT_EQ(read.plan, R"({"z":1,"a":[18446744073709551615,-9223372036854775808,0.1,"ü\u0000"]})");
  EXPECT_EQ(read.environment, "");
  EXPECT_EQ(read.when, kStamp.when);
}

TEST(RecordTest, ATruncatedRecordIsDamagedWhereverItEnds) {
  const std::string text = EncodeCommit(SampleCommit(), 1, 1, kStamp);
  for (std::size_t size = 0; size < text.size(); ++size) {
    ASSERT_EQ(CodeOf(text.substr(0, size)), Code::kBadUnitLog) << size;
  }
}

TEST(RecordTest, EachContradictionIsFound) {
  const std::string text = EncodeCommit(SampleCommit(), 1, 1, kStamp);
  EXPECT_EQ(CodeOf(text, 3), Code::kBadUnitLog);
  const std::pair<const char*, const char*> changes[] = {
      {"\"format\":1", "\"format\":0"},
      {"\"format\":1", "\"format\":\"1\""},
      {"\"kind\":\"commit\"", "\"kind\":\"comet\""},
      {"\"unit\":1", "\"unit\":2"},
      {"\"sequence\":2", "\"sequence\":3"},
      {"\"pin\":1", "\"pin\":2"},
      {"\"epoch\":1", "\"epoch\":1.0"},
      {"\"epoch\":1", "\"epoch\":18446744073709551615"},
      {"\"attempt\":\"0", "\"attempt\":\"x"},
      {"\"split\":3", "\"split\":0"},
      {"\"split\":3", "\"split\":-3"},
      {"\"path\":\"a.txt\"", "\"path\":\"../a.txt\""},
      {"\"path\":\"a.txt\"", "\"path\":\"_foretell/lineage.json\""},
      {"\"path\":\"a.txt\"", "\"path\":\"_quarantine/a.txt\""},
      {"\"size\":5", "\"size\":-5"},
      {"\"rows\":14", "\"rows\":15"},
      {"\"rows\":14", "\"rows\":9999999999999999"},
      {"\"parts\":[", "\"parts\":[[],"},
      {"\"details\"", "\"detail\""},
      {"\"path\":\"a.txt\"", "\"path\":5"},
      {"\"parts\":[", "\"parts\":{},\"others\":["},
  };
  for (const auto& [from, to] : changes) {
    std::string changed = text;
    const std::size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    changed.replace(at, std::string(from).size(), to);
    changed.erase(0, changed.find('\n', 2) + 1);
    EXPECT_EQ(CodeOf(SealText(changed)), Code::kBadUnitLog) << to;
  }
}

TEST(RecordTest, CountsThatNoRunCanHaveAreFoundInTheirSum) {
  for (std::int64_t Counts::* const count :
       {&Counts::rows, &Counts::predicted, &Counts::bad, &Counts::skipped, &Counts::unstable}) {
    Commit commit = SampleCommit();
    for (Part& part : commit.parts) part.counts = {};
    commit.counts = {};
    commit.parts[0].counts.*count = 1'000'000'000'000'000;
    commit.counts.*count = 1'000'000'000'000'000;
    EXPECT_EQ(CodeOf(EncodeCommit(commit, 1, 1, kStamp)), Code::kUnknownCode) << "what is still possible";
    commit.parts[1].counts.*count = 1;
    EXPECT_EQ(CodeOf(EncodeCommit(commit, 1, 1, kStamp)), Code::kBadUnitLog);
  }
}

TEST(RecordTest, WhatCannotBeReadBackIsNotWritten) {
  const auto part = [](const Part& wrong) { return foretell::CodeOf([&] { CheckPart(wrong); }); };
  EXPECT_EQ(part({0, {"a"}, {1}, {}, ""}), std::nullopt);
  EXPECT_EQ(part({1'000'000'000'000, {"a"}, {1}, {}, ""}), Code::kInvalidArgument);
  EXPECT_EQ(part({0, {"a"}, {~std::uint64_t{0}}, {}, ""}), Code::kInvalidArgument);
  EXPECT_EQ(part({0, {"a"}, {1}, {0, 0, 0, 0, 1'000'000'000'000'001}, ""}), Code::kInvalidArgument);
  for (const std::int64_t version : {std::int64_t{0}, std::int64_t{1'000'000'000'000}}) {
    EXPECT_EQ(foretell::CodeOf([&] { EncodePin({version, "", "", "", "", "", "", 1}, 1, kStamp); }),
              Code::kInvalidArgument);
  }
  const std::string large = '"' + std::string(kMaxPartRecord, 'x') + '"';
  EXPECT_EQ(foretell::CodeOf([&] { EncodePart(1, {kAttempt, 1, {0, {}, {}, {}, large}}, kStamp); }),
            Code::kInvalidArgument);
  Lineage lineage{{}, "Topics", "/models", ""};
  EXPECT_EQ(foretell::CodeOf([&] { DecodeLineage("key", EncodeLineage(lineage, kStamp)); }),
            Code::kBadUnitLog);
  lineage.mode = std::string(65, 'x');
  EXPECT_EQ(foretell::CodeOf([&] { DecodeLineage("key", EncodeLineage(lineage, kStamp)); }),
            Code::kBadUnitLog);
  lineage.mode = "bounded";
  EXPECT_EQ(DecodeLineage("key", EncodeLineage(lineage, kStamp)).mode, "bounded");
}

TEST(RecordTest, ANewerFormatIsSaidToBeNewerWhateverElseItHolds) {
  EXPECT_EQ(CodeOf(R"({"format":2,"kind":"promise"})"), Code::kNewerFormat);
  EXPECT_EQ(CodeOf(R"({"format":1000000})"), Code::kNewerFormat);
}

TEST(RecordTest, DepthAndSizeAreBounded) {
  EXPECT_EQ(CodeOf(std::string(1'000'000, '[')), Code::kBadUnitLog);
  EXPECT_THROW(DecodeLineage("key", std::string(kMaxSmallRecord + 1, ' ')), Error);
  Pin pin{1, "", std::string(100, '[') + std::string(100, ']'), "", "", "", "", 1};
  EXPECT_THROW(EncodePin(pin, 1, kStamp), Error);
  pin.plan = std::string(56, '[') + std::string(56, ']');
  EXPECT_NO_THROW(DecodeEntry("key", EncodePin(pin, 1, kStamp), 1, 1));
  pin.who = std::string(std::size_t{70} << 10, 'x');
  EXPECT_THROW(EncodePin(pin, 1, kStamp), Error);
  pin.who = "\xff";
  EXPECT_THROW(EncodePin(pin, 1, kStamp), Error);
}

TEST(LayoutTest, KeysAreReadBackAsWhatTheyAre) {
  EXPECT_EQ(EntryKey(7, 2), "_foretell/units/000000000007/000000000002.json");
  EXPECT_EQ(ParseUnitKey(EntryKey(7, 2))->number, 2);
  EXPECT_EQ(ParseUnitKey(PublishedKey(7))->kind, UnitKey::Kind::kPublished);
  EXPECT_EQ(ParseUnitKey(FailedKey(7, 3, kAttempt))->number, 3);
  EXPECT_EQ(ParseStagingKey(PartKey(7, kAttempt, 0))->part, 0);
  EXPECT_EQ(ParseStagingKey(PartKey(7, kAttempt, 12))->part, 12);
  EXPECT_EQ(ParseStagingKey(AttemptKey(7, kAttempt))->part, std::nullopt);
  EXPECT_EQ(ParseStagingKey(StagedKey(7, kAttempt, "a.txt"))->attempt, kAttempt);
  EXPECT_EQ(ParseEpochKey(EpochKey(12)), 12);
  for (const char* wrong :
       {"_foretell/units/7/000000000002.json", "_foretell/units/000000000007/2.json",
        "_foretell/units/000000000000/000000000001.json", "_foretell/units/000000000007/x.json",
        "_foretell/units/000000000007/failed/000000000001/x.json", "a", "", "_foretell/units/000000000007/1",
        "other/units/000000000007/000000000001.json", "_foretell/things/000000000007/000000000001.json",
        "_foretell/units/000000000007/failed/000000000001.json",
        "_foretell/units/000000000007/other/000000000001/000000000001-0001-0123456789abcdef.json",
        "_foretell/units/000000000007/failed/1/000000000001-0001-0123456789abcdef.json",
        "_foretell/units/000000000007/failed/000000000001/000000000001-0001-0123456789abcdef"}) {
    EXPECT_FALSE(ParseUnitKey(wrong)) << wrong;
  }
  const std::string staged = StagingFolder(7, kAttempt);
  const std::string attempt = kAttempt;
  for (const std::string& wrong : std::vector<std::string>{
           "a", "other" + staged.substr(9) + "/a", "_foretell/units/000000000007/" + attempt + "/a",
           "_foretell/staging/7/" + attempt + "/a", "_foretell/staging/000000000007/x/a"}) {
    EXPECT_FALSE(ParseStagingKey(wrong)) << wrong;
  }
  for (const std::string file : {"/_foretell/others/000000000001.json", "/rows/parts/000000000001.json"}) {
    EXPECT_EQ(ParseStagingKey(staged + file)->part, std::nullopt) << file;
  }
  for (const char* wrong : {"_foretell/epochs", "other/epochs/000000000001.json",
                            "_foretell/units/000000000001.json", "_foretell/epochs/000000000001"}) {
    EXPECT_FALSE(ParseEpochKey(wrong)) << wrong;
  }
  EXPECT_LT(FailedKey(7, 3, kAttempt), AfterUnit(7));
  EXPECT_GT(EntryKey(8, 1), AfterUnit(7));
}

TEST(LayoutTest, AnAttemptsIdIsReadAsOneAndNothingElseIs) {
  EXPECT_TRUE(IsAttempt(AttemptId(1, 12'345, "0123456789abcdef")));
  EXPECT_NE(AttemptId(1, 12'345, "0").find("-12345-"), std::string::npos);
  const std::string whole = kAttempt;
  for (const std::string& wrong :
       std::vector<std::string>{"", whole.substr(0, 18), whole + std::string(60, '0'), "x" + whole.substr(1),
                                "000000000001+0001-0123456789abcdef", "000000000001-0001-0123456789ABCDEF",
                                "000000000001-0001-0123456789abcdeg", "000000000001-0001-0123456789abcde:"}) {
    EXPECT_FALSE(IsAttempt(wrong)) << wrong;
  }
}

// Copied first: opening an output for writing changes it.
TEST(FrozenSampleTest, ARunOfFormatOneIsReadAndGoesOn) {
  const TemporaryFolder folder;
  const std::filesystem::path copy = folder.path() / "run";
  std::filesystem::copy(std::filesystem::path(FORETELL_SOURCE_DIR) / "tests/formats/run-1", copy,
                        std::filesystem::copy_options::recursive);
  const auto storage = OpenStorage(copy.string());
  Output output = Output::Open(storage, {{}, "EventTopics", "./models", "incremental"});
  EXPECT_EQ(output.epoch(), 2);
  Unit first = output.ReadUnit(1);
  EXPECT_TRUE(first.published());
  EXPECT_EQ(first.pin().version, 4);
  EXPECT_EQ(first.pin().who, "ben");
  EXPECT_EQ(first.pin().sequence, 2);
  EXPECT_EQ(first.commit()->counts.bad, 1);
  EXPECT_EQ(first.commit()->parts[0].details, R"({"seconds":0.25})");
  const std::vector<Pin> pins = output.Pins(1);
  EXPECT_EQ(pins[0].why, "run");
  EXPECT_EQ(pins[0].plan, pins[1].plan);
  const std::string failed = FailedKey(1, 1, "000000000001-0001-17bf3ff0cd68855b");
  EXPECT_EQ(DecodeFailed(failed, storage->Read(failed).value(), 1, 1).code, "FT0314");
  EXPECT_TRUE(ReadUnitLog(*storage, 1).failures.empty()) << "it was under the pin before";
  // Its second unit was interrupted after its only part: what was finished is not scored again.
  Unit second = output.Unit(2, [] { return Pin{}; });
  EXPECT_EQ(second.pin().version, 3);
  Attempt attempt = second.Start();
  ASSERT_EQ(attempt.Adopt().size(), 1U);
  ASSERT_TRUE(second.Commit(attempt));
  second.Publish();
  EXPECT_EQ(storage->Read("part-000000000002-00000.txt"), "another row\n");
}

}  // namespace
}  // namespace foretell::run
