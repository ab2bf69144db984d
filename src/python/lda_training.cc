// _core.LdaTraining.
#include "models/lda_training.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "models/workers.h"
#include "python/bind.h"
#include "python/gil.h"
#include "python/numpy.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

// Training and its threads. Calls from several Python threads wait for one another.
class Trainer {
 public:
  Trainer(const LdaTrainingSettings& settings, std::uint64_t seed, int threads)
      : workers_(threads), training_(settings, seed, workers_) {}
  Trainer(LdaTraining training, int threads) : workers_(threads), training_(std::move(training)) {}

  // Calls work(training, workers) without the GIL.
  template <typename Work>
  auto Alone(Work work) {
    const GilReleased released;
    const std::lock_guard lock(mutex_);
    return work(training_, workers_);
  }

 private:
  std::mutex mutex_;
  Workers workers_;
  LdaTraining training_;
};

CsrView Rows(const VectorIn<std::int64_t>& row_starts, const VectorIn<std::int32_t>& ids,
             const VectorIn<double>& values, std::int64_t columns) {
  return {columns, SpanOf(row_starts), SpanOf(ids), SpanOf(values)};
}

// Lets Ctrl-C, and whatever `call` raises, end a call into C++.
void Listen(nb::handle call) {
  const GilHeld held;
  if (PyErr_CheckSignals() != 0) {
    throw nb::python_error();
  }
  if (!call.is_none()) {
    Call(call);
  }
}

LdaTrainingSettings Settings(std::int64_t topics, std::int64_t words, double doc_topic_prior,
                             double topic_word_prior, double mean_change_tol,
                             std::int64_t max_doc_update_iter) {
  return {.topics = topics,
          .words = words,
          .doc_topic_prior = doc_topic_prior,
          .topic_word_prior = topic_word_prior,
          .mean_change_tol = mean_change_tol,
          .max_doc_update_iter = max_doc_update_iter};
}

LdaTrainingSettings SettingsOf(Trainer& trainer) {
  return trainer.Alone([](const LdaTraining& training, Workers& /*workers*/) { return training.settings(); });
}

nb::object Components(Trainer& trainer, bool expected) {
  const LdaTrainingSettings settings = SettingsOf(trainer);
  const auto topics = static_cast<std::size_t>(settings.topics);
  const auto words = static_cast<std::size_t>(settings.words);
  Numbers<double> out(topics * words);
  trainer.Alone([&](const LdaTraining& training, Workers& workers) {
    if (expected) {
      training.WriteExpDirichletComponent(out.span(), workers);
    } else {
      training.WriteComponents(out.span());
    }
  });
  return std::move(out).ToNumpy({topics, words});
}

nb::object CopyOf(const std::vector<double>& values, std::initializer_list<std::size_t> shape) {
  Numbers<double> numbers(values.size());
  std::copy(values.begin(), values.end(), numbers.span().begin());
  return std::move(numbers).ToNumpy(shape);
}

}  // namespace

void BindLdaTraining(nb::module_& module) {
  nb::class_<Trainer>(
      module, "LdaTraining",
      "Topics from documents by variational Bayes; see src/models/lda_training.h. Calls from several threads "
      "wait for one another; they let go of the GIL. The same bits for any number of threads.")
      .def(
          "__init__",
          [](Trainer* self, std::int64_t topics, std::int64_t words, double doc_topic_prior,
             double topic_word_prior, double mean_change_tol, std::int64_t max_doc_update_iter,
             std::uint64_t seed, int threads) {
            const GilReleased released;
            new (self) Trainer(Settings(topics, words, doc_topic_prior, topic_word_prior, mean_change_tol,
                                        max_doc_update_iter),
                               seed, threads);
          },
          nb::kw_only(), nb::arg("topics"), nb::arg("words"), nb::arg("doc_topic_prior"),
          nb::arg("topic_word_prior"), nb::arg("mean_change_tol"), nb::arg("max_doc_update_iter"),
          nb::arg("seed"), nb::arg("threads"), "With topics drawn at random. FT0101.")
      .def_static(
          "from_components",
          [](const MatrixIn<double>& components, double doc_topic_prior, double topic_word_prior,
             double mean_change_tol, std::int64_t max_doc_update_iter, std::uint64_t seed, int threads) {
            const GilReleased released;
            return std::make_unique<Trainer>(
                LdaTraining::FromComponents(
                    Settings(static_cast<std::int64_t>(components.shape(0)),
                             static_cast<std::int64_t>(components.shape(1)), doc_topic_prior,
                             topic_word_prior, mean_change_tol, max_doc_update_iter),
                    SpanOf(components), seed),
                threads);
          },
          nb::arg("components"), nb::kw_only(), nb::arg("doc_topic_prior"), nb::arg("topic_word_prior"),
          nb::arg("mean_change_tol"), nb::arg("max_doc_update_iter"), nb::arg("seed"), nb::arg("threads"),
          "With the topics of an array of topics × words. FT0101, FT0206.")
      .def_static(
          "from_state",
          [](const MatrixIn<double>& counts, const VectorIn<double>& totals, double decay, std::uint64_t seed,
             std::uint64_t steps, double doc_topic_prior, double topic_word_prior, double mean_change_tol,
             std::int64_t max_doc_update_iter, int threads) {
            const GilReleased released;
            LdaTraining::State state;
            state.counts.assign(counts.data(), counts.data() + counts.size());
            state.totals.assign(totals.data(), totals.data() + totals.size());
            state.decay = decay;
            state.seed = seed;
            state.steps = steps;
            return std::make_unique<Trainer>(
                LdaTraining(Settings(static_cast<std::int64_t>(counts.shape(1)),
                                     static_cast<std::int64_t>(counts.shape(0)), doc_topic_prior,
                                     topic_word_prior, mean_change_tol, max_doc_update_iter),
                            std::move(state)),
                threads);
          },
          nb::arg("counts"), nb::arg("totals"), nb::arg("decay"), nb::arg("seed"), nb::arg("steps"),
          nb::kw_only(), nb::arg("doc_topic_prior"), nb::arg("topic_word_prior"), nb::arg("mean_change_tol"),
          nb::arg("max_doc_update_iter"), nb::arg("threads"),
          "From what state() gave; training goes on bit for bit. FT0101, FT0206.")
      .def(
          "state",
          [](Trainer& trainer) {
            std::size_t topics = 0;
            const LdaTraining::State state =
                trainer.Alone([&](const LdaTraining& training, Workers& /*workers*/) {
                  topics = static_cast<std::size_t>(training.settings().topics);
                  return training.state();
                });
            return nb::make_tuple(CopyOf(state.counts, {state.counts.size() / topics, topics}),
                                  CopyOf(state.totals, {topics}), state.decay, state.seed, state.steps);
          },
          "(counts, totals, decay, seed, steps): words × topics, topics, numbers.")
      .def_static("rate", &LdaTraining::Rate, nb::arg("decay"), nb::arg("offset"), nb::arg("step"),
                  "(offset + step) ** -decay. FT0101.")
      .def(
          "learn",
          [](Trainer& trainer, const VectorIn<std::int64_t>& row_starts, const VectorIn<std::int32_t>& ids,
             const VectorIn<double>& values, std::int64_t columns, std::int64_t first, std::int64_t last,
             double rate, double scale, nb::object between) {
            trainer.Alone([&](LdaTraining& training, Workers& workers) {
              training.Learn(Rows(row_starts, ids, values, columns), first, last, {rate, scale}, workers,
                             [&] { Listen(between); });
            });
          },
          nb::arg("row_starts"), nb::arg("ids"), nb::arg("values"), nb::arg("columns"), nb::kw_only(),
          nb::arg("first"), nb::arg("last"), nb::arg("rate") = 1.0, nb::arg("scale") = 1.0,
          nb::arg("between").none() = nb::none(),
          "One step with rows first to last. `between` is called, and Ctrl-C heard, before every 512 rows; "
          "what is raised leaves the topics as they were. FT0101, FT0206.")
      .def(
          "complete",
          [](Trainer& trainer, const VectorIn<std::int64_t>& row_starts, const VectorIn<std::int32_t>& ids,
             const VectorIn<double>& values, std::int64_t columns) {
            const LdaTraining::Completion found =
                trainer.Alone([&](const LdaTraining& training, Workers& workers) {
                  return training.Complete(Rows(row_starts, ids, values, columns), workers,
                                           [] { Listen(nb::none()); });
                });
            return std::pair(found.log_likelihood, found.tokens);
          },
          nb::arg("row_starts"), nb::arg("ids"), nb::arg("values"), nb::arg("columns"),
          "Document completion: (log likelihood, tokens) of every second entry of the rows, given the "
          "others.")
      .def_prop_ro("topics", [](Trainer& trainer) { return SettingsOf(trainer).topics; })
      .def_prop_ro("words", [](Trainer& trainer) { return SettingsOf(trainer).words; })
      .def_prop_ro(
          "components", [](Trainer& trainer) { return Components(trainer, false); },
          "lambda, topics × words; a new array.")
      .def_prop_ro(
          "exp_dirichlet_component", [](Trainer& trainer) { return Components(trainer, true); },
          "exp(E[log beta]), topics × words; a new array.");
}

}  // namespace foretell::python
