#include "store/file/file_storage.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "store/expect_code.h"
#include "store/file/linux.h"
#include "store/storage_suite.h"

namespace foretell {
namespace {

INSTANTIATE_TEST_SUITE_P(File, StorageSuite,
                         testing::Values(StorageMaker([](const std::filesystem::path& folder) {
                           return OpenStorage(folder.string());
                         })));

class FileStorageTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path root_ = folder_.path() / "root";
  FileStorage storage_{root_};

  std::filesystem::path Local(const std::string& bytes) {
    const std::filesystem::path path = folder_.path() / "local";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path;
  }

  // Every file below the root, hidden ones too.
  std::size_t FilesOnDisk(const std::filesystem::path& root) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
  }
};

TEST_F(FileStorageTest, LinkingToAFreeNameTellsATakenOneFromAMovedOne) {
  const auto path = [&](const char* name) { return (folder_.path() / name).string(); };
  const auto write = [&](const char* name, const char* text) { std::ofstream(path(name)) << text; };
  const auto link = [&](const char* from, const char* to) {
    return LinkToFreeName(AT_FDCWD, path(from).c_str(), AT_FDCWD, path(to).c_str());
  };
  write("a", "ours");
  write("taken", "another's");
  EXPECT_EQ(link("a", "taken"), EEXIST);
  EXPECT_EQ(link("a", "b"), 0);
  EXPECT_FALSE(std::filesystem::exists(path("a")));
  EXPECT_EQ(link("a", "b"), ENOENT) << "another process has moved it there";
  std::filesystem::create_hard_link(path("b"), path("c"));
  EXPECT_EQ(link("c", "b"), 0) << "an earlier try had linked it";
  EXPECT_FALSE(std::filesystem::exists(path("c")));
}

TEST_F(FileStorageTest, NoTemporaryFileIsLeftOrListed) {
  storage_.Create("a/b", "1");
  storage_.Create("a/b", "2");
  storage_.PutFile("a/c", Local("3"));
  EXPECT_EQ(FilesOnDisk(root_), 2U);
  std::ofstream(root_ / "a" / ".0123.tmp") << "left by a process that was killed";
  EXPECT_EQ(storage_.List("", "").size(), 2U);
}

TEST_F(FileStorageTest, TemporaryFilesAreUnfinishedAndNothingElseIs) {
  const std::string name = "." + std::string(24, 'a') + ".tmp";
  FileStorage storage(root_);
  storage.Create("blobs/ab/whole", "1");
  std::filesystem::create_directories(root_ / ".git");
  for (const char* other : {".nfs0001", ".hidden.tmp", ".git/x", "seen.tmp"}) {
    std::ofstream(root_ / other) << "somebody else's";
  }
  for (const std::string& folder : {std::string(), std::string("blobs/ab/"), std::string(".git/")}) {
    std::ofstream(root_ / (folder + name)) << "half";
  }
  const std::vector<ObjectInfo> found = storage.Unfinished();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].key, name);
  EXPECT_EQ(found[1].key, "blobs/ab/" + name);
  EXPECT_EQ(found[1].size, 4U);
  EXPECT_GT(found[1].modified_ns, 0);
  for (const ObjectInfo& info : found) {
    storage.RemoveUnfinished(info.key);
    storage.RemoveUnfinished(info.key);
    EXPECT_FALSE(std::filesystem::exists(root_ / info.key));
  }
  storage.RemoveUnfinished("none/" + name);
  EXPECT_TRUE(storage.Unfinished().empty());
  for (const char* wrong : {"blobs/ab/whole", ".nfs0001", "", ".git"}) {
    EXPECT_EQ(CodeOf([&] { storage.RemoveUnfinished(wrong); }), Code::kInternal) << wrong;
  }
  EXPECT_EQ(storage.Read("blobs/ab/whole"), "1");
  EXPECT_TRUE(std::filesystem::exists(root_ / ".git" / name));
}

TEST_F(FileStorageTest, SymbolicLinksBelowTheRootAreRefused) {
  std::filesystem::create_directories(root_ / "in");
  std::filesystem::create_directories(folder_.path() / "out");
  std::ofstream(folder_.path() / "out" / "secret") << "secret";
  std::filesystem::create_directory_symlink(folder_.path() / "out", root_ / "link");
  std::filesystem::create_symlink(folder_.path() / "out" / "secret", root_ / "in" / "file");
  for (const std::string key : {"link/secret", "in/file"}) {
    EXPECT_EQ(CodeOf([&] { return storage_.Read(key); }), Code::kInvalidPath) << key;
    EXPECT_EQ(CodeOf([&] { return storage_.Stat(key); }), Code::kInvalidPath) << key;
    EXPECT_EQ(CodeOf([&] { return storage_.LocalPath(key); }), Code::kInvalidPath) << key;
  }
  EXPECT_EQ(CodeOf([&] { return storage_.Create("link/new", "1"); }), Code::kInvalidPath);
  EXPECT_EQ(CodeOf([&] { return storage_.List("link", ""); }), Code::kInvalidPath);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "out" / "new"));
  EXPECT_TRUE(storage_.List("", "").empty());
  EXPECT_EQ(storage_.Create("in/file", "1"), CreateAnswer::kExists);
}

TEST_F(FileStorageTest, TheRootItselfMayBeALink) {
  std::filesystem::create_directories(folder_.path() / "disk");
  std::filesystem::create_directory_symlink(folder_.path() / "disk", root_);
  EXPECT_EQ(storage_.Create("a", "1"), CreateAnswer::kCreated);
  EXPECT_EQ(storage_.Read("a"), "1");
}

TEST_F(FileStorageTest, AFileWhereAFolderShouldBe) {
  storage_.Create("a", "1");
  EXPECT_EQ(storage_.Read("a/b"), std::nullopt);
  EXPECT_EQ(CodeOf([&] { return storage_.Create("a/b", "1"); }), Code::kIo);
  std::ofstream(folder_.path() / "plain") << "x";
  FileStorage on_file(folder_.path() / "plain");
  EXPECT_EQ(on_file.Read("a"), std::nullopt);
  EXPECT_EQ(CodeOf([&] { return on_file.Create("a", "1"); }), Code::kIo);
}

TEST_F(FileStorageTest, AFolderIsNotAnObject) {
  storage_.Create("a/b", "1");
  EXPECT_EQ(storage_.Read("a"), std::nullopt);
  EXPECT_FALSE(storage_.Stat("a"));
  EXPECT_FALSE(storage_.LocalPath("a"));
}

TEST_F(FileStorageTest, AFolderThatMayNotBeWrittenIsNamed) {
  storage_.Create("a/b", "1");
  std::filesystem::permissions(root_ / "a", std::filesystem::perms(0555));
  if (::geteuid() == 0) {
    // The superuser writes anywhere, so the check runs as nobody.
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      std::filesystem::permissions(folder_.path(), std::filesystem::perms(0777));
      const bool dropped = ::setgid(65534) == 0 && ::setuid(65534) == 0;
      const bool refused = CodeOf([&] { return storage_.Create("a/c", "1"); }) == Code::kNotPermitted &&
                           storage_.Create("a/b", "2") == CreateAnswer::kExists;
      ::_exit(dropped && refused ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  } else {
    EXPECT_EQ(CodeOf([&] { return storage_.Create("a/c", "1"); }), Code::kNotPermitted);
  }
  std::filesystem::permissions(root_ / "a", std::filesystem::perms(0755));
  EXPECT_EQ(FilesOnDisk(root_), 1U);
}

TEST_F(FileStorageTest, AFullDiskIsNamedAndLeavesTheOldState) {
  std::filesystem::create_directories(root_);
  if (::mount("tmpfs", root_.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs needs the superuser";
  }
  storage_.Create("a", "old");
  EXPECT_EQ(CodeOf([&] { return storage_.Create("b", std::string(1'000'000, 'x')); }), Code::kNoSpace);
  EXPECT_EQ(CodeOf([&] { return storage_.PutFile("c", Local(std::string(1'000'000, 'x'))); }),
            Code::kNoSpace);
  EXPECT_EQ(storage_.Read("a"), "old");
  EXPECT_EQ(FilesOnDisk(root_), 1U);
  EXPECT_EQ(storage_.Create("b", "fits"), CreateAnswer::kCreated);
  EXPECT_EQ(::umount(root_.c_str()), 0);
}

TEST_F(FileStorageTest, AFileSizeLimitMakesAShortWriteAndAnError) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const bool failed =
        CodeOf([&] { return storage_.Create("a", std::string(1'000'000, 'x')); }) == Code::kIo;
    ::_exit(failed && !storage_.Stat("a") && FilesOnDisk(root_) == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace foretell
