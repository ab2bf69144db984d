// scikit-learn's TfidfTransformer: counts weighed by how few documents a term is in, and normalised.
#pragma once

#include <cstdint>
#include <span>

#include "models/kernels/table.h"
#include "text/csr.h"
#include "text/norm.h"

namespace foretell {

class TfidfTransformer {
 public:
  struct Settings {
    bool sublinear_tf = false;  // 1 + ln(count) in place of the count
    Norm norm = Norm::kL2;
    bool single = false;  // counts of dtype float32: each step is rounded to float
  };

  // `idf`: idf_, a weight for each column, or empty for use_idf=False; it outlives the transformer.
  // FT0101 for a weight that is not finite.
  TfidfTransformer(std::span<const double> idf, Settings settings,
                   const kernels::Table& table = kernels::Chosen());

  // Weighs the rows from `first_row` on, in place: to scikit-learn's bits, but for ln, of which the last bit
  // may differ as it does between CPUs in numpy. Any thread.
  // FT0101 where idf has not one number for each column; FT0206 for an id that is no column.
  void Apply(Csr& rows, std::int64_t first_row) const;

 private:
  std::span<const double> idf_;
  Settings settings_;
  const kernels::Table* table_;
};

}  // namespace foretell
