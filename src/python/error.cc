// foretell::Error becomes foretell.Error (its subclass by the code's range) and back.
#include "python/error.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <exception>
#include <string>
#include <tuple>
#include <vector>

#include "python/bind.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

nb::object Decoded(const std::string& text) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  if (decoded == nullptr) {
    throw nb::python_error();
  }
  return nb::steal(decoded);
}

}  // namespace

nb::object ToPython(const Error& error) {
  // foretell.error imports nothing heavy and does not import this module.
  return nb::module_::import_("foretell.error")
      .attr("error")(CodeText(error.code()), Decoded(error.message()), Decoded(error.hint()));
}

void BindError(nb::module_& module) {
  module.def(
      "catalogue",
      [] {
        std::vector<std::tuple<std::string, std::string, std::string>> entries;
        for (const CatalogueEntry& entry : Catalogue()) {
          entries.emplace_back(CodeText(entry.code), entry.title, entry.explanation);
        }
        return entries;
      },
      "Every error code with its title and explanation, in order.");

  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const Error& error) {
      const nb::object made = ToPython(error);
      PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.ptr())), made.ptr());
    }
  });
}

}  // namespace foretell::python
