#include "foretell/storage.h"

#include <algorithm>
#include <cctype>

#include "foretell/error.h"
#include "store/file/file_storage.h"
#include "store/layout.h"
#include "store/memory/memory_storage.h"

namespace foretell {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

[[noreturn]] void Refuse(std::string_view url, const std::string& why) {
  throw Error(Code::kUnsupportedStorage, "the storage '" + std::string(url) + "' " + why,
              "give a directory, file:///path or memory://name");
}

std::string PercentDecoded(std::string_view text, std::string_view url) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      Refuse(url, "has a '%' that two hexadecimal digits do not follow");
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

// Absolute, so that a later change of the working directory changes nothing, and without "." and
// "..". Links are resolved only where ".." makes that necessary: a path is known by its given name.
std::filesystem::path Root(std::string_view text, std::string_view url) {
  if (text.empty() || text.find('\0') != std::string_view::npos) {
    Refuse(url, "names no directory");
  }
  const std::filesystem::path given(text);
  const auto require_utf8 = [](const std::filesystem::path& path) {
    if (!HoldsUtf8(path.string())) {
      throw Error(Code::kInvalidPath, "the path '" + path.string() + "' is not valid UTF-8",
                  "stores and outputs are named in UTF-8: choose another folder, or rename it");
    }
  };
  require_utf8(given);
  const bool climbs = std::any_of(given.begin(), given.end(), [](const auto& part) { return part == ".."; });
  std::error_code error;
  std::filesystem::path root = std::filesystem::absolute(given, error);
  if (!error) {
    root = climbs ? std::filesystem::weakly_canonical(root, error) : root.lexically_normal();
  }
  if (error) {
    throw Error(Code::kIo, "cannot tell the absolute path of '" + std::string(url) + "': " + error.message());
  }
  require_utf8(root);  // the working directory may be named in any way
  return root.has_filename() || root == root.root_path() ? root : root.parent_path();
}

}  // namespace

std::shared_ptr<Storage> OpenStorage(std::string_view url) {
  const std::size_t mark = url.find("://");
  const bool has_scheme =
      mark != std::string_view::npos && mark > 0 &&
      std::all_of(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(mark),
                  [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; });
  if (!has_scheme) {
    return std::make_shared<FileStorage>(Root(url, url));
  }
  const std::string_view scheme = url.substr(0, mark);
  std::string_view rest = url.substr(mark + 3);
  if (scheme == "memory") {
    if (rest.empty()) {
      Refuse(url, "has no name");
    }
    return OpenMemoryStorage(rest);
  }
  if (scheme == "file") {
    if (rest.starts_with("localhost/")) {
      rest.remove_prefix(std::string_view("localhost").size());
    }
    if (!rest.starts_with('/')) {
      Refuse(url, "names a host; file URLs are written file:///path");
    }
    return std::make_shared<FileStorage>(Root(PercentDecoded(rest, url), url));
  }
  Refuse(url, "has the scheme '" + std::string(scheme) + "', which is not known");
}

}  // namespace foretell
