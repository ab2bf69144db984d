// An Error for Python.
#pragma once

#include <nanobind/nanobind.h>

#include "foretell/error.h"

namespace foretell::python {

// foretell.Error, or its subclass for the code. Bytes of a message that are not UTF-8, as paths may
// hold, become U+FFFD.
nanobind::object ToPython(const Error& error);

}  // namespace foretell::python
