#include "models/counts.h"

#include <cstddef>
#include <limits>
#include <string>

#include "foretell/error.h"

namespace foretell {

void CheckCounts(const CsrView& rows, std::int64_t row) {
  const std::int64_t begin = rows.row_starts[static_cast<std::size_t>(row)];
  const std::int64_t end = rows.row_starts[static_cast<std::size_t>(row) + 1];
  if (begin < 0 || begin > end || end > static_cast<std::int64_t>(rows.ids.size()) ||
      end > static_cast<std::int64_t>(rows.values.size())) {
    throw Error(Code::kInvalidArgument,
                "the row starts do not ascend within the ids and values, at row " + std::to_string(row));
  }
  for (auto at = static_cast<std::size_t>(begin); at < static_cast<std::size_t>(end); ++at) {
    const double value = rows.values[at];
    if (!(value >= 0 && value <= std::numeric_limits<double>::max())) {
      throw Error(Code::kInvalidValue,
                  "row " + std::to_string(row) + " has a value that is " +
                      (value < 0        ? "negative"
                       : value == value ? "infinite"
                                        : "NaN") +
                      ", where counts are expected",
                  "counts are zero or positive; HashingVectorizer needs alternate_sign=False");
    }
    if (rows.ids[at] < 0 || rows.ids[at] >= rows.columns) {
      throw Error(Code::kInvalidValue, "row " + std::to_string(row) + " has the id " +
                                           std::to_string(rows.ids[at]) + ", and there are " +
                                           std::to_string(rows.columns) + " words");
    }
  }
}

}  // namespace foretell
