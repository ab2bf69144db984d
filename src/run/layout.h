// Every name that a run keeps below an output's `_foretell/`. Nothing else spells one.
//
//   _foretell/lineage.json                                   created once: id, predictor, store, mode
//   _foretell/epochs/<epoch>.json                            every start of a driver creates the next
//   _foretell/lock                                           local outputs: held by the live driver
//   _foretell/units/<unit>/<sequence>.json                   the unit's log: pins, then one commit
//   _foretell/units/<unit>/published.json                    created once, all files being in place
//   _foretell/units/<unit>/failed/<pin>/<attempt>.json       one per attempt that failed under a pin
//   _foretell/staging/<unit>/<attempt>/<path>                a part's file, by its final name
//   _foretell/staging/<unit>/<attempt>/rows.arrow            rows of a query, which a pin names
//   _foretell/staging/<unit>/<attempt>/_foretell/attempt.json        the attempt was started
//   _foretell/staging/<unit>/<attempt>/_foretell/parts/<split>.json  the part's files are whole
//
// Numbers have twelve digits, so that key order is number order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace foretell::run {

inline constexpr std::string_view kOwnFolder = "_foretell";
inline constexpr std::string_view kLockName = "lock";

std::string LineageKey();
std::string EpochsFolder();
std::string EpochKey(std::int64_t epoch);

std::string UnitsFolder();
std::string UnitFolder(std::int64_t unit);
std::string EntryKey(std::int64_t unit, std::int64_t sequence);
std::string PublishedKey(std::int64_t unit);
std::string FailedFolder(std::int64_t unit, std::int64_t pin);
std::string FailedKey(std::int64_t unit, std::int64_t pin, std::string_view attempt);
// Greater than every key of `unit` and of the units before it.
std::string AfterUnit(std::int64_t unit);

std::string AllStagingFolder();
std::string UnitStagingFolder(std::int64_t unit);
std::string StagingFolder(std::int64_t unit, std::string_view attempt);
std::string StagedKey(std::int64_t unit, std::string_view attempt, std::string_view path);
std::string AttemptKey(std::int64_t unit, std::string_view attempt);
std::string PartKey(std::int64_t unit, std::string_view attempt, std::int64_t split);

// "000000000003-0001-9f86d081884c7d65": the epoch, the attempt's number in it, chance.
std::string AttemptId(std::int64_t epoch, std::int64_t counter, std::string_view random);
bool IsAttempt(std::string_view text);

// What a key below the units folder is.
struct UnitKey {
  enum class Kind { kEntry, kPublished, kFailed };
  Kind kind = Kind::kEntry;
  std::int64_t unit = 0;
  std::int64_t number = 0;  // an entry's sequence, or the pin that an attempt failed under
};
std::optional<UnitKey> ParseUnitKey(std::string_view key);

// What a key below the staging folder belongs to.
struct StagingKey {
  std::int64_t unit = 0;
  std::string attempt;
  std::optional<std::int64_t> part;  // its split, when the key is of a part's record
};
std::optional<StagingKey> ParseStagingKey(std::string_view key);

std::optional<std::int64_t> ParseEpochKey(std::string_view key);

// Why `path` cannot be a part's file, empty when it can: relative, '/'-separated, inside the
// output, and outside `_foretell` in any spelling.
std::string WhyNotPartPath(std::string_view path);

}  // namespace foretell::run
