// Random numbers that are the same on every machine: from integers, + - * / and sqrt, and the kernels' log.
#pragma once

#include <cstdint>

#include "models/kernels/table.h"

namespace foretell {

// SplitMix64 (Steele, Lea, Flood 2014): a stream for each seed and number of stream. One thread.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t stream, const kernels::Table& table = kernels::Chosen());

  std::uint64_t Next();
  double Uniform();            // in (0, 1)
  double Normal();             // mean 0, variance 1: ratio of uniforms (Leva 1992)
  double Gamma(double shape);  // scale 1, shape at least 1: Marsaglia, Tsang 2000

 private:
  double Log(double x) const;

  std::uint64_t state_;
  const kernels::Table* table_;
};

}  // namespace foretell
