#include "foretell/storage.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "store/expect_code.h"
#include "store/temporary_folder.h"

namespace foretell {
namespace {

TEST(OpenStorageTest, PathsAndFileUrlsNameDirectories) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(OpenStorage("/data/models")->url(), "/data/models");
  EXPECT_EQ(OpenStorage("/data/models/")->url(), "/data/models");
  EXPECT_EQ(OpenStorage("/data/./models//x")->url(), "/data/models/x");
  EXPECT_EQ(OpenStorage("models")->url(), here + "/models");
  EXPECT_EQ(OpenStorage("./models")->url(), here + "/models");
  EXPECT_EQ(OpenStorage("/absent/x/../models")->url(), "/absent/models");
  EXPECT_EQ(OpenStorage("/")->url(), "/");
  EXPECT_EQ(OpenStorage("file:///data/models")->url(), "/data/models");
  EXPECT_EQ(OpenStorage("file://localhost/data/my%20models%2Fx")->url(), "/data/my models/x");
}

TEST(OpenStorageTest, OpensNothingAndWritesNothing) {
  const TemporaryFolder folder;
  const auto storage = OpenStorage((folder.path() / "store").string());
  EXPECT_TRUE(storage->List("").empty());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "store"));
}

TEST(OpenStorageTest, WhatIsNotAStorageIsRefused) {
  for (const std::string url : {"s3://bucket/models", "http://host/x", "memory://", "file://host/path",
                                "file://x", "file:///a%2", "file:///a%zz", "file:///a%00b", ""}) {
    EXPECT_EQ(CodeOf([&] { return OpenStorage(url); }), Code::kUnsupportedStorage) << url;
  }
  for (const std::string path : {"caf\xe9", "/tmp/\xff/store", "file:///tmp/%ff"}) {
    EXPECT_EQ(CodeOf([&] { return OpenStorage(path); }), Code::kInvalidPath) << path;
  }
}

}  // namespace
}  // namespace foretell
