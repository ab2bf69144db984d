// MapFile: the one place of the models that asks the operating system for memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "foretell/error.h"
#include "models/container.h"

namespace foretell {
namespace {

[[noreturn]] void Failed(const std::filesystem::path& path, int number) {
  const Code code = number == EACCES || number == EPERM ? Code::kNotPermitted : Code::kIo;
  throw Error(code, "cannot map " + path.string() + ": " + std::strerror(number));
}

}  // namespace

Bytes MapFile(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hold it up
  if (descriptor < 0) {
    Failed(path, errno);
  }
  const std::shared_ptr<const void> closing(&path, [descriptor](const void*) { close(descriptor); });
  struct stat status{};
  if (fstat(descriptor, &status) != 0) {
    Failed(path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(Code::kIo, "cannot map " + path.string() + ": it is no regular file");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) {
    return {};
  }
  void* const address = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (address == MAP_FAILED) {
    Failed(path, errno);
  }
  return {{static_cast<const std::byte*>(address), size},
          {address, [size](const void* mapped) { munmap(const_cast<void*>(mapped), size); }}};
}

}  // namespace foretell
