// EXPECT_EQ(CodeOf([&] { store.Get("x", 9); }), Code::kUnknownVersion); for tests.
#pragma once

#include <optional>
#include <ostream>

#include "foretell/error.h"

namespace foretell {

inline void PrintTo(Code code, std::ostream* out) {
  *out << CodeText(code);
}

// The code of the Error that `call` throws; nothing when it throws none.
template <typename Call>
std::optional<Code> CodeOf(Call&& call) {
  try {
    static_cast<void>(call());
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

}  // namespace foretell
