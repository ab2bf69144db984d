// scikit-learn's strip_accents: NFKD of a document, of which combining characters (strip_accents_unicode) or
// all but ASCII (strip_accents_ascii) are left out.
#pragma once

#include <cstdint>
#include <string_view>

#include "text/text_buffer.h"
#include "text/unicode.h"

namespace foretell {

enum class StripAccents : std::uint8_t { kNone, kUnicode, kAscii };

// `text` is UTF-8, and lies outside of `out`; kNone copies it. ASCII stays as it is.
void Strip(std::string_view text, StripAccents how, UnicodeVersion version, TextBuffer& out);

}  // namespace foretell
