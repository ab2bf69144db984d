// str.lower() of a whole document, as CPython does it: the full mappings of SpecialCasing.txt that depend on
// no language, which are U+0130 and the final sigma.
#pragma once

#include <string_view>

#include "text/text_buffer.h"
#include "text/unicode.h"

namespace foretell {

// `text` is UTF-8, and lies outside of `out`.
void Lower(std::string_view text, const Characters& characters, TextBuffer& out);

}  // namespace foretell
