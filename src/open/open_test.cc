#include "foretell/open.h"

#include <gtest/gtest.h>

#include "store/expect_code.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

class OpenTest : public StoreFixture {
 protected:
  static std::string Content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(OpenTest, EveryFileIsThereByItsPath) {
  for (const std::string& url :
       std::vector<std::string>{"memory://open", (folder_.path() / "store").string()}) {
    Store store(OpenStorage(url));
    Draft draft;
    draft.files = {
        {"model/a.bin", Local("a", "aaa")}, {"model/b.bin", Local("b", "bbbb")}, {"c", Local("c", "aaa")}};
    const Manifest manifest = store.Save("A", draft);
    std::vector<std::uint64_t> told;
    const OpenedFiles opened = OpenFiles(
        store, manifest, [&](std::uint64_t done, std::uint64_t) { told.push_back(done); },
        folder_.path() / "cache");
    ASSERT_EQ(opened.paths.size(), 3U);
    EXPECT_EQ(Content(opened.paths.at("model/a.bin")), "aaa");
    EXPECT_EQ(Content(opened.paths.at("model/b.bin")), "bbbb");
    EXPECT_EQ(opened.paths.at("c"), opened.paths.at("model/a.bin"));  // equal bytes are kept once
    EXPECT_EQ(told, (std::vector<std::uint64_t>{0, 3, 7, 10}));
  }
}

TEST_F(OpenTest, AnAliasThatMovesMeanwhileChangesNothing) {
  Store store(OpenStorage("memory://moves"));
  Save(store, "A", "one");
  Save(store, "A", "two");
  store.Promote("A", "live", 1, {.who = "ana"});
  const Manifest manifest = store.Resolve(ParseReference("A@live"));
  const OpenedFiles opened = OpenFiles(
      store, manifest, [&](std::uint64_t, std::uint64_t) { store.Promote("A", "live", 2, {.who = "ben"}); },
      folder_.path() / "cache");
  EXPECT_EQ(Content(opened.paths.at("model.bin")), "one");
}

}  // namespace
}  // namespace foretell
