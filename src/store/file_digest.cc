#include "store/file_digest.h"

#include <vector>

#include "digest/sha256.h"
#include "store/file/descriptor.h"

namespace foretell {

FileDigest Sha256OfDescriptor(int fd, const std::filesystem::path& path) {
  Sha256 digest;
  std::uint64_t size = 0;
  std::vector<char> buffer(std::size_t{1} << 20);
  while (const std::size_t count = ReadSome(fd, buffer.data(), buffer.size(), path)) {
    digest.Add({buffer.data(), count});
    size += count;
  }
  return {size, digest.Finish()};
}

FileDigest Sha256OfFile(const std::filesystem::path& path) {
  const Descriptor file = OpenSource(path);
  return Sha256OfDescriptor(file.get(), path);
}

}  // namespace foretell
