// A file of the store that is sealed and yet not what it should be, as a program in error would write it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/expect_code.h"
#include "store/layout.h"
#include "store/sealed.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

using nlohmann::json;

class MembersTest : public StoreFixture {
 protected:
  MembersTest() {
    Store store(whole_);
    for (const std::string bytes : {"one", "two", "three"}) Save(store, "A", bytes);
    store.Promote("A", "live", 1, {.who = "ana"});
    store.Promote("A", "live", 2, {.who = "ana", .why = "better", .unchecked = true});
    store.Rollback("A", "live", {.who = "ana"});
    store.Retire("A", 3, {.who = "ana"});
    store.Restore("A", 3, "ana", "");
    store.AppendReport("A", 1, R"({"kind": "check"})", "ana");
  }

  // The findings when `key` holds `object`, sealed.
  std::vector<Finding> With(const std::string& key, const json& object) {
    const auto storage = std::make_shared<MemoryStorage>("memory://members");
    for (const ObjectInfo& info : whole_->List("", "")) {
      storage->Create(info.key, info.key == key ? Seal(object) : whole_->Read(info.key).value());
    }
    try {
      return Store(storage).VerifyAll();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kNotAStore) << error.what();
      return {{key, error.code(), error.message()}};
    }
  }

  json Object(const std::string& key) {
    json object = json::parse(whole_->Read(key).value());
    object.erase("body_sha256");
    return object;
  }

  std::shared_ptr<MemoryStorage> whole_ = std::make_shared<MemoryStorage>("memory://whole");
};

TEST_F(MembersTest, EachMemberThatIsReadMustBeThereAndOfItsType) {
  const std::set<std::string> unread = {"format", "attempt_id", "created", "probe", "when"};
  std::map<std::string, int> found;
  for (const ObjectInfo& info : whole_->List("", "")) {
    if (!info.key.ends_with(".json")) continue;
    const json object = Object(info.key);
    EXPECT_TRUE(With(info.key, object).empty()) << info.key;
    for (const auto& [member, value] : object.items()) {
      if (unread.contains(member)) continue;
      json changed = object;
      if (!value.is_boolean()) {  // absent is false
        changed.erase(member);
        EXPECT_FALSE(With(info.key, changed).empty()) << info.key << " without " << member;
      }
      for (const json& wrong : {json(), json(value.is_string() ? json(1) : json("text")), json(-1), json(1.5),
                                json(UINT64_MAX), json(json::array_t{1})}) {
        changed[member] = wrong;
        EXPECT_FALSE(With(info.key, changed).empty()) << info.key << " with " << member << " " << wrong;
        ++found[member];
      }
    }
  }
  for (const char* member : {"name", "version", "files", "alias", "sequence", "kind", "manifest_sha256",
                             "undoes", "previous_entry_sha256", "who", "why", "unchecked", "report"}) {
    EXPECT_GT(found[member], 0) << member;
  }
}

TEST_F(MembersTest, ValuesOutOfRangeAreFound) {
  const std::string a64(64, 'a');
  const std::string alias = AliasKey("A", "live", 2);
  const std::string rollback = AliasKey("A", "live", 3);
  const std::string manifest = VersionKey("A", 1);
  const std::string retired = NumberedKey(RetiredFolder("A", 3), 1);
  const std::string report = NumberedKey(ReportsFolder("A", 1), 1);
  const std::vector<std::tuple<std::string, const char*, json>> wrongs = {
      {alias, "kind", "move"},
      {alias, "undoes", 1},
      {alias, "version", 0},
      {alias, "version", 3},
      {alias, "manifest_sha256", "a"},
      {alias, "manifest_sha256", a64},
      {alias, "attempt_id", "a"},
      {alias, "previous_entry_sha256", ""},
      {alias, "previous_entry_sha256", a64},
      {alias, "alias", "other"},
      {alias, "name", "B"},
      {alias, "sequence", 7},
      {AliasKey("A", "live", 1), "previous_entry_sha256", a64},
      {rollback, "undoes", 0},
      {rollback, "undoes", 1},
      {rollback, "undoes", 3},
      {rollback, "version", 2},
      {manifest, "name", "B"},
      {manifest, "name", "a/../b"},
      {manifest, "version", 2},
      {manifest, "files", {{{"path", "../up"}, {"size", 3}, {"sha256", a64}, {"blob", "b"}}}},
      {manifest, "files", {{{"path", "a"}, {"size", 3}, {"sha256", "a"}, {"blob", "b"}}}},
      {manifest, "files", {{{"path", "a"}, {"size", 3}, {"sha256", a64}, {"blob", "aliases/a"}}}},
      {manifest, "files", {{{"path", "a"}, {"size", -3}, {"sha256", a64}, {"blob", "b"}}}},
      {manifest, "files", {"a"}},
      {retired, "kind", "lost"},
      {retired, "kind", "purged"},
      {retired, "name", "B"},
      {retired, "version", 1},
      {retired, "sequence", 2},
      {report, "manifest_sha256", a64},
      {report, "name", "B"},
      {report, "version", 2},
      {report, "sequence", 2},
  };
  for (const auto& [key, member, wrong] : wrongs) {
    json object = Object(key);
    object[member] = wrong;
    EXPECT_FALSE(With(key, object).empty()) << key << " with " << member << " " << wrong;
  }
}

TEST_F(MembersTest, WhatIsSealedAndNoObjectOfThisFormatIsRefused) {
  const auto refused = [](const std::string& text) {
    return CodeOf([&] { return Unseal(text, "here", Code::kBadManifest); });
  };
  const std::string sealed = Seal(json{{"a", 1}});
  EXPECT_EQ(refused(sealed), std::nullopt);
  EXPECT_EQ(refused(""), Code::kBadManifest);
  EXPECT_EQ(refused("{}"), Code::kBadManifest) << "no seal";
  EXPECT_EQ(refused("[1]"), Code::kBadManifest);
  EXPECT_EQ(refused(SealText("\"a\": 1}")), Code::kBadManifest) << "no format";
  EXPECT_EQ(refused(SealText("\"format\": \"one\"}")), Code::kBadManifest);
  EXPECT_EQ(refused(SealText("\"format\": 0}")), Code::kBadManifest);
  EXPECT_EQ(refused(SealText("\"format\": 2}")), Code::kNewerFormat);
  EXPECT_EQ(refused("{\"format\": 2}"), Code::kNewerFormat) << "a later format may be sealed in another way";
  EXPECT_EQ(refused(SealText("not JSON")), Code::kBadManifest);
  std::string deep = "\"format\": 1, \"a\": ";
  for (int level = 0; level < 80; ++level) deep += '[';
  EXPECT_EQ(refused(SealText(deep)), Code::kBadManifest);
  EXPECT_EQ(refused(std::string(kLargestSealed + 1, ' ')), Code::kBadManifest);
  EXPECT_EQ(CodeOf([] { return Seal(json{{"a", "\xff"}}); }), Code::kInvalidArgument);
}

}  // namespace
}  // namespace foretell
