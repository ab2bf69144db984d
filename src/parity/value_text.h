// A value as text for people, JSON-like: null, true, 3, 0.25, "text", [1, 2], {a: 1}.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "foretell/batch.h"

namespace foretell {

// Appends element i of `column`. Two values of one type have the same text only when they are equal (NaN
// being equal to NaN). Once `text` is longer than `most` bytes, the rest may be left out.
void AppendValueText(const Column& column, std::int64_t i, std::size_t most, std::string& text);

// The text of one value, cut to about `most` bytes (never within a character), "…" at the end of one cut.
std::string ShortText(const Column& column, std::int64_t i, std::size_t most = 200);

}  // namespace foretell
