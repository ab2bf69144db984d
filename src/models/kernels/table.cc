#include "models/kernels/table.h"

#include <array>
#include <cstdlib>
#include <string>

#include "foretell/error.h"
#include "models/kernels/rows.h"

namespace foretell::kernels {
namespace {

#if defined(__x86_64__)
constexpr std::array kTables = {
    Table{"baseline", &baseline::elementary, &baseline::lda, &baseline::lda_single, &baseline::lda_training},
    Table{"v3", &v3::elementary, &v3::lda, &v3::lda_single, &v3::lda_training},
    Table{"v4", &v4::elementary, &v4::lda, &v4::lda_single, &v4::lda_training},
};

std::size_t CountSupported() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi") ||
      !__builtin_cpu_supports("bmi2")) {
    return 1;
  }
  const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return v4 ? 3 : 2;
}
#else
constexpr std::array kTables = {
    Table{"baseline", &baseline::elementary, &baseline::lda, &baseline::lda_single, &baseline::lda_training},
};

std::size_t CountSupported() {
  return 1;
}
#endif

}  // namespace

std::span<const Table> Supported() {
  static const std::size_t count = CountSupported();
  return std::span(kTables).first(count);
}

const Table& Named(std::string_view name) {
  std::string names;
  for (const Table& table : Supported()) {
    if (table.name == name) {
      return table;
    }
    names += (names.empty() ? "" : ", ") + std::string(table.name);
  }
  throw Error(Code::kInvalidConfiguration,
              "FORETELL_CPU is '" + std::string(name) + "', and this CPU runs " + names,
              "unset FORETELL_CPU, and the widest is taken; every one gives the same results");
}

const Table& Chosen() {
  static const Table& chosen = [&]() -> const Table& {
    const char* const name = std::getenv("FORETELL_CPU");
    return name == nullptr || *name == '\0' ? Supported().back() : Named(name);
  }();
  return chosen;
}

}  // namespace foretell::kernels
