// Retirement and its end. A retired version is not `latest` and takes no alias; those who know its number
// still open it until garbage collection purges it.
#include <utility>

#include "foretell/store.h"
#include "store/alias_log.h"
#include "store/layout.h"
#include "store/retired_log.h"
#include "store/storage_clock.h"

namespace foretell {
namespace {

// A promotion creates its alias entry within half an hour of its in-use, or gives up. An in-use of twice
// that age has no promotion under way.
constexpr std::chrono::hours kShortestUnused{1};

std::string ReferenceText(std::string_view name, std::int64_t version) {
  return std::string(name) + "@" + std::to_string(version);
}

std::string Duration(std::chrono::seconds time) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(time).count();
  const bool in_days = hours % 24 == 0;
  const auto count = in_days ? hours / 24 : hours;
  return std::to_string(count) + (in_days ? " day" : " hour") + (count == 1 ? "" : "s");
}

void CheckUnusedFor(Storage& storage, std::string_view name, std::int64_t version,
                    std::chrono::seconds unused_for) {
  const std::string folder = RetiredFolder(name, version);
  const std::vector<ObjectInfo> entries = storage.List(folder);
  if (entries.empty()) {
    return;
  }
  const std::int64_t oldest = StorageNow(storage) - std::chrono::nanoseconds(unused_for).count();
  for (const ObjectInfo& info : entries) {
    const std::optional<std::int64_t> sequence = NumberOfKey(folder, info.key);
    if (!sequence || info.modified_ns <= oldest) {
      continue;
    }
    const VersionEntry entry = ReadVersionEntry(storage, name, version, *sequence);
    if (entry.kind == "in-use") {
      throw Error(Code::kInUse,
                  ReferenceText(name, version) + " was given to '" + entry.alias + "' by " + entry.who +
                      " at " + entry.when + ", less than " + Duration(unused_for) + " ago",
                  "wait, or say with --unused-for how long it must have been unused");
    }
  }
}

}  // namespace

VersionEntry Store::Retire(std::string_view name, std::int64_t version, const Retirement& retirement) {
  if (retirement.who.empty()) {
    throw Error(Code::kInvalidArgument, "a retirement must say who makes it, but `who` is empty");
  }
  if (retirement.unused_for < kShortestUnused) {
    throw Error(Code::kInvalidArgument,
                "a version is retired when it was unused for an hour or longer, not for " +
                    std::to_string(retirement.unused_for.count()) + " seconds",
                "a promotion may be under way");
  }
  static_cast<void>(Get(name, version));
  while (true) {
    const RetiredState state = ReadRetired(*storage_, name, version);
    if (state.purged()) {
      ThrowPurged(name, version, state.last);
    }
    if (state.retired()) {
      storage_->MakeDurable(NumberedKey(RetiredFolder(name, version), state.last.sequence));
      return state.last;
    }
    // The log first, then the aliases: a promotion writes them in this order.
    CheckUnusedFor(*storage_, name, version, retirement.unused_for);
    for (const std::string& alias : Aliases(name)) {
      if (AliasVersion(name, alias) == version) {
        throw Error(Code::kInUse, ReferenceText(name, version) + " is what '" + alias + "' names",
                    "promote another version to '" + alias + "' first");
      }
    }
    if (auto appended =
            AppendVersionEntry(*storage_, name, version, state,
                               {.kind = "retired", .who = retirement.who, .why = retirement.why})) {
      return *std::move(appended);
    }
  }
}

VersionEntry Store::Restore(std::string_view name, std::int64_t version, std::string_view who,
                            std::string_view why) {
  if (who.empty()) {
    throw Error(Code::kInvalidArgument, "a restoration must say who makes it, but `who` is empty");
  }
  static_cast<void>(Get(name, version));
  while (true) {
    const RetiredState state = ReadRetired(*storage_, name, version);
    if (state.purged()) {
      ThrowPurged(name, version, state.last);
    }
    if (state.last.kind == "restored") {
      storage_->MakeDurable(NumberedKey(RetiredFolder(name, version), state.last.sequence));
      return state.last;
    }
    if (!state.retired()) {
      throw Error(Code::kInvalidArgument, ReferenceText(name, version) + " is not retired",
                  "`foretell versions " + std::string(name) + " --retired` shows which are");
    }
    if (auto appended =
            AppendVersionEntry(*storage_, name, version, state,
                               {.kind = "restored", .who = std::string(who), .why = std::string(why)})) {
      return *std::move(appended);
    }
  }
}

std::optional<VersionEntry> Store::Retired(std::string_view name, std::int64_t version) {
  static_cast<void>(Get(name, version));
  const RetiredState state = ReadRetired(*storage_, name, version);
  return state.retired() ? std::optional(state.last) : std::nullopt;
}

}  // namespace foretell
