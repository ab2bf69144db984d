#include "foretell/error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <utility>

namespace foretell {

std::string CodeText(Code code) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "FT%04u", static_cast<unsigned>(code));
  return text.data();
}

Error::Error(Code code, std::string message, std::string hint)
    : code_(code),
      message_(std::move(message)),
      hint_(std::move(hint)),
      what_(CodeText(code) + ": " + message_) {}

std::optional<CatalogueEntry> Explain(std::string_view code) {
  if (code.size() >= 2 && std::toupper(code[0]) == 'F' && std::toupper(code[1]) == 'T') {
    code.remove_prefix(2);
  }
  const bool digits = !code.empty() && code.size() <= 4 &&
                      std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    return std::nullopt;
  }
  unsigned number = 0;
  for (const char c : code) {
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  for (const CatalogueEntry& entry : Catalogue()) {
    if (static_cast<unsigned>(entry.code) == number) {
      return entry;
    }
  }
  return std::nullopt;
}

}  // namespace foretell
