// _core.Schema and _core.parse_type.
#include "foretell/schema.h"

#include <nanobind/nanobind.h>
#include <nanobind/operators.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "python/arrow_objects.h"
#include "python/bind.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

using FieldTexts = std::vector<std::pair<std::string, std::string>>;

Schema FromTexts(const FieldTexts& texts) {
  std::vector<Field> fields;
  for (const auto& [name, type] : texts) {
    for (const Field& other : fields) {
      if (other.name == name) {
        throw Error(Code::kDuplicateColumn, "the schema names the column '" + name + "' twice");
      }
    }
    fields.push_back({name, ParseType(type)});
  }
  return Schema(std::move(fields));
}

FieldTexts ToTexts(const Schema& schema) {
  FieldTexts texts;
  for (const Field& field : schema.fields()) {
    texts.emplace_back(field.name, ToString(field.type));
  }
  return texts;
}

}  // namespace

void BindSchema(nb::module_& module) {
  nb::class_<Schema>(module, "Schema", "Names and types of columns, in order. Immutable.")
      .def(
          "__init__", [](Schema* self, const FieldTexts& fields) { new (self) Schema(FromTexts(fields)); },
          nb::arg("fields"), "From (name, type text) pairs; FT0201, FT0204.")
      .def_static(
          "from_arrow", [](nb::handle object) { return SchemaFrom(object); }, nb::arg("object"),
          "From an object with __arrow_c_schema__, of struct type; FT0202, FT0207.")
      .def_prop_ro("fields", &ToTexts)
      .def_prop_ro("names",
                   [](const Schema& schema) {
                     std::vector<std::string> names;
                     for (const Field& field : schema.fields()) {
                       names.push_back(field.name);
                     }
                     return names;
                   })
      .def("__len__", &Schema::size)
      .def(
          "__eq__",
          [](const Schema& self, nb::handle other) -> nb::object {
            if (!nb::isinstance<Schema>(other)) {
              return nb::borrow(Py_NotImplemented);
            }
            return nb::cast(self == nb::cast<const Schema&>(other));
          },
          nb::arg("other").none(), nb::is_operator(), nb::sig("def __eq__(self, other: object, /) -> bool"))
      .def("__hash__", [](const Schema& schema) { return std::hash<std::string>()(ToString(schema)); })
      .def("__repr__", [](const Schema& schema) { return "Schema(" + ToString(schema) + ")"; })
      .def("__reduce__",
           [](nb::handle self) {
             return nb::make_tuple(self.type(),
                                   nb::make_tuple(nb::cast(ToTexts(nb::cast<const Schema&>(self)))));
           })
      .def("__arrow_c_schema__", [](const Schema& schema) { return SchemaCapsule(schema); });

  module.def(
      "parse_type", [](const std::string& text) { return ToString(ParseType(text)); }, nb::arg("text"),
      "The canonical spelling of a type; FT0201.");
}

}  // namespace foretell::python
