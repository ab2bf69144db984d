#include "run/record.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "run/layout.h"
#include "store/commit.h"
#include "store/sealed.h"

namespace foretell::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kMaxNumber = 999'999'999'999;       // what twelve digits hold
constexpr std::int64_t kMaxCount = 1'000'000'000'000'000;  // rows; sums of them never overflow
constexpr std::size_t kMaxText = std::size_t{64} * 1024;
constexpr std::size_t kMaxReason = kMaxText / 3;  // a byte that is not UTF-8 becomes three

constexpr int kMaxEmbeddedDepth = kMaxDepth - 8;  // a document is a few levels around what it keeps

// Looked at before parsing, so that no parser and no writer has to be trusted with any depth.
bool TooDeep(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limit) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// One JSON object of a document, and where it came from.
class Fields {
 public:
  Fields(std::string_view key, const Json& object) : key_(key), object_(&object) {
    if (!object.is_object()) Damaged("it holds something else where an object is expected");
  }

  [[noreturn]] void Damaged(const std::string& why) const {
    throw Error(Code::kBadUnitLog, key_ + " is damaged: " + why,
                "restore it from a copy, or run into a new output");
  }

  bool Has(const char* name) const { return object_->contains(name); }

  const Json& At(const char* name) const {
    const auto found = object_->find(name);
    if (found == object_->end()) Damaged(std::string("it has no '") + name + "'");
    return *found;
  }

  std::int64_t Int(const char* name, std::int64_t least, std::int64_t most) const {
    const Json& value = At(name);
    if (!value.is_number_integer()) Damaged(std::string("'") + name + "' is not an integer");
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      Damaged(std::string("'") + name + "' is out of range");
    }
    const auto number = value.get<std::int64_t>();
    if (number < least || number > most) Damaged(std::string("'") + name + "' is out of range");
    return number;
  }

  std::string Text(const char* name, std::size_t least = 0, std::size_t most = kMaxText) const {
    const Json& value = At(name);
    if (!value.is_string()) Damaged(std::string("'") + name + "' is not a string");
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() < least || text.size() > most) {
      Damaged(std::string("'") + name + "' has " + std::to_string(text.size()) + " bytes");
    }
    return text;
  }

  std::string AttemptText(const char* name) const {
    std::string text = Text(name);
    if (!IsAttempt(text)) Damaged(std::string("'") + name + "' is not the id of an attempt");
    return text;
  }

  Fields Object(const char* name) const { return {key_, At(name)}; }
  Fields Object(const Json& value) const { return {key_, value}; }

  const Json& Array(const char* name) const {
    const Json& value = At(name);
    if (!value.is_array()) Damaged(std::string("'") + name + "' is not a list");
    return value;
  }

  // A JSON value of the engine's own, as compact text; "" for null.
  std::string Embedded(const char* name) const {
    const Json& value = At(name);
    return value.is_null() ? std::string() : value.dump();
  }

 private:
  std::string key_;
  const Json* object_;
};

Json Parse(std::string_view key, std::string_view text, std::size_t limit) {
  const auto damaged = [&](const std::string& why) {
    return Error(Code::kBadUnitLog, std::string(key) + " is damaged: " + why,
                 "restore it from a copy, or run into a new output");
  };
  if (text.size() > limit) {
    throw damaged("it has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(limit) +
                  " are expected");
  }
  const SealState seal = LookAtSeal(text);
  if (seal == SealState::kBroken) throw damaged("its bytes do not have the digest in its first line");
  if (TooDeep(text, kMaxDepth))
    throw damaged("it is nested deeper than " + std::to_string(kMaxDepth) + " levels");
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw damaged("it is not JSON");
  // A later format may be sealed in another way; so it is recognised first.
  const std::int64_t format = Fields(key, json).Int("format", 1, std::numeric_limits<std::int64_t>::max());
  if (format > kFormat) {
    throw Error(Code::kNewerFormat,
                std::string(key) + " has format " + std::to_string(format) + "; this foretell reads format 1",
                "upgrade foretell on this machine");
  }
  if (seal == SealState::kNone) throw damaged("it does not begin with its digest");
  return json;
}

void CheckKind(const Fields& fields, std::initializer_list<std::string_view> kinds) {
  const std::string kind = fields.Text("kind");
  for (const std::string_view expected : kinds) {
    if (kind == expected) return;
  }
  fields.Damaged("its kind is '" + kind + "'");
}

void CheckNumber(const Fields& fields, const char* name, std::int64_t expected) {
  const std::int64_t found = fields.Int(name, 1, kMaxNumber);
  if (found != expected) {
    fields.Damaged(std::string("it says ") + name + " " + std::to_string(found) + ", its key says " +
                   std::to_string(expected));
  }
}

Json Head(const char* kind, const Stamp& stamp) {
  Json json;
  json["format"] = kFormat;
  json["kind"] = kind;
  json["id"] = stamp.id;
  return json;
}

// `text` is that of an object with members.
std::string Sealed(std::string_view text) {
  return SealText("  " + std::string(text.substr(1)) + "\n");
}

std::string Dump(const Json& json, std::size_t limit, const char* what) {
  std::string text;
  try {
    text = json.dump();
  } catch (const Json::exception&) {
    throw Error(Code::kInvalidArgument, std::string("the ") + what + " holds text that is not UTF-8");
  }
  text = Sealed(text);
  if (text.size() > limit) {
    throw Error(Code::kInvalidArgument,
                std::string("the ") + what + " has " + std::to_string(text.size()) + " bytes; at most " +
                    std::to_string(limit) + " can be recorded",
                "plan less input for one unit");
  }
  return text;
}

// JSON text of the engine's own, to be kept inside a document.
Json Embed(std::string_view text, const char* what) {
  if (text.empty()) return nullptr;
  if (TooDeep(text, kMaxEmbeddedDepth)) {
    throw Error(Code::kInvalidArgument, std::string("the ") + what + " is nested deeper than " +
                                            std::to_string(kMaxEmbeddedDepth) + " levels");
  }
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    throw Error(Code::kInvalidArgument,
                std::string("the ") + what + " is not JSON: " + std::string(text.substr(0, 80)));
  }
  return json;
}

Json CountsJson(const Counts& counts) {
  return Json{{"rows", counts.rows},
              {"predicted", counts.predicted},
              {"bad", counts.bad},
              {"skipped", counts.skipped},
              {"unstable", counts.unstable}};
}

Counts CountsOf(const Fields& fields) {
  const auto count = [&](const char* name) { return fields.Int(name, 0, kMaxCount); };
  return {count("rows"), count("predicted"), count("bad"), count("skipped"), count("unstable")};
}

Json PartJson(const Part& part) {
  Json json;
  json["split"] = part.split;
  Json files = Json::array();
  for (std::size_t i = 0; i < part.files.size(); ++i) {
    files.push_back({{"path", part.files[i]}, {"size", part.sizes[i]}});
  }
  json["files"] = std::move(files);
  json["counts"] = CountsJson(part.counts);
  json["details"] = Embed(part.details, "details of a part");
  return json;
}

Part PartOf(const Fields& fields) {
  Part part;
  part.split = fields.Int("split", 0, kMaxNumber);
  for (const Json& item : fields.Array("files")) {
    const Fields file = fields.Object(item);
    part.files.push_back(file.Text("path"));
    const std::string why = WhyNotPartPath(part.files.back());
    if (!why.empty()) fields.Damaged("it names a file that no part can have: " + why);
    part.sizes.push_back(
        static_cast<std::uint64_t>(file.Int("size", 0, std::numeric_limits<std::int64_t>::max())));
  }
  part.counts = CountsOf(fields.Object("counts"));
  part.details = fields.Embedded("details");
  return part;
}

Pin PinOf(const Fields& fields, std::int64_t sequence) {
  Pin pin;
  pin.version = fields.Int("version", 1, kMaxNumber);
  pin.manifest_sha256 = fields.Text("manifest_sha256");
  pin.plan = fields.Embedded("plan");
  pin.environment = fields.Embedded("environment");
  pin.who = fields.Text("who");
  pin.when = fields.Text("when");
  pin.why = fields.Text("why");
  pin.sequence = sequence;
  pin.id = fields.Text("id");
  return pin;
}

Commit CommitOf(const Fields& fields, std::int64_t sequence) {
  Commit commit;
  commit.attempt_id = fields.AttemptText("attempt");
  commit.epoch = fields.Int("epoch", 1, kMaxNumber);
  commit.when = fields.Text("when");
  commit.sequence = sequence;
  if (fields.Int("pin", 1, kMaxNumber) != sequence - 1) {
    fields.Damaged("it does not follow the pin that it was scored under");
  }
  std::set<std::int64_t> splits;
  std::set<std::string> files;
  Counts sum;
  for (const Json& item : fields.Array("parts")) {
    Part part = PartOf(fields.Object(item));
    if (!splits.insert(part.split).second) {
      fields.Damaged("split " + std::to_string(part.split) + " is there twice");
    }
    for (const std::string& file : part.files) {
      if (!files.insert(file).second) fields.Damaged("two parts name the file '" + file + "'");
    }
    sum += part.counts;
    if (sum.rows > kMaxCount || sum.predicted > kMaxCount || sum.bad > kMaxCount || sum.skipped > kMaxCount ||
        sum.unstable > kMaxCount) {
      fields.Damaged("its counts are out of range");
    }
    commit.parts.push_back(std::move(part));
  }
  commit.counts = CountsOf(fields.Object("counts"));
  if (CountsJson(commit.counts) != CountsJson(sum)) fields.Damaged("its counts are not those of its parts");
  return commit;
}

StagedRecord StagedOf(const Fields& fields, std::int64_t unit, const char* kind) {
  CheckKind(fields, {kind});
  CheckNumber(fields, "unit", unit);
  StagedRecord record;
  record.attempt = fields.AttemptText("attempt");
  record.pin = fields.Int("pin", 1, kMaxNumber);
  return record;
}

Json StagedJson(const char* kind, std::int64_t unit, const StagedRecord& record, const Stamp& stamp) {
  Json json = Head(kind, stamp);
  json["unit"] = unit;
  json["attempt"] = record.attempt;
  json["pin"] = record.pin;
  return json;
}

void CheckText(const std::string& text, const char* what) {
  if (text.size() > kMaxText) {
    throw Error(Code::kInvalidArgument, std::string("'") + what + "' has " + std::to_string(text.size()) +
                                            " bytes; at most " + std::to_string(kMaxText) + " are kept");
  }
}

}  // namespace

Stamp NewStamp() {
  return {NewAttemptId(), Now()};
}

std::string Now() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s.%03dZ", date.data(), static_cast<int>(millis));
  return text.data();
}

Counts& operator+=(Counts& sum, const Counts& more) {
  sum.rows += more.rows;
  sum.predicted += more.predicted;
  sum.bad += more.bad;
  sum.skipped += more.skipped;
  sum.unstable += more.unstable;
  return sum;
}

void CheckPart(const Part& part) {
  const auto refuse = [&](const std::string& why) {
    throw Error(Code::kInvalidArgument, "part " + std::to_string(part.split) + " cannot be recorded: " + why);
  };
  if (part.split < 0 || part.split > kMaxNumber) refuse("its split is not between 0 and 999999999999");
  if (part.files.size() != part.sizes.size()) {
    refuse("it has " + std::to_string(part.files.size()) + " files and " + std::to_string(part.sizes.size()) +
           " sizes");
  }
  std::set<std::string> seen;
  for (const std::string& file : part.files) {
    const std::string why = WhyNotPartPath(file);
    if (!why.empty()) refuse("its file '" + file + "' has no place in an output: " + why);
    if (!seen.insert(file).second) refuse("it names '" + file + "' twice");
  }
  for (const std::uint64_t size : part.sizes) {
    if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      refuse("a size is too large");
  }
  const Counts& counts = part.counts;
  for (const std::int64_t count :
       {counts.rows, counts.predicted, counts.bad, counts.skipped, counts.unstable}) {
    if (count < 0 || count > kMaxCount) refuse("a count is out of range");
  }
}

std::string EncodeLineage(const Lineage& lineage, const Stamp& stamp) {
  CheckText(lineage.predictor, "predictor");
  CheckText(lineage.store, "store");
  Json json = Head("lineage", stamp);
  json["predictor"] = lineage.predictor;
  json["store"] = lineage.store;
  json["mode"] = lineage.mode;
  json["when"] = stamp.when;
  return Dump(json, kMaxSmallRecord, "lineage");
}

std::string EncodeEpoch(const Epoch& epoch, const Stamp& stamp) {
  Json json = Head("epoch", stamp);
  json["epoch"] = epoch.number;
  json["pid"] = epoch.pid;
  json["host"] = epoch.host;
  json["when"] = stamp.when;
  return Dump(json, kMaxSmallRecord, "epoch");
}

std::string EncodePin(const Pin& pin, std::int64_t unit, const Stamp& stamp) {
  if (pin.version < 1 || pin.version > kMaxNumber) {
    throw Error(Code::kInvalidArgument,
                "a pin names version " + std::to_string(pin.version) + "; versions start at 1");
  }
  CheckText(pin.manifest_sha256, "manifest_sha256");
  CheckText(pin.who, "who");
  CheckText(pin.when, "when");
  CheckText(pin.why, "why");
  Json json = Head("pin", stamp);
  json["unit"] = unit;
  json["sequence"] = pin.sequence;
  json["version"] = pin.version;
  json["manifest_sha256"] = pin.manifest_sha256;
  json["plan"] = Embed(pin.plan, "plan");
  json["environment"] = Embed(pin.environment, "environment");
  json["who"] = pin.who;
  json["when"] = pin.when.empty() ? stamp.when : pin.when;
  json["why"] = pin.why;
  return Dump(json, kMaxEntry, "pin");
}

std::string EncodeCommit(const Commit& commit, std::int64_t unit, std::int64_t pin, const Stamp& stamp) {
  Json json = Head("commit", stamp);
  json["unit"] = unit;
  json["sequence"] = commit.sequence;
  json["pin"] = pin;
  json["attempt"] = commit.attempt_id;
  json["epoch"] = commit.epoch;
  Json parts = Json::array();
  for (const Part& part : commit.parts) parts.push_back(PartJson(part));
  json["parts"] = std::move(parts);
  json["counts"] = CountsJson(commit.counts);
  json["when"] = stamp.when;
  return Dump(json, kMaxEntry, "commit");
}

std::string EncodePublished(std::int64_t unit, const Commit& commit, const Stamp& stamp) {
  Json json = Head("published", stamp);
  json["unit"] = unit;
  json["commit"] = commit.sequence;
  json["attempt"] = commit.attempt_id;
  json["when"] = stamp.when;
  return Dump(json, kMaxSmallRecord, "record");
}

std::string EncodeAttempt(std::int64_t unit, const StagedRecord& record, const Stamp& stamp) {
  Json json = StagedJson("attempt", unit, record, stamp);
  json["pin_id"] = record.pin_id;
  json["when"] = stamp.when;
  return Dump(json, kMaxSmallRecord, "record");
}

std::string EncodePart(std::int64_t unit, const StagedRecord& record, const Stamp& stamp) {
  Json json = StagedJson("part", unit, record, stamp);
  json["part"] = PartJson(record.part);
  json["when"] = stamp.when;
  return Dump(json, kMaxPartRecord, "part");
}

std::string EncodeFailed(std::int64_t unit, const Failure& failure, const Stamp& stamp) {
  Json json = StagedJson("failed", unit, {failure.attempt, failure.pin, {}}, stamp);
  json["code"] = failure.code;
  json["reason"] = failure.reason.substr(0, kMaxReason);
  json["when"] = stamp.when;
  // A reason is for people: it comes from anywhere, and must never keep a failure from counting.
  return Sealed(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Lineage DecodeLineage(std::string_view key, std::string_view text) {
  const Json json = Parse(key, text, kMaxSmallRecord);
  const Fields fields(key, json);
  CheckKind(fields, {"lineage"});
  return {fields.Text("id", 1, 128), fields.Text("predictor"), fields.Text("store"),
          fields.Text("mode", 1, 64)};
}

Epoch DecodeEpoch(std::string_view key, std::string_view text) {
  const Json json = Parse(key, text, kMaxSmallRecord);
  const Fields fields(key, json);
  CheckKind(fields, {"epoch"});
  return {fields.Int("epoch", 1, kMaxNumber), fields.Int("pid", 0, kMaxNumber), fields.Text("host"),
          fields.Text("when")};
}

Entry DecodeEntry(std::string_view key, std::string_view text, std::int64_t unit, std::int64_t sequence) {
  const Json json = Parse(key, text, kMaxEntry);
  const Fields fields(key, json);
  CheckKind(fields, {"pin", "commit"});
  CheckNumber(fields, "unit", unit);
  CheckNumber(fields, "sequence", sequence);
  if (fields.Text("kind") == "pin") return PinOf(fields, sequence);
  return CommitOf(fields, sequence);
}

Published DecodePublished(std::string_view key, std::string_view text, std::int64_t unit) {
  const Json json = Parse(key, text, kMaxSmallRecord);
  const Fields fields(key, json);
  CheckKind(fields, {"published"});
  CheckNumber(fields, "unit", unit);
  return {fields.Int("commit", 1, kMaxNumber), fields.AttemptText("attempt")};
}

Failure DecodeFailed(std::string_view key, std::string_view text, std::int64_t unit, std::int64_t pin) {
  const Json json = Parse(key, text, kMaxSmallRecord);
  const Fields fields(key, json);
  StagedRecord record = StagedOf(fields, unit, "failed");
  CheckNumber(fields, "pin", pin);
  (void)fields.Text("when");  // for people
  return {std::move(record.attempt), pin, fields.Text("code"), fields.Text("reason")};
}

StagedRecord DecodeAttempt(std::string_view key, std::string_view text, std::int64_t unit) {
  const Json json = Parse(key, text, kMaxSmallRecord);
  const Fields fields(key, json);
  StagedRecord record = StagedOf(fields, unit, "attempt");
  if (fields.Has("pin_id")) record.pin_id = fields.Text("pin_id");
  return record;
}

StagedRecord DecodePart(std::string_view key, std::string_view text, std::int64_t unit) {
  const Json json = Parse(key, text, kMaxPartRecord);
  const Fields fields(key, json);
  StagedRecord record = StagedOf(fields, unit, "part");
  record.part = PartOf(fields.Object("part"));
  return record;
}

}  // namespace foretell::run
