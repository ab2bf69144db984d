#include "store/failing_calls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace {

// What the definitions below look at; there is one C library in a process.
std::atomic<const char*> failing{nullptr};
std::atomic<int> calls_left{0};
std::atomic<int> with_error{0};

bool Fails(const char* name) {
  const char* wanted = failing.load();
  if (wanted == nullptr || std::strcmp(wanted, name) != 0 || calls_left.fetch_sub(1) != 1) return false;
  errno = with_error.load();
  return true;
}

// The C library's own.
template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

namespace foretell {

std::span<const char* const> FailingCall::Names() {
  static constexpr std::array<const char*, 25> kNames = {
      "openat",    "read",  "write",     "copy_file_range", "fsync",    "fstat",      "fstatat",
      "stat",      "mkdir", "mkdirat",   "unlink",          "unlinkat", "rename",     "renameat",
      "renameat2", "link",  "linkat",    "fdopendir",       "readdir",  "getentropy", "flock",
      "open",      "pread", "ftruncate", "gethostname"};
  return kNames;
}

FailingCall::FailingCall(const char* name, int nth, int error) {
  with_error = error;
  calls_left = nth;
  failing = name;
}

FailingCall::~FailingCall() {
  failing = nullptr;
}

bool FailingCall::happened() const {
  return calls_left.load() <= 0;
}

}  // namespace foretell

#pragma GCC visibility push(default)
extern "C" {

int open(const char* path, int flags, ...) {
  if (Fails("open")) return -1;
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  static const auto real = Real<int(const char*, int, ...)>("open");
  return real(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  if (Fails("openat")) return -1;
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  static const auto real = Real<int(int, const char*, int, ...)>("openat");
  return real(folder, path, flags, mode);
}

ssize_t read(int fd, void* to, size_t size) {
  static const auto real = Real<ssize_t(int, void*, size_t)>("read");
  return Fails("read") ? -1 : real(fd, to, size);
}

ssize_t write(int fd, const void* from, size_t size) {
  static const auto real = Real<ssize_t(int, const void*, size_t)>("write");
  return Fails("write") ? -1 : real(fd, from, size);
}

ssize_t pread(int fd, void* to, size_t size, off_t at) {
  static const auto real = Real<ssize_t(int, void*, size_t, off_t)>("pread");
  return Fails("pread") ? -1 : real(fd, to, size, at);
}

int ftruncate(int fd, off_t size) noexcept {
  static const auto real = Real<int(int, off_t)>("ftruncate");
  return Fails("ftruncate") ? -1 : real(fd, size);
}

int gethostname(char* name, size_t size) noexcept {
  static const auto real = Real<int(char*, size_t)>("gethostname");
  return Fails("gethostname") ? -1 : real(name, size);
}

ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t size, unsigned flags) {
  static const auto real = Real<ssize_t(int, off64_t*, int, off64_t*, size_t, unsigned)>("copy_file_range");
  return Fails("copy_file_range") ? -1 : real(from, from_at, to, to_at, size, flags);
}

int fsync(int fd) {
  static const auto real = Real<int(int)>("fsync");
  return Fails("fsync") ? -1 : real(fd);
}

int fstat(int fd, struct stat* status) noexcept {
  static const auto real = Real<int(int, struct stat*)>("fstat");
  return Fails("fstat") ? -1 : real(fd, status);
}

int fstatat(int folder, const char* path, struct stat* status, int flags) noexcept {
  static const auto real = Real<int(int, const char*, struct stat*, int)>("fstatat");
  return Fails("fstatat") ? -1 : real(folder, path, status, flags);
}

int stat(const char* path, struct stat* status) noexcept {
  static const auto real = Real<int(const char*, struct stat*)>("stat");
  return Fails("stat") ? -1 : real(path, status);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static const auto real = Real<int(const char*, mode_t)>("mkdir");
  return Fails("mkdir") ? -1 : real(path, mode);
}

int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  static const auto real = Real<int(int, const char*, mode_t)>("mkdirat");
  return Fails("mkdirat") ? -1 : real(folder, path, mode);
}

int unlink(const char* path) noexcept {
  static const auto real = Real<int(const char*)>("unlink");
  return Fails("unlink") ? -1 : real(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  static const auto real = Real<int(int, const char*, int)>("unlinkat");
  return Fails("unlinkat") ? -1 : real(folder, path, flags);
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = Real<int(const char*, const char*)>("rename");
  return Fails("rename") ? -1 : real(from, to);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static const auto real = Real<int(int, const char*, int, const char*)>("renameat");
  return Fails("renameat") ? -1 : real(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  static const auto real = Real<int(int, const char*, int, const char*, unsigned)>("renameat2");
  return Fails("renameat2") ? -1 : real(from_folder, from, to_folder, to, flags);
}

int link(const char* from, const char* to) noexcept {
  static const auto real = Real<int(const char*, const char*)>("link");
  return Fails("link") ? -1 : real(from, to);
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
  static const auto real = Real<int(int, const char*, int, const char*, int)>("linkat");
  return Fails("linkat") ? -1 : real(from_folder, from, to_folder, to, flags);
}

DIR* fdopendir(int fd) {
  static const auto real = Real<DIR*(int)>("fdopendir");
  return Fails("fdopendir") ? nullptr : real(fd);
}

struct dirent* readdir(DIR* folder) {
  static const auto real = Real<struct dirent*(DIR*)>("readdir");
  return Fails("readdir") ? nullptr : real(folder);
}

int getentropy(void* to, size_t size) {
  static const auto real = Real<int(void*, size_t)>("getentropy");
  return Fails("getentropy") ? -1 : real(to, size);
}

int flock(int fd, int operation) noexcept {
  static const auto real = Real<int(int, int)>("flock");
  return Fails("flock") ? -1 : real(fd, operation);
}

}  // extern "C"
#pragma GCC visibility pop
