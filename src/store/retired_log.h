// The log of a version: in-use (an alias is about to name it), retired, restored, purged. The last
// entry decides; nothing follows purged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "foretell/storage.h"

namespace foretell {

struct RetiredState {
  std::int64_t last = 0;        // the number of the last entry
  bool retired = false;         // or purged
  std::string kind, who, when;  // of the last entry
};

// Damage throws FT0406.
RetiredState ReadRetired(Storage& storage, std::string_view name, std::int64_t version);
// All entries, for verify: as above for every one of them.
void CheckRetiredLog(Storage& storage, std::string_view name, std::int64_t version);

// Appends `in-use`, so that a retirement and a move of an alias cannot both win. FT0412 when the
// version is retired.
void MarkInUse(Storage& storage, std::string_view name, std::int64_t version, std::string_view alias,
               std::string_view who, std::string_view why);

}  // namespace foretell
