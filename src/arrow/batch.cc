#include "foretell/batch.h"

#include <string>
#include <utility>

#include "arrow/utf8.h"
#include "foretell/error.h"

namespace foretell {
namespace {

class Collected final : public Batches::Source {
 public:
  Collected(std::shared_ptr<const Schema> schema, std::vector<Batch> batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}

  std::shared_ptr<const Schema> schema() override { return schema_; }

  std::optional<Batch> Next() override {
    if (next_ == batches_.size()) {
      return std::nullopt;
    }
    return std::move(batches_[next_++]);
  }

 private:
  std::shared_ptr<const Schema> schema_;
  std::vector<Batch> batches_;
  std::size_t next_ = 0;
};

}  // namespace

Batch::Batch(std::shared_ptr<const Schema> schema, std::vector<Column> columns, std::int64_t rows)
    : schema_(std::move(schema)), columns_(std::move(columns)), rows_(rows) {
  if (columns_.size() != schema_->size()) {
    throw Error(Code::kInvalidArrow, "a batch has " + std::to_string(columns_.size()) +
                                         " columns, and its schema " + std::to_string(schema_->size()));
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Field& field = (*schema_)[i];
    if (columns_[i].length() != rows_) {
      throw Error(Code::kInvalidArrow, "column '" + Printable(field.name) + "' has " +
                                           std::to_string(columns_[i].length()) + " rows, and its batch " +
                                           std::to_string(rows_));
    }
    if (columns_[i].type() != field.type) {
      throw Error(Code::kInvalidArrow, "column '" + Printable(field.name) + "' is " +
                                           ToString(columns_[i].type()) + ", and its schema says " +
                                           ToString(field.type));
    }
  }
}

const Column& Batch::column(std::string_view name) const {
  const auto position = schema_->Find(name);
  if (!position) {
    throw Error(
        Code::kMissingColumn,
        "there is no column '" + Printable(name) + "'; the columns are " + Printable(ToString(*schema_)),
        "rename a column in the source, or change what is read");
  }
  return columns_[*position];
}

Batch Batch::Slice(std::int64_t offset, std::int64_t length) const {
  if (offset < 0 || length < 0 || offset > rows_ || length > rows_ - offset) {
    throw Error(Code::kInvalidArgument, "a slice of " + std::to_string(length) + " rows from row " +
                                            std::to_string(offset) + " leaves a batch of " +
                                            std::to_string(rows_) + " rows");
  }
  Batch slice;
  slice.schema_ = schema_;
  slice.rows_ = length;
  slice.columns_.reserve(columns_.size());
  for (const Column& column : columns_) {
    slice.columns_.push_back(column.Slice(offset, length));
  }
  return slice;
}

Batch Batch::Select(std::span<const std::size_t> columns) const {
  std::vector<Field> fields;
  Batch selected;
  selected.rows_ = rows_;
  for (const std::size_t i : columns) {
    fields.push_back((*schema_)[i]);
    selected.columns_.push_back(columns_[i]);
  }
  selected.schema_ = std::make_shared<const Schema>(std::move(fields), schema_->metadata());
  return selected;
}

std::int64_t Batch::ByteSize() const {
  std::int64_t size = 0;
  for (const Column& column : columns_) {
    size += column.ByteSize();
  }
  return size;
}

Batches Batches::Of(std::shared_ptr<const Schema> schema, std::vector<Batch> batches) {
  return Batches(std::make_unique<Collected>(std::move(schema), std::move(batches)));
}

}  // namespace foretell
