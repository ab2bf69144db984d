#include "store/file/linux.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "store/file/descriptor.h"

namespace foretell {

int RenameToFreeName(int from_folder, const char* from, int to_folder, const char* to) {
  if (::renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
    return errno;
  }
  return LinkToFreeName(from_folder, from, to_folder, to);
}

int LinkToFreeName(int from_folder, const char* from, int to_folder, const char* to) {
  if (::linkat(from_folder, from, to_folder, to, 0) != 0) {
    const int error = errno;
    struct stat old_name{};
    struct stat new_name{};
    if (error == EEXIST && ::fstatat(from_folder, from, &old_name, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno;  // ENOENT: another process has moved it, perhaps to this very name
    }
    // An earlier try, ours or one whose answer NFS lost, has linked it already.
    const bool linked = error == EEXIST && ::fstatat(to_folder, to, &new_name, AT_SYMLINK_NOFOLLOW) == 0 &&
                        old_name.st_dev == new_name.st_dev && old_name.st_ino == new_name.st_ino;
    if (!linked) {
      return error;
    }
  }
  // The new name holds; an old one that cannot be removed is garbage, not a failure.
  static_cast<void>(::unlinkat(from_folder, from, 0));
  return 0;
}

std::optional<std::uint64_t> CopyInKernel(int from, int to, const std::filesystem::path& target) {
  constexpr std::size_t kStep = std::size_t{1} << 30;
  std::uint64_t copied = 0;
  while (true) {
    const ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, kStep, 0);
    if (count > 0) {
      copied += static_cast<std::uint64_t>(count);
    } else if (count == 0) {
      return copied;
    } else if (errno != EINTR) {
      if (copied == 0 && errno != ENOSPC && errno != EDQUOT && errno != EIO) {
        return std::nullopt;
      }
      ThrowErrno("write", target, errno);
    }
  }
}

bool IsLocalFileSystem(const std::filesystem::path& path) {
  struct statfs status{};
  int result = 0;
  do {
    result = ::statfs(path.c_str(), &status);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    return false;
  }
  constexpr std::array<std::uint32_t, 16> kRemote = {
      NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  SMB2_SUPER_MAGIC, CIFS_SUPER_MAGIC,
      FUSE_SUPER_MAGIC, V9FS_MAGIC,       CODA_SUPER_MAGIC, AFS_SUPER_MAGIC,
      AFS_FS_MAGIC,     CEPH_SUPER_MAGIC, NCP_SUPER_MAGIC,  OCFS2_SUPER_MAGIC,
      0x0BD00BD0U,  // Lustre
      0x01161970U,  // GFS2
      0x47504653U,  // GPFS
      0x19830326U,  // BeeGFS
  };
  return std::find(kRemote.begin(), kRemote.end(), static_cast<std::uint32_t>(status.f_type)) ==
         kRemote.end();
}

}  // namespace foretell
