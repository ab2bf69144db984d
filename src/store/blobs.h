// The bytes that manifests name.
#pragma once

#include <string_view>

#include "foretell/storage.h"
#include "foretell/store.h"

namespace foretell {

// Looks at a blob without reading it: FT0408 when it is missing, FT0409 when its size is wrong.
// `whose` is "EventTopics@3".
void CheckBlob(Storage& storage, const FileEntry& file, std::string_view whose);
// Reads every byte of it, too: FT0409 when its digest is wrong.
void VerifyBlob(Storage& storage, const FileEntry& file, std::string_view whose);

[[noreturn]] void ThrowMissingBlob(Storage& storage, const FileEntry& file, std::string_view whose);
[[noreturn]] void ThrowDamagedBlob(Storage& storage, const FileEntry& file, std::string_view whose);

}  // namespace foretell
