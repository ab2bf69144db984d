#include "store/report_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "store/commit.h"
#include "store/expect_code.h"
#include "store/faulty_storage.h"
#include "store/layout.h"
#include "store/sealed.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

using nlohmann::json;

constexpr const char* kCheck =
    R"({"kind": "check", "passed": true, "complete": true, "modes": ["item", "bulk"], "ratio": 0.1})";

class ReportLogTest : public StoreFixture {
 protected:
  ReportLogTest() {
    Save(store_, "team/A", "1");
    Save(store_, "team/A", "2");
  }

  // The same report with another member, sealed anew: sound in itself.
  void Replace(const std::string& key, const char* member, const json& value) {
    json object = json::parse(*memory_->Read(key));
    object.erase("body_sha256");
    object[member] = value;
    memory_->Delete(key);
    memory_->Create(key, Seal(std::move(object)));
  }

  std::shared_ptr<MemoryStorage> memory_ = std::make_shared<MemoryStorage>("memory://reports");
  Store store_{memory_};
};

TEST_F(ReportLogTest, ReportsComeBackInTheOrderTheyCame) {
  EXPECT_TRUE(store_.Reports("team/A", 1).empty());
  const Report first = store_.AppendReport("team/A", 1, kCheck, "ana");
  EXPECT_EQ(first.sequence, 1);
  EXPECT_EQ(store_.AppendReport("team/A", 1, R"({"kind": "compare"})", "ben").sequence, 2);
  const std::vector<Report> reports = store_.Reports("team/A", 1);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].who, "ana");
  EXPECT_EQ(reports[0].when, first.when);
  EXPECT_EQ(reports[0].manifest_sha256, store_.Get("team/A", 1).sha256);
  EXPECT_EQ(json::parse(reports[0].body), json::parse(kCheck));
  EXPECT_EQ(reports[0].body, first.body);
  EXPECT_EQ(json::parse(reports[1].body)["kind"], "compare");
  EXPECT_TRUE(store_.Reports("team/A", 2).empty());
  EXPECT_TRUE(memory_->Stat("reports/team__a/000000000001/000000000002.json"));
  EXPECT_TRUE(store_.VerifyAll().empty());
}

TEST_F(ReportLogTest, OnlyAnObjectOfModestSizeIsKept) {
  std::string deep = R"({"a": )";
  for (int i = 0; i < 61; ++i) {
    deep += "[";
  }
  for (int i = 0; i < 61; ++i) {
    deep += "]";
  }
  const std::string large = R"({"a": ")" + std::string(std::size_t{16} << 20, 'x') + R"("})";
  for (const std::string& wrong :
       {std::string(), std::string("[]"), std::string("1"), std::string("{"), deep + "}", large,
        std::string("{\"a\": \"\xff\"}"), std::string(R"({"a": NaN})")}) {
    EXPECT_EQ(CodeOf([&] { return store_.AppendReport("team/A", 1, wrong, "ana"); }), Code::kInvalidArgument)
        << wrong.substr(0, 100);
  }
  EXPECT_EQ(CodeOf([&] { return store_.AppendReport("team/A", 1, "{}", ""); }), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { return store_.AppendReport("team/A", 3, "{}", "ana"); }), Code::kUnknownVersion);
  EXPECT_EQ(CodeOf([&] { return store_.AppendReport("B", 1, "{}", "ana"); }), Code::kUnknownPredictor);
  EXPECT_EQ(CodeOf([&] { return store_.Reports("team/a", 1); }), Code::kNameTaken);
  EXPECT_TRUE(memory_->List("reports", "").empty());
  // The deepest that is allowed can be read again.
  deep.replace(deep.find("[["), 2, "[").replace(deep.find("]]"), 2, "]");
  store_.AppendReport("team/A", 1, deep + "}", "ana");
  EXPECT_EQ(store_.Reports("team/A", 1).size(), 1U);
}

TEST_F(ReportLogTest, ConcurrentReportsAllStay) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      Store own(memory_);
      for (int j = 0; j < 10; ++j) {
        own.AppendReport("team/A", 2, json{{"number", 10 * i + j}}.dump(), "thread");
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::set<int> numbers;
  std::int64_t expected = 1;
  for (const Report& report : store_.Reports("team/A", 2)) {
    EXPECT_EQ(report.sequence, expected++);
    numbers.insert(json::parse(report.body)["number"].get<int>());
  }
  EXPECT_EQ(numbers.size(), 80U);
}

TEST_F(ReportLogTest, ALostAnswerMakesNoSecondReport) {
  const auto faulty = std::make_shared<FaultyStorage>(memory_);
  Store store(faulty);
  bool lost = false;
  faulty->on_create = [&](Storage& inner, std::string_view key, std::string_view body) {
    const CreateAnswer answer = inner.Create(key, body);
    return std::exchange(lost, true) ? answer : CreateAnswer::kUnknown;
  };
  EXPECT_EQ(store.AppendReport("team/A", 1, kCheck, "ana").sequence, 1);
  EXPECT_EQ(store_.Reports("team/A", 1).size(), 1U);
}

TEST_F(ReportLogTest, DamageIsFoundAndNotReadOver) {
  for (int i = 0; i < 3; ++i) {
    store_.AppendReport("team/A", 1, kCheck, "ana");
  }
  const std::string key = NumberedKey(ReportsFolder("team/A", 1), 2);
  const std::string kept = *memory_->Read(key);
  const auto expect_damage = [&](const char* what) {
    EXPECT_EQ(CodeOf([&] { return store_.Reports("team/A", 1); }), Code::kBadReport) << what;
    const std::vector<Finding> findings = store_.VerifyAll();
    ASSERT_EQ(findings.size(), 1U) << what;
    EXPECT_EQ(findings[0].code, Code::kBadReport) << what;
    EXPECT_EQ(store_.Verify("team/A", 1).size(), 1U) << what;
    memory_->Delete(key);
    memory_->Create(key, kept);
  };
  memory_->Delete(key);
  expect_damage("missing");
  std::string flipped = kept;
  flipped[flipped.find("bulk")] ^= 1;
  memory_->Delete(key);
  memory_->Create(key, flipped);
  expect_damage("flipped");
  Replace(key, "manifest_sha256", store_.Get("team/A", 2).sha256);
  expect_damage("about another version's bytes");
  Replace(key, "sequence", 3);
  expect_damage("of another place");
  Replace(key, "version", 2);
  expect_damage("of another version");
  Replace(key, "report", "text");
  expect_damage("not an object");
  EXPECT_EQ(store_.Reports("team/A", 1).size(), 3U);
}

}  // namespace
}  // namespace foretell
