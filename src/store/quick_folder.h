// Where files are synced in no time, if there is such a place: thousands of runs are not to wait for a disk
// that others use. For tests.
#pragma once

#include <unistd.h>

#include <filesystem>

namespace foretell {

inline std::filesystem::path QuickFolder() {
  return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : std::filesystem::path();
}

}  // namespace foretell
