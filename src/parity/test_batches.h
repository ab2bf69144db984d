// Small batches for the tests of this folder.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "foretell/builder.h"

namespace foretell {

inline Batch BatchOf(std::vector<std::pair<std::string, Column>> named) {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (auto& [name, column] : named) {
    fields.push_back({name, column.type()});
    columns.push_back(std::move(column));
  }
  const std::int64_t rows = columns.empty() ? 0 : columns[0].length();
  return Batch(std::make_shared<const Schema>(std::move(fields)), std::move(columns), rows);
}

// A column of lists of doubles.
inline Column Lists(const std::vector<std::vector<double>>& rows) {
  ColumnBuilder builder(ParseType("list<double>"));
  for (const auto& row : rows) {
    for (const double value : row) {
      builder.child(0).AppendDouble(value);
    }
    builder.CloseList();
  }
  return builder.Finish();
}

// What `Map` gives: null where the code is "".
inline Column Errors(const std::vector<std::pair<std::string, std::string>>& rows) {
  ColumnBuilder builder(ParseType("struct<code: string, message: string>"));
  for (const auto& [code, message] : rows) {
    if (code.empty()) {
      builder.AppendNull();
      continue;
    }
    builder.child(0).AppendString(code);
    builder.child(1).AppendString(message);
    builder.CloseStruct();
  }
  return builder.Finish();
}

// A dictionary column, as other libraries make them.
inline Column Coded(const std::vector<std::string>& values, std::vector<std::int32_t> indices) {
  DataType type;
  type.id = TypeId::kDictionary;
  type.index = TypeId::kInt32;
  type.children = std::make_shared<const std::vector<Field>>(std::vector<Field>{{"", Type(TypeId::kString)}});
  auto owner = std::make_shared<std::vector<std::int32_t>>(std::move(indices));
  const auto length = static_cast<std::int64_t>(owner->size());
  return Column({.type = type,
                 .length = length,
                 .buffers = {nullptr, owner->data()},
                 .dictionary = std::make_shared<const Column>(ColumnOf(values)),
                 .owner = owner});
}

}  // namespace foretell
