#include "store/checked.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/expect_code.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

using nlohmann::json;

class CheckedTest : public StoreFixture {
 protected:
  CheckedTest() { store_.Save("A", DraftOf("one", R"({"signature": {"input": []}})")); }

  static json Check(std::vector<std::string> passing = RequiredModes()) {
    return {{"kind", "check"}, {"passed", true}, {"complete", true}, {"passing", std::move(passing)}};
  }
  void Report(const json& report) { store_.AppendReport("A", 1, report.dump(), "ana"); }

  AliasEntry Promote(const Move& move = {.who = "ana"}) { return store_.Promote("A", "live", 1, move); }

  // Why the promotion is refused; "" when it is not.
  std::string Refused(const Move& move = {.who = "ana"}) {
    try {
      Promote(move);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kNotChecked) << error.what();
      EXPECT_FALSE(store_.AliasVersion("A", "live"));
      return error.message();
    }
    return {};
  }

  Store store_{std::make_shared<MemoryStorage>("memory://checked")};
};

TEST_F(CheckedTest, AnAliasMovesOnlyToAVersionWhoseReportsAllowIt) {
  EXPECT_EQ(Refused(), "live cannot move to A@1: it has not been checked");
  Report({{"kind", "comparison"}, {"passed", true}, {"complete", true}, {"passing", RequiredModes()}});
  EXPECT_NE(Refused(), "");
  Report(Check());
  EXPECT_EQ(Promote().version, 1);
  EXPECT_FALSE(store_.History("A", "live").at(0).unchecked);
}

TEST_F(CheckedTest, ACheckThatFailsTakesBackWhatAnotherAllowed) {
  Report(Check());
  Report({{"kind", "check"}, {"passed", false}, {"complete", true}, {"findings", {"item: 1 row differs"}}});
  EXPECT_EQ(Refused(), "live cannot move to A@1: in its last check, item: 1 row differs");
  Report({{"kind", "check"}});
  EXPECT_EQ(Refused(), "live cannot move to A@1: in its last check, it did not pass");
  Report(Check());
  EXPECT_EQ(Refused(), "");
}

TEST_F(CheckedTest, AnIncompleteCheckAllowsNothingAndTakesNothingBack) {
  json incomplete = Check();
  incomplete["complete"] = false;
  Report(incomplete);
  EXPECT_EQ(Refused(), "live cannot move to A@1: its check is incomplete: it is incomplete");
  incomplete["lacking"] = {"3 distinct rows"};
  Report(incomplete);
  EXPECT_EQ(Refused(), "live cannot move to A@1: its check is incomplete: 3 distinct rows");
  Report(Check());
  Report(incomplete);
  EXPECT_EQ(Refused(), "");
}

TEST_F(CheckedTest, ModesMayBeMetByAReportEach) {
  const Move move{.who = "ana", .require = {"engine", "item", "other"}};
  Report(Check());
  EXPECT_EQ(Refused(move), "live cannot move to A@1: no check has tried the mode engine, other");
  Report(Check({"engine"}));
  EXPECT_EQ(Refused(move), "live cannot move to A@1: no check has tried the mode other");
  Report(Check({"other"}));
  EXPECT_EQ(Refused(move), "");
}

TEST_F(CheckedTest, WhatIsNotAsAReportShouldBeAllowsNothing) {
  for (const json& report :
       {json{{"kind", "check"}, {"passed", "yes"}},
        json{{"kind", "check"}, {"passed", true}, {"complete", 1}, {"passing", "all"}},
        json{{"kind", "check"}, {"passed", true}, {"complete", true}, {"passing", {1, 2}}}}) {
    Report(report);
    EXPECT_NE(Refused(), "");
  }
}

TEST_F(CheckedTest, UncheckedNeedsAReasonAndStaysInTheHistory) {
  for (const char* why : {"", " \n"}) {
    EXPECT_EQ(CodeOf([&] { return Promote({.who = "ana", .why = why, .unchecked = true}); }),
              Code::kInvalidArgument);
  }
  Promote({.who = "ana", .why = "the old one is down", .unchecked = true});
  EXPECT_TRUE(store_.History("A", "live").at(0).unchecked);
  EXPECT_EQ(Promote().sequence, 1) << "it is what the alias names already";
}

TEST_F(CheckedTest, FilesThatAreNoPredictorHaveNoModesToCheck) {
  Save(store_, "B", "weights");
  store_.Save("B", DraftOf("weights", R"({"signature": null})"));
  EXPECT_EQ(store_.Promote("B", "live", 1, {.who = "ana"}).version, 1);
  EXPECT_EQ(store_.Promote("B", "live", 2, {.who = "ana"}).version, 2);
}

}  // namespace
}  // namespace foretell
