#include <map>
#include <mutex>
#include <set>

#include "foretell/unit.h"
#include "run/layout.h"
#include "run/log.h"
#include "run/record.h"
#include "run/session.h"
#include "run/staging.h"
#include "store/commit.h"

namespace foretell {

using namespace run;  // NOLINT(google-build-using-namespace): this file is of that layer

namespace {

// Whether an attempt was started under this very pin; another may have had its number, and been lost.
bool IsUnderPin(Storage& storage, std::int64_t unit, const std::string& attempt, const Pin& pin) {
  const std::string key = AttemptKey(unit, attempt);
  const std::optional<std::string> text = ReadRecord(storage, key, kMaxSmallRecord);
  if (!text) return false;
  const StagedRecord record = DecodeAttempt(key, *text, unit);
  if (record.attempt != attempt) {
    throw Error(Code::kBadUnitLog, key + " is damaged: it contradicts its key",
                "delete the file; the attempt's parts are scored again");
  }
  return record.pin == pin.sequence && (record.pin_id.empty() || record.pin_id == pin.id);
}

}  // namespace

struct Attempt::Finished {
  std::mutex mutex;
  std::vector<Part> parts;

  bool Has(std::int64_t split) const {
    for (const Part& part : parts) {
      if (part.split == split) return true;
    }
    return false;
  }
  // A file of `part` that another part has already; empty when there is none.
  std::string Shared(const Part& part) const {
    const std::set<std::string> names(part.files.begin(), part.files.end());
    for (const Part& other : parts) {
      for (const std::string& file : other.files) {
        if (names.contains(file)) return file;
      }
    }
    return {};
  }
};

std::string Attempt::staging_key() const {
  return StagingFolder(unit_, id_);
}

std::optional<std::filesystem::path> Attempt::staging_path() const {
  return StagingPath(*session_->storage, unit_, id_);
}

std::vector<Part> Attempt::parts() const {
  const std::lock_guard lock(finished_->mutex);
  return finished_->parts;
}

void Attempt::Record(const Part& part) {
  const std::string key = PartKey(unit_, id_, part.split);
  const Stamp stamp = NewStamp();
  if (!CreateRecord(*session_->storage, key, EncodePart(unit_, {id_, pin_.sequence, part}, stamp), stamp)) {
    throw Error(Code::kBadUnitLog, key + " is there already: the id of an attempt was used twice");
  }
  finished_->parts.push_back(part);
}

std::vector<Part> Attempt::Adopt() {
  Storage& storage = *session_->storage;
  std::vector<Part> adopted;
  std::map<std::string, bool> started;  // by attempt: under this pin
  const auto started_under_this_pin = [&](const std::string& attempt) {
    const auto [found, is_new] = started.try_emplace(attempt, false);
    if (is_new) found->second = IsUnderPin(storage, unit_, attempt, pin_);
    return found->second;
  };
  for (const ObjectInfo& info : storage.List(UnitStagingFolder(unit_))) {
    const std::optional<StagingKey> key = ParseStagingKey(info.key);
    if (!key || !key->part || key->attempt == id_) continue;
    const std::lock_guard lock(finished_->mutex);
    if (finished_->Has(*key->part)) continue;  // most of what attempts before the last one left
    if (!started_under_this_pin(key->attempt)) continue;
    const std::optional<std::string> text = ReadRecord(storage, info.key, kMaxPartRecord);
    if (!text) continue;  // its attempt lost meanwhile, and cleaned up
    const StagedRecord record = DecodePart(info.key, *text, unit_);
    if (record.attempt != key->attempt || record.part.split != *key->part || record.pin != pin_.sequence) {
      throw Error(Code::kBadUnitLog, info.key + " is damaged: it contradicts its key",
                  "delete the file; its part is scored again");
    }
    if (!finished_->Shared(record.part).empty()) continue;
    if (!LinkPart(storage, unit_, record.attempt, id_, record.part)) continue;
    Record(record.part);
    adopted.push_back(record.part);
  }
  return adopted;
}

void Attempt::FinishPart(const Part& part) {
  CheckPart(part);
  const std::string name = "part " + std::to_string(part.split);
  const std::lock_guard lock(finished_->mutex);
  if (finished_->Has(part.split)) throw Error(Code::kInvalidArgument, name + " was finished before");
  const std::string shared = finished_->Shared(part);
  if (!shared.empty()) {
    throw Error(Code::kInvalidArgument, name + " names '" + shared + "', which another part has already");
  }
  Storage& storage = *session_->storage;
  std::string why = WhyNotWhole(storage, unit_, id_, part);
  if (!why.empty()) why = "is not whole: " + why;
  for (const std::string& file : part.files) {
    // Found now, while another name can be chosen, and not when its commit is to be published.
    if (why.empty() && storage.Stat(file)) why = "names '" + file + "', which the output has already";
  }
  if (!why.empty()) {
    if (ReadUnitLog(storage, unit_).commit) {
      throw Error(Code::kUnitConflict,
                  "unit " + std::to_string(unit_) + " was committed meanwhile, by another attempt",
                  "start the run again to go on from there");
    }
    throw Error(Code::kInvalidArgument, name + " " + why);
  }
  Record(part);
}

bool IsOfVersion(Code code) {
  switch (code) {
    case Code::kNoLoader:
    case Code::kCannotLoad:
    case Code::kModelDamaged:
      return true;
    case Code::kInterrupted:
      return false;
    default:
      const int range = static_cast<int>(code) / 100;
      return range == 3 || range == 8;
  }
}

bool Attempt::Fail(const Error& why) {
  if (!IsOfVersion(why.code())) return false;
  const Stamp stamp = NewStamp();
  const Failure failure{id_, pin_.sequence, CodeText(why.code()), why.message()};
  // False: it was counted before.
  (void)CreateRecord(*session_->storage, FailedKey(unit_, pin_.sequence, id_),
                     EncodeFailed(unit_, failure, stamp), stamp);
  return true;
}

Attempt Unit::Start() {
  RequireWriter(*session_, "an attempt");
  Storage& storage = *session_->storage;
  const std::int64_t expected = pin_.sequence;
  UnitLog log = ReadUnitLog(storage, number_);
  const std::vector<Failure> failures = std::move(log.failures);
  Take(std::move(log));
  const std::string unit = "unit " + std::to_string(number_);
  if (commit_) {
    throw Error(Code::kUnitConflict, unit + " is committed, by attempt " + commit_->attempt_id,
                "start the run again to go on from there");
  }
  if (pin_.sequence != expected) {
    throw Error(Code::kUnitConflict,
                unit + " was pinned anew meanwhile, to version " + std::to_string(pin_.version),
                "start the run again to go on with that version");
  }
  if (failures.size() >= kMostFailures) {
    const std::string version = std::to_string(pin_.version);
    throw Error(Code::kUnitFailed,
                unit + " failed " + std::to_string(failures.size()) + " times by version " + version +
                    ", the last time with " + failures.back().code + ": " + failures.back().reason,
                "foretell pin set " + storage.url() + " " + std::to_string(number_) +
                    " VERSION --why …  # another version, or " + version + " again once the cause is gone");
  }
  // What is scored under a pin is not to outlive it: another pin may then have its number.
  storage.MakeDurable(EntryKey(number_, pin_.sequence));
  Attempt attempt;
  attempt.session_ = session_;
  attempt.finished_ = std::make_shared<Attempt::Finished>();
  attempt.unit_ = number_;
  attempt.id_ = NextAttemptId(*session_);
  attempt.pin_ = pin_;
  const std::string key = AttemptKey(number_, attempt.id_);
  const Stamp stamp = NewStamp();
  if (!CreateRecord(storage, key, EncodeAttempt(number_, {attempt.id_, pin_.sequence, {}, pin_.id}, stamp),
                    stamp)) {
    throw Error(Code::kBadUnitLog, key + " is there already: the id of an attempt was used twice");
  }
  return attempt;
}

}  // namespace foretell
