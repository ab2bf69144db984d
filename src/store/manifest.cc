#include "store/manifest.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "digest/sha256.h"
#include "store/layout.h"
#include "store/sealed.h"

namespace foretell {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 7> kReserved = {"format",  "name",  "version",    "attempt_id",
                                                  "created", "files", "body_sha256"};

json ParseFields(std::string_view fields) {
  json parsed;
  try {
    parsed = ParseShallow(fields);
  } catch (const json::exception& error) {
    throw Error(Code::kInvalidArgument,
                std::string("the fields of a version are not JSON of at most 64 levels: ") + error.what());
  }
  if (!parsed.is_object()) {
    throw Error(Code::kInvalidArgument, "the fields of a version are not a JSON object");
  }
  for (const char* reserved : kReserved) {
    if (parsed.contains(reserved)) {
      throw Error(Code::kInvalidArgument, std::string("the fields of a version hold '") + reserved +
                                              "', which the store itself writes");
    }
  }
  return parsed;
}

FileEntry ReadFileEntry(const json& item, std::string_view where) {
  const SealedReader reader(item, where, Code::kBadManifest);
  if (!item.is_object()) {
    reader.Fail("an entry of 'files' is not an object");
  }
  FileEntry file;
  file.path = reader.Text("path");
  file.size = static_cast<std::uint64_t>(reader.Number("size"));
  file.sha256 = reader.Text("sha256");
  file.blob = reader.Text("blob");
  if (!IsSha256(file.sha256)) {
    reader.Fail("the digest of a file is not 64 hex digits");
  }
  if (!IsBlobKeyOf(file.blob, file.sha256)) {
    reader.Fail("a file names a blob of another digest");
  }
  return file;
}

}  // namespace

void ValidateFields(std::string_view fields) {
  static_cast<void>(ParseFields(fields));
}

std::string WriteManifest(std::string_view name, std::int64_t version, std::string_view attempt_id,
                          std::string_view created, const std::vector<FileEntry>& files,
                          std::string_view fields) {
  json body = ParseFields(fields);
  body["name"] = name;
  body["version"] = version;
  body["attempt_id"] = attempt_id;
  body["created"] = created;
  body["files"] = json::array();
  for (const FileEntry& file : files) {
    body["files"].push_back(
        {{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}, {"blob", file.blob}});
  }
  std::string document = Seal(std::move(body));
  if (document.size() > kLargestSealed) {
    throw Error(Code::kInvalidArgument, "the manifest of the version is larger than 64 MiB",
                "keep large data in the version's files");
  }
  return document;
}

Manifest ReadManifest(std::string document, std::string_view name, std::int64_t version,
                      std::string_view where) {
  const json object = Unseal(document, where, Code::kBadManifest);
  const SealedReader reader(object, where, Code::kBadManifest);
  Manifest manifest;
  manifest.name = reader.Text("name");
  manifest.version = reader.Number("version");
  if (FoldCase(manifest.name) != FoldCase(name) || manifest.version != version) {
    reader.Fail("it is the manifest of " + manifest.name + "@" + std::to_string(manifest.version));
  }
  if (!IsAttemptId(reader.Text("attempt_id")) || reader.Text("created").empty()) {
    reader.Fail("it does not say which attempt wrote it, and when");
  }
  std::vector<std::string> paths;
  for (const json& item : reader.List("files")) {
    manifest.files.push_back(ReadFileEntry(item, where));
    paths.push_back(manifest.files.back().path);
  }
  try {
    ValidatePaths(paths);
  } catch (const Error& error) {
    reader.Fail(error.message());
  }
  manifest.sha256 = Sha256Of(document);
  manifest.document = std::move(document);
  return manifest;
}

}  // namespace foretell
