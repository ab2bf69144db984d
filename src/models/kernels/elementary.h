// exp, log and exp(digamma) for every element of a vector, from + - * / alone, so that their bits are the
// same on every CPU. For kernel files only, see vector.h.
#pragma once

#include "models/kernels/vector.h"

namespace foretell::kernels {
namespace {  // NOLINT(google-build-namespaces)

inline constexpr double kInfinity = __builtin_inf();
inline constexpr double kNan = __builtin_nan("");
inline constexpr double kRounder = 0x1.8p52;  // x + kRounder - kRounder: x rounded to a whole number
inline constexpr double kLog2E = 0x1.71547652b82fep0;
inline constexpr double kLn2High = 0x1.62e42feep-1;  // 32 bits, so that a product with an exponent is exact
inline constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

// exp(r) for |r| <= ln(2)/2: 1 + r + r^2 q(r), q by Chebyshev's approximation, 1.3e-17 off at most.
[[gnu::always_inline]] inline Doubles ExpNearZero(Doubles r) {
  const Doubles r2 = r * r;
  const Doubles r4 = r2 * r2;
  const Doubles q0 = 0.5000000000000001 + 0.16666666666666669 * r;
  const Doubles q1 = 0.04166666666662413 + 0.008333333333330062 * r;
  const Doubles q2 = 0.0013888888917213717 + 0.00019841269863053618 * r;
  const Doubles q3 = 2.4801521295954376e-05 + 2.7557268459997064e-06 * r;
  const Doubles q4 = 2.7620088445409746e-07 + 2.510038549551032e-08 * r;
  const Doubles q = (q0 + r2 * q1) + r4 * ((q2 + r2 * q3) + r4 * q4);
  return 1.0 + (r + r2 * q);
}

// exp(x) for x in [-700, 700]; anything else gives an arbitrary value, NaN gives NaN.
[[gnu::always_inline]] inline Doubles ExpInside(Doubles x) {
  const Doubles shifted = x * kLog2E + kRounder;
  const Doubles n = shifted - kRounder;
  const Doubles scale = (Doubles)(((Bits)shifted + 1023U) << 52U);
  return ExpNearZero((x - n * kLn2High) - n * kLn2Low) * scale;
}

// exp(x): +inf above 709.78, subnormal below -708.4, 0 below -745.13, the quiet NaN for NaN.
[[gnu::always_inline]] inline Doubles Exp(Doubles x) {
  Doubles inside = Select(x < -746.0, All(-746.0), x);
  inside = Select(inside > 710.0, All(710.0), inside);
  const Doubles shifted = inside * kLog2E + kRounder;
  const Doubles n = shifted - kRounder;
  // 2^n by two factors, each of them normal. n + 2048 is positive, so that >> halves it.
  const Bits whole = ((Bits)shifted - (Bits)All(kRounder)) + 2048U;
  const Bits half = whole >> 1U;
  const Doubles scale1 = (Doubles)((half - 1U) << 52U);  // half - 1024 + 1023
  const Doubles scale2 = (Doubles)((whole - half - 1U) << 52U);
  const Doubles result = ExpNearZero((inside - n * kLn2High) - n * kLn2Low) * scale1 * scale2;
  return Select(x == x, result, All(kNan));
}

// ln(x): -inf for 0, the quiet NaN below 0 and for NaN.
[[gnu::always_inline]] inline Doubles Log(Doubles x) {
  const Longs small = x < 0x1p-1022;
  const Doubles normal = Select(small, x * 0x1p54, x);
  // normal = 2^k m with m in [sqrt(1/2), sqrt(2))
  constexpr std::uint64_t kRootOfHalf = 0x3fe6a09e667f3bcdU;
  const Bits above = (Bits)normal - kRootOfHalf + (std::uint64_t{1024} << 52U);
  const Bits k_plus_1024 = above >> 52U;
  const Doubles m = (Doubles)((Bits)normal - ((k_plus_1024 - 1024U) << 52U));
  Doubles k = (Doubles)(k_plus_1024 + (Bits)All(kRounder)) - (kRounder + 1024.0);
  k = Select(small, k - 54.0, k);
  // ln(m) = 2 atanh(s) = 2s + s^3 (2/3 + 2/5 s^2 + ...); 2s = f - s f.
  const Doubles f = m - 1.0;
  const Doubles s = f / (2.0 + f);
  const Doubles z = s * s;
  const Doubles z2 = z * z;
  const Doubles z4 = z2 * z2;
  const Doubles low = (2.0 / 3 + z * (2.0 / 5)) + z2 * (2.0 / 7 + z * (2.0 / 9));
  const Doubles high = (2.0 / 11 + z * (2.0 / 13)) + z2 * (2.0 / 15 + z * (2.0 / 17));
  const Doubles tail = (2.0 / 19 + z * (2.0 / 21)) + z2 * (2.0 / 23);
  const Doubles series = z * (low + z4 * (high + z4 * tail));
  const Doubles half_square = 0.5 * f * f;
  const Doubles correction = s * (half_square + series) + k * kLn2Low;
  Doubles result = k * kLn2High - ((half_square - correction) - f);
  result = Select(x == kInfinity, All(kInfinity), result);
  result = Select(x == 0.0, All(-kInfinity), result);
  return Select(x >= 0.0, result, All(kNan));
}

// exp(offset + digamma(x)), with scikit-learn's digamma (Bernardo 1976, Algorithm AS 103): x is shifted above
// 6 by steps of one, each of which subtracts 1/x, then follows the series in 1/x. The number of steps counts:
// another one is another function, by 1e-9. With X the shifted x and S the sum of the steps' 1/x,
//   exp(digamma(x)) = X exp(-S - 1/(2X) - 1/(12X^2) + 1/(120X^4) - 1/(252X^6)),
// so no logarithm is needed. S is one fraction over all steps; a step that x does not take adds 2^-60.
// 0 where the result is below 1e-304; x = 0 gives 0, as any x below 1e-3 does.
struct DigammaTerms {
  Doubles shifted;   // X
  Doubles exponent;  // digamma(x) = ln(X) - exponent
};

[[gnu::always_inline]] inline DigammaTerms TermsOfDigamma(Doubles x) {
  constexpr double kFar = 0x1p60;
  const Doubles x0 = Select(x < 8.0, x, All(8.0));
  const Doubles x1 = x0 + 1.0;
  const Doubles x2 = x1 + 1.0;
  const Doubles x3 = x2 + 1.0;
  const Doubles x4 = x3 + 1.0;
  const Doubles x5 = x4 + 1.0;
  Doubles shifted = Select(x0 < 6.0, x1, x);
  shifted = Select(x1 < 6.0, x2, shifted);
  shifted = Select(x2 < 6.0, x3, shifted);
  shifted = Select(x3 < 6.0, x4, shifted);
  shifted = Select(x4 < 6.0, x5, shifted);
  shifted = Select(x5 < 6.0, x5 + 1.0, shifted);
  const Doubles d0 = Select(x0 < 6.0, x0, All(kFar));
  const Doubles d1 = Select(x1 < 6.0, x1, All(kFar));
  const Doubles d2 = Select(x2 < 6.0, x2, All(kFar));
  const Doubles d3 = Select(x3 < 6.0, x3, All(kFar));
  const Doubles d4 = Select(x4 < 6.0, x4, All(kFar));
  const Doubles d5 = Select(x5 < 6.0, x5, All(kFar));
  const Doubles p01 = d0 * d1;
  const Doubles p23 = d2 * d3;
  const Doubles p45 = d4 * d5;
  const Doubles n03 = (d0 + d1) * p23 + (d2 + d3) * p01;
  const Doubles p03 = p01 * p23;
  const Doubles n05 = n03 * p45 + (d4 + d5) * p03;
  const Doubles p05 = p03 * p45;
  const Doubles r = 1.0 / (shifted * p05);
  const Doubles steps = n05 * (shifted * r);
  const Doubles u = p05 * r;
  const Doubles u2 = u * u;
  const Doubles series = u2 * ((1.0 / 12) - u2 * ((1.0 / 120) - u2 * (1.0 / 252)));
  return {shifted, steps + (0.5 * u + series)};
}

[[gnu::always_inline]] inline Doubles ExpDigamma(Doubles x, double offset) {
  const DigammaTerms terms = TermsOfDigamma(x);
  const Doubles exponent = offset - terms.exponent;
  const Doubles power = Select(exponent > -700.0, ExpInside(exponent), Doubles{});
  return terms.shifted * power;
}

}  // namespace
}  // namespace foretell::kernels
