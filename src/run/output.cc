#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

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

void CheckMode(const std::string& mode) {
  if (mode == "bounded" || mode == "incremental" || mode == "stream") return;
  throw Error(Code::kInvalidArgument,
              "a run's mode is 'bounded', 'incremental' or 'stream', not '" + mode + "'");
}

std::optional<Lineage> ReadLineage(Storage& storage) {
  const std::optional<std::string> text = ReadRecord(storage, LineageKey(), kMaxSmallRecord);
  if (!text) return std::nullopt;
  return DecodeLineage(LineageKey(), *text);
}

Lineage CreateLineage(Storage& storage, const Lineage& wanted) {
  for (const ObjectInfo& info : storage.List("")) {
    if (info.key.starts_with(std::string(kOwnFolder) + "/")) continue;  // a first start that was cut short
    throw Error(Code::kBadOutput,
                "'" + storage.url() + "' is not the output of a run: it holds '" + info.key + "' and no " +
                    LineageKey(),
                "choose an empty or a new folder for the output");
  }
  ProbeStorage(storage, kOwnFolder);
  const Stamp stamp = NewStamp();
  (void)CreateRecord(storage, LineageKey(), EncodeLineage(wanted, stamp), stamp);
  std::optional<Lineage> lineage = ReadLineage(storage);  // ours, or that of whoever was faster
  if (!lineage) throw Error(Code::kBadUnitLog, LineageKey() + " was created and is not there");
  return *std::move(lineage);
}

void CheckLineage(Storage& storage, const Lineage& found, const Lineage& wanted) {
  const auto refuse = [&](const char* what, const std::string& has, const std::string& asked) {
    throw Error(
        Code::kOtherLineage,
        "the output '" + storage.url() + "' belongs to " + what + " '" + has + "', not '" + asked + "'",
        "choose another output");
  };
  if (found.predictor != wanted.predictor) refuse("predictor", found.predictor, wanted.predictor);
  if (found.store != wanted.store) refuse("store", found.store, wanted.store);
  if (found.mode != wanted.mode) {
    throw Error(Code::kBadOutput,
                "the output '" + storage.url() + "' is of a run of mode '" + found.mode + "', not '" +
                    wanted.mode + "'",
                (found.mode == "incremental" ? std::string("run it with --incremental")
                 : found.mode == "bounded"   ? "run it without --incremental"
                                             : "run it in mode '" + found.mode + "'") +
                    ", or choose another output");
  }
}

std::int64_t TakeEpoch(Storage& storage) {
  std::int64_t number = 0;
  for (const ObjectInfo& info : storage.List(EpochsFolder())) {
    const std::optional<std::int64_t> found = ParseEpochKey(info.key);
    if (!found) throw Error(Code::kBadUnitLog, info.key + " has no place among the epochs");
    number = std::max(number, *found);
  }
  if (number > 0) {
    const std::optional<std::string> text = ReadRecord(storage, EpochKey(number), kMaxSmallRecord);
    if (text && DecodeEpoch(EpochKey(number), *text).number != number) {
      throw Error(Code::kBadUnitLog, EpochKey(number) + " is damaged: it contradicts its key",
                  "restore it from a copy, or run into a new output");
    }
  }
  while (true) {
    const Stamp stamp = NewStamp();
    const Epoch epoch{++number, getpid(), HostName(), stamp.when};
    if (CreateRecord(storage, EpochKey(number), EncodeEpoch(epoch, stamp), stamp)) return number;
  }
}

// What an interrupted publisher, or an attempt that woke up late, left of units that are done.
void SweepStaging(Storage& storage) {
  std::set<std::int64_t> units;
  for (const ObjectInfo& info : storage.List(AllStagingFolder())) {
    const std::optional<StagingKey> key = ParseStagingKey(info.key);
    if (key) units.insert(key->unit);
  }
  for (const std::int64_t unit : units) {
    if (storage.Stat(PublishedKey(unit))) RemoveStaging(storage, UnitStagingFolder(unit));
  }
}

std::int64_t UnitOf(const ObjectInfo& info) {
  const std::optional<UnitKey> key = ParseUnitKey(info.key);
  if (!key) throw Error(Code::kBadUnitLog, info.key + " has no place in the log of a unit");
  return key->unit;
}

void CheckUnitNumber(std::int64_t number) {
  if (number >= 1 && number <= 999'999'999'999) return;
  throw Error(Code::kInvalidArgument, "units are numbered from 1, not " + std::to_string(number));
}

}  // namespace

Output::Output(std::shared_ptr<Session> session, Lineage lineage)
    : session_(std::move(session)), lineage_(std::move(lineage)) {}

std::int64_t Output::epoch() const {
  return session_->epoch;
}

Output Output::Open(std::shared_ptr<Storage> storage, const Lineage& lineage) {
  if (lineage.predictor.empty()) throw Error(Code::kInvalidArgument, "an output needs a predictor's name");
  CheckMode(lineage.mode);
  auto session = std::make_shared<Session>(std::move(storage));
  Storage& outputs = *session->storage;
  std::optional<Lineage> found = ReadLineage(outputs);
  if (!found) found = CreateLineage(outputs, lineage);
  CheckLineage(outputs, *found, lineage);
  if (const std::optional<std::filesystem::path> local = outputs.LocalPath(LineageKey())) {
    session->lock = std::make_unique<OutputLock>(local->parent_path() / kLockName, outputs.url());
  }
  session->epoch = TakeEpoch(outputs);
  SweepStaging(outputs);
  return {std::move(session), *std::move(found)};
}

void Output::Close() {
  session_->lock.reset();
}

Output Output::Read(std::shared_ptr<Storage> storage) {
  std::optional<Lineage> found = ReadLineage(*storage);
  if (!found) {
    throw Error(Code::kNoSuchRun,
                "'" + storage->url() + "' is not the output of a run: it has no " + LineageKey(),
                "check the path");
  }
  return {std::make_shared<Session>(std::move(storage)), *std::move(found)};
}

// A unit is pinned only after all of the units before it were published. So it is enough to look
// at the nearest one before.
void Output::RequirePublishedBefore(std::int64_t number) {
  Storage& storage = *session_->storage;
  const bool stream = lineage_.mode == "stream";
  if (stream) {
    const std::vector<ObjectInfo> later = storage.List(UnitsFolder(), AfterUnit(number));
    if (!later.empty()) {
      throw Error(Code::kUnitConflict,
                  "unit " + std::to_string(number) + " cannot be pinned after unit " +
                      std::to_string(UnitOf(later.front())),
                  "another driver is ahead of this one; start the run again");
    }
  }
  std::int64_t before = number - 1;
  if (before < 1 || session_->published_to >= before) return;
  if (storage.Stat(PublishedKey(before))) {
    storage.MakeDurable(PublishedKey(before));
  } else {
    UnitLog log = ReadUnitLog(storage, before);
    if (log.pins.empty() && stream) {
      const std::vector<std::int64_t> units = UnitNumbers();
      if (units.empty()) return;
      before = units.back();
      log = ReadUnitLog(storage, before);
    }
    if (!log.commit) {
      throw Error(Code::kUnitConflict,
                  "unit " + std::to_string(number) + " cannot be pinned: unit " + std::to_string(before) +
                      (log.pins.empty() ? " is not there" : " is not committed"),
                  "finish unit " + std::to_string(before) + " first");
    }
    if (!log.published) foretell::Unit(session_, before, std::move(log)).Publish();
  }
  std::int64_t known = session_->published_to;
  while (known < number - 1 && !session_->published_to.compare_exchange_weak(known, number - 1)) {
  }
}

foretell::Unit Output::Unit(std::int64_t number, const std::function<Pin()>& plan) {
  RequireWriter(*session_, "a unit");
  CheckUnitNumber(number);
  Storage& storage = *session_->storage;
  UnitLog log = ReadUnitLog(storage, number);
  if (log.pins.empty()) {
    RequirePublishedBefore(number);
    Pin pin = plan();
    pin.sequence = 1;
    // A pin that was faster wins; either way the log says what holds.
    const Stamp stamp = NewStamp();
    (void)CreateRecord(storage, EntryKey(number, 1), EncodePin(pin, number, stamp), stamp);
    log = ReadUnitLog(storage, number);
  }
  return {session_, number, std::move(log)};
}

std::optional<std::filesystem::path> Output::MakeInputFolder(std::int64_t number) {
  RequireWriter(*session_, "a folder for a unit's input");
  CheckUnitNumber(number);
  // Named like an attempt, which it is the first part of; none that scores ever has this id.
  const std::string id = NextAttemptId(*session_);
  const std::optional<std::filesystem::path> lineage = session_->storage->LocalPath(LineageKey());
  if (!lineage) return std::nullopt;
  std::filesystem::path folder = lineage->parent_path().parent_path() / StagingFolder(number, id);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(Code::kIo, "cannot create the folder '" + folder.string() + "': " + error.message());
  }
  return folder;
}

Pin Output::Repin(std::int64_t number, std::int64_t version, const std::string& manifest_sha256,
                  const std::string& who, const std::string& why) {
  if (why.empty())
    throw Error(Code::kInvalidArgument, "a pin of a person needs a reason", "give it with --why");
  Storage& storage = *session_->storage;
  const std::string unit = "unit " + std::to_string(number);
  UnitLog log = ReadUnitLog(storage, ReadUnit(number).number());
  if (log.commit) {
    throw Error(Code::kUnitConflict, unit + " is committed, by version " +
                                         std::to_string(log.pins.back().version) +
                                         "; a unit with a commit is never scored again");
  }
  Pin pin = log.pins.back();
  pin.version = version;
  pin.manifest_sha256 = manifest_sha256;
  pin.who = who;
  pin.why = why;
  const Stamp stamp = NewStamp();
  pin.when = stamp.when;
  pin.id = stamp.id;
  storage.MakeDurable(EntryKey(number, pin.sequence));  // no power cut is to leave a gap
  ++pin.sequence;
  if (!CreateRecord(storage, EntryKey(number, pin.sequence), EncodePin(pin, number, stamp), stamp)) {
    throw Error(Code::kUnitConflict, unit + " was committed or pinned by another meanwhile",
                "look at it with `foretell runs " + storage.url() + "`");
  }
  return pin;
}

std::vector<std::int64_t> Output::UnitNumbers() {
  std::vector<std::int64_t> numbers;
  for (const ObjectInfo& info : session_->storage->List(UnitsFolder())) {
    const std::int64_t unit = UnitOf(info);
    if (numbers.empty() || numbers.back() != unit) numbers.push_back(unit);
  }
  return numbers;
}

foretell::Unit Output::ReadUnit(std::int64_t number) {
  CheckUnitNumber(number);
  UnitLog log = ReadUnitLog(*session_->storage, number);
  if (log.pins.empty()) {
    throw Error(Code::kNoSuchRun, "'" + session_->storage->url() + "' has no unit " + std::to_string(number),
                "list its units with `foretell runs " + session_->storage->url() + "`");
  }
  return {session_, number, std::move(log)};
}

std::vector<foretell::Unit> Output::ReadUnits(std::int64_t after) {
  Storage& storage = *session_->storage;
  const std::vector<ObjectInfo> listed =
      storage.List(UnitsFolder(), after > 0 ? AfterUnit(after) : std::string());
  std::vector<foretell::Unit> units;
  for (std::size_t begin = 0; begin < listed.size();) {
    const std::int64_t unit = UnitOf(listed[begin]);
    std::size_t end = begin + 1;
    while (end < listed.size() && UnitOf(listed[end]) == unit) ++end;
    const std::span<const ObjectInfo> own(listed.begin() + static_cast<std::ptrdiff_t>(begin),
                                          listed.begin() + static_cast<std::ptrdiff_t>(end));
    units.push_back(foretell::Unit(session_, unit, ReadUnitLog(storage, unit, own)));
    begin = end;
  }
  return units;
}

std::vector<Pin> Output::Pins(std::int64_t number) {
  CheckUnitNumber(number);
  UnitLog log = ReadUnitLog(*session_->storage, number);
  if (log.pins.empty()) (void)ReadUnit(number);  // throws
  return std::move(log.pins);
}

}  // namespace foretell
