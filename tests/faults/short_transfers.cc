// Short reads and writes, as a signal, a full disk or a network file system gives them: with
// FAULT_SHORT=n in the environment the n-th transfer of this process and all after it move one byte.
// These definitions take the place of the C library's in this program.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace {

std::size_t Shortened(std::size_t size) {
  static std::atomic<long> seen{0};
  static const long first = [] {
    const char* text = std::getenv("FAULT_SHORT");
    return text == nullptr ? 0L : std::strtol(text, nullptr, 10);
  }();
  return first > 0 && ++seen >= first ? std::min<std::size_t>(size, 1) : size;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) ssize_t write(int fd, const void* bytes, size_t size) {
  return syscall(SYS_write, fd, bytes, Shortened(size));
}

__attribute__((visibility("default"))) ssize_t read(int fd, void* bytes, size_t size) {
  return syscall(SYS_read, fd, bytes, Shortened(size));
}

__attribute__((visibility("default"))) ssize_t copy_file_range(int from, off64_t* from_at, int to,
                                                               off64_t* to_at, size_t size, unsigned flags) {
  return syscall(SYS_copy_file_range, from, from_at, to, to_at, Shortened(size), flags);
}

}  // extern "C"
