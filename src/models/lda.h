// Topics of documents by latent Dirichlet allocation, as scikit-learn's LatentDirichletAllocation.transform
// gives them: within 1e-12 for models fitted in double precision, and within 1e-5 for nearly all documents of
// models fitted in single precision, where another order of summation is felt.
//
// A document's topics depend on nothing but the document and the model: the same bits for one document, any
// batch, any slice, any thread and any instruction set.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "models/kernels/table.h"
#include "text/csr.h"

namespace foretell {

class Workers;

struct LdaSettings {
  std::int64_t topics = 0;
  std::int64_t words = 0;
  double doc_topic_prior = 0;  // alpha
  double mean_change_tol = 1e-3;
  std::int64_t max_doc_update_iter = 100;
  bool single = false;  // fitted, and computed, in single precision
};

class Lda {
 public:
  // exp_dirichlet_component_ by word: `words` rows of Stride(topics) numbers, one a topic and zeros behind,
  // at best at an address divisible by 64; and the sum of each row. They outlive the Lda.
  template <typename Real>
  struct ArraysOf {
    std::span<const Real> word_topics;
    std::span<const Real> word_sums;
  };
  using Arrays = ArraysOf<double>;
  using SingleArrays = ArraysOf<float>;

  // Memory that a thread keeps between calls; it grows to what the largest document needs.
  class Workspace;

  // Arrays of its own, in one piece of memory.
  template <typename Real>
  class PackedArrays {
   public:
    // From `topics` rows of `words` numbers. FT0101 where the sizes disagree; FT0206 for a number that is
    // negative, infinite or NaN.
    PackedArrays(std::int64_t topics, std::int64_t words, std::span<const Real> exp_dirichlet_component);
    ArraysOf<Real> arrays() const;

   private:
    std::vector<Real> memory_;
    std::size_t first_ = 0;  // aligned to 64 bytes
    std::size_t size_ = 0;
    std::vector<Real> sums_;
  };
  using Packed = PackedArrays<double>;
  using PackedSingle = PackedArrays<float>;

  static std::int64_t Stride(std::int64_t topics) { return (topics + 7) / 8 * 8; }

  // FT0101 for settings or sizes that do not fit. `table`: for tests.
  Lda(LdaSettings settings, std::variant<Arrays, SingleArrays> arrays,
      const kernels::Table& table = kernels::Chosen());

  const LdaSettings& settings() const { return settings_; }

  // The topics of rows `first` to `last` (without it) of `rows`, topics() numbers a row, into `out`: summing
  // up to 1, or with normalize = false the parameters of the Dirichlet. The values of an empty row are all
  // alike. In single precision each number is one that a float holds. `iterations`, when not empty, takes the
  // number of each row's iterations. Any thread, each with a workspace of its own.
  // FT0101: another number of columns, a wrong range or size; FT0206: a value that is negative, infinite or
  // NaN, or an id that is no word.
  void Transform(CsrView rows, std::int64_t first, std::int64_t last, Workspace& workspace,
                 std::span<double> out, bool normalize = true, std::span<std::int64_t> iterations = {}) const;

  // The same for all rows, on the threads of `workers`. Of several rows that are refused, the first is told.
  void Transform(CsrView rows, Workers& workers, std::span<double> out, bool normalize = true,
                 std::span<std::int64_t> iterations = {}) const;

 private:
  void Check(CsrView rows, std::int64_t first, std::int64_t last, std::span<double> out,
             std::span<std::int64_t> iterations) const;
  template <typename Real>
  void TransformAs(const ArraysOf<Real>& arrays, CsrView rows, std::int64_t first, std::int64_t last,
                   Workspace& workspace, std::span<double> out, bool normalize,
                   std::span<std::int64_t> iterations) const;
  double GammaOfEmptyRow() const;

  LdaSettings settings_;
  std::variant<Arrays, SingleArrays> arrays_;
  const kernels::Table* table_;
};

class Lda::Workspace {
 public:
  Workspace();
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;
  ~Workspace();

 private:
  friend class Lda;
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace foretell
