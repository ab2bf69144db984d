// Units of work: Output, Unit, Attempt. Records are dicts, JSON inside them is text. Every call lets
// go of the GIL; the plan of a unit takes it back.
#include "foretell/unit.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/bind.h"
#include "python/gil.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

// The member `name` of a dict given by Python; `otherwise` when it is not there, if there is one.
template <typename T>
T Member(const nb::dict& dict, const char* name, std::optional<T> otherwise = std::nullopt) {
  if (!dict.contains(name)) {
    if (otherwise) return *std::move(otherwise);
    throw Error(Code::kInvalidArgument, std::string("'") + name + "' is missing");
  }
  const nb::object value = dict[name];
  if (value.is_none() && otherwise) return *std::move(otherwise);
  T converted{};
  if (!nb::try_cast<T>(value, converted)) {
    throw Error(Code::kInvalidArgument, std::string("'") + name + "' cannot be " +
                                            nb::cast<std::string>(nb::str(value.type().attr("__name__"))));
  }
  return converted;
}

Counts CountsOf(const nb::dict& dict) {
  const auto count = [&](const char* name) { return Member<std::int64_t>(dict, name, 0); };
  return {count("rows"), count("predicted"), count("bad"), count("skipped"), count("unstable")};
}

nb::dict CountsDict(const Counts& counts) {
  nb::dict dict;
  dict["rows"] = counts.rows;
  dict["predicted"] = counts.predicted;
  dict["bad"] = counts.bad;
  dict["skipped"] = counts.skipped;
  dict["unstable"] = counts.unstable;
  return dict;
}

Part PartOf(const nb::dict& dict) {
  Part part;
  part.split = Member<std::int64_t>(dict, "split");
  part.files = Member<std::vector<std::string>>(dict, "files");
  part.sizes = Member<std::vector<std::uint64_t>>(dict, "sizes");
  part.counts = CountsOf(Member<nb::dict>(dict, "counts", nb::dict()));
  part.details = Member<std::string>(dict, "details", std::string());
  return part;
}

nb::dict PartDict(const Part& part) {
  nb::dict dict;
  dict["split"] = part.split;
  dict["files"] = nb::cast(part.files);
  dict["sizes"] = nb::cast(part.sizes);
  dict["counts"] = CountsDict(part.counts);
  dict["details"] = part.details;
  return dict;
}

nb::list PartDicts(const std::vector<Part>& parts) {
  nb::list list;
  for (const Part& part : parts) list.append(PartDict(part));
  return list;
}

Pin PinOf(const nb::dict& dict) {
  Pin pin;
  pin.version = Member<std::int64_t>(dict, "version");
  pin.manifest_sha256 = Member<std::string>(dict, "manifest_sha256");
  pin.plan = Member<std::string>(dict, "plan");
  pin.environment = Member<std::string>(dict, "environment", std::string());
  pin.who = Member<std::string>(dict, "who", std::string());
  pin.when = Member<std::string>(dict, "when", std::string());
  pin.why = Member<std::string>(dict, "why", std::string());
  return pin;
}

nb::dict PinDict(const Pin& pin) {
  nb::dict dict;
  dict["version"] = pin.version;
  dict["manifest_sha256"] = pin.manifest_sha256;
  dict["plan"] = pin.plan;
  dict["environment"] = pin.environment;
  dict["who"] = pin.who;
  dict["when"] = pin.when;
  dict["why"] = pin.why;
  dict["sequence"] = pin.sequence;
  return dict;
}

nb::object CommitDict(const std::optional<Commit>& commit) {
  if (!commit) return nb::none();
  nb::dict dict;
  dict["attempt_id"] = commit->attempt_id;
  dict["epoch"] = commit->epoch;
  dict["parts"] = PartDicts(commit->parts);
  dict["counts"] = CountsDict(commit->counts);
  dict["when"] = commit->when;
  dict["sequence"] = commit->sequence;
  return dict;
}

// Runs `work` without the GIL.
template <typename Work>
auto Released(Work&& work) {
  const GilReleased release;
  return work();
}

void BindAttempt(nb::module_& module) {
  nb::class_<Attempt>(module, "Attempt", "One try to score a unit. Any thread may call any method.")
      .def_prop_ro(
          "id", [](const Attempt& attempt) { return attempt.id(); },
          "epoch, number and chance; never used again")
      .def_prop_ro("pin", [](const Attempt& attempt) { return PinDict(attempt.pin()); })
      .def_prop_ro("staging_key", &Attempt::staging_key)
      .def_prop_ro(
          "staging_path",
          [](const Attempt& attempt) -> std::optional<std::string> {
            const auto path = Released([&] { return attempt.staging_path(); });
            if (!path) return std::nullopt;
            return path->string();
          },
          "The folder that this attempt alone writes; None where the output is not local.")
      .def_prop_ro(
          "parts", [](const Attempt& attempt) { return PartDicts(attempt.parts()); },
          "Finished and adopted parts, in order.")
      .def(
          "adopt", [](Attempt& attempt) { return PartDicts(Released([&] { return attempt.Adopt(); })); },
          "Take over the parts that other attempts finished under the same pin; they are linked into "
          "this attempt's folder and need no scoring. Call before scoring.")
      .def(
          "finish_part",
          [](Attempt& attempt, const nb::dict& part) {
            const Part made = PartOf(part);
            Released([&] { attempt.FinishPart(made); });
          },
          nb::arg("part"),
          "Record, durably, that a part's files are whole: split, files (relative to staging_path), "
          "sizes, counts (rows, predicted, bad, skipped, unstable), details (JSON text). The files are "
          "synced here; nobody may write to them again. FT0101, FT0608.")
      .def(
          "fail",
          [](Attempt& attempt, const std::string& code, const std::string& message) {
            const std::optional<CatalogueEntry> known = Explain(code);
            const Error why(known ? known->code : Code::kInternal, message);
            return Released([&] { return attempt.Fail(why); });
          },
          nb::arg("code"), nb::arg("message"),
          "Record, durably, that the version failed this attempt; three such attempts stop the unit. False, "
          "and nothing is recorded, when the code is not of a version's fault (FT03 but FT0312, FT0501, "
          "FT0502, FT0506, FT08): a full disk, a changed input, another process.");
}

void BindUnit(nb::module_& module) {
  nb::class_<Unit>(module, "Unit", "One unit of work of an output. One thread at a time.")
      .def_prop_ro("number", &Unit::number)
      .def_prop_ro("pin", [](const Unit& unit) { return PinDict(unit.pin()); })
      .def_prop_ro(
          "commit", [](const Unit& unit) { return CommitDict(unit.commit()); },
          nb::sig("def commit(self) -> dict | None"), "The commit as a dict, or None.")
      .def_prop_ro("committed", &Unit::committed)
      .def_prop_ro("published", &Unit::published)
      .def(
          "start", [](Unit& unit) { return Released([&] { return unit.Start(); }); },
          "A new attempt. FT0606 after three failed ones under this pin; FT0608 when the unit was "
          "committed or pinned anew since it was read.")
      .def(
          "commit_attempt",
          [](Unit& unit, const Attempt& attempt) { return Released([&] { return unit.Commit(attempt); }); },
          nb::arg("attempt"),
          "True: the attempt's rows are the unit's. False: another commit or a person's pin came first, "
          "and the unit was read again. FT0405 when it cannot be known.")
      .def(
          "publish", [](Unit& unit) { Released([&] { unit.Publish(); }); },
          "Move the commit's files into place and record it. Idempotent; any process may call it. FT0607.");
}

}  // namespace

void BindUnits(nb::module_& module) {
  module.def(
      "is_of_version",
      [](const std::string& code) {
        const std::optional<CatalogueEntry> known = Explain(code);
        return known && IsOfVersion(known->code);
      },
      nb::arg("code"), "Whether a version is to blame for an attempt that ended with this code.");
  BindAttempt(module);
  BindUnit(module);
  nb::class_<Output>(module, "Output", "An output folder and its log. Any thread may call any method.")
      .def_static(
          "open",
          [](const std::filesystem::path& url, std::string predictor, std::string store, std::string mode) {
            const Lineage lineage{{}, std::move(predictor), std::move(store), std::move(mode)};
            return Released([&] { return Output::Open(OpenStorage(url.string()), lineage); });
          },
          nb::arg("url"), nb::kw_only(), nb::arg("predictor"), nb::arg("store"), nb::arg("mode"),
          "Open for writing; mode is 'bounded', 'incremental' or 'stream'. FT0601, FT0602 (another "
          "process writes to it), FT0603 (another predictor's or store's).")
      .def_static(
          "read",
          [](const std::filesystem::path& url) {
            return Released([&] { return Output::Read(OpenStorage(url.string())); });
          },
          nb::arg("url"), "Open for reading: no lock, no epoch, no write. FT0610.")
      .def("close", &Output::Close, "Give the lock back, so that another driver may start.")
      .def(
          "__enter__", [](Output& output) -> Output& { return output; }, nb::rv_policy::reference)
      .def(
          "__exit__", [](Output& output, const nb::args&) { output.Close(); },
          nb::sig("def __exit__(self, *raised: object) -> None"))
      .def_prop_ro("lineage",
                   [](const Output& output) {
                     nb::dict dict;
                     dict["id"] = output.lineage().id;
                     dict["predictor"] = output.lineage().predictor;
                     dict["store"] = output.lineage().store;
                     dict["mode"] = output.lineage().mode;
                     return dict;
                   })
      .def_prop_ro("epoch", &Output::epoch, "The start that this is, from 1; 0 when open for reading.")
      .def(
          "unit",
          [](Output& output, std::int64_t number, const nb::callable& plan) {
            const auto ask = [&plan] {
              const GilHeld acquire;
              return PinOf(nb::cast<nb::dict>(Call(plan)));
            };
            return Released([&] { return output.Unit(number, ask); });
          },
          nb::arg("number"), nb::arg("plan"),
          "The unit, pinned: by the pin that exists, else by the dict that plan() returns (version, "
          "manifest_sha256, plan, environment, who, when, why); it is called at most once. FT0608.")
      .def(
          "make_input_folder",
          [](Output& output, std::int64_t number) -> std::optional<std::string> {
            const auto path = Released([&] { return output.MakeInputFolder(number); });
            if (!path) return std::nullopt;
            return path->string();
          },
          nb::arg("number"),
          "A new folder for rows that the unit's plan is about to name; it goes when the unit is published. "
          "None where the output is not local.")
      .def(
          "repin",
          [](Output& output, std::int64_t number, std::int64_t version, const std::string& manifest_sha256,
             const std::string& who, const std::string& why) {
            return PinDict(
                Released([&] { return output.Repin(number, version, manifest_sha256, who, why); }));
          },
          nb::arg("number"), nb::arg("version"), nb::arg("manifest_sha256"), nb::arg("who"), nb::arg("why"),
          "A person's pin for a unit that is not committed: another version, the same plan. FT0608.")
      .def("unit_numbers", [](Output& output) { return Released([&] { return output.UnitNumbers(); }); })
      .def(
          "read_unit",
          [](Output& output, std::int64_t number) {
            return Released([&] { return output.ReadUnit(number); });
          },
          nb::arg("number"), "FT0610 when there is none.")
      .def(
          "read_units",
          [](Output& output, std::int64_t after) {
            return Released([&] { return output.ReadUnits(after); });
          },
          nb::arg("after") = 0, "Every pinned unit after `after`, in order.")
      .def(
          "pins",
          [](Output& output, std::int64_t number) {
            nb::list list;
            for (const Pin& pin : Released([&] { return output.Pins(number); })) list.append(PinDict(pin));
            return list;
          },
          nb::arg("number"), "All pins of a unit as dicts, oldest first.");

  module.def(
      "check_bad_rows",
      [](const std::vector<nb::dict>& counts, double ratio, std::int64_t least, std::int64_t window) {
        std::vector<Counts> made;
        made.reserve(counts.size());
        for (const nb::dict& dict : counts) made.push_back(CountsOf(dict));
        CheckBadRows(made, {ratio, least, window});
      },
      nb::arg("counts"), nb::arg("ratio"), nb::arg("least") = 20, nb::arg("window") = 10'000,
      "FT0605 when more than `ratio` of the rows are bad, over the last units that hold `window` rows; "
      "never for fewer than `least` bad rows. counts: a dict a unit, newest last.");
}

}  // namespace foretell::python
