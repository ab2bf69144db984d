// What the LDA kernels take and give: plain data, so that a kernel file needs nothing of the library.
#pragma once

#include <cstdint>

namespace foretell::kernels {

// B is exp(E[log beta]): a row of `stride` numbers for each word, one a topic and zeros behind them.
template <typename Real>
struct LdaModel {
  const Real* word_topics = nullptr;
  const Real* word_sums = nullptr;  // of each row; unused in single precision
  std::int64_t topics = 0;
  std::int64_t stride = 0;  // a multiple of 8
  double prior = 0;         // alpha
  double tolerance = 0;
  std::int64_t max_iterations = 0;
};

struct LdaDocument {
  const std::int32_t* ids = nullptr;  // each a word of the model
  const double* counts = nullptr;     // finite, not negative
  std::int64_t size = 0;              // at least 1
  double* gamma = nullptr;            // `topics` numbers; in single precision, each one that a float holds
  std::int64_t iterations = 0;        // given; the model allows at least one
};

// Memory of one thread, for documents of up to `words` entries (a multiple of 8).
template <typename Real>
struct LdaScratch {
  const Real** rows = nullptr;          // words: row of B
  Real* counts = nullptr;               // words
  Real* sums = nullptr;                 // words
  Real* weights = nullptr;              // words
  Real* columns = nullptr;              // column_capacity
  const double** columns_of = nullptr;  // stride
  std::int64_t column_capacity = 0;     // least of words * topics and kColumnLimit
  Real* topic_values = nullptr;         // kTopicArrays * (stride + 8)
  std::int32_t* live = nullptr;         // stride
  std::int32_t* kept = nullptr;         // stride
  std::int32_t* fresh = nullptr;        // stride
};

inline constexpr std::int64_t kTopicArrays = 6;
inline constexpr std::int64_t kColumnLimit = std::int64_t{1} << 20;

struct LdaKernels {
  // gamma and iterations of `count` documents, from equal topics. What a document gets
  // depends on no other.
  void (*infer)(const LdaModel<double>&, LdaDocument* documents, std::int64_t count,
                const LdaScratch<double>& scratch);
  // Of one document, from the gamma that is given. Also what training needs of it: factors f (`stride`
  // numbers) and weights (`size` numbers), such that f_k weight_j B_jk of the count of word j are topic k's.
  void (*infer_factors)(const LdaModel<double>&, LdaDocument& document, const LdaScratch<double>&,
                        double* factors, double* weights);
};
struct LdaSingleKernels {
  void (*infer)(const LdaModel<float>&, LdaDocument* documents, std::int64_t count,
                const LdaScratch<float>& scratch);
};

// Where words occur in a block of documents: word w at entries starts[w] to starts[w + 1], by document.
struct LdaOccurrences {
  const std::int64_t* starts = nullptr;
  const std::int32_t* documents = nullptr;  // by occurrence: the document's number in the block
  const std::int32_t* entries = nullptr;    // by occurrence: where the block's weights have it
};

// The M step, for words whose rows are `stride` numbers, one a topic and zeros behind them.
struct LdaTrainingKernels {
  // B = exp(digamma(base + scale x)) inverse of `words` rows of x, and the sum of each row of B. `inverse` is
  // by topic, zeros behind.
  void (*expect)(const double* const* x, std::int64_t words, std::int64_t stride, double base, double scale,
                 const double* inverse, double* b, double* sums);
  // statistics[w] += the sum over w's occurrences of weight times factors[document], for first <= w < last.
  void (*gather)(const LdaOccurrences&, std::int64_t first, std::int64_t last, const double* factors,
                 const double* weights, std::int64_t stride, double* statistics);
  // x += rate b statistics for `words` rows, and totals += the same, summed over the words.
  void (*add)(double* const* x, std::int64_t words, std::int64_t stride, double rate, const double* b,
              const double* statistics, double* totals);
};

// exp(x) and log(x) of n numbers, see elementary.h; from and to may be the same.
struct ElementaryKernels {
  void (*exp)(const double* from, double* to, std::int64_t n);
  void (*log)(const double* from, double* to, std::int64_t n);
  void (*exp_digamma)(const double* from, double* to, std::int64_t n);
};

}  // namespace foretell::kernels
