// Single Python values in the types of a signature: what Arrow would make of them, without Arrow.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <string_view>
#include <vector>

#include "foretell/schema.h"

namespace foretell::python {

// The Python types that values are told by; imported once.
struct ValueTypes {
  ValueTypes();
  nanobind::object datetime, date, time, timedelta, utc, epoch, decimal;
};

// A declared type, with what casting a value to it needs at hand.
class ItemType {
 public:
  explicit ItemType(const Field& field);

  const DataType& type() const { return type_; }

  // The value as a plain Python one: None, bool, int, float, str, bytes, date, time, aware UTC datetime,
  // timedelta, Decimal, list, dict (map: list of pairs). NumPy scalars and arrays, pandas values are
  // taken, too; NaN for anything but a float is None. FT0205, FT0206, FT0208 naming the column `path`.
  nanobind::object Cast(PyObject* value, std::string_view path, const ValueTypes& types) const;

  // Whether a cast value is, or holds somewhere, None (NaN).
  bool HasNull(PyObject* value) const;
  bool HasNan(PyObject* value) const;

 private:
  struct Caster;

  DataType type_;
  std::vector<ItemType> children_;
  nanobind::object name_;  // interned: the key of a struct's field
};

// Adds the rows' own words: "column 'title' is a list, expected string".
[[noreturn]] void RefuseValue(PyObject* value, const DataType& type, std::string_view path);

}  // namespace foretell::python
