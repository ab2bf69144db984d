#include "foretell/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace foretell {
namespace {

TEST(ErrorTest, CarriesItsCodeMessageAndHint) {
  const Error error(Code::kUnknownVersion, "EventTopics has no version 9", "list them");
  EXPECT_STREQ(error.what(), "FT0402: EventTopics has no version 9");
  EXPECT_EQ(error.message(), "EventTopics has no version 9");
  EXPECT_EQ(error.hint(), "list them");
}

TEST(CatalogueTest, EveryEntryIsThereOnceInOrderAndSaysSomething) {
  unsigned last = 0;
  for (const CatalogueEntry& entry : Catalogue()) {
    EXPECT_GT(static_cast<unsigned>(entry.code), last);
    last = static_cast<unsigned>(entry.code);
    EXPECT_FALSE(entry.title.empty());
    EXPECT_GT(entry.explanation.size(), 40U) << CodeText(entry.code);
  }
}

TEST(CatalogueTest, ExplainsACodeInEverySpelling) {
  for (const std::string spelling : {"FT0402", "ft0402", "0402", "402"}) {
    ASSERT_TRUE(Explain(spelling)) << spelling;
    EXPECT_EQ(Explain(spelling)->code, Code::kUnknownVersion);
  }
  for (const std::string wrong : {"", "FT", "FT9999", "abc", "FT04021", "-402"}) {
    EXPECT_FALSE(Explain(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace foretell
