#include "foretell/open.h"

#include <optional>

#include "cache/cache.h"
#include "store/retired_log.h"

namespace foretell {
namespace {

// What is missing of a purged version was given up, which is no damage.
void ThrowIfPurged(Store& store, const Manifest& manifest) {
  const std::optional<VersionEntry> retired = store.Retired(manifest.name, manifest.version);
  if (retired && retired->kind == "purged") {
    ThrowPurged(manifest.name, manifest.version, *retired);
  }
}

}  // namespace

OpenedFiles OpenFiles(Store& store, const Manifest& manifest,
                      const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                      const std::filesystem::path& cache) {
  const Cache files(cache.empty() ? DefaultCachePath() : cache);
  const std::string whose = manifest.name + "@" + std::to_string(manifest.version);
  std::uint64_t total = 0;
  for (const FileEntry& file : manifest.files) {
    total += file.size;
  }
  OpenedFiles opened;
  std::uint64_t done = 0;
  for (const FileEntry& file : manifest.files) {
    if (progress) {
      progress(done, total);
    }
    try {
      opened.paths[file.path] = files.Fetch(store.storage(), file, whose);
    } catch (const Error& error) {
      if (error.code() == Code::kMissingBlob) {
        ThrowIfPurged(store, manifest);
      }
      throw;
    }
    done += file.size;
  }
  if (progress) {
    progress(done, total);
  }
  return opened;
}

}  // namespace foretell
