// Any bytes as a manifest, an alias entry, a name, a path, a reference: an Error or a sound result,
// never anything else. The first byte chooses.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "foretell/store.h"
#include "store/alias_log.h"
#include "store/layout.h"
#include "store/manifest.h"
#include "store/sealed.h"

namespace foretell {
namespace {

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// Gives the text a right first line, so that the reader behind it is reached.
std::string Sealed(std::string_view text) {
  try {
    return Seal(ParseShallow(text));
  } catch (const nlohmann::json::exception&) {
    return std::string(text);
  }
}

void ReadAsManifest(std::string document) {
  const Manifest manifest = ReadManifest(std::move(document), "Name", 1, "here");
  for (const FileEntry& file : manifest.files) {
    ValidatePath(file.path);
    ValidateKey(file.blob);
    Require(IsBlobKeyOf(file.blob, file.sha256));
  }
}

void Names(std::string_view text) {
  try {
    ValidateName(text);
    ValidateKey(VersionKey(text, 1));
    Require(NameOfSegment(VersionFolder(text).substr(VersionsFolder().size() + 1)) == FoldCase(text));
    Require(ParseReference(std::string(text) + "@1").name == text);
  } catch (const Error& error) {
    Require(error.code() == Code::kInvalidName);
  }
  try {
    ValidateAlias(text);
    ValidateKey(AliasKey("n", text, 1));
  } catch (const Error& error) {
    Require(error.code() == Code::kInvalidAlias);
  }
}

void Fuzz(std::uint8_t choice, std::string_view text) {
  switch (choice % 6) {
    case 0:
      return ReadAsManifest(std::string(text));
    case 1:
      return ReadAsManifest(Sealed(text));
    case 2:
      static_cast<void>(ReadAliasEntry(Sealed(text), "Name", "live", 2, "here"));
      return;
    case 3:
      return Names(text);
    case 4:
      return ValidatePath(text);
    default:
      static_cast<void>(ParseReference(text));
  }
}

}  // namespace
}  // namespace foretell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  try {
    foretell::Fuzz(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  } catch (const foretell::Error&) {
    return 0;  // refused
  }
  return 0;
}
