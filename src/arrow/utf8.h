// UTF-8 as the Unicode standard defines it (table 3-7: no surrogates, nothing overlong).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "foretell/batch.h"

namespace foretell {

bool IsUtf8(std::string_view text);

// FT0208 with the column's name and the first row whose text is not UTF-8. Looks into lists,
// structs and dictionaries; nulls and binary columns are not looked at.
void CheckUtf8(const Column& column, std::string_view name);

// The longest start of UTF-8 text of at most so many bytes that cuts no character.
std::string_view WholeCharacters(std::string_view text, std::size_t most);

// Foreign text for a message: at most 200 bytes, bytes that are not UTF-8 as '?'.
std::string Printable(std::string_view text);

}  // namespace foretell
