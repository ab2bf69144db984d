#include "models/counts.h"

#include <cstddef>
#include <limits>
#include <string>

#include "foretell/error.h"

namespace foretell {
namespace {

bool IsFine(double value, Signs signs) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  return value <= kLargest && value >= (signs == Signs::kAny ? -kLargest : 0);
}

[[noreturn]] void Refuse(double value, std::int64_t row, Signs signs) {
  const bool counts = signs == Signs::kNotNegative;
  const char* const what = value < 0 && counts ? "negative" : value == value ? "infinite" : "NaN";
  throw Error(Code::kInvalidValue,
              "row " + std::to_string(row) + " has a value that is " + what + ", where " +
                  (counts ? "counts" : "finite numbers") + " are expected",
              counts ? "counts are zero or positive; HashingVectorizer needs alternate_sign=False"
                     : "leave such rows out, or replace the number");
}

}  // namespace

void CheckNumber(double value, std::int64_t row, Signs signs) {
  if (!IsFine(value, signs)) {
    Refuse(value, row, signs);
  }
}

void CheckRow(const CsrView& rows, std::int64_t row, Signs signs) {
  const std::int64_t begin = rows.row_starts[static_cast<std::size_t>(row)];
  const std::int64_t end = rows.row_starts[static_cast<std::size_t>(row) + 1];
  if (begin < 0 || begin > end || end > static_cast<std::int64_t>(rows.ids.size()) ||
      end > static_cast<std::int64_t>(rows.values.size())) {
    throw Error(Code::kInvalidArgument, "the row starts do not ascend within the ids and values, at row " +
                                            std::to_string(rows.first + row));
  }
  for (auto at = static_cast<std::size_t>(begin); at < static_cast<std::size_t>(end); ++at) {
    CheckNumber(rows.values[at], rows.first + row, signs);
    if (rows.ids[at] < 0 || rows.ids[at] >= rows.columns) {
      throw Error(Code::kInvalidValue, "row " + std::to_string(rows.first + row) + " has the id " +
                                           std::to_string(rows.ids[at]) + ", and there are " +
                                           std::to_string(rows.columns) + " columns");
    }
  }
}

}  // namespace foretell
