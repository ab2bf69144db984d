// A version's files on this machine, verified.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "foretell/store.h"

namespace foretell {

struct OpenedFiles {
  // By the path within the version. Read-only; where the store is on a local file system these are
  // the store's own files.
  std::map<std::string, std::filesystem::path> paths;
};

// Every file of the manifest, by its digest: a mixture of two versions is impossible. `progress` is
// told the bytes ready and in all, and may throw to stop. `cache`: the folder for verified
// copies; "": FORETELL_CACHE, else $XDG_CACHE_HOME/foretell, else ~/.cache/foretell. FT0408, FT0409, FT0504,
// FT09xx.
OpenedFiles OpenFiles(Store& store, const Manifest& manifest,
                      const std::function<void(std::uint64_t, std::uint64_t)>& progress = {},
                      const std::filesystem::path& cache = {});

}  // namespace foretell
