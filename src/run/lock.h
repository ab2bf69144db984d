// The lock of a local output: it makes a second driver refuse at once, and no more than that. What
// keeps rows safe is the log of each unit, lock or no lock.
#pragma once

#include <filesystem>
#include <string>

namespace foretell::run {

// Held until destroyed, or until the process ends in any way. Not inherited across exec.
class OutputLock {
 public:
  // FT0602, naming the process that holds it. Where the file system knows no locks, none is held.
  OutputLock(const std::filesystem::path& file, const std::string& output);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

 private:
  int descriptor_ = -1;
};

std::string HostName();

}  // namespace foretell::run
