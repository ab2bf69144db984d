// `Cast` (map.h) for callers that go on where single values do not fit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "foretell/map.h"

namespace foretell {

// Told of each row whose value cannot be held by the type (FT0206): the row and why. It may throw.
using ValueProblem = std::function<void(std::int64_t row, const std::string& message)>;

// As `Cast`, but a value that does not fit is reported and becomes something unspecified. A row may
// be reported more than once. FT0205 is thrown all the same.
Column CastValues(const Column& column, const DataType& type, std::string_view name,
                  const ValueProblem& problem);

}  // namespace foretell
