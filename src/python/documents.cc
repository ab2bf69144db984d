#include "python/documents.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "python/arrow_objects.h"
#include "python/gil.h"

namespace nb = nanobind;

namespace foretell::python {

std::string_view TextOf(nb::handle object, std::int64_t row) {
  PyObject* const item = object.ptr();
  if (PyUnicode_Check(item) != 0) {
    Py_ssize_t size = 0;
    const char* const text = PyUnicode_AsUTF8AndSize(item, &size);
    if (text == nullptr) {
      PyErr_Clear();
      throw Error(Code::kInvalidUtf8,
                  "text " + std::to_string(row) + " holds a surrogate, which UTF-8 has no form for",
                  "text.encode('utf-8', 'replace').decode() replaces it");
    }
    return {text, static_cast<std::size_t>(size)};
  }
  if (PyBytes_Check(item) != 0) {
    return {PyBytes_AsString(item), static_cast<std::size_t>(PyBytes_Size(item))};
  }
  const std::string kind = item == Py_None ? "None" : KindOf(item);
  throw Error(Code::kTypeMismatch, "text " + std::to_string(row) + " is " + kind + ", expected a str",
              "ft.join_text gives a text where there is null");
}

namespace {

// Python's own texts: a tuple that holds them, and where they lie.
struct HeldTexts {
  Held items;
  std::vector<std::string_view> texts;
};

Documents FromSequence(nb::handle object) {
  auto held = std::make_shared<HeldTexts>();
  const nb::object items = nb::steal(PySequence_Tuple(object.ptr()));
  if (!items.is_valid()) {
    throw nb::python_error();
  }
  const Py_ssize_t count = PyTuple_Size(items.ptr());
  held->texts.reserve(static_cast<std::size_t>(count));
  for (Py_ssize_t row = 0; row < count; ++row) {
    held->texts.push_back(TextOf(nb::handle(PyTuple_GetItem(items.ptr(), row)), row));
  }
  held->items = Hold(items);
  return {count, [held](std::int64_t row) { return held->texts[static_cast<std::size_t>(row)]; }};
}

bool IsText(TypeId id) {
  return id == TypeId::kString || id == TypeId::kLargeString || id == TypeId::kStringView ||
         id == TypeId::kBinary || id == TypeId::kLargeBinary || id == TypeId::kBinaryView;
}

Documents FromColumns(std::vector<Column> columns) {
  auto chunks = std::make_shared<std::vector<Column>>();
  auto starts = std::make_shared<std::vector<std::int64_t>>();
  std::int64_t rows = 0;
  for (Column& column : columns) {
    const DataType& type =
        column.type().id == TypeId::kDictionary ? column.type().fields().front().type : column.type();
    if (!IsText(type.id) && column.length() > 0) {
      throw Error(Code::kTypeMismatch, "the column is of " + ToString(column.type()) + ", expected a string");
    }
    if (column.length() == 0) {
      continue;
    }
    for (std::int64_t i = 0; i < column.length(); ++i) {
      if (column.IsNull(i)) {
        throw Error(Code::kTypeMismatch, "text " + std::to_string(rows + i) + " is null, expected a text",
                    "ft.join_text gives a text where there is null");
      }
    }
    starts->push_back(rows);
    rows += column.length();
    chunks->push_back(std::move(column));
  }
  return {rows, [chunks, starts](std::int64_t row) {
            const auto next = std::upper_bound(starts->begin(), starts->end(), row);
            const auto chunk = static_cast<std::size_t>(next - starts->begin()) - 1;
            return (*chunks)[chunk].String(row - (*starts)[chunk]);
          }};
}

}  // namespace

Documents DocumentsFrom(nb::handle object) {
  if (HasArrow(object, "stream") || HasArrow(object, "array")) {
    std::vector<Column> columns = ColumnsFrom(object);
    const GilReleased released;  // every row is looked at
    return FromColumns(std::move(columns));
  }
  return FromSequence(object);
}

}  // namespace foretell::python
