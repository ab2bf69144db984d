#include "store/layout.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/expect_code.h"

namespace foretell {
namespace {

TEST(LayoutTest, NamesFollowTheGrammar) {
  for (const std::string& name : std::vector<std::string>{
           "EventTopics", "a", "7", "a.b", "a-b_c.d", "team/event-topics", "a/b/c", std::string(200, 'x')}) {
    EXPECT_EQ(CodeOf([&] { ValidateName(name); }), std::nullopt) << name;
  }
  std::string deep = "a";
  for (int i = 0; i < 66; ++i) {
    deep += "/a";
  }
  EXPECT_EQ(CodeOf([&] { ValidateName(deep); }), std::nullopt);  // 199 characters as one segment
  const std::vector<std::string> wrong = {"",
                                          " ",
                                          "a b",
                                          ".a",
                                          "a.",
                                          "_a",
                                          "a_",
                                          "a__b",
                                          "a..b",
                                          "a.-b",
                                          "/a",
                                          "a/",
                                          "a//b",
                                          "a/../b",
                                          "..",
                                          "a\\b",
                                          "a@1",
                                          "é",
                                          "a\n",
                                          "a:b",
                                          "a*",
                                          "~a",
                                          "-a",
                                          "a/.b",
                                          "a./b",
                                          "a/-b",
                                          "a%2fb",
                                          "a\x7f",
                                          "a+b",
                                          "a\xff",
                                          deep + "/a",
                                          std::string(201, 'x'),
                                          std::string("a\0b", 3)};
  for (const std::string& name : wrong) {
    EXPECT_EQ(CodeOf([&] { ValidateName(name); }), Code::kInvalidName) << name;
  }
}

TEST(LayoutTest, AliasesFollowTheGrammar) {
  for (const std::string& alias : std::vector<std::string>{"production", "canary-2", "_x", "1a", "v1.2",
                                                           "a..b", std::string(128, 'x')}) {
    EXPECT_EQ(CodeOf([&] { ValidateAlias(alias); }), std::nullopt) << alias;
  }
  for (const std::string& alias :
       {std::string(), std::string("latest"), std::string("Latest"), std::string("12"), std::string("-a"),
        std::string(".a"), std::string("a/b"), std::string("a b"), std::string("a@b"), std::string("é"),
        std::string(129, 'x'), std::string("a\0", 2)}) {
    EXPECT_EQ(CodeOf([&] { ValidateAlias(alias); }), Code::kInvalidAlias) << alias;
  }
}

TEST(LayoutTest, PathsStayInsideTheVersion) {
  for (const std::string path : {"model.pkl", "a/b/c", ".hidden", "a b", "ü/模型.bin", "a..b", "..."}) {
    EXPECT_EQ(CodeOf([&] { ValidatePath(path); }), std::nullopt) << path;
  }
  for (const std::string& path :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string(".."),
        std::string("a/../b"), std::string("."), std::string("./a"), std::string("a\\b"),
        std::string("a\0b", 3), std::string("a\nb"), std::string("\xc3"), std::string("\xed\xa0\x80"),
        std::string("\xc0\xaf"), std::string("\xf4\x90\x80\x80"), std::string(256, 'a'),
        std::string(501, 'a') + "/" + std::string(501, 'a')}) {
    EXPECT_EQ(CodeOf([&] { ValidatePath(path); }), Code::kInvalidPath) << path;
  }
}

TEST(LayoutTest, PathsOfAVersionDoNotClash) {
  const std::vector<std::string> apart = {"a/b", "a/c", "ab", "a.b"};
  EXPECT_EQ(CodeOf([&] { ValidatePaths(apart); }), std::nullopt);
  for (const std::vector<std::string>& clash : {std::vector<std::string>{"a", "a"},
                                                {"Model.bin", "model.BIN"},
                                                {"a", "a/b"},
                                                {"a/B/c", "A/b"},
                                                {"x", "../y"}}) {
    EXPECT_EQ(CodeOf([&] { ValidatePaths(clash); }), Code::kInvalidPath) << clash[0];
  }
}

TEST(LayoutTest, NumbersAreTwelveDigits) {
  EXPECT_EQ(NumberText(7), "000000000007");
  EXPECT_EQ(NumberText(kLargestNumber), "999999999999");
  EXPECT_EQ(ParseNumber("000000000007"), 7);
  for (const std::string text : {"7", "000000000000", "00000000000x", "-00000000007", "0000000000007", ""}) {
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
  }
  EXPECT_EQ(CodeOf([] { return NumberText(0); }), Code::kInternal);
  EXPECT_EQ(CodeOf([] { return NumberText(kLargestNumber + 1); }), Code::kInternal);
}

TEST(LayoutTest, KeysAreSpelledOnce) {
  const std::string digest(64, 'a');
  const std::string attempt(32, 'b');
  EXPECT_EQ(VersionKey("Team/Event.Topics", 12), "versions/team__event.topics/000000000012.json");
  EXPECT_EQ(AliasKey("A", "Prod", 1), "aliases/a/prod/000000000001.json");
  EXPECT_EQ(RetiredFolder("A", 3), "retired/a/000000000003");
  EXPECT_TRUE(IsBlobKey(BlobKey(std::string(64, 'a'), std::string(32, '0'))));
  for (const std::string& wrong :
       {std::string(), std::string("blobs"), std::string("blobs/"), "blobs/sha256/aa/" + std::string(64, 'a'),
        "blobs/sha256/ab/" + std::string(64, 'a') + "." + std::string(32, '0')}) {
    EXPECT_FALSE(IsBlobKey(wrong)) << wrong;
  }
  EXPECT_EQ(ReportsFolder("a/B", 3), "reports/a__b/000000000003");
  EXPECT_EQ(BlobKey(digest, attempt), "blobs/sha256/aa/" + digest + "." + attempt);
  EXPECT_TRUE(IsBlobKeyOf(BlobKey(digest, attempt), digest));
  EXPECT_FALSE(IsBlobKeyOf(BlobKey(digest, attempt) + "x", digest));
  EXPECT_FALSE(IsBlobKeyOf("blobs/sha256/aa/../../" + digest + "." + attempt, digest));
  EXPECT_EQ(NumberOfKey("versions/a", "versions/a/000000000012.json"), 12);
  EXPECT_EQ(NumberOfKey("versions/a", "versions/b/000000000012.json"), std::nullopt);
  EXPECT_EQ(NumberOfKey("versions/a", "versions/a/000000000012.txt"), std::nullopt);
  EXPECT_EQ(NumberOfKey("versions", "versions/a/000000000012.json"), std::nullopt);
}

}  // namespace
}  // namespace foretell
