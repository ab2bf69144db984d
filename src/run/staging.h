// The files of an attempt: whole or not, linked from one attempt to another, removed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "foretell/unit.h"

namespace foretell::run {

// The local folder of an attempt that was started; nothing where the storage is not local.
std::optional<std::filesystem::path> StagingPath(Storage& storage, std::int64_t unit,
                                                 const std::string& attempt);

// Why a part is not whole in an attempt's staging, empty when it is. Syncs its files and their
// folders on a local output, so that what is recorded next is true after a power cut.
std::string WhyNotWhole(Storage& storage, std::int64_t unit, const std::string& attempt, const Part& part);

// Links (or copies) the files of a whole part from one attempt's staging to another's. False, with
// nothing left behind, when they are not, or no longer, whole.
bool LinkPart(Storage& storage, std::int64_t unit, const std::string& from, const std::string& to,
              const Part& part);

// Removes everything below a staging folder, and on a local output the folder.
void RemoveStaging(Storage& storage, const std::string& folder);

}  // namespace foretell::run
