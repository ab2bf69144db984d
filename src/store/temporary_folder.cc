#include "store/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "store/file/descriptor.h"

namespace foretell {

TemporaryFolder::TemporaryFolder(const std::filesystem::path& parent) {
  const std::filesystem::path above = parent.empty() ? std::filesystem::temp_directory_path() : parent;
  std::string name = (above / "foretell-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    ThrowErrno("create a folder in", above, errno);
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace foretell
