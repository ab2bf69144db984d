#include "cache/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <thread>

#include "store/expect_code.h"
#include "store/faulty_storage.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

constexpr std::size_t kSize = 3'000'000;

std::string Content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Bytes that this process has read so far.
std::size_t BytesRead() {
  std::ifstream file("/proc/self/io");
  std::string word;
  std::size_t bytes = 0;
  file >> word >> bytes;
  return bytes;
}

class CacheTest : public StoreFixture {
 protected:
  CacheTest()
      : store_(memory_), on_disk_(OpenStorage((folder_.path() / "store").string())), bytes_(kSize, 'm') {}

  std::filesystem::path Fetch(const FileEntry& file) { return Cache(root_).Fetch(remote_, file, "A@1"); }

  // Runs in a child process; its exit code, or minus the signal that ended it.
  static int InChild(const std::function<bool()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::_exit(body() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  std::shared_ptr<MemoryStorage> memory_ = std::make_shared<MemoryStorage>("memory://cache");
  FaultyStorage remote_{memory_};
  Store store_;
  Store on_disk_;
  std::string bytes_;
  std::filesystem::path root_ = folder_.path() / "cache";
};

TEST_F(CacheTest, ARemoteFileIsCopiedOnceAndKeptReadOnly) {
  const FileEntry file = Save(store_, "A", bytes_).files[0];
  int copies = 0;
  remote_.before_read_into = [&](std::string_view) { ++copies; };
  const std::filesystem::path path = Fetch(file);
  EXPECT_EQ(Content(path), bytes_);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0400));
  EXPECT_EQ(std::filesystem::status(root_).permissions(), std::filesystem::perms(0700));
  const std::size_t before = BytesRead();
  EXPECT_EQ(Fetch(file), path);
  EXPECT_LT(BytesRead() - before, 10'000U);
  EXPECT_EQ(copies, 1);
}

TEST_F(CacheTest, AFileOfALocalStoreIsUsedInPlaceAndReadOnce) {
  const FileEntry file = Save(on_disk_, "A", bytes_).files[0];
  std::this_thread::sleep_for(std::chrono::milliseconds(80));  // older than a tick of the clock
  const Cache cache(root_);
  std::size_t before = BytesRead();
  const std::filesystem::path path = cache.Fetch(on_disk_.storage(), file, "A@1");
  EXPECT_GE(BytesRead() - before, kSize);
  EXPECT_EQ(path, on_disk_.storage().LocalPath(file.blob));
  before = BytesRead();
  EXPECT_EQ(cache.Fetch(on_disk_.storage(), file, "A@1"), path);
  EXPECT_LT(BytesRead() - before, 10'000U);
  EXPECT_TRUE(std::filesystem::is_empty(root_ / "files"));
}

TEST_F(CacheTest, ACacheWhoseNameIsNotUtf8WorksLikeAnyOther) {
  const FileEntry file = Save(store_, "A", bytes_).files[0];
  const Cache cache(root_ / "caf\xe9");
  const std::filesystem::path path = cache.Fetch(remote_, file, "A@1");
  const std::size_t before = BytesRead();
  EXPECT_EQ(cache.Fetch(remote_, file, "A@1"), path);
  EXPECT_LT(BytesRead() - before, 10'000U);
  EXPECT_EQ(Content(path), bytes_);
}

TEST_F(CacheTest, AYoungFileIsNotRecordedYet) {
  const FileEntry file = Save(on_disk_, "A", "small").files[0];
  const Cache cache(root_);
  const std::filesystem::path path = *on_disk_.storage().LocalPath(file.blob);
  bool left_out = false;
  for (int i = 0; i < 20 && !left_out; ++i) {  // a busy machine may be too slow for the file to be young
    std::filesystem::remove_all(root_ / "records");
    std::filesystem::create_directory(root_ / "records");
    std::filesystem::permissions(path, std::filesystem::perms(i % 2 == 0 ? 0600 : 0644));
    EXPECT_EQ(cache.Fetch(on_disk_.storage(), file, "A@1"), path);
    left_out = std::filesystem::is_empty(root_ / "records");
  }
  EXPECT_TRUE(left_out);
  std::this_thread::sleep_for(std::chrono::milliseconds(80));
  cache.Fetch(on_disk_.storage(), file, "A@1");
  EXPECT_FALSE(std::filesystem::is_empty(root_ / "records"));
}

TEST_F(CacheTest, ADamagedCopyIsRepairedWhateverItsTimesSay) {
  const FileEntry file = Save(store_, "A", bytes_).files[0];
  const std::filesystem::path path = Fetch(file);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary) << 'X';
  const timespec times[2] = {status.st_atim, status.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  std::filesystem::permissions(path, std::filesystem::perms(0400));
  EXPECT_EQ(Content(Fetch(file)), bytes_);
  std::filesystem::remove(path);
  EXPECT_EQ(Content(Fetch(file)), bytes_);
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  std::filesystem::resize_file(path, 10);
  EXPECT_EQ(Content(Fetch(file)), bytes_);
}

TEST_F(CacheTest, DamagedOrMissingBytesOfTheStoreAreRefused) {
  const FileEntry file = Save(store_, "A", bytes_).files[0];
  memory_->Delete(file.blob);
  EXPECT_EQ(CodeOf([&] { return Fetch(file); }), Code::kMissingBlob);
  memory_->Create(file.blob, std::string(kSize, 'x'));
  EXPECT_EQ(CodeOf([&] { return Fetch(file); }), Code::kDamagedBlob);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_ / "files")) {
    EXPECT_TRUE(entry.is_directory()) << entry.path();
  }
  const FileEntry in_place = Save(on_disk_, "A", bytes_).files[0];
  const std::filesystem::path path = *on_disk_.storage().LocalPath(in_place.blob);
  const Cache cache(root_);
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary) << 'X';
  EXPECT_EQ(CodeOf([&] { return cache.Fetch(on_disk_.storage(), in_place, "A@1"); }), Code::kDamagedBlob);
  std::filesystem::resize_file(path, 10);
  EXPECT_EQ(CodeOf([&] { return cache.Fetch(on_disk_.storage(), in_place, "A@1"); }), Code::kDamagedBlob);
  std::filesystem::remove(path);
  EXPECT_EQ(CodeOf([&] { return Cache(folder_.path() / "new").Fetch(on_disk_.storage(), in_place, "A@1"); }),
            Code::kMissingBlob);
}

TEST_F(CacheTest, ManyColdProcessesCopyAFileOnce) {
  const FileEntry file = Save(store_, "A", bytes_).files[0];
  const std::filesystem::path log = folder_.path() / "copies";
  remote_.before_read_into = [&](std::string_view) {
    std::ofstream(log, std::ios::app) << "x";
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  };
  std::vector<pid_t> children;
  for (int i = 0; i < 16; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::_exit(Content(Fetch(file)) == bytes_ ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(Content(log), "x");
}

TEST_F(CacheTest, WhenTheProcessThatCopiesIsKilledAnotherTakesOver) {
  const FileEntry file = Save(store_, "A", bytes_).files[0];
  remote_.before_read_into = [](std::string_view) { ::raise(SIGKILL); };
  EXPECT_EQ(InChild([&] { return !Fetch(file).empty(); }), -SIGKILL);
  remote_.before_read_into = nullptr;
  EXPECT_EQ(Content(Fetch(file)), bytes_);
}

TEST_F(CacheTest, ATornRecordCostsOneVerification) {
  const FileEntry file = Save(store_, "A", bytes_).files[0];
  Fetch(file);
  for (const auto& entry : std::filesystem::directory_iterator(root_ / "records")) {
    std::ofstream(entry.path(), std::ios::trunc) << "{";
  }
  const std::size_t before = BytesRead();
  EXPECT_EQ(Content(Fetch(file)), bytes_);
  EXPECT_GE(BytesRead() - before, kSize);
}

TEST_F(CacheTest, ACacheThatOthersMayHaveMadeIsRefused) {
  std::filesystem::create_directory(folder_.path() / "elsewhere");
  std::filesystem::create_directory_symlink(folder_.path() / "elsewhere", root_);
  EXPECT_EQ(CodeOf([&] { return Cache(root_); }), Code::kBadCache);
  std::filesystem::remove(root_);
  std::filesystem::create_directory(root_);
  std::filesystem::permissions(root_, std::filesystem::perms(0777));
  EXPECT_EQ(CodeOf([&] { return Cache(root_); }), Code::kBadCache);
  std::filesystem::permissions(root_, std::filesystem::perms(0755));
  std::filesystem::create_directory_symlink(folder_.path() / "elsewhere", root_ / "files");
  EXPECT_EQ(CodeOf([&] { return Cache(root_); }), Code::kBadCache);
  std::filesystem::remove(root_ / "files");
  EXPECT_EQ(CodeOf([&] { return Cache(root_); }), std::nullopt);
  std::ofstream(folder_.path() / "plain") << "x";
  EXPECT_EQ(CodeOf([&] { return Cache(folder_.path() / "plain"); }), Code::kBadCache);
  EXPECT_EQ(CodeOf([&] { return Cache(folder_.path() / "plain" / "below"); }), Code::kBadCache);
  if (::geteuid() != 0) {
    GTEST_SKIP() << "giving a folder to another user needs the superuser";
  }
  ASSERT_EQ(::chown(root_.c_str(), 65534, 65534), 0);
  EXPECT_EQ(CodeOf([&] { return Cache(root_); }), Code::kBadCache);
}

TEST_F(CacheTest, ThePlaceOfTheCacheIsTheUsersChoice) {
  const auto place = [&](const char* given, const char* shared, const std::string& home) {
    const std::filesystem::path told = folder_.path() / "told";
    EXPECT_EQ(InChild([&] {
                ::setenv("FORETELL_CACHE", given, 1);
                ::setenv("XDG_CACHE_HOME", shared, 1);
                ::setenv("HOME", home.c_str(), 1);
                std::ofstream(told) << DefaultCachePath().string();
                return true;
              }),
              0);
    return Content(told);
  };
  const std::string home = folder_.path().string();
  EXPECT_EQ(place("/x/cache", "/y", home), "/x/cache");
  EXPECT_EQ(place("", "/y", home), "/y/foretell");
  EXPECT_EQ(place("", "", home), home + "/.cache/foretell");
  EXPECT_EQ(place("", "relative", home), home + "/.cache/foretell");
  EXPECT_EQ(place("", "", "/nonexistent"), "/tmp/foretell-" + std::to_string(::geteuid()));
}

}  // namespace
}  // namespace foretell
