// What an open output, its units and their attempts share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "foretell/storage.h"
#include "run/lock.h"
#include "run/record.h"

namespace foretell::run {

struct Session {
  explicit Session(std::shared_ptr<Storage> where) : storage(std::move(where)) {}

  std::shared_ptr<Storage> storage;
  std::unique_ptr<OutputLock> lock;
  std::int64_t epoch = 0;                     // 0: open for reading only
  std::atomic<std::int64_t> attempts{0};      // started in this epoch
  std::atomic<std::int64_t> published_to{0};  // units up to here are known to be published
};

// The id of one more attempt of this epoch; never used again.
std::string NextAttemptId(Session& session);

// FT0101 unless the output was opened for writing.
void RequireWriter(const Session& session, const char* what);

// Creates a record stamped with `stamp`. False: another's is there. FT0405 when it cannot be known;
// nothing was deleted.
bool CreateRecord(Storage& storage, const std::string& key, const std::string& body, const Stamp& stamp);

// The record, or nothing when it is absent; FT0607 when it has more than `limit` bytes.
std::optional<std::string> ReadRecord(Storage& storage, const std::string& key, std::size_t limit);

}  // namespace foretell::run
