// Topics from documents by variational Bayes, online or in batch: Hoffman, Blei, Bach, "Online Learning for
// Latent Dirichlet Allocation", 2010.
//
//     LdaTraining training({.topics = 50, .words = 12'000, .doc_topic_prior = 0.02, .topic_word_prior =
//     0.02}); Workers workers(2); for (std::int64_t first = 0, step = 1; first < n; first += 128, ++step) {
//       const std::int64_t last = std::min(first + 128, n);
//       training.Learn(rows, first, last, {LdaTraining::Rate(0.7, 10, step), double(n) / (last - first)},
//                      workers);
//     }
//
// The topics' parameters lambda decay alike for all words between the times when a word occurs, so only the
// words of a mini-batch are worked on. The result has the same bits for any number of threads and any
// instruction set: documents do not depend on one another, a word's sums go by document, the topics' sums go
// by word in pieces of fixed size.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "models/kernels/table.h"
#include "models/workers.h"
#include "text/csr.h"

namespace foretell {

struct LdaTrainingSettings {
  std::int64_t topics = 0;
  std::int64_t words = 0;
  double doc_topic_prior = 0;   // alpha
  double topic_word_prior = 0;  // eta
  double mean_change_tol = 1e-3;
  std::int64_t max_doc_update_iter = 100;
};

// One thread at a time.
class LdaTraining {
 public:
  // What training goes on from: lambda = eta + decay * counts, and the random numbers that come next.
  struct State {
    std::vector<double> counts;  // by word: topics numbers
    std::vector<double> totals;  // the sums of counts, by topic
    double decay = 1;
    std::uint64_t seed = 0;
    std::uint64_t steps = 0;  // calls of Learn so far
  };

  // Topics drawn at random, lambda from Gamma(100) / 100, as scikit-learn draws them. FT0101.
  LdaTraining(LdaTrainingSettings settings, std::uint64_t seed, Workers& workers,
              const kernels::Table& table = kernels::Chosen());
  // FT0101 where the sizes disagree, FT0206 for numbers that training cannot have left.
  LdaTraining(LdaTrainingSettings settings, State state, const kernels::Table& table = kernels::Chosen());
  // From lambda, `topics` rows of `words` numbers; FT0101, FT0206.
  static LdaTraining FromComponents(LdaTrainingSettings settings, std::span<const double> components,
                                    std::uint64_t seed, const kernels::Table& table = kernels::Chosen());

  const LdaTrainingSettings& settings() const { return settings_; }
  State state() const;

  // How far the mini-batch `step`, the first being 1, moves lambda: (offset + step)^-decay.
  static double Rate(double decay, double offset, std::int64_t step);

  // The topics that step `step`, the first being 0, infers document `document` from: gamma from Gamma(100) /
  // 100 as scikit-learn draws it. Equal topics would do worse: what breaks their likeness is then the words'
  // noise alone.
  static void DrawTopics(std::uint64_t seed, std::uint64_t step, std::int64_t document,
                         std::span<double> gamma, const kernels::Table& table = kernels::Chosen());

  // lambda <- (1 - rate) lambda + rate (eta + scale S), S being what rows `first` to `last` (without it)
  // give. rate = 1 and scale = 1 with all rows is an iteration of batch learning. `between` is called on this
  // thread from time to time; what it throws ends the call and leaves lambda as it was, as every error does.
  // FT0101, FT0206 as Lda::Transform.
  struct Step {
    double rate = 1;   // in (0, 1]
    double scale = 1;  // of all documents that stand behind these
  };
  void Learn(CsrView rows, std::int64_t first, std::int64_t last, Step step, Workers& workers,
             const std::function<void()>& between = {});

  // Document completion: the topics of every other entry of a row (the first, the third ...) predict the
  // rest. The sum over these of count log sum_k theta_k beta_kw, with beta = lambda / sum lambda, and the sum
  // of their counts.
  struct Completion {
    double log_likelihood = 0;
    double tokens = 0;
  };
  Completion Complete(CsrView rows, Workers& workers, const std::function<void()>& between = {}) const;

  // lambda and exp(E[log beta]): `topics` rows of `words` numbers. FT0101 for another size.
  void WriteComponents(std::span<double> out) const;
  void WriteExpDirichletComponent(std::span<double> out, Workers& workers) const;

 private:
  class Batch;

  LdaTraining(LdaTrainingSettings settings, const kernels::Table& table);
  void CheckRows(const CsrView& rows, std::int64_t first, std::int64_t last) const;
  void CheckSize(std::span<double> out) const;
  std::vector<double> InverseTotals() const;
  void Decay(double factor);
  void SumTotals();
  double* CountsOf(std::int64_t word);
  const double* CountsOf(std::int64_t word) const;

  LdaTrainingSettings settings_;
  const kernels::Table* table_;
  std::int64_t stride_;
  std::vector<double> counts_;  // lambda = eta + decay_ * counts_, by word `stride_` numbers, zeros behind
  std::vector<double> totals_;  // of counts_, by topic
  double decay_ = 1;
  std::uint64_t seed_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace foretell
