// What happens to versions after their time, for Python.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "foretell/store.h"
#include "python/bind.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

std::vector<std::tuple<std::string, std::uint64_t>> KeysAndSizes(const std::vector<ObjectInfo>& objects) {
  std::vector<std::tuple<std::string, std::uint64_t>> told;
  told.reserve(objects.size());
  for (const ObjectInfo& info : objects) {
    told.emplace_back(info.key, info.size);
  }
  return told;
}

}  // namespace

void BindVersionEntry(nb::module_& module) {
  nb::class_<VersionEntry>(module, "VersionEntry", "One entry of the log of a version.")
      .def_ro("sequence", &VersionEntry::sequence)
      .def_ro("kind", &VersionEntry::kind, "\"in-use\", \"retired\", \"restored\" or \"purged\".")
      .def_ro("who", &VersionEntry::who)
      .def_ro("when", &VersionEntry::when, "UTC, ISO 8601; for people only.")
      .def_ro("why", &VersionEntry::why)
      .def("__repr__", [](const VersionEntry& entry) {
        return "<VersionEntry " + std::to_string(entry.sequence) + ": " + entry.kind + " by " + entry.who +
               " at " + entry.when + ">";
      });
}

void BindGarbage(nb::module_& module) {
  nb::class_<Garbage> garbage(module, "Garbage", "What a collection of garbage did, or would do.");
  nb::class_<Garbage::Version>(module, "RetiredVersion", "A version, and the entry that retired it.")
      .def_ro("name", &Garbage::Version::name)
      .def_ro("version", &Garbage::Version::version)
      .def_ro("retired", &Garbage::Version::retired);
  garbage.def_ro("purged", &Garbage::purged, "Retired for thirty days, and given up for ever.")
      .def_ro("waiting", &Garbage::waiting, "Retired for less.")
      .def_prop_ro(
          "deleted", [](const Garbage& self) { return KeysAndSizes(self.deleted); },
          "(key, size) of what no version names.")
      .def_prop_ro(
          "young", [](const Garbage& self) { return KeysAndSizes(self.young); },
          "(key, size) of what no version names, but which may be part of a save under way.");
}

}  // namespace foretell::python
