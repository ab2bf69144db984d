#include <cstdio>

#include "foretell/unit.h"
#include "run/record.h"

namespace foretell {

using run::operator+=;  // NOLINT(misc-unused-using-decls): it is used below, as an operator

void CheckBadRows(const std::vector<Counts>& counts, const BadRowLimit& limit) {
  if (!(limit.ratio >= 0.0 && limit.ratio <= 1.0) || limit.least < 0 || limit.window < 1) {
    throw Error(Code::kInvalidArgument,
                "a limit of bad rows needs a ratio from 0 to 1, a count and a window");
  }
  Counts sum;
  for (auto newest = counts.rbegin(); newest != counts.rend() && sum.rows < limit.window; ++newest) {
    sum += *newest;
  }
  if (sum.bad < limit.least || sum.bad < 1) return;
  if (static_cast<double>(sum.bad) <= limit.ratio * static_cast<double>(sum.rows)) return;
  char percent[64];
  std::snprintf(percent, sizeof percent, "%.3g %% of them; at most %.3g %%",
                100.0 * static_cast<double>(sum.bad) / static_cast<double>(sum.rows), 100.0 * limit.ratio);
  throw Error(
      Code::kTooManyBadRows,
      std::to_string(sum.bad) + " of " + std::to_string(sum.rows) + " rows could not be predicted, that is " +
          percent + " may be",
      "look at the reasons in the quarantine; correct the predictor or the data, or raise max_bad_ratio");
}

}  // namespace foretell
