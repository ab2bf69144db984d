#include "run/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "foretell/error.h"

namespace foretell::run {
namespace {

// "process 4711 on node3", as the holder wrote it.
std::string Holder(int descriptor) {
  std::array<char, 256> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size() - 1, 0);
  if (size <= 0) return "another process";
  std::string holder(text.data(), static_cast<std::size_t>(size));
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : holder;
}

}  // namespace

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

OutputLock::OutputLock(const std::filesystem::path& file, const std::string& output) {
  descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor_ < 0) {
    throw Error(errno == EACCES || errno == EROFS ? Code::kNotPermitted : Code::kIo,
                "cannot open the lock '" + file.string() + "': " + std::strerror(errno));
  }
  int failed = 0;
  do {
    failed = flock(descriptor_, LOCK_EX | LOCK_NB);
  } while (failed != 0 && errno == EINTR);
  if (failed != 0 && errno == EWOULDBLOCK) {
    const std::string holder = Holder(descriptor_);
    close(descriptor_);
    throw Error(Code::kOutputInUse, "the output '" + output + "' is being written by " + holder,
                "wait for that run or stop it; what it has committed stays");
  }
  if (failed != 0) return;  // no locks here: the log of each unit still decides
  const std::string text = "process " + std::to_string(getpid()) + " on " + HostName() + "\n";
  // Only for the message above, so a failure to write it is no failure of the lock.
  if (ftruncate(descriptor_, 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(descriptor_, text.data(), text.size(), 0);
  }
}

OutputLock::~OutputLock() {
  close(descriptor_);
}

}  // namespace foretell::run
