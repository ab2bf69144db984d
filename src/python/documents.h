// Texts from Python, where they lie.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <string_view>

#include "models/native_model.h"

namespace foretell::python {

// A str as UTF-8, which it keeps, or bytes. FT0205, FT0208 name the row. Holds the GIL.
std::string_view TextOf(nanobind::handle object, std::int64_t row);

// A sequence of str and bytes, or an Arrow column of either, without nulls. FT0205, FT0208.
Documents DocumentsFrom(nanobind::handle object);

}  // namespace foretell::python
