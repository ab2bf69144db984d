// A column's values as text, for tests to compare: "[1, null, 3]". Reads every element through the
// public accessors, children and dictionaries included, so a fuzzer uses it to touch all buffers.
#pragma once

#include <string>

#include "arrow/layout.h"
#include "foretell/batch.h"

namespace foretell {

inline std::string ValueText(const Column& column, std::int64_t i);

inline std::string ColumnText(const Column& column, std::int64_t first, std::int64_t last) {
  std::string text = "[";
  for (std::int64_t i = first; i < last; ++i) {
    text += (i == first ? "" : ", ") + ValueText(column, i);
  }
  return text + "]";
}

inline std::string ColumnText(const Column& column) {
  return ColumnText(column, 0, column.length());
}

inline std::string ValueText(const Column& column, std::int64_t i) {
  if (column.IsNull(i)) {
    return "null";
  }
  const DataType& type = column.type();
  switch (LayoutOf(type.id)) {
    case Layout::kNull:
      return "null";
    case Layout::kBool:
      return column.Bool(i) ? "true" : "false";
    case Layout::kBytes:
    case Layout::kView:
      return "'" + std::string(column.String(i)) + "'";
    case Layout::kDictionary:
      return ValueText(column.dictionary(), column.Index(i));
    case Layout::kList:
    case Layout::kFixedList: {
      const auto [first, last] = column.ListRange(i);
      return ColumnText(column.child(0), first, last);
    }
    case Layout::kStruct: {
      std::string text = "{";
      for (std::size_t c = 0; c < type.fields().size(); ++c) {
        text += (c == 0 ? "" : ", ") + ValueText(column.child(c), i);
      }
      return text + "}";
    }
    case Layout::kFixed:
      break;
  }
  switch (type.id) {
    case TypeId::kHalf:
    case TypeId::kFloat:
    case TypeId::kDouble:
      return std::to_string(column.Double(i));
    case TypeId::kUint64:
      return std::to_string(column.Uint(i));
    case TypeId::kDecimal128:
    case TypeId::kDecimal256:
    case TypeId::kFixedSizeBinary:
      return "'" + std::string(column.String(i)) + "'";
    default:
      return std::to_string(column.Int(i));
  }
}

}  // namespace foretell
