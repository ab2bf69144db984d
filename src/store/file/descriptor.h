// File descriptors that close themselves, and reading, writing and syncing that neither stop short
// nor hide an error. Each failure throws FT0902 (no space), FT0903 (not permitted) or FT0901, and
// names the path.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace foretell {

// Throws the Error for an errno value: "cannot <action> <path>: No space left on device".
[[noreturn]] void ThrowErrno(std::string_view action, const std::filesystem::path& path, int error);

// Owns a descriptor, or none (-1). Movable.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int Release();

 private:
  void Close();

  int fd_ = -1;
};

// openat(2) with O_CLOEXEC, again after EINTR; an empty Descriptor and errno on failure.
Descriptor OpenAt(int folder, const char* name, int flags, mode_t mode = 0);
// For reading; throws when it cannot be opened or is no regular file.
Descriptor OpenSource(const std::filesystem::path& path);

void WriteAll(int fd, std::string_view bytes, const std::filesystem::path& path);
// At least one byte, or 0 at the end of the file.
std::size_t ReadSome(int fd, char* to, std::size_t size, const std::filesystem::path& path);
std::string ReadAll(int fd, const std::filesystem::path& path);
// From the current offset of `from` to its end; returns the bytes copied. Constant memory.
std::uint64_t CopyAll(int from, const std::filesystem::path& source, int to,
                      const std::filesystem::path& target);
void Sync(int fd, const std::filesystem::path& path);

}  // namespace foretell
