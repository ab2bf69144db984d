#include "predict/input.h"

#include <utility>

#include "arrow/utf8.h"
#include "predict/cast.h"

namespace foretell {
namespace {

// Whether a value of the type may hold text.
bool MayHoldText(const DataType& type) {
  switch (type.id) {
    case TypeId::kString:
    case TypeId::kLargeString:
    case TypeId::kStringView:
      return true;
    default:
      break;
  }
  for (const Field& field : type.fields()) {
    if (MayHoldText(field.type)) {
      return true;
    }
  }
  return false;
}

void CheckText(const Column& column, std::string_view name, std::map<std::int64_t, RowError>& errors) {
  try {
    CheckUtf8(column, name);
    return;
  } catch (const Error& error) {
    if (error.code() != Code::kInvalidUtf8) {
      throw;
    }
  }
  for (std::int64_t row = 0; row < column.length(); ++row) {
    try {
      CheckUtf8(column.Slice(row, 1), name);
    } catch (const Error& error) {
      errors.emplace(
          row, RowError{CodeText(error.code()),
                        "column '" + std::string(name) + "' holds text that is not UTF-8", error.hint()});
    }
  }
}

}  // namespace

InputContract::InputContract(const Schema& input, const Signature& signature) {
  if (!signature.input) {
    schema_ = std::make_shared<const Schema>(input);
    untouched_ = true;
    for (std::size_t i = 0; i < input.size(); ++i) {
      columns_.push_back(i);
    }
    return;
  }
  schema_ = std::make_shared<const Schema>(*signature.input);
  for (const Field& field : signature.input->fields()) {
    const auto at = input.Find(field.name);
    if (!at) {
      throw Error(Code::kMissingColumn,
                  "the input has no column '" + field.name + "'; its columns are " + Names(input),
                  "rename a column of the input, or change the predictor's `input`");
    }
    columns_.push_back(*at);
  }
}

Batch InputContract::Admit(const Batch& batch, std::map<std::int64_t, RowError>& errors) const {
  std::vector<Column> columns;
  columns.reserve(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = batch.column(columns_[i]);
    const Field& field = (*schema_)[i];
    if (MayHoldText(column.type())) {
      CheckText(column, field.name, errors);
    }
    if (!untouched_) {
      columns.push_back(
          CastValues(column, field.type, field.name, [&](std::int64_t row, const std::string& message) {
            errors.emplace(row, RowError{CodeText(Code::kInvalidValue), message, {}});
          }));
    }
  }
  if (untouched_) {
    return batch;
  }
  return Batch(schema_, std::move(columns), batch.rows());
}

std::string Names(const Schema& schema) {
  std::string names;
  for (const Field& field : schema.fields()) {
    names += (names.empty() ? "" : ", ") + field.name;
  }
  return names.empty() ? "none" : names;
}

}  // namespace foretell
