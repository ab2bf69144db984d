// A new folder that is removed with all it holds; for tests, and for bytes that must pass by a file.
#pragma once

#include <filesystem>

namespace foretell {

class TemporaryFolder {
 public:
  // Below `parent`, or below the system's folder for temporary files; mode 0700. Throws FT09xx.
  explicit TemporaryFolder(const std::filesystem::path& parent = {});
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace foretell
