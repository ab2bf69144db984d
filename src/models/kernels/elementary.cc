#include "models/kernels/elementary.h"

#include "models/kernels/lda.h"
#include "models/kernels/rows.h"

namespace foretell::kernels {
namespace {

template <typename Function>
[[gnu::always_inline]] inline void ForEach(const double* from, double* to, std::int64_t n,
                                           Function function) {
  std::int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    Store(to + i, function(Load(from + i)));
  }
  if (i < n) {
    Doubles rest{};
    for (std::int64_t j = i; j < n; ++j) {
      rest[j - i] = from[j];
    }
    rest = function(rest);
    for (std::int64_t j = i; j < n; ++j) {
      to[j] = rest[j - i];
    }
  }
}

void ExpAll(const double* from, double* to, std::int64_t n) {
  ForEach(from, to, n, [](Doubles x) { return Exp(x); });
}

void LogAll(const double* from, double* to, std::int64_t n) {
  ForEach(from, to, n, [](Doubles x) { return Log(x); });
}

void ExpDigammaAll(const double* from, double* to, std::int64_t n) {
  ForEach(from, to, n, [](Doubles x) { return ExpDigamma(x, 0); });
}

}  // namespace

namespace FORETELL_ROW {
const ElementaryKernels elementary = {ExpAll, LogAll, ExpDigammaAll};
}  // namespace FORETELL_ROW

}  // namespace foretell::kernels
