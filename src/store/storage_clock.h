// Time as the storage tells it. Ages of objects are never measured by a machine's own clock.
#pragma once

#include <cstdint>

#include "foretell/storage.h"

namespace foretell {

// Nanoseconds since the epoch: the time of an object that is written for this, and removed again.
std::int64_t StorageNow(Storage& storage);

}  // namespace foretell
