#include "store/sealed.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "digest/sha256.h"
#include "store/layout.h"

namespace foretell {
namespace {

using nlohmann::json;

constexpr std::string_view kOpening = "{\n  \"body_sha256\": \"";
constexpr std::string_view kClosing = "\",\n";
constexpr std::size_t kDigest = 64;

[[noreturn]] void ThrowDamaged(Code code, std::string_view where, const std::string& what) {
  throw Error(code, std::string(where) + " is damaged: " + what, "restore it from a copy of the store");
}

}  // namespace

std::string SealText(std::string_view rest) {
  std::string text(kOpening);
  text += Sha256Of(rest);
  text += kClosing;
  text += rest;
  return text;
}

SealState LookAtSeal(std::string_view text) {
  const std::size_t start = kOpening.size() + kDigest + kClosing.size();
  if (text.size() <= start || !text.starts_with(kOpening) ||
      text.substr(kOpening.size() + kDigest, kClosing.size()) != kClosing) {
    return SealState::kNone;
  }
  const bool whole = Sha256Of(text.substr(start)) == text.substr(kOpening.size(), kDigest);
  return whole ? SealState::kWhole : SealState::kBroken;
}

std::string Seal(json body) {
  body["format"] = kStoreFormat;
  std::string rest;
  try {
    rest = body.dump(2) + "\n";
  } catch (const json::exception&) {
    throw Error(Code::kInvalidArgument, "a text that is to be stored is not valid UTF-8");
  }
  rest.erase(0, 2);  // "{\n"
  return SealText(rest);
}

json ParseShallow(std::string_view text, int deepest) {
  bool deep = false;
  json parsed = json::parse(text, [&deep, deepest](int depth, json::parse_event_t, json&) {
    deep = deep || depth > deepest;
    return !deep;
  });
  if (deep) {
    throw json::other_error::create(502, "it is nested more than " + std::to_string(deepest) + " levels deep",
                                    nullptr);
  }
  return parsed;
}

json Unseal(std::string_view text, std::string_view where, Code damaged) {
  if (text.size() > kLargestSealed) {
    ThrowDamaged(damaged, where, "it is larger than 64 MiB");
  }
  const SealState seal = LookAtSeal(text);
  if (seal == SealState::kBroken) {
    ThrowDamaged(damaged, where, "its bytes do not have the digest in its first line");
  }
  json object;
  try {
    object = ParseShallow(text);
  } catch (const json::exception& error) {
    ThrowDamaged(damaged, where, std::string("it cannot be read as JSON (") + error.what() + ")");
  }
  if (!object.is_object()) {
    ThrowDamaged(damaged, where, "it is not a JSON object");
  }
  // A later format may be sealed in another way; so it is recognised first.
  const auto format = object.find("format");
  if (format != object.end() && format->is_number_integer() && format->get<std::int64_t>() > kStoreFormat) {
    throw Error(Code::kNewerFormat,
                std::string(where) + " is of format " + format->dump() + "; this release reads up to " +
                    std::to_string(kStoreFormat),
                "upgrade foretell on this machine");
  }
  if (seal != SealState::kWhole) {
    ThrowDamaged(damaged, where, "it does not begin with its digest");
  }
  if (format == object.end() || *format != kStoreFormat) {
    ThrowDamaged(damaged, where, "it has no format that is known");
  }
  return object;
}

void SealedReader::Fail(const std::string& what) const {
  ThrowDamaged(damaged_, where_, what);
}

bool SealedReader::Has(const char* member) const {
  return object_.contains(member);
}

bool SealedReader::Flag(const char* member) const {
  const auto found = object_.find(member);
  if (found != object_.end() && !found->is_boolean()) {
    Fail(std::string("its '") + member + "' is neither true nor false");
  }
  return found != object_.end() && found->get<bool>();
}

std::string SealedReader::Text(const char* member) const {
  const auto found = object_.find(member);
  if (found == object_.end() || !found->is_string()) {
    Fail(std::string("it has no text '") + member + "'");
  }
  return found->get<std::string>();
}

std::int64_t SealedReader::Number(const char* member) const {
  const auto found = object_.find(member);
  if (found == object_.end() || !found->is_number_unsigned() ||
      found->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    Fail(std::string("it has no number '") + member + "'");
  }
  return found->get<std::int64_t>();
}

const json& SealedReader::List(const char* member) const {
  const auto found = object_.find(member);
  if (found == object_.end() || !found->is_array()) {
    Fail(std::string("it has no list '") + member + "'");
  }
  return *found;
}

std::string UtcNow() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

bool IsUtcTime(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  return text.size() == kForm.size() &&
         std::equal(text.begin(), text.end(), kForm.begin(),
                    [](char c, char form) { return form == '0' ? c >= '0' && c <= '9' : c == form; });
}

}  // namespace foretell
