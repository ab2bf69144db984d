#include "run/session.h"

#include "foretell/error.h"
#include "run/layout.h"
#include "store/commit.h"

namespace foretell::run {

std::string NextAttemptId(Session& session) {
  return AttemptId(session.epoch, ++session.attempts, NewAttemptId().substr(0, 16));
}

void RequireWriter(const Session& session, const char* what) {
  if (session.epoch > 0) return;
  throw Error(
      Code::kInvalidArgument,
      std::string(what) + " needs an output that was opened for writing; this one was opened for reading");
}

bool CreateRecord(Storage& storage, const std::string& key, const std::string& body, const Stamp& stamp) {
  return CommitObject(storage, key, body, stamp.id).ours;
}

std::optional<std::string> ReadRecord(Storage& storage, const std::string& key, std::size_t limit) {
  const std::optional<ObjectInfo> info = storage.Stat(key);
  if (!info) return std::nullopt;
  if (info->size > limit) {
    throw Error(Code::kBadUnitLog,
                key + " is damaged: it has " + std::to_string(info->size) + " bytes, at most " +
                    std::to_string(limit) + " are expected",
                "restore it from a copy, or run into a new output");
  }
  return storage.Read(key);
}

}  // namespace foretell::run
