// A version's files on this machine, verified; and a version as a predictor, where it needs no Python.
//
//   Store store(OpenStorage("./models"));
//   OpenedVersion live = Open(store, "EventTopics@production");
//   Batches topics = Map(std::move(events), *live.predictor, {.version = live.manifest.version});
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "foretell/predictor.h"
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

struct OpenedVersion {
  Manifest manifest;
  std::shared_ptr<const Predictor> predictor;
};

// A version that holds no code: one that ft.TextPredictor saved. Its model is mapped, checked, and its
// self-test replayed. The reference is as ParseReference takes it; `progress` and `cache` are as above.
// FT0501 for a version of Python code; FT0105, FT0401 to FT0403, FT0506, FT0507.
OpenedVersion Open(Store& store, std::string_view reference,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress = {},
                   const std::filesystem::path& cache = {});

}  // namespace foretell
