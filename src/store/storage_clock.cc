#include "store/storage_clock.h"

#include <optional>
#include <string>

#include "foretell/error.h"
#include "store/commit.h"
#include "store/layout.h"

namespace foretell {

std::int64_t StorageNow(Storage& storage) {
  const std::string attempt_id = NewAttemptId();
  const std::string key = ProbeKey(attempt_id, 0);
  CommitObject(storage, key, "{\"attempt_id\":\"" + attempt_id + "\"}\n", attempt_id);
  const std::optional<ObjectInfo> written = storage.Stat(key);
  if (!written) {
    throw Error(Code::kIo, "the object " + key + ", just written to " + storage.url() + ", is not there",
                "does something remove files from the store?");
  }
  storage.Delete(key);
  return written->modified_ns;
}

}  // namespace foretell
