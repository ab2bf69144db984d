// _core.ItemContract: the contract for a single row, without a batch.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>
#include <utility>
#include <vector>

#include "arrow/utf8.h"
#include "foretell/error.h"
#include "foretell/predictor.h"
#include "python/arrow_objects.h"
#include "python/bind.h"
#include "python/item_value.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

// The name of the prediction where no output is declared and the prediction has no names.
constexpr const char* kUnnamed = "prediction";

class ItemContract {
 public:
  explicit ItemContract(const Signature& signature)
      : declares_input_(signature.input.has_value()),
        declares_output_(signature.output.has_value()),
        allow_null_(signature.allow_null),
        allow_nan_(signature.allow_nan),
        input_(signature.input ? ItemColumns(*signature.input) : std::vector<ItemColumn>()),
        output_(signature.output ? ItemColumns(*signature.output) : std::vector<ItemColumn>()) {}

  nb::object Cast(nb::handle row) const {
    nb::object given = nb::borrow(row);
    if (PyDict_Check(row.ptr()) == 0) {
      given = nb::steal(PyDict_New());
      if (PyDict_Update(given.ptr(), row.ptr()) != 0) {
        PyErr_Clear();
        throw Error(Code::kTypeMismatch, "the row is " + KindOf(row) + ", expected a dict");
      }
    }
    if (!declares_input_) {
      return nb::steal(PyDict_Copy(given.ptr()));
    }
    nb::object cast = nb::steal(PyDict_New());
    for (const ItemColumn& column : input_) {
      PyObject* value = Get(given, column);
      if (value == nullptr) {
        throw Error(Code::kMissingColumn, "the row has no '" + column.name + "'; its keys are " + Keys(given),
                    "give every column that the predictor's `input` names; None where there is nothing");
      }
      Set(cast, column, column.type.Cast(value, column.name, types_));
    }
    return cast;
  }

  nb::object Check(nb::handle value) const {
    if (!declares_output_) {
      return CheckUndeclared(value);
    }
    nb::object checked = nb::steal(PyDict_New());
    if (output_.size() == 1) {
      Set(checked, output_[0], CheckColumn(output_[0], value.ptr()));
      return checked;
    }
    if (value.is_none()) {
      for (const ItemColumn& column : output_) {
        Set(checked, column, CheckColumn(column, Py_None));
      }
      return checked;
    }
    const nb::object given =
        nb::hasattr(value, "_asdict") ? nb::object(value.attr("_asdict")()) : nb::borrow(value);
    const auto count = static_cast<Py_ssize_t>(output_.size());
    if (PyTuple_Check(given.ptr()) != 0 && PyTuple_Size(given.ptr()) == count) {
      for (std::size_t i = 0; i < output_.size(); ++i) {
        Set(checked, output_[i],
            CheckColumn(output_[i], PyTuple_GetItem(given.ptr(), static_cast<Py_ssize_t>(i))));
      }
      return checked;
    }
    if (PyDict_Check(given.ptr()) == 0 || PyDict_Size(given.ptr()) != count) {
      WrongColumns(given);
    }
    for (const ItemColumn& column : output_) {
      PyObject* found = Get(given, column);
      if (found == nullptr) {
        WrongColumns(given);
      }
      Set(checked, column, CheckColumn(column, found));
    }
    return checked;
  }

 private:
  struct ItemColumn {
    std::string name;
    nb::object key;  // interned
    ItemType type;
  };

  static std::vector<ItemColumn> ItemColumns(const Schema& schema) {
    std::vector<ItemColumn> columns;
    for (const Field& field : schema.fields()) {
      columns.push_back(
          {field.name, nb::steal(PyUnicode_InternFromString(field.name.c_str())), ItemType(field)});
    }
    return columns;
  }

  static PyObject* Get(const nb::object& dict, const ItemColumn& column) {
    PyObject* value = PyDict_GetItemWithError(dict.ptr(), column.key.ptr());
    if (value == nullptr && PyErr_Occurred() != nullptr) {
      throw nb::python_error();
    }
    return value;
  }

  static void Set(const nb::object& dict, const ItemColumn& column, const nb::object& value) {
    if (PyDict_SetItem(dict.ptr(), column.key.ptr(), value.ptr()) != 0) {
      throw nb::python_error();
    }
  }

  static std::string Keys(const nb::object& dict) {
    std::string keys;
    for (const nb::handle key : nb::borrow<nb::dict>(dict).keys()) {
      const nb::object text = nb::str(key).attr("encode")("utf-8", "replace");  // it may hold surrogates
      keys += (keys.empty() ? "" : ", ") + Printable(nb::borrow<nb::bytes>(text).c_str());
    }
    return keys.empty() ? "none" : keys;
  }

  [[noreturn]] void WrongColumns(const nb::object& given) const {
    std::string expected;
    for (const ItemColumn& column : output_) {
      expected += (expected.empty() ? "" : ", ") + column.name;
    }
    std::string found = KindOf(given);
    if (PyDict_Check(given.ptr()) != 0) {
      found = "the columns " + Keys(given);
    } else if (PyTuple_Check(given.ptr()) != 0) {
      found += " of " + std::to_string(PyTuple_Size(given.ptr()));
    }
    throw Error(Code::kWrongType, "the predictor returned " + found + ", expected " + expected,
                "return a dict with these keys, or a tuple in this order");
  }

  nb::object CheckColumn(const ItemColumn& column, PyObject* value) const {
    nb::object cast;
    try {
      cast = column.type.Cast(value, column.name, types_);
    } catch (const Error& error) {
      throw Error(Code::kWrongType, "the prediction's " + error.message(),
                  "correct the predictor, or its `output`");
    }
    if (!allow_null_ && column.type.HasNull(cast.ptr())) {
      throw Error(Code::kNullPrediction, "the prediction '" + column.name + "' is null");
    }
    if (!allow_nan_ && column.type.HasNan(cast.ptr())) {
      throw Error(Code::kNanPrediction, "the prediction '" + column.name + "' is NaN");
    }
    return cast;
  }

  static nb::object CheckUndeclared(nb::handle value) {
    if (nb::hasattr(value, "_asdict")) {
      return value.attr("_asdict")();
    }
    if (PyDict_Check(value.ptr()) != 0) {
      return nb::steal(PyDict_Copy(value.ptr()));
    }
    nb::dict named;
    named[kUnnamed] = value;
    return named;
  }

  bool declares_input_, declares_output_, allow_null_, allow_nan_;
  ValueTypes types_;
  std::vector<ItemColumn> input_, output_;
};

}  // namespace

void BindItem(nb::module_& module) {
  nb::class_<ItemContract>(
      module, "ItemContract",
      "A signature's contract for a single row: the same casts, codes and nulls as a batch "
      "gets. Any thread that has the GIL.")
      .def(nb::init<const Signature&>(), nb::arg("signature"))
      .def("cast", &ItemContract::Cast, nb::arg("row"),
           nb::sig("def cast(self, row: object) -> dict[str, typing.Any]"),
           "The declared input columns of a row, cast; a copy of the row where none are declared. FT0203, "
           "FT0205, "
           "FT0206, FT0208.")
      .def("check", &ItemContract::Check, nb::arg("value").none(),
           nb::sig("def check(self, value: object) -> dict[str, typing.Any]"),
           "What predict_item returned as the declared outputs, in plain Python values: for one output the "
           "value "
           "itself, for several a dict, a tuple, or an object with _asdict. FT0303, FT0304, FT0305.");
}

}  // namespace foretell::python
