#include "store/report_log.h"

#include <nlohmann/json.hpp>

#include "store/commit.h"
#include "store/layout.h"
#include "store/numbered_log.h"
#include "store/sealed.h"

namespace foretell {
namespace {

using nlohmann::json;

constexpr std::size_t kLargestReport = std::size_t{16} << 20;
constexpr int kDeepestReport = 60;  // it lies within the file's own object

json ParseReport(std::string_view body) {
  json parsed;
  try {
    parsed = ParseShallow(body, kDeepestReport);
  } catch (const json::exception& error) {
    throw Error(Code::kInvalidArgument,
                std::string("the report is not JSON of at most 60 levels: ") + error.what());
  }
  if (!parsed.is_object()) {
    throw Error(Code::kInvalidArgument, "the report is not a JSON object");
  }
  return parsed;
}

std::string WriteReport(const Manifest& manifest, const Report& report, const json& body,
                        std::string_view attempt_id) {
  std::string document = Seal({{"name", manifest.name},
                               {"version", manifest.version},
                               {"sequence", report.sequence},
                               {"manifest_sha256", report.manifest_sha256},
                               {"attempt_id", attempt_id},
                               {"who", report.who},
                               {"when", report.when},
                               {"report", body}});
  if (document.size() > kLargestReport) {
    throw Error(Code::kInvalidArgument, "the report is larger than 16 MiB",
                "report fewer rows, or shorter ones");
  }
  return document;
}

std::vector<std::int64_t> Sequences(Storage& storage, const std::string& folder) {
  return WholeLog(storage, folder, "report", Code::kBadReport);
}

Report ReadReport(Storage& storage, const Manifest& manifest, const std::string& folder,
                  std::int64_t sequence) {
  const std::string key = NumberedKey(folder, sequence);
  const json object = Unseal(ReadNumbered(storage, key, Code::kBadReport), key, Code::kBadReport);
  const SealedReader reader(object, key, Code::kBadReport);
  Report report;
  report.sequence = reader.Number("sequence");
  report.manifest_sha256 = reader.Text("manifest_sha256");
  report.who = reader.Text("who");
  report.when = reader.Text("when");
  if (FoldCase(reader.Text("name")) != FoldCase(manifest.name) ||
      reader.Number("version") != manifest.version || report.sequence != sequence) {
    reader.Fail("it belongs to another version or place");
  }
  if (report.manifest_sha256 != manifest.sha256) {
    reader.Fail("it is about a manifest of another digest than the version's");
  }
  const auto body = object.find("report");
  if (body == object.end() || !body->is_object()) {
    reader.Fail("it has no object 'report'");
  }
  report.body = body->dump();
  return report;
}

}  // namespace

std::vector<Report> ReadReports(Storage& storage, const Manifest& manifest) {
  const std::string folder = ReportsFolder(manifest.name, manifest.version);
  std::vector<Report> reports;
  for (const std::int64_t sequence : Sequences(storage, folder)) {
    reports.push_back(ReadReport(storage, manifest, folder, sequence));
  }
  return reports;
}

Report Store::AppendReport(std::string_view name, std::int64_t version, std::string_view body,
                           std::string_view who) {
  if (who.empty()) {
    throw Error(Code::kInvalidArgument, "a report must say who makes it, but `who` is empty");
  }
  const json parsed = ParseReport(body);
  const Manifest manifest = Get(name, version);
  const std::string folder = ReportsFolder(name, version);
  Report report;
  report.manifest_sha256 = manifest.sha256;
  report.who = who;
  report.when = UtcNow();
  report.body = parsed.dump();
  storage_->MakeDurable(VersionKey(name, version));  // a report is not to outlive its version
  while (true) {
    const std::vector<std::int64_t> sequences = Sequences(*storage_, folder);
    report.sequence = sequences.empty() ? 1 : sequences.back() + 1;
    const std::string attempt_id = NewAttemptId();
    const std::string document = WriteReport(manifest, report, parsed, attempt_id);
    if (CommitNumbered(*storage_, folder, report.sequence, document, attempt_id).ours) {
      return report;
    }
  }
}

std::vector<Report> Store::Reports(std::string_view name, std::int64_t version) {
  return ReadReports(*storage_, Get(name, version));
}

}  // namespace foretell
