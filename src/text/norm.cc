#include "text/norm.h"

#include <cmath>
#include <string>

#include "foretell/error.h"

namespace foretell {

Norm ParseNorm(std::string_view name) {
  if (name.empty()) {
    return Norm::kNone;
  }
  if (name == "l1") {
    return Norm::kL1;
  }
  if (name == "l2") {
    return Norm::kL2;
  }
  throw Error(Code::kInvalidArgument,
              "norm is '" + std::string(name.substr(0, 40)) + "', and only l1, l2 and none can be compiled",
              "train with another norm; the pipeline itself still runs in Python");
}

void Normalize(std::span<double> values, Norm norm, bool single) {
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
