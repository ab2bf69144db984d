// foretell::Store for Python. The GIL is released while a method works.
#include "foretell/store.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "foretell/open.h"
#include "python/bind.h"
#include "python/gil.h"
#include "store/file_digest.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

using Files = std::vector<std::tuple<std::string, std::filesystem::path>>;
using Findings = std::vector<std::tuple<std::string, std::string, std::string>>;

Findings Told(const std::vector<Finding>& findings) {
  Findings told;
  for (const Finding& finding : findings) {
    told.emplace_back(finding.key, CodeText(finding.code), finding.message);
  }
  return told;
}

// `progress` is called with the GIL; what it raises ends the work.
std::function<void(std::uint64_t, std::uint64_t)> Progress(const nb::object& progress) {
  if (progress.is_none()) {
    return {};
  }
  // By reference: the caller holds the object for as long as the work lasts, and a copy could not be
  // dropped without the GIL.
  return [&progress](std::uint64_t done, std::uint64_t total) {
    const GilHeld held;
    Call(progress, done, total);
  };
}

Manifest Save(Store& store, const std::string& name, Files files, std::string fields,
              const nb::object& progress) {
  Draft draft;
  for (auto& [path, source] : files) {
    draft.files.push_back({std::move(path), std::move(source)});
  }
  draft.fields = std::move(fields);
  draft.progress = Progress(progress);
  const GilReleased released;
  return store.Save(name, draft);
}

void BindManifest(nb::module_& module) {
  nb::class_<Manifest>(module, "Manifest", "One immutable saved version, as the store describes it.")
      .def_ro("name", &Manifest::name)
      .def_ro("version", &Manifest::version)
      .def_ro("document", &Manifest::document, "The whole manifest as JSON text.")
      .def_ro("sha256", &Manifest::sha256, "Of the document, exactly as stored.")
      .def_prop_ro(
          "files",
          [](const Manifest& manifest) {
            std::vector<std::tuple<std::string, std::uint64_t, std::string>> files;
            files.reserve(manifest.files.size());
            for (const FileEntry& file : manifest.files) {
              files.emplace_back(file.path, file.size, file.sha256);
            }
            return files;
          },
          "(path, size, sha256) of each file.")
      .def("__repr__", [](const Manifest& manifest) {
        return "<Manifest " + manifest.name + "@" + std::to_string(manifest.version) + ">";
      });
}

void BindAliasEntry(nb::module_& module) {
  nb::class_<AliasEntry>(module, "AliasEntry", "One move of an alias.")
      .def_ro("sequence", &AliasEntry::sequence)
      .def_ro("kind", &AliasEntry::kind, "\"promote\" or \"rollback\".")
      .def_ro("version", &AliasEntry::version)
      .def_ro("manifest_sha256", &AliasEntry::manifest_sha256)
      .def_ro("undoes", &AliasEntry::undoes, "The sequence that a rollback undid.")
      .def_ro("who", &AliasEntry::who)
      .def_ro("when", &AliasEntry::when, "UTC, ISO 8601; for people only.")
      .def_ro("why", &AliasEntry::why)
      .def_ro("unchecked", &AliasEntry::unchecked, "Promoted although no report allowed it.")
      .def("__repr__", [](const AliasEntry& entry) {
        return "<AliasEntry " + std::to_string(entry.sequence) + ": " + entry.kind + " to version " +
               std::to_string(entry.version) + " by " + entry.who + " at " + entry.when + ">";
      });
}

void BindReport(nb::module_& module) {
  nb::class_<Report>(module, "Report", "What a check or a comparison found of a version.")
      .def_ro("sequence", &Report::sequence)
      .def_ro("manifest_sha256", &Report::manifest_sha256)
      .def_ro("who", &Report::who)
      .def_ro("when", &Report::when, "UTC, ISO 8601; for people only.")
      .def_ro("body", &Report::body, "The report itself, a JSON object as text.");
}

}  // namespace

void BindStore(nb::module_& module) {
  using Released = nb::call_guard<GilReleased>;
  module.def("required_modes", &RequiredModes, "The modes that every promotion asks for.");
  BindManifest(module);
  BindVersionEntry(module);
  BindGarbage(module);
  BindAliasEntry(module);
  BindReport(module);

  nb::class_<Store>(module, "Store", "Versions and aliases on a storage. Any thread may call any method.")
      .def(
          "__init__",
          [](Store* self, const std::filesystem::path& url) {  // a path may hold any bytes
            const GilReleased released;
            new (self) Store(OpenStorage(url.string()));
          },
          nb::arg("url"))
      .def_prop_ro("url", [](const Store& store) { return store.storage().url(); })
      .def("exists", &Store::Exists, Released(),
           "Whether there is a store already; the first save makes one.")
      .def(
          "save", &Save, nb::arg("name"), nb::arg("files"), nb::arg("fields") = "{}",
          nb::arg("progress") = nb::none(),
          "Saves (path within the version, local file) pairs and a JSON object of fields as the next "
          "version. "
          "`progress(done, total)` is told the bytes stored; what it raises stops the save.",
          nb::sig("def save(self, name: str, files: collections.abc.Sequence[tuple[str, str | "
                  "os.PathLike[str]]], "
                  "fields: str = '{}', progress: collections.abc.Callable[[int, int], object] | None = None) "
                  "-> Manifest"))
      .def("names", &Store::Names, Released())
      .def("versions", &Store::Versions, nb::arg("name"), nb::arg("with_retired") = false, Released(),
           "Ascending; retired ones only on request.")
      .def("get", &Store::Get, nb::arg("name"), nb::arg("version"), Released())
      .def("make_durable", &Store::MakeDurable, nb::arg("name"), nb::arg("version"), Released(),
           "A version that can be seen is durable on return, whoever saved it. Writes nothing.")
      .def(
          "resolve",
          [](Store& store, const std::string& reference, const std::string& as_of) {
            return store.Resolve(ParseReference(reference), as_of);
          },
          nb::arg("reference"), nb::arg("as_of") = "", Released(),
          "NAME@NUMBER, NAME@ALIAS, NAME@latest or NAME.")
      .def("aliases", &Store::Aliases, nb::arg("name"), Released())
      .def("alias_version", &Store::AliasVersion, nb::arg("name"), nb::arg("alias"), Released())
      .def("history", &Store::History, nb::arg("name"), nb::arg("alias"), nb::arg("as_of") = "", Released(),
           "Oldest first.")
      .def("undoable", &Store::Undoable, nb::arg("name"), nb::arg("alias"), Released(),
           "The promotion that a rollback would undo.")
      .def(
          "promote",
          [](Store& store, const std::string& name, const std::string& alias, std::int64_t version,
             std::string who, std::string why, std::optional<std::int64_t> expect, bool retry_on_conflict,
             bool unchecked, std::vector<std::string> require) {
            return store.Promote(name, alias, version,
                                 {.who = std::move(who),
                                  .why = std::move(why),
                                  .unchecked = unchecked,
                                  .require = std::move(require),
                                  .expect = expect,
                                  .retry_on_conflict = retry_on_conflict});
          },
          nb::arg("name"), nb::arg("alias"), nb::arg("version"), nb::kw_only(), nb::arg("who"),
          nb::arg("why") = "", nb::arg("expect") = nb::none(), nb::arg("retry_on_conflict") = false,
          nb::arg("unchecked") = false, nb::arg("require") = std::vector<std::string>(), Released(),
          "`require`: modes besides those that `required_modes` tells.",
          nb::sig("def promote(self, name: str, alias: str, version: int, *, who: str, why: str = '', "
                  "expect: int | None = None, retry_on_conflict: bool = False, unchecked: bool = False, "
                  "require: collections.abc.Sequence[str] = ()) -> AliasEntry"))
      .def(
          "rollback",
          [](Store& store, const std::string& name, const std::string& alias, std::string who,
             std::string why, std::optional<std::int64_t> expect, std::optional<std::int64_t> undo) {
            return store.Rollback(
                name, alias, {.who = std::move(who), .why = std::move(why), .expect = expect, .undo = undo});
          },
          nb::arg("name"), nb::arg("alias"), nb::kw_only(), nb::arg("who"), nb::arg("why") = "",
          nb::arg("expect") = nb::none(), nb::arg("undo") = nb::none(), Released())
      .def("append_report", &Store::AppendReport, nb::arg("name"), nb::arg("version"), nb::arg("body"),
           nb::kw_only(), nb::arg("who"), Released(), "Adds a report, a JSON object as text, for ever.")
      .def("reports", &Store::Reports, nb::arg("name"), nb::arg("version"), Released(), "Oldest first.")
      .def(
          "retire",
          [](Store& store, const std::string& name, std::int64_t version, std::string who, std::string why,
             std::int64_t unused_for) {
            return store.Retire(name, version,
                                {.who = std::move(who),
                                 .why = std::move(why),
                                 .unused_for = std::chrono::seconds(unused_for)});
          },
          nb::arg("name"), nb::arg("version"), nb::kw_only(), nb::arg("who"), nb::arg("why"),
          nb::arg("unused_for"), Released(), "`unused_for` in seconds.")
      .def("restore", &Store::Restore, nb::arg("name"), nb::arg("version"), nb::kw_only(), nb::arg("who"),
           nb::arg("why"), Released())
      .def("retired", &Store::Retired, nb::arg("name"), nb::arg("version"), Released())
      .def(
          "collect_garbage",
          [](Store& store, std::string who, std::string why, bool dry_run) {
            return store.CollectGarbage({.who = std::move(who), .why = std::move(why), .dry_run = dry_run});
          },
          nb::kw_only(), nb::arg("who"), nb::arg("why"), nb::arg("dry_run") = true, Released())
      .def(
          "open_files",
          [](Store& store, const Manifest& manifest, const nb::object& progress) {
            const auto told = Progress(progress);
            const GilReleased released;
            return OpenFiles(store, manifest, told).paths;
          },
          nb::arg("manifest"), nb::arg("progress") = nb::none(),
          "A verified local file for each path within the version; read-only.",
          nb::sig("def open_files(self, manifest: Manifest, "
                  "progress: collections.abc.Callable[[int, int], object] | None = None) "
                  "-> dict[str, pathlib.Path]"))
      .def(
          "verify",
          [](Store& store, const std::string& name, std::int64_t version) {
            return Told(store.Verify(name, version));
          },
          nb::arg("name"), nb::arg("version"), Released(), "(key, code, message) of each fault found.")
      .def(
          "verify_all", [](Store& store) { return Told(store.VerifyAll()); }, Released(),
          "(key, code, message) of each fault found in the whole store.");

  module.def(
      "parse_reference",
      [](const std::string& text) {
        const Reference reference = ParseReference(text);
        return std::tuple(reference.name, reference.selector);
      },
      nb::arg("text"), "(name, selector) of NAME@SELECTOR; the selector of NAME is \"latest\".");
  module.def(
      "sha256_file", [](const std::filesystem::path& path) { return Sha256OfFile(path).sha256; },
      nb::arg("path"), Released(), "64 lower-case hex digits.",
      nb::sig("def sha256_file(path: str | os.PathLike[str]) -> str"));
}

}  // namespace foretell::python
