// Any bytes as a name, an alias, a path within a version, a key, NAME@SELECTOR: refused by the code of its
// grammar, or good wherever it is used.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "foretell/store.h"
#include "store/fuzz_text.h"
#include "store/layout.h"

namespace foretell {
namespace {

template <typename Check>
bool Good(Code refusal, Check&& check) {
  try {
    check();
    return true;
  } catch (const Error& error) {
    Require(error.code() == refusal);
    return false;
  }
}

void Check(std::string_view text) {
  const bool name = Good(Code::kInvalidName, [&] { ValidateName(text); });
  const bool alias = Good(Code::kInvalidAlias, [&] { ValidateAlias(text); });
  if (name) {
    ValidateKey(VersionKey(text, 1));
    ValidateKey(AliasKey(text, "production", 1));
    ValidateKey(NumberedKey(RetiredFolder(text, 1), 1));
    Require(NameOfSegment(VersionFolder(text).substr(VersionsFolder().size() + 1)) == FoldCase(text));
    const Reference numbered = ParseReference(std::string(text) + "@1");
    Require(numbered.name == text && numbered.selector == "1");
    Require(ParseReference(text).selector == "latest");
  }
  if (alias) {
    ValidateKey(AliasKey("name", text, 1));
    Require(ParseReference("name@" + std::string(text)).selector == text);
  }
  if (Good(Code::kInvalidReference, [&] { static_cast<void>(ParseReference(text)); })) {
    const Reference reference = ParseReference(text);
    ValidateName(reference.name);
    Require(ParseReference(reference.name + "@" + reference.selector).selector == reference.selector);
  }
  if (Good(Code::kInvalidPath, [&] { ValidatePath(text); })) {
    Require(HoldsUtf8(text) && text.front() != '/' && text.find("//") == std::string_view::npos);
    Require(("/" + std::string(text) + "/").find("/../") == std::string::npos);
  }
  if (Good(Code::kInvalidPath, [&] { ValidateKey(text); })) {
    ValidatePath(text);  // no key is looser than a path
    Require(text.front() != '.' && text.find("/.") == std::string_view::npos);
  }
  if (const auto number = ParseNumber(text)) {
    Require(NumberText(*number) == text);
  }
}

}  // namespace
}  // namespace foretell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  foretell::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
