// The manifest of a version: made from a draft, and read back strictly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "foretell/store.h"

namespace foretell {

// The draft's own members, checked: a JSON object of at most 64 levels that names no reserved key
// (format, name, version, attempt_id, created, files, body_sha256). FT0101.
void ValidateFields(std::string_view fields);

// The bytes of versions/<name>/<version>.json.
std::string WriteManifest(std::string_view name, std::int64_t version, std::string_view attempt_id,
                          std::string_view created, const std::vector<FileEntry>& files,
                          std::string_view fields);

// Reads what a storage gave for that name and version. `where` names the file in messages. Throws
// FT0407 for a newer format, FT0406 when it is damaged, of another name or version, or names what
// is not allowed (a path, a blob). The name may differ in case: see Manifest::name.
Manifest ReadManifest(std::string document, std::string_view name, std::int64_t version,
                      std::string_view where);

}  // namespace foretell
