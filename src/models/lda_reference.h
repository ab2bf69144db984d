// LDA's E step written down as scikit-learn has it, one number after another, with libm: what the tests hold
// the kernels against.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
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
    const auto size = static_cast<std::size_t>(topics);
    Result result{std::vector<Real>(size, 1)};
    std::vector<Real> exp(size);
    const Real first = ReferenceDigamma(static_cast<Real>(topics));
    for (std::size_t k = 0; k < size; ++k) {
      exp[k] = static_cast<Real>(std::exp(static_cast<Real>(ReferenceDigamma(Real{1}) - first)));
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

}  // namespace foretell
