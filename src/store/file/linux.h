// The system calls of the store that only Linux has.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace foretell {

// renameat2(RENAME_NOREPLACE), or link and unlink where the file system has no such rename. 0, or
// an errno value; EEXIST when the new name is taken.
int RenameToFreeName(int from_folder, const char* from, int to_folder, const char* to);

// The second of these two ways, whatever the file system. ENOENT when the old name is gone, even where
// the new one is taken.
int LinkToFreeName(int from_folder, const char* from, int to_folder, const char* to);

// copy_file_range to the end of the file; nothing when these files do not support it (then no byte
// was copied). Stops short only at the end: the caller reads on to be sure.
std::optional<std::uint64_t> CopyInKernel(int from, int to, const std::filesystem::path& target);

// False on NFS, SMB, FUSE and other file systems whose server others may write to.
bool IsLocalFileSystem(const std::filesystem::path& path);

}  // namespace foretell
