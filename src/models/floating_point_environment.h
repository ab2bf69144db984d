// While one lives, this thread rounds to nearest and neither flushes subnormal results to zero nor takes
// subnormal inputs for zero, whatever another library has switched on; what held before is restored. Every
// native entry makes one, since the same bits depend on it.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace foretell {

class FloatingPointEnvironment {
 public:
  FloatingPointEnvironment() : before_(Read()) {
    if ((before_ & kControl) != kStandard) {
      Write(kStandard);
    }
  }
  ~FloatingPointEnvironment() {
    if ((before_ & kControl) != kStandard) {
      Write(before_);
    }
  }
  FloatingPointEnvironment(const FloatingPointEnvironment&) = delete;
  FloatingPointEnvironment& operator=(const FloatingPointEnvironment&) = delete;

 private:
#if defined(__x86_64__)
  using Word = std::uint32_t;
  static constexpr Word kStandard = 0x1f80;  // every exception masked, round to nearest
  static constexpr Word kControl = 0xffc0;   // all but the flags of what happened
  static Word Read() { return _mm_getcsr(); }
  static void Write(Word word) { _mm_setcsr(word); }
#elif defined(__aarch64__)
  using Word = std::uint64_t;
  static constexpr Word kStandard = 0;
  static constexpr Word kControl = ~Word{0};
  static Word Read() {
    Word word = 0;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void Write(Word word) { asm volatile("msr fpcr, %0" : : "r"(word)); }
#else
#error "foretell knows the floating-point environment of x86-64 and AArch64 only"
#endif

  Word before_;
};

}  // namespace foretell
