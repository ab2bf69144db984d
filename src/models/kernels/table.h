// The kernels by instruction set, and the choice between them. Every row gives the same bits.
#pragma once

#include <span>
#include <string_view>

#include "models/kernels/lda.h"

namespace foretell::kernels {

struct Table {
  std::string_view name;  // "baseline", "v3" (x86-64-v3: AVX2), "v4" (x86-64-v4: AVX-512)
  const ElementaryKernels* elementary;
  const LdaKernels* lda;
  const LdaSingleKernels* lda_single;
  const LdaTrainingKernels* lda_training;
};

// The rows that this CPU runs, the widest last.
std::span<const Table> Supported();

// The row of this name; FT0106 for a name that is unknown, or that this CPU does not run.
const Table& Named(std::string_view name);

// The row that FORETELL_CPU names, else the widest that this CPU runs; looked up once. FT0106.
const Table& Chosen();

}  // namespace foretell::kernels
