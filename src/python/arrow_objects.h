// Arrow data to and from Python objects, by the PyCapsule interface
// (https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html).
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <vector>

#include "foretell/batch.h"

namespace foretell::python {

// Whether the object has `__arrow_c_<what>__`.
bool HasArrow(nanobind::handle object, const char* what);

// "a list", for messages.
std::string KindOf(nanobind::handle object);

// From an object with `__arrow_c_schema__`: FT0207 for another object.
Schema SchemaFrom(nanobind::handle object);
// From an object with `__arrow_c_array__` of struct type.
Batch BatchFrom(nanobind::handle object);
// From an object with `__arrow_c_stream__`, or with `__arrow_c_array__` only (a stream of one).
Batches StreamFrom(nanobind::handle object);

// The chunks of a column: from an object with `__arrow_c_stream__` or `__arrow_c_array__` of any one type.
std::vector<Column> ColumnsFrom(nanobind::handle object);

nanobind::object SchemaCapsule(const Schema& schema);
nanobind::object ArrayCapsules(const Batch& batch);  // a tuple: schema, array
nanobind::object StreamCapsule(Batches batches);

// A Python object held by C++ that may be let go by any thread, with or without the GIL.
using Held = std::shared_ptr<PyObject>;
Held Hold(nanobind::object object);

}  // namespace foretell::python
