// scikit-learn's normalize() of a sparse row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace foretell {

enum class Norm : std::uint8_t { kNone, kL1, kL2 };

// From "l1", "l2", or "" for none; FT0101 for another one.
Norm ParseNorm(std::string_view name);

// Divides the values by the sum of their magnitudes (kL1) or by the root of the sum of their squares (kL2),
// in the order in which they stand; a row whose sum is 0 stays as it is. `single`: the values are floats,
// whose squares and quotients are rounded to floats, while the sum is a double.
void Normalize(std::span<double> values, Norm norm, bool single);

}  // namespace foretell
