#include "models/random.h"

#include <cmath>

namespace foretell {
namespace {

constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;  // 2^64 by the golden ratio

std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t stream, const kernels::Table& table)
    : state_(Mix(seed + kStep) ^ Mix(Mix(stream + kStep) + kStep)), table_(&table) {}

std::uint64_t Random::Next() {
  state_ += kStep;
  return Mix(state_);
}

double Random::Uniform() {
  return (static_cast<double>(Next() >> 12U) + 0.5) * 0x1p-52;
}

double Random::Normal() {
  while (true) {
    const double u = Uniform();
    const double v = 1.7156 * (Uniform() - 0.5);
    const double x = u - 0.449871;
    const double y = std::fabs(v) + 0.386595;
    const double q = x * x + y * (0.19600 * y - 0.25472 * x);
    if (q < 0.27597 || (q <= 0.27846 && v * v <= -4 * Log(u) * u * u)) {
      return v / u;
    }
  }
}

double Random::Gamma(double shape) {
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = Normal();
    const double root = 1 + c * x;
    if (root <= 0) {
      continue;
    }
    const double v = root * root * root;
    const double u = Uniform();
    const double square = x * x;
    if (u < 1 - 0.0331 * square * square || Log(u) < 0.5 * square + d * (1 - v + Log(v))) {
      return d * v;
    }
  }
}

double Random::Log(double x) const {
  double result = 0;
  table_->elementary->log(&x, &result, 1);
  return result;
}

}  // namespace foretell
