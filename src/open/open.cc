#include "foretell/open.h"

#include "cache/cache.h"

namespace foretell {

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
    opened.paths[file.path] = files.Fetch(store.storage(), file, whose);
    done += file.size;
  }
  if (progress) {
    progress(done, total);
  }
  return opened;
}

}  // namespace foretell
