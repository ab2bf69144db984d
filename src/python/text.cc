// _core.CountVectorizer, HashingVectorizer, tfidf and analyze: the text layer, for tests and comparisons.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "models/floating_point_environment.h"
#include "models/tfidf.h"
#include "python/bind.h"
#include "python/documents.h"
#include "python/gil.h"
#include "python/numpy.h"
#include "text/vectorizer.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

template <typename Vectorizer>
nb::object Transform(const Vectorizer& vectorizer, nb::handle given) {
  const Documents documents = DocumentsFrom(given);
  Csr rows;
  {
    const GilReleased released;
    typename Vectorizer::Scratch scratch;
    for (std::int64_t row = 0; row < documents.rows; ++row) {
      vectorizer.Append(documents.at(row), scratch, rows);
    }
  }
  return ToNumpy(std::move(rows));
}

// With the arrays that its vocabulary lies in.
class Counting {
 public:
  using Scratch = CountVectorizer::Scratch;

  Counting(std::string_view settings, const std::vector<std::string>& terms, bool binary,
           std::string_view type)
      : packed_(Vocabulary::Build(std::vector<std::string_view>(terms.begin(), terms.end()))),
        vectorizer_(Analyzer(ParseAnalyzerSettings(settings)), Vocabulary(packed_.arrays()),
                    {.binary = binary, .type = ParseCountType(type)}) {}

  void Append(std::string_view document, Scratch& scratch, Csr& out) const {
    vectorizer_.Append(document, scratch, out);
  }

 private:
  Vocabulary::Packed packed_;
  CountVectorizer vectorizer_;
};

class Hashing {
 public:
  using Scratch = HashingVectorizer::Scratch;

  Hashing(std::string_view settings, std::int64_t features, bool alternate_sign, bool binary,
          std::string_view norm, bool single)
      : vectorizer_(Analyzer(ParseAnalyzerSettings(settings)), {.features = features,
                                                                .alternate_sign = alternate_sign,
                                                                .binary = binary,
                                                                .norm = ParseNorm(norm),
                                                                .single = single}) {}

  void Append(std::string_view document, Scratch& scratch, Csr& out) const {
    const FloatingPointEnvironment environment;
    vectorizer_.Append(document, scratch, out);
  }

 private:
  HashingVectorizer vectorizer_;
};

template <typename T>
std::vector<T> Copied(const VectorIn<T>& array) {
  return {array.data(), array.data() + array.size()};
}

nb::object Weighed(const VectorIn<std::int64_t>& row_starts, const VectorIn<std::int32_t>& ids,
                   const VectorIn<double>& values, const VectorIn<double>& idf, std::int64_t columns,
                   bool sublinear_tf, std::string_view norm, bool single) {
  Csr rows{columns, Copied(row_starts), Copied(ids), Copied(values)};
  const std::vector<double> weights = Copied(idf);
  {
    const GilReleased released;
    TfidfTransformer(weights, {.sublinear_tf = sublinear_tf, .norm = ParseNorm(norm), .single = single})
        .Apply(rows, 0);
  }
  const std::size_t count = rows.values.size();
  return ToNumpy(std::move(rows.values), {count});
}

}  // namespace

void BindText(nb::module_& module) {
  module.def(
      "analyze",
      [](std::string_view settings, nb::handle given) {
        const Documents documents = DocumentsFrom(given);
        std::vector<std::vector<std::string>> terms;
        const GilReleased released;
        const Analyzer analyzer(ParseAnalyzerSettings(settings));
        Analyzer::Scratch scratch;
        for (std::int64_t row = 0; row < documents.rows; ++row) {
          std::vector<std::string>& of_document = terms.emplace_back();
          analyzer.ForEachTerm(documents.at(row), scratch,
                               [&](std::string_view term) { of_document.emplace_back(term); });
        }
        return terms;
      },
      nb::arg("settings"), nb::arg("documents"),
      "The terms of each document, by an analyzer's settings as JSON. Documents are a sequence of str and "
      "bytes, or an Arrow column.");
  module.def(
      "analyzer_settings", [](std::string_view settings) { return ToJson(ParseAnalyzerSettings(settings)); },
      nb::arg("settings"), "The settings as they were read. FT0101.");
  nb::class_<Counting>(module, "CountVectorizer", "Documents to counts of known terms. Any thread.")
      .def(nb::init<std::string_view, const std::vector<std::string>&, bool, std::string_view>(),
           nb::arg("settings"), nb::arg("terms"), nb::kw_only(), nb::arg("binary") = false,
           nb::arg("dtype") = "int64", "FT0101 for settings that are not known, or terms that come twice.")
      .def("transform", &Transform<Counting>, nb::arg("documents"),
           "(row_starts, ids, values) of a compressed sparse row matrix. FT0208.");
  nb::class_<Hashing>(module, "HashingVectorizer", "Documents to sums by a term's hash. Any thread.")
      .def(nb::init<std::string_view, std::int64_t, bool, bool, std::string_view, bool>(),
           nb::arg("settings"), nb::kw_only(), nb::arg("n_features") = 1 << 20,
           nb::arg("alternate_sign") = true, nb::arg("binary") = false, nb::arg("norm") = "l2",
           nb::arg("single") = false, "FT0101 for settings that are not known.")
      .def("transform", &Transform<Hashing>, nb::arg("documents"),
           "(row_starts, ids, values) of a compressed sparse row matrix. FT0208.");
  module.def("tfidf", &Weighed, nb::arg("row_starts"), nb::arg("ids"), nb::arg("values"), nb::arg("idf"),
             nb::kw_only(), nb::arg("columns"), nb::arg("sublinear_tf") = false, nb::arg("norm") = "l2",
             nb::arg("single") = false,
             "The values of the rows, weighed by TfidfTransformer; an empty idf weighs nothing. FT0101.");
}

}  // namespace foretell::python
