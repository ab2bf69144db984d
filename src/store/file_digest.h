// The size and the SHA-256 of a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace foretell {

struct FileDigest {
  std::uint64_t size = 0;
  std::string sha256;
};

// Reads the file in constant memory. Throws FT09xx.
FileDigest Sha256OfFile(const std::filesystem::path& path);
FileDigest Sha256OfDescriptor(int fd, const std::filesystem::path& path);

}  // namespace foretell
