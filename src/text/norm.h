// scikit-learn's normalize() of a sparse row.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

namespace foretell {

enum class Norm : std::uint8_t { kNone, kL1, kL2 };

// Divides the values by the sum of their magnitudes (kL1) or by the root of the sum of their squares (kL2),
// in the order in which they stand; a row whose sum is 0 stays as it is. `single`: the values are floats,
// whose squares and quotients are rounded to floats, while the sum is a double.
inline void Normalize(std::span<double> values, Norm norm, bool single) {
  if (norm == Norm::kNone) {
    return;
  }
  double sum = 0;
  for (const double value : values) {
    if (norm == Norm::kL1) {
      sum += std::fabs(value);
    } else {
      const double square = value * value;
      sum += single ? static_cast<double>(static_cast<float>(square)) : square;
    }
  }
  if (sum == 0) {
    return;
  }
  const double divisor = norm == Norm::kL2 ? std::sqrt(sum) : sum;
  for (double& value : values) {
    value = single ? static_cast<double>(static_cast<float>(value / divisor)) : value / divisor;
  }
}

}  // namespace foretell
