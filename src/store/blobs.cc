#include "store/blobs.h"

#include <filesystem>
#include <optional>
#include <string>

#include "digest/sha256.h"
#include "store/file_digest.h"
#include "store/temporary_folder.h"

namespace foretell {

void ThrowMissingBlob(Storage& storage, const FileEntry& file, std::string_view whose) {
  throw Error(Code::kMissingBlob,
              "the file '" + file.path + "' of " + std::string(whose) + " is missing: " + storage.url() +
                  " has no " + file.blob,
              "restore it from a copy of the store, or choose another version");
}

void ThrowDamagedBlob(Storage& storage, const FileEntry& file, std::string_view whose) {
  throw Error(Code::kDamagedBlob,
              "the file '" + file.path + "' of " + std::string(whose) + " is damaged: " + file.blob + " in " +
                  storage.url() + " does not have the size and digest that the manifest names",
              "restore it from a copy of the store, or choose another version");
}

void CheckBlob(Storage& storage, const FileEntry& file, std::string_view whose) {
  const std::optional<ObjectInfo> info = storage.Stat(file.blob);
  if (!info) {
    ThrowMissingBlob(storage, file, whose);
  }
  if (info->size != file.size) {
    ThrowDamagedBlob(storage, file, whose);
  }
}

void VerifyBlob(Storage& storage, const FileEntry& file, std::string_view whose) {
  CheckBlob(storage, file, whose);
  FileDigest digest;
  if (const auto path = storage.LocalPath(file.blob)) {
    digest = Sha256OfFile(*path);
  } else if (constexpr std::uint64_t kInMemory = std::uint64_t{16} << 20; file.size <= kInMemory) {
    const std::optional<std::string> bytes = storage.Read(file.blob);
    if (!bytes) {
      ThrowMissingBlob(storage, file, whose);
    }
    digest = {bytes->size(), Sha256Of(*bytes)};
  } else {
    const TemporaryFolder folder;
    const std::filesystem::path copy = folder.path() / "blob";
    if (!storage.ReadInto(file.blob, copy)) {
      ThrowMissingBlob(storage, file, whose);
    }
    digest = Sha256OfFile(copy);
  }
  if (digest.size != file.size || digest.sha256 != file.sha256) {
    ThrowDamagedBlob(storage, file, whose);
  }
}

}  // namespace foretell
