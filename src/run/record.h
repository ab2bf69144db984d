// The documents of a run, to and from JSON. Every document has "format" (1) and "kind", and begins
// with the digest of its other bytes (store/sealed.h).
//
// Readers are strict: a document in which any byte was changed, that is too large or too deep, lacks
// a field, holds one of the wrong type or range, or contradicts its key is FT0607 naming the key; a
// newer format is FT0407.
// Fields that are not known are left alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "foretell/unit.h"

namespace foretell::run {

inline constexpr std::size_t kMaxSmallRecord = std::size_t{1} << 20;
inline constexpr std::size_t kMaxPartRecord = std::size_t{16} << 20;
inline constexpr std::size_t kMaxEntry = std::size_t{256} << 20;  // a pin holds a whole plan
inline constexpr int kMaxDepth = 64;

// What tells one writing of a document from any other. `id` is never used again.
struct Stamp {
  std::string id, when;
};
Stamp NewStamp();
std::string Now();  // UTC, ISO 8601, milliseconds

struct Epoch {
  std::int64_t number = 0;
  std::int64_t pid = 0;
  std::string host, when;
};

// A part's record, or the start of an attempt when `part` is empty.
struct StagedRecord {
  std::string attempt;
  std::int64_t pin = 0;  // the sequence of the pin that it was scored under
  Part part = {};
  std::string pin_id = {};  // of an attempt; "" in one of an earlier release
};

// That every file of a commit is in place.
struct Published {
  std::int64_t commit = 0;  // its sequence
  std::string attempt;
};

// An attempt that a version failed.
struct Failure {
  std::string attempt;
  std::int64_t pin = 0;
  std::string code, reason;
};

// An entry of a unit's log.
using Entry = std::variant<Pin, Commit>;

// The writers make text that their reader accepts, or throw FT0101 naming the field.
// The stamp's id becomes the lineage's.
std::string EncodeLineage(const Lineage& lineage, const Stamp& stamp);
std::string EncodeEpoch(const Epoch& epoch, const Stamp& stamp);
std::string EncodePin(const Pin& pin, std::int64_t unit, const Stamp& stamp);
std::string EncodeCommit(const Commit& commit, std::int64_t unit, std::int64_t pin, const Stamp& stamp);
std::string EncodePublished(std::int64_t unit, const Commit& commit, const Stamp& stamp);
std::string EncodeAttempt(std::int64_t unit, const StagedRecord& record, const Stamp& stamp);
std::string EncodePart(std::int64_t unit, const StagedRecord& record, const Stamp& stamp);
std::string EncodeFailed(std::int64_t unit, const Failure& failure, const Stamp& stamp);

Lineage DecodeLineage(std::string_view key, std::string_view text);
Epoch DecodeEpoch(std::string_view key, std::string_view text);
// Sets the entry's sequence; checks that a commit follows the pin it was scored under.
Entry DecodeEntry(std::string_view key, std::string_view text, std::int64_t unit, std::int64_t sequence);
Published DecodePublished(std::string_view key, std::string_view text, std::int64_t unit);
Failure DecodeFailed(std::string_view key, std::string_view text, std::int64_t unit, std::int64_t pin);
StagedRecord DecodeAttempt(std::string_view key, std::string_view text, std::int64_t unit);
StagedRecord DecodePart(std::string_view key, std::string_view text, std::int64_t unit);

// FT0101 when a part cannot be recorded: names, sizes, counts.
void CheckPart(const Part& part);
Counts& operator+=(Counts& sum, const Counts& more);

}  // namespace foretell::run
