// A folder of entries 1.json, 2.json … to which one more is created, never changed, never removed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "foretell/error.h"
#include "foretell/storage.h"
#include "store/commit.h"

namespace foretell {

// What is there, ascending. A number that a listing left out though a later one was in it (it was
// created while the storage listed) is looked up, so that a gap in the result is a gap on disk.
std::vector<std::int64_t> Numbers(Storage& storage, std::string_view folder, std::int64_t after = 0);

// The folders directly below `folder`, in order.
std::vector<std::string> Folders(Storage& storage, const std::string& folder);

// The names, in lower case, that have a folder directly below `folder`; folders of somebody else's are left
// out.
std::vector<std::string> NamesBelow(Storage& storage, const std::string& folder);

// The first number that is missing from 1 to the last; 0 when none is.
std::int64_t FirstGap(const std::vector<std::int64_t>& numbers);

// The log of a version, 1 to the last: `damaged` when one is missing. `entry` is what the folder's are
// called.
std::vector<std::int64_t> WholeLog(Storage& storage, std::string_view folder, std::string_view entry,
                                   Code damaged);

// Creates entry `number` as CommitObject does, once the one before is durable: no power cut leaves a gap.
Committed CommitNumbered(Storage& storage, std::string_view folder, std::int64_t number,
                         std::string_view body, std::string_view attempt_id);

// What is kept under the key of an entry: `damaged` when nothing is.
std::string ReadNumbered(Storage& storage, const std::string& key, Code damaged);

}  // namespace foretell
