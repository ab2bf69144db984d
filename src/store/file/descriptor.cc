#include "store/file/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "store/file/linux.h"

namespace foretell {

void ThrowErrno(std::string_view action, const std::filesystem::path& path, int error) {
  std::string message =
      "cannot " + std::string(action) + " " + path.string() + ": " + std::generic_category().message(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      throw Error(Code::kNoSpace, std::move(message), "make room, then try again");
    case EACCES:
    case EPERM:
    case EROFS:
      throw Error(Code::kNotPermitted, std::move(message), "check the owner and the mode of the path");
    default:
      throw Error(Code::kIo, std::move(message));
  }
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

int Descriptor::Release() {
  return std::exchange(fd_, -1);
}

void Descriptor::Close() {
  if (fd_ >= 0) {
    ::close(Release());  // what matters was synced before; Linux closes even when it reports EINTR
  }
}

Descriptor OpenAt(int folder, const char* name, int flags, mode_t mode) {
  int fd = -1;
  do {
    fd = ::openat(folder, name, flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return Descriptor(fd);
}

Descriptor OpenSource(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO must not hang; it means nothing for regular files.
  Descriptor file = OpenAt(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK);
  if (!file) {
    ThrowErrno("open", path, errno);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    ThrowErrno("read", path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(Code::kIo, path.string() + " is not a regular file");
  }
  return file;
}

void WriteAll(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      ThrowErrno("write", path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::size_t ReadSome(int fd, char* to, std::size_t size, const std::filesystem::path& path) {
  while (true) {
    const ssize_t count = ::read(fd, to, size);
    if (count >= 0) {
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR) {
      ThrowErrno("read", path, errno);
    }
  }
}

std::string ReadAll(int fd, const std::filesystem::path& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    ThrowErrno("read", path, errno);
  }
  std::string bytes(static_cast<std::size_t>(status.st_size) + 1, '\0');  // one more: to see the end
  std::size_t filled = 0;
  while (const std::size_t count = ReadSome(fd, bytes.data() + filled, bytes.size() - filled, path)) {
    filled += count;
    if (filled == bytes.size()) {
      bytes.resize(bytes.size() * 2);
    }
  }
  bytes.resize(filled);
  return bytes;
}

std::uint64_t CopyAll(int from, const std::filesystem::path& source, int to,
                      const std::filesystem::path& target) {
  std::uint64_t copied = 0;
  if (const auto by_kernel = CopyInKernel(from, to, target)) {
    copied = *by_kernel;
  }
  std::vector<char> buffer(std::size_t{1} << 20);
  while (const std::size_t count = ReadSome(from, buffer.data(), buffer.size(), source)) {
    WriteAll(to, {buffer.data(), count}, target);
    copied += count;
  }
  return copied;
}

void Sync(int fd, const std::filesystem::path& path) {
  // Not repeated: after a failed fsync the kernel may have dropped the dirty pages, and a second
  // call would report success.
  if (::fsync(fd) != 0) {
    ThrowErrno("sync", path, errno);
  }
}

}  // namespace foretell
