// LDA's E and M step written down as scikit-learn has them, one number after another, with libm: what the
// tests hold the kernels and the training against.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace foretell {

template <typename Real>
Real ReferenceDigamma(Real x) {
  constexpr double kEuler = 0.577215664901532860606512090082402431;
  if (x <= 1e-6) {
    return static_cast<Real>(-kEuler - 1. / x);
  }
  Real result = 0;
  while (x < 6) {
    result = static_cast<Real>(result - 1. / x);
    x += 1;
  }
  auto r = static_cast<Real>(1. / x);
  result = static_cast<Real>(result + (std::log(static_cast<double>(x)) - .5 * r));
  r = r * r;
  return static_cast<Real>(result - r * ((1. / 12.) - r * ((1. / 120.) - r * (1. / 252.))));
}

template <typename Real>
struct ReferenceLda {
  std::int64_t topics;
  std::int64_t words;
  std::vector<Real> exp_dirichlet_component;  // topics x words
  double prior;
  double tolerance = 1e-3;
  std::int64_t max_iterations = 100;

  struct Result {
    std::vector<Real> gamma;
    std::int64_t iterations = 0;
    double closest = std::numeric_limits<double>::infinity();  // to the tolerance, of all mean changes
  };

  Result Infer(const std::vector<std::int32_t>& ids, const std::vector<double>& counts) const {
    return InferFrom(std::vector<Real>(static_cast<std::size_t>(topics), 1), ids, counts);
  }

  Result InferFrom(const std::vector<Real>& gamma, const std::vector<std::int32_t>& ids,
                   const std::vector<double>& counts) const {
    const auto size = static_cast<std::size_t>(topics);
    Result result{gamma};
    std::vector<Real> exp(size);
    Real sum = 0;
    for (const Real value : gamma) {
      sum += value;
    }
    const Real first = ReferenceDigamma(sum);
    for (std::size_t k = 0; k < size; ++k) {
      exp[k] = static_cast<Real>(std::exp(static_cast<Real>(ReferenceDigamma(gamma[k]) - first)));
    }
    while (result.iterations < max_iterations) {
      ++result.iterations;
      std::vector<Real> next(size, 0);
      for (std::size_t j = 0; j < ids.size(); ++j) {
        Real norm = 0;
        for (std::size_t k = 0; k < size; ++k) {
          norm += exp[k] * Of(k, ids[j]);
        }
        const Real weight = static_cast<Real>(counts[j]) / (norm + std::numeric_limits<Real>::epsilon());
        for (std::size_t k = 0; k < size; ++k) {
          next[k] += weight * Of(k, ids[j]);
        }
      }
      Real total = 0;
      double change = 0;
      for (std::size_t k = 0; k < size; ++k) {
        next[k] = exp[k] * next[k] + static_cast<Real>(prior);
        total += next[k];
        change += std::fabs(result.gamma[k] - next[k]);
      }
      result.gamma = next;
      for (std::size_t k = 0; k < size; ++k) {
        exp[k] = static_cast<Real>(
            std::exp(static_cast<Real>(ReferenceDigamma(next[k]) - ReferenceDigamma(total))));
      }
      const double mean = change / static_cast<double>(topics);
      result.closest = std::fmin(result.closest, std::fabs(mean - tolerance));
      if (mean < tolerance) {
        break;
      }
    }
    return result;
  }

 private:
  Real Of(std::size_t topic, std::int32_t word) const {
    return exp_dirichlet_component[topic * static_cast<std::size_t>(words) + static_cast<std::size_t>(word)];
  }
};

// Online variational Bayes where every mini-batch updates every word.
struct ReferenceTraining {
  std::int64_t topics;
  std::int64_t words;
  double doc_topic_prior;
  double topic_word_prior;
  std::vector<double> lambda;  // topics x words

  using Document = std::pair<std::vector<std::int32_t>, std::vector<double>>;

  std::vector<double> ExpDirichletComponent() const {
    std::vector<double> component(lambda.size());
    for (std::int64_t k = 0; k < topics; ++k) {
      double total = 0;
      for (std::int64_t w = 0; w < words; ++w) {
        total += lambda[At(k, w)];
      }
      for (std::int64_t w = 0; w < words; ++w) {
        component[At(k, w)] = std::exp(ReferenceDigamma(lambda[At(k, w)]) - ReferenceDigamma(total));
      }
    }
    return component;
  }

  // `gammas`: what each document's topics are inferred from.
  void Learn(const std::vector<Document>& documents, const std::vector<std::vector<double>>& gammas,
             double rate, double scale) {
    const std::vector<double> component = ExpDirichletComponent();
    const ReferenceLda<double> lda{topics, words, component, doc_topic_prior};
    std::vector<double> statistics(lambda.size());
    for (std::size_t document = 0; document < documents.size(); ++document) {
      const auto& [ids, counts] = documents[document];
      if (ids.empty()) {
        continue;
      }
      const std::vector<double> gamma = lda.InferFrom(gammas[document], ids, counts).gamma;
      double total = 0;
      for (const double value : gamma) {
        total += value;
      }
      std::vector<double> exp(gamma.size());
      for (std::size_t k = 0; k < exp.size(); ++k) {
        exp[k] = std::exp(ReferenceDigamma(gamma[k]) - ReferenceDigamma(total));
      }
      for (std::size_t j = 0; j < ids.size(); ++j) {
        double norm = std::numeric_limits<double>::epsilon();
        for (std::int64_t k = 0; k < topics; ++k) {
          norm += exp[static_cast<std::size_t>(k)] * component[At(k, ids[j])];
        }
        for (std::int64_t k = 0; k < topics; ++k) {
          statistics[At(k, ids[j])] += exp[static_cast<std::size_t>(k)] * counts[j] / norm;
        }
      }
    }
    for (std::size_t i = 0; i < lambda.size(); ++i) {
      lambda[i] = (1 - rate) * lambda[i] + rate * (topic_word_prior + scale * statistics[i] * component[i]);
    }
  }

 private:
  std::size_t At(std::int64_t topic, std::int64_t word) const {
    return static_cast<std::size_t>(topic * words + word);
  }
};

}  // namespace foretell
