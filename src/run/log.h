// The log of one unit, read whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "foretell/unit.h"
#include "run/record.h"

namespace foretell::run {

inline constexpr std::size_t kMostFailures = 3;

struct UnitLog {
  std::vector<Pin> pins;         // in order; empty when the unit is not pinned
  std::optional<Commit> commit;  // under the last pin; nothing follows it
  bool published = false;
  std::vector<Failure> failures;  // of attempts under the last pin, the latest last
};

// Every document of the log is read. FT0607 for a gap or a contradiction, and for a name that has no
// place there.
UnitLog ReadUnitLog(Storage& storage, std::int64_t unit);

// The same from a listing of the unit's folder that the caller made.
UnitLog ReadUnitLog(Storage& storage, std::int64_t unit, std::span<const ObjectInfo> listed);

}  // namespace foretell::run
