// _core.Lda and _core.count_together.
#include "models/lda.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "foretell/error.h"
#include "models/coherence.h"
#include "models/workers.h"
#include "python/bind.h"
#include "python/gil.h"
#include "python/numpy.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

// An Lda with the arrays that it reads.
class OwningLda {
 public:
  template <typename Real>
  OwningLda(LdaSettings settings, Lda::PackedArrays<Real> packed)
      : packed_(std::make_unique<Packed>(std::move(packed))),
        lda_(settings, std::get<Lda::PackedArrays<Real>>(*packed_).arrays()) {}

  const Lda& lda() const { return lda_; }

 private:
  using Packed = std::variant<Lda::Packed, Lda::PackedSingle>;
  std::unique_ptr<Packed> packed_;  // its address outlives moves
  Lda lda_;
};

template <typename Real>
OwningLda MakeLda(const MatrixIn<Real>& component, LdaSettings settings) {
  settings.topics = static_cast<std::int64_t>(component.shape(0));
  settings.words = static_cast<std::int64_t>(component.shape(1));
  settings.single = std::is_same_v<Real, float>;
  const GilReleased released;
  return OwningLda(settings, Lda::PackedArrays<Real>(settings.topics, settings.words, SpanOf(component)));
}

template <typename Real>
void Construct(OwningLda* self, const MatrixIn<Real>& component, double doc_topic_prior,
               double mean_change_tol, std::int64_t max_doc_update_iter) {
  new (self) OwningLda(MakeLda<Real>(component, {.doc_topic_prior = doc_topic_prior,
                                                 .mean_change_tol = mean_change_tol,
                                                 .max_doc_update_iter = max_doc_update_iter}));
}

nb::object Transform(const OwningLda& owning, const VectorIn<std::int64_t>& row_starts,
                     const VectorIn<std::int32_t>& ids, const VectorIn<double>& values, std::int64_t columns,
                     bool normalize, int threads, bool with_iterations) {
  const CsrView rows{columns, SpanOf(row_starts), SpanOf(ids), SpanOf(values)};
  const auto topics = static_cast<std::size_t>(owning.lda().settings().topics);
  const auto count = static_cast<std::size_t>(rows.rows());
  Numbers<double> out(count * topics);
  Numbers<std::int64_t> iterations(with_iterations ? count : 0);
  {
    const GilReleased released;
    Workers workers(threads);
    owning.lda().Transform(rows, workers, out.span(), normalize, iterations.span());
  }
  nb::object matrix = std::move(out).ToNumpy({count, topics});
  return with_iterations ? nb::object(nb::make_tuple(matrix, std::move(iterations).ToNumpy({count})))
                         : matrix;
}

}  // namespace

void BindLda(nb::module_& module) {
  nb::class_<OwningLda>(module, "Lda",
                        "Topics of documents as scikit-learn's LatentDirichletAllocation.transform gives "
                        "them. Immutable; any thread. FT0101, FT0206.")
      .def("__init__", &Construct<double>, nb::arg("exp_dirichlet_component").noconvert(), nb::kw_only(),
           nb::arg("doc_topic_prior"), nb::arg("mean_change_tol") = 1e-3,
           nb::arg("max_doc_update_iter") = 100,
           "From an array of topics × words; float64 or, to compute in single precision, float32.")
      .def("__init__", &Construct<float>, nb::arg("exp_dirichlet_component").noconvert(), nb::kw_only(),
           nb::arg("doc_topic_prior"), nb::arg("mean_change_tol") = 1e-3,
           nb::arg("max_doc_update_iter") = 100)
      .def_prop_ro("topics", [](const OwningLda& owning) { return owning.lda().settings().topics; })
      .def_prop_ro("words", [](const OwningLda& owning) { return owning.lda().settings().words; })
      .def("transform", &Transform, nb::arg("row_starts"), nb::arg("ids"), nb::arg("values"),
           nb::arg("columns"), nb::kw_only(), nb::arg("normalize") = true, nb::arg("threads") = 1,
           nb::arg("with_iterations") = false,
           "rows × topics, float64: probabilities, or with normalize=False the Dirichlet's parameters. The "
           "same bits for any number of threads. With `with_iterations` a pair: that, and each row's number "
           "of iterations. Lets go of the GIL.");

  module.def(
      "count_together",
      [](const VectorIn<std::int64_t>& row_starts, const VectorIn<std::int32_t>& ids,
         const VectorIn<double>& values, std::int64_t columns, const MatrixIn<std::int32_t>& topic_words) {
        const std::size_t width = topic_words.shape(1);
        Numbers<std::int64_t> out(topic_words.size() * width);
        {
          const GilReleased released;
          const CsrView counts{columns, SpanOf(row_starts), SpanOf(ids), SpanOf(values)};
          std::ranges::copy(CountTogether(counts, SpanOf(topic_words), static_cast<std::int64_t>(width)),
                            out.span().begin());
        }
        return std::move(out).ToNumpy({topic_words.shape(0), width, width});
      },
      nb::arg("row_starts"), nb::arg("ids"), nb::arg("values"), nb::arg("columns"), nb::arg("topic_words"),
      "topics × n × n: the numbers of rows that have both the i-th and the j-th word of a topic, whose n "
      "words "
      "are a row of `topic_words`. FT0101, FT0206.");
}

}  // namespace foretell::python
