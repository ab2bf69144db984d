// _core.CountVectorizer, HashingVectorizer, tfidf and analyze: the text layer, for tests and comparisons.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "models/floating_point_environment.h"
#include "models/tfidf.h"
#include "python/arrow_objects.h"
#include "python/bind.h"
#include "python/gil.h"
#include "python/stream.h"
#include "text/vectorizer.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

// Views of documents, and what keeps them.
class Documents {
 public:
  // From a list of str and bytes, or the first column of a stream of batches.
  explicit Documents(nb::handle documents) {
    if (nb::isinstance<nb::list>(documents)) {
      list_ = nb::list(documents);  // a copy: another thread may change the list itself
      for (const nb::handle document : list_) {
        views_.push_back(ViewOf(document));
      }
      return;
    }
    Batches stream = TakeBatches(documents);
    while (auto batch = stream.Next()) {
      const Column column = batch->columns().at(0);
      for (std::int64_t i = 0; i < column.length(); ++i) {
        views_.push_back(column.IsNull(i) ? std::string_view() : column.String(i));
      }
      batches_.push_back(*std::move(batch));
    }
  }

  const std::vector<std::string_view>& views() const { return views_; }

 private:
  static std::string_view ViewOf(nb::handle document) {
    Py_ssize_t size = 0;
    if (PyUnicode_Check(document.ptr())) {
      if (const char* const text = PyUnicode_AsUTF8AndSize(document.ptr(), &size)) {
        return {text, static_cast<std::size_t>(size)};
      }
      throw nb::python_error();
    }
    if (char* bytes = nullptr; PyBytes_AsStringAndSize(document.ptr(), &bytes, &size) == 0) {
      return {bytes, static_cast<std::size_t>(size)};
    }
    throw nb::python_error();
  }

  nb::list list_;
  std::vector<Batch> batches_;
  std::vector<std::string_view> views_;
};

template <typename T>
using Array = nb::ndarray<nb::numpy, T, nb::ndim<1>>;

template <typename T>
Array<T> ArrayOf(std::vector<T> values) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  T* const data = owned->data();
  const std::size_t size = owned->size();
  const nb::capsule owner(owned.release(), [](void* pointer) noexcept {
    delete static_cast<std::vector<T>*>(pointer);  // NOLINT(cppcoreguidelines-owning-memory)
  });
  return Array<T>(data, {size}, owner);
}

using Rows = std::tuple<Array<std::int64_t>, Array<std::int32_t>, Array<double>>;

template <typename Vectorizer>
Rows Transform(const Vectorizer& vectorizer, nb::handle given) {
  const Documents documents(given);
  Csr rows;
  {
    const GilReleased released;
    typename Vectorizer::Scratch scratch;
    for (const std::string_view document : documents.views()) {
      vectorizer.Append(document, scratch, rows);
    }
  }
  return {ArrayOf(std::move(rows.row_starts)), ArrayOf(std::move(rows.ids)), ArrayOf(std::move(rows.values))};
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
using Given = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename T>
std::vector<T> Copied(const Given<T>& array) {
  return {array.data(), array.data() + array.size()};
}

Array<double> Weighed(const Given<std::int64_t>& row_starts, const Given<std::int32_t>& ids,
                      const Given<double>& values, const Given<double>& idf, std::int64_t columns,
                      bool sublinear_tf, std::string_view norm, bool single) {
  Csr rows{columns, Copied(row_starts), Copied(ids), Copied(values)};
  const std::vector<double> weights = Copied(idf);
  {
    const GilReleased released;
    TfidfTransformer(weights, {.sublinear_tf = sublinear_tf, .norm = ParseNorm(norm), .single = single})
        .Apply(rows, 0);
  }
  return ArrayOf(std::move(rows.values));
}

}  // namespace

void BindText(nb::module_& module) {
  module.def(
      "analyze",
      [](std::string_view settings, nb::handle given) {
        const Documents documents(given);
        std::vector<std::vector<std::string>> terms;
        const GilReleased released;
        const Analyzer analyzer(ParseAnalyzerSettings(settings));
        Analyzer::Scratch scratch;
        for (const std::string_view document : documents.views()) {
          std::vector<std::string>& of_document = terms.emplace_back();
          analyzer.ForEachTerm(document, scratch,
                               [&](std::string_view term) { of_document.emplace_back(term); });
        }
        return terms;
      },
      nb::arg("settings"), nb::arg("documents"),
      "The terms of each document, by an analyzer's settings as JSON. Documents are a list of str and bytes, "
      "or the first column of an object with __arrow_c_stream__.");
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
