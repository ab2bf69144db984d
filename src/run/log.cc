#include "run/log.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "run/layout.h"
#include "run/record.h"
#include "run/session.h"

namespace foretell::run {
namespace {

[[noreturn]] void Damaged(const std::string& key, const std::string& why) {
  throw Error(Code::kBadUnitLog, key + " " + why, "restore it from a copy, or run into a new output");
}

std::string ReadListed(Storage& storage, const std::string& key) {
  std::optional<std::string> text = ReadRecord(storage, key, kMaxSmallRecord);
  if (!text) Damaged(key, "was listed and is not there");
  return *std::move(text);
}

}  // namespace

UnitLog ReadUnitLog(Storage& storage, std::int64_t unit) {
  return ReadUnitLog(storage, unit, storage.List(UnitFolder(unit)));
}

// The listing comes first and the entries are read forward after it. Entries are created in order,
// so each one below the last listed must be there by now, whatever the listing itself missed.
UnitLog ReadUnitLog(Storage& storage, std::int64_t unit, std::span<const ObjectInfo> listed) {
  UnitLog log;
  std::int64_t last_listed = 0;
  std::optional<Published> published;
  std::map<std::int64_t, std::vector<Failure>> failures;
  for (const ObjectInfo& info : listed) {
    const std::optional<UnitKey> key = ParseUnitKey(info.key);
    if (!key) Damaged(info.key, "has no place in the log of a unit");
    switch (key->kind) {
      case UnitKey::Kind::kEntry:
        last_listed = std::max(last_listed, key->number);
        break;
      case UnitKey::Kind::kPublished:
        published = DecodePublished(info.key, ReadListed(storage, info.key), unit);
        break;
      case UnitKey::Kind::kFailed:
        failures[key->number].push_back(
            DecodeFailed(info.key, ReadListed(storage, info.key), unit, key->number));
        if (FailedKey(unit, key->number, failures[key->number].back().attempt) != info.key) {
          Damaged(info.key, "is damaged: it contradicts its key");
        }
        break;
    }
  }
  std::int64_t sequence = 1;
  for (; !log.commit; ++sequence) {
    const std::string key = EntryKey(unit, sequence);
    const std::optional<std::string> text = ReadRecord(storage, key, kMaxEntry);
    if (!text) {
      if (sequence <= last_listed) Damaged(key, "is missing, but later entries are there");
      break;
    }
    Entry entry = DecodeEntry(key, *text, unit, sequence);
    if (Pin* pin = std::get_if<Pin>(&entry)) {
      log.pins.push_back(std::move(*pin));
    } else {  // never the first entry: a commit follows its pin
      log.commit = std::get<Commit>(std::move(entry));
    }
  }
  if (log.commit && last_listed > log.commit->sequence) {
    Damaged(EntryKey(unit, last_listed), "follows the commit of its unit");
  }
  if (published) {
    if (!log.commit) Damaged(PublishedKey(unit), "is there without a commit");
    if (published->commit != log.commit->sequence || published->attempt != log.commit->attempt_id) {
      Damaged(PublishedKey(unit), "is of another commit");
    }
    log.published = true;
  }
  if (!log.pins.empty()) log.failures = std::move(failures[log.pins.back().sequence]);
  return log;
}

}  // namespace foretell::run
