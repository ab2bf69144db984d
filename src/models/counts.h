// What models refuse of the rows that they are given.
#pragma once

#include <cstdint>

#include "text/csr.h"

namespace foretell {

enum class Signs : std::uint8_t { kAny, kNotNegative };  // counts are not negative

// FT0206 for a number that is infinite or NaN, or has the wrong sign; `row` is named.
void CheckNumber(double value, std::int64_t row, Signs signs);

// FT0101 unless the row's entries lie within the ids and values; FT0206 for such a number, and for an id that
// is no column.
void CheckRow(const CsrView& rows, std::int64_t row, Signs signs);

// The same of a row of counts.
inline void CheckCounts(const CsrView& rows, std::int64_t row) {
  CheckRow(rows, row, Signs::kNotNegative);
}

}  // namespace foretell
