// What models that read counts refuse of a row.
#pragma once

#include <cstdint>

#include "text/csr.h"

namespace foretell {

// FT0101 unless the row's entries lie within the ids and values; FT0206 for a value that is negative,
// infinite or NaN, and for an id that is no column.
void CheckCounts(const CsrView& rows, std::int64_t row);

}  // namespace foretell
