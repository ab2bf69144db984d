#include "python/item_value.h"

#include <nanobind/stl/string.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "arrow/utf8.h"
#include "foretell/builder.h"
#include "foretell/error.h"
#include "python/arrow_objects.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

nb::object Checked(PyObject* made) {
  if (made == nullptr) {
    throw nb::python_error();
  }
  return nb::steal(made);
}

nb::object Borrowed(PyObject* value) {
  return nb::borrow(value);
}

bool IsExactly(PyObject* value, PyTypeObject& type) {
  return Py_TYPE(value) == &type;
}

std::string TypeName(PyObject* value) {
  const nb::object name = nb::handle(value).type().attr("__name__");
  return nb::cast<std::string>(name);
}

std::int64_t IntAttribute(nb::handle object, const char* name) {
  const nb::object number = object.attr(name);
  const long long value = PyLong_AsLongLong(number.ptr());
  if (value == -1 && PyErr_Occurred() != nullptr) {
    throw nb::python_error();
  }
  return value;
}

[[noreturn]] void NotExact(PyObject* value, const DataType& type, std::string_view path,
                           const char* why = "cannot hold exactly") {
  const nb::object shown = nb::steal(PyObject_Str(value));
  std::string text = "a value";
  if (shown.is_valid()) {
    text = Printable(nb::cast<std::string>(shown));
  } else {
    PyErr_Clear();
  }
  throw Error(Code::kInvalidValue,
              "column '" + std::string(path) + "' holds " + text + ", which " + ToString(type) + " " + why);
}

bool IsInteger(TypeId id) {
  return id >= TypeId::kInt8 && id <= TypeId::kUint64;
}

// [least, most] of the integer types up to int64.
std::pair<std::int64_t, std::int64_t> Range(TypeId id) {
  switch (id) {
    case TypeId::kInt8:
      return {INT8_MIN, INT8_MAX};
    case TypeId::kInt16:
      return {INT16_MIN, INT16_MAX};
    case TypeId::kInt32:
      return {INT32_MIN, INT32_MAX};
    case TypeId::kUint8:
      return {0, UINT8_MAX};
    case TypeId::kUint16:
      return {0, UINT16_MAX};
    case TypeId::kUint32:
      return {0, UINT32_MAX};
    case TypeId::kUint64:
      return {0, INT64_MAX};
    default:
      return {INT64_MIN, INT64_MAX};
  }
}

// Microseconds in one tick of the unit; 1 for nanoseconds, which Python does not have.
std::int64_t Microseconds(TimeUnit unit) {
  return unit == TimeUnit::kSecond ? 1'000'000 : unit == TimeUnit::kMillisecond ? 1'000 : 1;
}

}  // namespace

[[noreturn]] void RefuseValue(PyObject* value, const DataType& type, std::string_view path) {
  throw Error(Code::kTypeMismatch,
              "column '" + std::string(path) + "' is " + KindOf(value) + ", expected " + ToString(type));
}

ValueTypes::ValueTypes() {
  const nb::module_ module = nb::module_::import_("datetime");
  datetime = module.attr("datetime");
  date = module.attr("date");
  time = module.attr("time");
  timedelta = module.attr("timedelta");
  utc = module.attr("timezone").attr("utc");
  epoch = datetime(1970, 1, 1, nb::arg("tzinfo") = utc);
  decimal = nb::module_::import_("decimal");
}

ItemType::ItemType(const Field& field)
    : type_(field.type.id == TypeId::kDictionary ? field.type.fields()[0].type : field.type),
      name_(nb::steal(PyUnicode_InternFromString(field.name.c_str()))) {
  for (const Field& child : type_.fields()) {
    children_.emplace_back(child);
  }
}

// One value on its way to one type.
struct ItemType::Caster {
  const ItemType& item;
  PyObject* value;
  std::string_view path;
  const ValueTypes& types;
  bool unwrapped = false;  // NumPy's wrapping was taken off already

  const DataType& type() const { return item.type_; }
  bool Is(nb::handle kind) const { return PyObject_IsInstance(value, kind.ptr()) == 1; }

  nb::object Cast() {
    if (value == Py_None) {
      return nb::none();
    }
    const nb::object held = Borrowed(value);  // user code below may take it out of its list or dict
    switch (type().id) {
      case TypeId::kNull:
        return Otherwise();
      case TypeId::kBool:
        return PyBool_Check(value) != 0 ? Borrowed(value) : Otherwise();
      case TypeId::kHalf:
      case TypeId::kFloat:
      case TypeId::kDouble:
        return Float();
      case TypeId::kString:
      case TypeId::kLargeString:
      case TypeId::kStringView:
        return Text();
      case TypeId::kBinary:
      case TypeId::kLargeBinary:
      case TypeId::kBinaryView:
      case TypeId::kFixedSizeBinary:
        return Bytes();
      case TypeId::kDate32:
      case TypeId::kDate64:
        return Is(types.date) && !Is(types.datetime) ? Borrowed(value) : Otherwise();
      case TypeId::kTime32:
      case TypeId::kTime64:
        return Time();
      case TypeId::kTimestamp:
        return Timestamp();
      case TypeId::kDuration:
        return Duration();
      case TypeId::kDecimal128:
      case TypeId::kDecimal256:
        return Decimal();
      case TypeId::kList:
      case TypeId::kLargeList:
      case TypeId::kFixedSizeList:
        return List();
      case TypeId::kStruct:
        return Struct();
      case TypeId::kMap:
        return Map();
      default:
        return Integer();
    }
  }

  // A value that is not of the type's own kind: null in disguise, wrapped by NumPy, or refused.
  nb::object Otherwise() {
    if (PyFloat_Check(value) != 0 && PyFloat_AsDouble(value) != PyFloat_AsDouble(value)) {
      return nb::none();
    }
    const std::string name = TypeName(value);
    if (name == "NAType" || name == "NaTType") {
      return nb::none();
    }
    if (!unwrapped && PyFloat_Check(value) == 0 && nb::hasattr(value, "item") && nb::hasattr(value, "ndim") &&
        IntAttribute(value, "ndim") == 0) {
      const nb::object inner = Unwrap(name);
      return Caster{item, inner.ptr(), path, types, true}.Cast();
    }
    RefuseValue(value, type(), path);
  }

  // datetime64 and timedelta64 of nanoseconds would give an integer: Python's own hold microseconds.
  nb::object Unwrap(const std::string& name) {
    const nb::handle object(value);
    if (name == "datetime64" || name == "timedelta64") {
      const nb::object dtype = object.attr("dtype").attr("name");
      const auto unit = nb::cast<std::string>(dtype);
      if (unit.ends_with("[ns]")) {
        const nb::object coarse = object.attr("astype")((name + "[us]").c_str());
        const nb::object same = coarse.attr("__eq__")(object);
        const nb::object inner = coarse.attr("item")();
        if (!inner.is_none() && PyObject_IsTrue(same.ptr()) != 1) {
          NotExact(value, type(), path, "gets through Python in microseconds only");
        }
        return inner;
      }
    }
    return object.attr("item")();
  }

  nb::object Integer() {
    if (PyLong_Check(value) == 0 || PyBool_Check(value) != 0 || !IsInteger(type().id)) {
      return Otherwise();
    }
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    const auto [least, most] = Range(type().id);
    if (overflow != 0 && type().id == TypeId::kUint64 && overflow > 0) {
      if (PyLong_AsUnsignedLongLong(value) == static_cast<unsigned long long>(-1) &&
          PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        NotExact(value, type(), path, "cannot hold");
      }
      return Checked(PyNumber_Long(value));
    }
    if (overflow != 0 || number < least || number > most) {
      NotExact(value, type(), path, "cannot hold");
    }
    return IsExactly(value, PyLong_Type) ? Borrowed(value) : Checked(PyLong_FromLongLong(number));
  }

  nb::object Float() {
    if (PyFloat_Check(value) != 0) {
      const double number = PyFloat_AsDouble(value);
      if (type().id != TypeId::kDouble && !Fits(number)) {
        NotExact(value, type(), path);
      }
      return IsExactly(value, PyFloat_Type) ? Borrowed(value) : Checked(PyFloat_FromDouble(number));
    }
    if (PyLong_Check(value) == 0 || PyBool_Check(value) != 0) {
      return Otherwise();
    }
    const double number = PyLong_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred() != nullptr) {
      PyErr_Clear();
      NotExact(value, type(), path);
    }
    const nb::object back = Checked(PyLong_FromDouble(number));
    if (PyObject_RichCompareBool(back.ptr(), value, Py_EQ) != 1 || !Fits(number)) {
      NotExact(value, type(), path);
    }
    return Checked(PyFloat_FromDouble(number));
  }

  bool Fits(double number) const {
    if (type().id == TypeId::kDouble || number != number) {
      return true;
    }
    try {
      ColumnBuilder builder(type());
      builder.AppendDouble(number);
      return builder.Finish().Double(0) == number;
    } catch (const Error&) {
      return false;  // out of range
    }
  }

  nb::object Text() {
    if (PyUnicode_Check(value) == 0) {
      return Otherwise();
    }
    Py_ssize_t size = 0;
    if (PyUnicode_AsUTF8AndSize(value, &size) == nullptr) {
      PyErr_Clear();
      throw Error(Code::kInvalidUtf8, "column '" + std::string(path) + "' holds text that is not UTF-8");
    }
    return IsExactly(value, PyUnicode_Type) ? Borrowed(value) : Checked(PyUnicode_FromObject(value));
  }

  nb::object Bytes() {
    if (PyBytes_Check(value) == 0 && !PyByteArray_Check(value) && !PyMemoryView_Check(value)) {
      return Otherwise();
    }
    nb::object bytes = IsExactly(value, PyBytes_Type) ? Borrowed(value) : Checked(PyBytes_FromObject(value));
    if (type().id == TypeId::kFixedSizeBinary && PyBytes_Size(bytes.ptr()) != type().width) {
      NotExact(value, type(), path, "cannot hold");
    }
    return bytes;
  }

  nb::object Time() {
    if (!Is(types.time)) {
      return Otherwise();
    }
    if (IntAttribute(value, "microsecond") % Microseconds(type().unit) != 0) {
      NotExact(value, type(), path);
    }
    return Borrowed(value);
  }

  nb::object Timestamp() {
    nb::object moment = Borrowed(value);
    if (Py_TYPE(value) != reinterpret_cast<PyTypeObject*>(types.datetime.ptr())) {
      if (!Is(types.datetime) || TypeName(value) == "NaTType") {
        return Otherwise();
      }
      if (nb::hasattr(moment, "to_pydatetime")) {
        if (IntAttribute(moment, "nanosecond") != 0) {
          NotExact(value, type(), path, "gets through Python in microseconds only");
        }
        moment = moment.attr("to_pydatetime")();
      }
    }
    const nb::object zone = moment.attr("tzinfo");
    if (zone.is_none()) {
      moment = moment.attr("replace")(nb::arg("tzinfo") = types.utc);
    } else if (!zone.is(types.utc)) {
      try {
        moment = moment.attr("astimezone")(types.utc);
      } catch (const nb::python_error& error) {
        if (!error.matches(PyExc_OverflowError)) {
          throw;
        }
        NotExact(value, type(), path, "cannot hold");  // in UTC it is before year 1 or after 9999
      }
    }
    if (IntAttribute(moment, "microsecond") % Microseconds(type().unit) != 0) {
      NotExact(value, type(), path);
    }
    if (type().unit == TimeUnit::kNanosecond) {
      constexpr std::int64_t kMostSeconds = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;
      const nb::object since = moment - types.epoch;
      const std::int64_t seconds = IntAttribute(since, "days") * 86'400 + IntAttribute(since, "seconds");
      if (seconds >= kMostSeconds || seconds < -kMostSeconds) {
        NotExact(value, type(), path, "cannot hold");
      }
    }
    return moment;
  }

  nb::object Duration() {
    if (!Is(types.timedelta)) {
      return Otherwise();
    }
    nb::object span = Borrowed(value);
    if (TypeName(value) == "NaTType") {
      return nb::none();
    }
    if (nb::hasattr(span, "to_pytimedelta")) {
      if (IntAttribute(span, "nanoseconds") != 0) {
        NotExact(value, type(), path, "gets through Python in microseconds only");
      }
      span = span.attr("to_pytimedelta")();
    }
    if (IntAttribute(span, "microseconds") % Microseconds(type().unit) != 0) {
      NotExact(value, type(), path);
    }
    return span;
  }

  // The value with the declared number of digits behind the point, as Arrow gives it.
  nb::object Decimal() {
    if (!Is(types.decimal.attr("Decimal"))) {
      return Otherwise();
    }
    nb::list traps;
    traps.append(types.decimal.attr("Inexact"));
    traps.append(types.decimal.attr("InvalidOperation"));
    const nb::object context =
        types.decimal.attr("Context")(nb::arg("prec") = type().precision, nb::arg("traps") = traps);
    const nb::object step =
        types.decimal.attr("Decimal")(nb::make_tuple(0, nb::make_tuple(1), -type().scale));
    try {
      nb::object exact = context.attr("quantize")(nb::handle(value), step);
      if (PyObject_IsTrue(nb::object(exact.attr("is_finite")()).ptr()) != 1) {
        NotExact(value, type(), path, "cannot hold");
      }
      return exact;
    } catch (nb::python_error& error) {
      if (!error.matches(types.decimal.attr("DecimalException"))) {
        throw;
      }
      NotExact(value, type(), path);
    }
  }

  nb::object List() {
    nb::object given = Borrowed(value);
    if (PyList_Check(value) == 0 && PyTuple_Check(value) == 0) {
      if (nb::object floats = FromFloats(); floats.is_valid()) {
        return floats;
      }
      const char* convert = nb::hasattr(given, "tolist") ? "tolist" : "to_pylist";
      if (!nb::hasattr(given, convert)) {
        return Otherwise();
      }
      given = given.attr(convert)();
      if (PyList_Check(given.ptr()) == 0) {
        return Otherwise();  // an array without dimensions
      }
    }
    const Py_ssize_t size = PySequence_Size(given.ptr());
    CheckWidth(size);
    nb::object list = Checked(PyList_New(size));
    const bool tuple = PyTuple_Check(given.ptr()) != 0;
    const ItemType& of = item.children_[0];
    for (Py_ssize_t i = 0; i < size; ++i) {
      PyObject* element = tuple ? PyTuple_GetItem(given.ptr(), i) : PyList_GetItem(given.ptr(), i);
      if (element == nullptr) {
        throw nb::python_error();
      }
      nb::object cast = of.type_.id == TypeId::kDouble && IsExactly(element, PyFloat_Type)
                            ? Borrowed(element)
                            : Caster{of, element, path, types}.Cast();
      PyList_SetItem(list.ptr(), i, cast.release().ptr());
    }
    return list;
  }

  void CheckWidth(Py_ssize_t size) const {
    if (type().id == TypeId::kFixedSizeList && size != type().width) {
      throw Error(Code::kInvalidValue, "column '" + std::string(path) + "' holds a list of " +
                                           std::to_string(size) + ", which " + ToString(type()) +
                                           " cannot hold");
    }
  }

  // A one-dimensional float64 array for a list<double>; otherwise nothing.
  nb::object FromFloats() {
    if (item.children_[0].type_.id != TypeId::kDouble || PyObject_CheckBuffer(value) == 0) {
      return {};
    }
    Py_buffer view;
    if (PyObject_GetBuffer(value, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) != 0) {
      PyErr_Clear();
      return {};
    }
    struct Release {
      Py_buffer* view;
      ~Release() { PyBuffer_Release(view); }
    } const release{&view};
    if (view.ndim != 1 || view.format == nullptr || std::string_view(view.format) != "d") {
      return {};
    }
    const Py_ssize_t size = view.shape[0];
    CheckWidth(size);
    const auto* numbers = static_cast<const double*>(view.buf);
    nb::object list = Checked(PyList_New(size));
    for (Py_ssize_t i = 0; i < size; ++i) {
      PyList_SetItem(list.ptr(), i, Checked(PyFloat_FromDouble(numbers[i])).release().ptr());
    }
    return list;
  }

  nb::object Struct() {
    nb::object given = Borrowed(value);
    if (PyDict_Check(value) == 0) {
      if (!nb::hasattr(given, "_asdict")) {
        return Otherwise();
      }
      given = given.attr("_asdict")();
    }
    nb::object result = Checked(PyDict_New());
    Py_ssize_t known = 0;
    for (const ItemType& field : item.children_) {
      PyObject* found = PyDict_GetItemWithError(given.ptr(), field.name_.ptr());
      if (found == nullptr && PyErr_Occurred() != nullptr) {
        throw nb::python_error();
      }
      known += found != nullptr ? 1 : 0;
      const nb::object cast = found == nullptr ? nb::none() : Caster{field, found, path, types}.Cast();
      PyDict_SetItem(result.ptr(), field.name_.ptr(), cast.ptr());
    }
    if (known != PyDict_Size(given.ptr())) {
      throw Error(Code::kTypeMismatch,
                  "column '" + std::string(path) + "' holds other keys than " + ToString(type()));
    }
    return result;
  }

  // Pairs, as Arrow gives them.
  nb::object Map() {
    nb::object pairs = Borrowed(value);
    if (PyDict_Check(value) != 0) {
      pairs = Checked(PyDict_Items(value));
    } else if (PyList_Check(value) == 0) {
      return Otherwise();
    }
    const Py_ssize_t size = PyList_Size(pairs.ptr());
    nb::object result = Checked(PyList_New(size));
    for (Py_ssize_t i = 0; i < size; ++i) {
      PyObject* pair = PyList_GetItem(pairs.ptr(), i);
      if (PyTuple_Check(pair) == 0 || PyTuple_Size(pair) != 2) {
        RefuseValue(value, type(), path);
      }
      const nb::object cast =
          nb::make_tuple(Caster{item.children_[0], PyTuple_GetItem(pair, 0), path, types}.Cast(),
                         Caster{item.children_[1], PyTuple_GetItem(pair, 1), path, types}.Cast());
      PyList_SetItem(result.ptr(), i, nb::object(cast).release().ptr());
    }
    return result;
  }
};

nb::object ItemType::Cast(PyObject* value, std::string_view path, const ValueTypes& types) const {
  return Caster{*this, value, path, types}.Cast();
}

namespace {

// Whether `is` holds of a cast value or of anything in it.
template <typename Is>
bool Anywhere(PyObject* value, Is is) {
  if (is(value)) {
    return true;
  }
  if (IsExactly(value, PyList_Type)) {
    const Py_ssize_t size = PyList_Size(value);
    for (Py_ssize_t i = 0; i < size; ++i) {
      if (Anywhere(PyList_GetItem(value, i), is)) {
        return true;
      }
    }
  } else if (IsExactly(value, PyTuple_Type)) {
    return Anywhere(PyTuple_GetItem(value, 0), is) || Anywhere(PyTuple_GetItem(value, 1), is);
  } else if (IsExactly(value, PyDict_Type)) {
    PyObject* key = nullptr;
    PyObject* field = nullptr;
    Py_ssize_t at = 0;
    while (PyDict_Next(value, &at, &key, &field) != 0) {
      if (Anywhere(field, is)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

bool ItemType::HasNull(PyObject* value) const {
  return Anywhere(value, [](PyObject* at) { return at == Py_None; });
}

bool ItemType::HasNan(PyObject* value) const {
  return Anywhere(value, [](PyObject* at) {
    if (!IsExactly(at, PyFloat_Type)) {
      return false;
    }
    const double number = PyFloat_AsDouble(at);
    return number != number;
  });
}

}  // namespace foretell::python
