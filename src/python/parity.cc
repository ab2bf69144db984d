// _core.Comparison, _core.ParityReport and _core.count_distinct.
#include "foretell/parity.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "python/arrow_objects.h"
#include "python/bind.h"
#include "python/gil.h"
#include "python/stream.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

using Ids = std::vector<std::int64_t>;

// Everything that a stream holds.
std::vector<Batch> AllOf(nb::handle data) {
  Batches stream = TakeBatches(data);
  const GilReleased released;
  std::vector<Batch> batches;
  while (auto batch = stream.Next()) {
    batches.push_back(*std::move(batch));
  }
  return batches;
}

// Before a row is added: a stream that is refused leaves the comparison as it was.
void CheckOneIdPerRow(const std::vector<Batch>& batches, const Ids& ids) {
  std::int64_t rows = 0;
  for (const Batch& batch : batches) {
    rows += batch.rows();
  }
  if (rows != static_cast<std::int64_t>(ids.size())) {
    throw Error(Code::kWrongLength,
                std::to_string(rows) + " rows came with " + std::to_string(ids.size()) + " ids");
  }
}

std::tuple<double, std::string, std::int64_t> Told(const LargestDifference& largest) {
  return {largest.value, largest.column, largest.row};
}

}  // namespace

void BindParity(nb::module_& module) {
  nb::class_<ParityReport>(module, "ParityReport", "How predictions differ from a reference. Immutable.")
      .def_ro("rows", &ParityReport::rows, "Compared.")
      .def_ro("mismatches", &ParityReport::mismatches, "Rows with a value outside the parity rule.")
      .def_ro("missing", &ParityReport::missing)
      .def_ro("extra", &ParityReport::extra)
      .def_ro("not_bit_equal", &ParityReport::not_bit_equal, "Rows with other bits, mismatches included.")
      .def_prop_ro(
          "absolute", [](const ParityReport& report) { return Told(report.absolute); },
          "The largest difference: (value, column, row); column '' when there is none.")
      .def_prop_ro("relative", [](const ParityReport& report) { return Told(report.relative); })
      .def_ro("mismatched", &ParityReport::mismatched, "Row ids, ascending.")
      .def_prop_ro(
          "shown",
          [](const ParityReport& report) {
            std::vector<std::tuple<std::int64_t, std::string, std::string, std::string>> shown;
            for (const Difference& one : report.shown) {
              shown.emplace_back(one.row, one.column, one.reference, one.other);
            }
            return shown;
          },
          "(row, column, reference, other) of the first rows that differ, values as text.")
      .def_ro("types", &ParityReport::types, "Columns whose types differ, in words.")
      .def_prop_ro("matches", &ParityReport::matches);

  nb::class_<Comparison>(module, "Comparison",
                         "Compares predictions with a reference by the parity rule; see "
                         "include/foretell/parity.h. One thread at a time.")
      .def(
          "__init__",
          [](Comparison* self, nb::handle reference, bool exact, double rtol, double atol,
             std::size_t shown) {
            std::vector<Batch> batches = AllOf(reference);
            const GilReleased released;
            new (self)
                Comparison(std::move(batches), {.exact = exact, .rtol = rtol, .atol = atol, .shown = shown});
          },
          nb::arg("reference"), nb::kw_only(), nb::arg("exact") = false, nb::arg("rtol") = ParityRule().rtol,
          nb::arg("atol") = ParityRule().atol, nb::arg("shown") = ParityRule().shown,
          "From an object with __arrow_c_stream__; FT0101, FT0205.")
      .def_prop_ro("rows", &Comparison::rows)
      .def(
          "add",
          [](Comparison& comparison, nb::handle data, const std::optional<Ids>& ids) {
            const std::vector<Batch> batches = AllOf(data);
            const GilReleased released;
            if (!ids) {
              for (const Batch& batch : batches) {
                comparison.Add(batch);
              }
              return;
            }
            CheckOneIdPerRow(batches, *ids);
            std::span<const std::int64_t> left(*ids);
            for (const Batch& batch : batches) {
              const auto rows = static_cast<std::size_t>(batch.rows());
              comparison.Add(batch, left.first(rows));
              left = left.subspan(rows);
            }
          },
          nb::arg("data"), nb::arg("ids").none() = nb::none(),
          "Adds a stream's rows: with these ids, else those that follow the rows added before. FT0302 unless "
          "there is one id per row; nothing is added then.")
      .def(
          "finish",
          [](Comparison& comparison, const std::optional<Ids>& expected) {
            const GilReleased released;
            return expected ? comparison.Finish(*expected) : comparison.Finish();
          },
          nb::arg("expected").none() = nb::none(),
          "The report; `expected` are the ids that should have come, without it all. What follows starts "
          "anew.");

  module.def(
      "count_distinct",
      [](nb::handle data) {
        const std::vector<Batch> batches = AllOf(data);
        const GilReleased released;
        return CountDistinct(batches);
      },
      nb::arg("data"), "How many rows of a stream differ from one another, over all columns.");
}

}  // namespace foretell::python
