#include "store/retired_log.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "foretell/error.h"
#include "store/commit.h"
#include "store/layout.h"
#include "store/numbered_log.h"
#include "store/sealed.h"

namespace foretell {
namespace {

using nlohmann::json;

RetiredState ReadEntry(Storage& storage, std::string_view name, std::int64_t version, std::int64_t sequence) {
  const std::string key = NumberedKey(RetiredFolder(name, version), sequence);
  const std::optional<std::string> text = storage.Read(key);
  if (!text) {
    throw Error(Code::kBadManifest, key + " is missing", "restore it from a copy of the store");
  }
  const json object = Unseal(*text, key, Code::kBadManifest);
  const SealedReader reader(object, key, Code::kBadManifest);
  RetiredState state;
  state.last = reader.Number("sequence");
  state.kind = reader.Text("kind");
  state.who = reader.Text("who");
  state.when = reader.Text("when");
  state.retired = state.kind == "retired" || state.kind == "purged";
  if (FoldCase(reader.Text("name")) != FoldCase(name) || reader.Number("version") != version ||
      state.last != sequence) {
    reader.Fail("it belongs to another version or place");
  }
  if (!state.retired && state.kind != "in-use" && state.kind != "restored") {
    reader.Fail("its kind is not known");
  }
  return state;
}

std::vector<std::int64_t> Sequences(Storage& storage, std::string_view name, std::int64_t version) {
  const std::string folder = RetiredFolder(name, version);
  std::vector<std::int64_t> sequences = Numbers(storage, folder);
  if (const std::int64_t gap = FirstGap(sequences)) {
    throw Error(Code::kBadManifest, folder + " is damaged: entry " + std::to_string(gap) + " is missing",
                "restore it from a copy of the store");
  }
  return sequences;
}

}  // namespace

RetiredState ReadRetired(Storage& storage, std::string_view name, std::int64_t version) {
  const std::vector<std::int64_t> sequences = Sequences(storage, name, version);
  return sequences.empty() ? RetiredState() : ReadEntry(storage, name, version, sequences.back());
}

void CheckRetiredLog(Storage& storage, std::string_view name, std::int64_t version) {
  for (const std::int64_t sequence : Sequences(storage, name, version)) {
    ReadEntry(storage, name, version, sequence);
  }
}

void MarkInUse(Storage& storage, std::string_view name, std::int64_t version, std::string_view alias,
               std::string_view who, std::string_view why) {
  while (true) {
    const RetiredState state = ReadRetired(storage, name, version);
    if (state.retired) {
      throw Error(Code::kRetired,
                  std::string(name) + "@" + std::to_string(version) + " is " + state.kind + " (" + state.who +
                      ", " + state.when + ") and takes no alias",
                  "choose another version");
    }
    const std::string attempt_id = NewAttemptId();
    const std::string body = Seal({{"name", name},
                                   {"version", version},
                                   {"sequence", state.last + 1},
                                   {"kind", "in-use"},
                                   {"alias", alias},
                                   {"attempt_id", attempt_id},
                                   {"who", who},
                                   {"when", UtcNow()},
                                   {"why", why}});
    if (CommitObject(storage, NumberedKey(RetiredFolder(name, version), state.last + 1), body, attempt_id)
            .ours) {
      return;
    }
  }
}

}  // namespace foretell
