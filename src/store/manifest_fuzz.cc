// Any bytes as a manifest: an Error, or one that is sound and is written again as what it was.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "foretell/store.h"
#include "store/fuzz_text.h"
#include "store/layout.h"
#include "store/manifest.h"

namespace foretell {
namespace {

void ReadAsManifest(std::string document) {
  const Manifest manifest = ReadManifest(std::move(document), "Name", 1, "here");
  for (const FileEntry& file : manifest.files) {
    ValidatePath(file.path);
    ValidateKey(file.blob);
    Require(IsBlobKeyOf(file.blob, file.sha256));
  }
  Require(ReadManifest(manifest.document, "name", 1, "here").sha256 == manifest.sha256);
}

}  // namespace
}  // namespace foretell

// An object without a seal is sealed first, so that the reader behind it is reached.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    foretell::ReadAsManifest(foretell::Sealed({reinterpret_cast<const char*>(data), size}));
  } catch (const foretell::Error& error) {
    foretell::Require(error.code() == foretell::Code::kBadManifest ||
                      error.code() == foretell::Code::kNewerFormat);
  }
  return 0;
}
