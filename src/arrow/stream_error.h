// How an Error crosses an Arrow stream, which has room for a text only:
//
//   FT0402: EventTopics has no version 9
//   hint: list them with `foretell versions EventTopics`
//
// Libraries between two ends put text of their own before it.
#pragma once

#include <string>
#include <string_view>

#include "foretell/error.h"

namespace foretell {

std::string StreamErrorText(const Error& error);

// The Error that `text` carries; FT0209 with the text when it carries none.
Error StreamErrorFrom(std::string_view text);

}  // namespace foretell
