// Any bytes as an entry of each log of the store: an Error of that log, or an entry that is sound and is read
// again as the same. The first byte chooses.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "foretell/store.h"
#include "store/alias_log.h"
#include "store/fuzz_text.h"
#include "store/layout.h"
#include "store/memory/memory_storage.h"
#include "store/report_log.h"
#include "store/retired_log.h"

namespace foretell {
namespace {

constexpr const char* kName = "Name";

void Alias(const std::string& text) {
  const AliasEntry entry = ReadAliasEntry(text, kName, "live", 2, "here").entry;
  const std::string again = WriteAliasEntry(kName, "live", entry);
  const AliasEntry same = ReadAliasEntry(again, kName, "live", 2, "here").entry;
  Require(same.version == entry.version && same.kind == entry.kind && same.undoes == entry.undoes &&
          same.who == entry.who && same.unchecked == entry.unchecked);
}

// The second entry of a log whose first one is sound.
void Retired(const std::string& text) {
  MemoryStorage storage("memory://fuzz");
  const auto first =
      AppendVersionEntry(storage, kName, 1, {}, {.kind = "retired", .who = "ana", .why = "a reason"});
  storage.Create(NumberedKey(RetiredFolder(kName, 1), 2), text);
  Require(first && ReadVersionEntry(storage, kName, 1, 1).kind == "retired");
  const VersionEntry entry = ReadVersionEntry(storage, kName, 1, 2);
  const RetiredState state = ReadRetired(storage, kName, 1);
  Require(state.last.kind == entry.kind && (!state.purged() || state.retired()));
  CheckRetiredLog(storage, kName, 1);
}

void Reported(const std::string& text) {
  MemoryStorage storage("memory://fuzz");
  const Manifest manifest{kName, 1, {}, {}, std::string(64, 'a')};
  storage.Create(NumberedKey(ReportsFolder(kName, 1), 1), text);
  for (const Report& report : ReadReports(storage, manifest)) {
    Require(report.manifest_sha256 == manifest.sha256 && report.body.starts_with('{'));
  }
}

void Allow(const Error& error, std::initializer_list<Code> codes) {
  for (const Code code : codes) {
    if (error.code() == code) return;
  }
  Require(false);
}

void Fuzz(std::uint8_t choice, const std::string& text) {
  try {
    switch (choice % 3) {
      case 0:
        return Alias(text);
      case 1:
        return Retired(text);
      default:
        return Reported(text);
    }
  } catch (const Error& error) {
    Allow(error, {Code::kNewerFormat, choice % 3 == 0   ? Code::kBadAliasEntry
                                      : choice % 3 == 1 ? Code::kBadManifest
                                                        : Code::kBadReport});
  }
}

}  // namespace
}  // namespace foretell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) {
    foretell::Fuzz(data[0], foretell::Sealed({reinterpret_cast<const char*>(data) + 1, size - 1}));
  }
  return 0;
}
