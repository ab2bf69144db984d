#include "foretell/unit.h"

#include <utility>

#include "run/layout.h"
#include "run/log.h"
#include "run/record.h"
#include "run/session.h"
#include "run/staging.h"

namespace foretell {

namespace {

// Moves a committed file into place, or finds it there. Why not, empty when it is.
std::string WhyNotMoved(Storage& storage, const std::string& from, const std::string& to,
                        std::uint64_t size) {
  try {
    if (!storage.Move(from, to)) return "is neither in place nor in staging";
  } catch (const Error& error) {
    if (error.code() != Code::kConflict) throw;
    return "is still in staging while another file has its name";
  }
  const std::optional<ObjectInfo> info = storage.Stat(to);
  if (!info) return "was moved into place and is gone";
  if (info->size == size) return {};
  return "has " + std::to_string(info->size) + " bytes, not " + std::to_string(size);
}

}  // namespace

using namespace run;  // NOLINT(google-build-using-namespace): this file is of that layer

Unit::Unit(std::shared_ptr<Session> session, std::int64_t number, UnitLog log)
    : session_(std::move(session)), number_(number) {
  Take(std::move(log));
}

void Unit::Take(UnitLog log) {
  if (log.pins.empty()) {
    throw Error(Code::kBadUnitLog, UnitFolder(number_) + " has lost its pin",
                "restore it from a copy, or run into a new output");
  }
  pin_ = std::move(log.pins.back());
  commit_ = std::move(log.commit);
  published_ = log.published;
}

bool Unit::Commit(const Attempt& attempt) {
  RequireWriter(*session_, "a commit");
  if (attempt.unit_ != number_) {
    throw Error(Code::kInvalidArgument, "attempt " + attempt.id() + " is of unit " +
                                            std::to_string(attempt.unit_) + ", not " +
                                            std::to_string(number_));
  }
  Storage& storage = *session_->storage;
  foretell::Commit commit;
  commit.attempt_id = attempt.id();
  commit.epoch = attempt.session_->epoch;
  commit.parts = attempt.parts();
  for (const Part& part : commit.parts) commit.counts += part.counts;
  commit.sequence = attempt.pin().sequence + 1;
  const Stamp stamp = NewStamp();
  const bool created = CreateRecord(storage, EntryKey(number_, commit.sequence),
                                    EncodeCommit(commit, number_, attempt.pin().sequence, stamp), stamp);
  Take(ReadUnitLog(storage, number_));
  if (commit_ && commit_->attempt_id == attempt.id()) return true;
  if (created) {
    throw Error(Code::kBadUnitLog, EntryKey(number_, commit.sequence) + " was created and is not there",
                "the storage does not keep what it promised; do not use it for outputs");
  }
  // Only now, with another's commit in hand, is what this attempt wrote known to be garbage.
  if (commit_) RemoveStaging(storage, attempt.staging_key());
  return false;
}

void Unit::Publish() {
  RequireWriter(*session_, "publishing");
  Storage& storage = *session_->storage;
  if (!commit_) Take(ReadUnitLog(storage, number_));
  if (!commit_) {
    throw Error(Code::kInvalidArgument, "unit " + std::to_string(number_) + " has no commit to publish");
  }
  // Files in place are not to outlive their commit.
  storage.MakeDurable(EntryKey(number_, commit_->sequence));
  const auto is_published = [&] { return storage.Stat(PublishedKey(number_)).has_value(); };
  published_ = published_ || is_published();
  for (const Part& part : commit_->parts) {
    for (std::size_t i = 0; i < part.files.size() && !published_; ++i) {
      const std::string why = WhyNotMoved(storage, StagedKey(number_, commit_->attempt_id, part.files[i]),
                                          part.files[i], part.sizes[i]);
      if (why.empty()) continue;
      // Another publisher may have finished, and a person removed or replaced the file since.
      published_ = is_published();
      if (published_) break;
      throw Error(Code::kBadUnitLog,
                  "unit " + std::to_string(number_) + " committed '" + part.files[i] + "', which " + why,
                  "restore the file from a copy, or run into a new output");
    }
  }
  if (!published_) {
    // False: another publisher did the same.
    const Stamp stamp = NewStamp();
    (void)CreateRecord(storage, PublishedKey(number_), EncodePublished(number_, *commit_, stamp), stamp);
    published_ = true;
  }
  RemoveStaging(storage, UnitStagingFolder(number_));
}

}  // namespace foretell
