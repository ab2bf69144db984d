// The reports on a version: entries 1..k without gaps, each naming the digest of the manifest that it is
// about. What a report says is the business of those who write and read it.
#pragma once

#include <vector>

#include "foretell/storage.h"
#include "foretell/store.h"

namespace foretell {

// Every report on the version, oldest first. FT0418 when one is damaged, missing or about other bytes.
std::vector<Report> ReadReports(Storage& storage, const Manifest& manifest);

}  // namespace foretell
