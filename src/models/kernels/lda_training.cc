// LDA's M step (Hoffman, Blei, Bach 2010) over rows of words. Each word's sums go by document in ascending
// order, so that they are the same bits for any division of the words among threads.
#include "models/kernels/elementary.h"
#include "models/kernels/lda.h"
#include "models/kernels/rows.h"

namespace foretell::kernels {
namespace {

void Expect(const double* const* x, std::int64_t words, std::int64_t stride, double base, double scale,
            const double* inverse, double* b, double* sums) {
  for (std::int64_t w = 0; w < words; ++w) {
    Group sum{};
    for (std::int64_t k = 0; k < stride; k += kLanes) {
      for (int p = 0; p < kParts; ++p) {
        const std::int64_t at = k + p * kWidth;
        const Doubles parameter = base + scale * Load(x[w] + at);
        const Doubles value = ExpDigamma(parameter, 0) * Load(inverse + at);
        Store(b + w * stride + at, value);
        sum.part[p] += value;
      }
    }
    sums[w] = SumOf(sum);
  }
}

template <int kVectors>
void GatherAt(const LdaOccurrences& occurrences, std::int64_t word, const double* factors,
              const double* weights, std::int64_t stride, double* statistics) {
  Doubles sum[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    sum[v] = Load(statistics + v * kWidth);
  }
  for (std::int64_t at = occurrences.starts[word]; at < occurrences.starts[word + 1]; ++at) {
    const double weight = weights[occurrences.entries[at]];
    const double* factor = factors + occurrences.documents[at] * stride;
    for (int v = 0; v < kVectors; ++v) {
      sum[v] += weight * Load(factor + v * kWidth);
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    Store(statistics + v * kWidth, sum[v]);
  }
}

// As many vectors as are left, of at most kVectors.
template <int kVectors>
std::int64_t GatherUpTo(const LdaOccurrences& occurrences, std::int64_t word, const double* factors,
                        const double* weights, std::int64_t stride, double* statistics, std::int64_t left) {
  if constexpr (kVectors > 1) {
    if (left < kVectors) {
      return GatherUpTo<kVectors - 1>(occurrences, word, factors, weights, stride, statistics, left);
    }
  }
  GatherAt<kVectors>(occurrences, word, factors, weights, stride, statistics);
  return kVectors;
}

void Gather(const LdaOccurrences& occurrences, std::int64_t first, std::int64_t last, const double* factors,
            const double* weights, std::int64_t stride, double* statistics) {
  for (std::int64_t word = first; word < last; ++word) {
    if (occurrences.starts[word] == occurrences.starts[word + 1]) {
      continue;
    }
    for (std::int64_t k = 0; k < stride;) {
      k += kWidth * GatherUpTo<8>(occurrences, word, factors + k, weights, stride,
                                  statistics + word * stride + k, (stride - k) / kWidth);
    }
  }
}

void Add(double* const* x, std::int64_t words, std::int64_t stride, double rate, const double* b,
         const double* statistics, double* totals) {
  for (std::int64_t w = 0; w < words; ++w) {
    for (std::int64_t k = 0; k < stride; k += kWidth) {
      const std::int64_t at = w * stride + k;
      const Doubles more = rate * (Load(b + at) * Load(statistics + at));
      Store(x[w] + k, Load(x[w] + k) + more);
      Store(totals + k, Load(totals + k) + more);
    }
  }
}

}  // namespace

namespace FORETELL_ROW {
const LdaTrainingKernels lda_training = {Expect, Gather, Add};
}  // namespace FORETELL_ROW

}  // namespace foretell::kernels
