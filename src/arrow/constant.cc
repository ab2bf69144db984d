// Columns from whole vectors, of nulls and of one value.
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "arrow/layout.h"
#include "foretell/builder.h"
#include "foretell/error.h"

namespace foretell {
namespace {

template <typename T>
Column Numbers(TypeId id, std::vector<T> values) {
  auto owner = std::make_shared<const std::vector<T>>(std::move(values));
  return Column({.type = Type(id),
                 .length = static_cast<std::int64_t>(owner->size()),
                 .null_count = 0,
                 .buffers = {nullptr, owner->data()},
                 .owner = owner});
}

std::int64_t Times(std::int64_t rows, std::int64_t width) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(rows, width, &product)) {
    throw std::bad_alloc();
  }
  return product;
}

// The bytes of the largest buffer of a column of nulls.
std::int64_t LargestBuffer(const DataType& type, std::int64_t rows) {
  std::int64_t size = rows / 8 + 1;
  switch (LayoutOf(type.id)) {
    case Layout::kFixed:
    case Layout::kDictionary:
      return std::max(size, Times(rows, FixedWidth(type)));
    case Layout::kBytes:
    case Layout::kList:
      size = Times(rows + 1, 8);
      break;
    case Layout::kView:
      return Times(rows + 1, sizeof(View));
    case Layout::kFixedList:
      return std::max(size, LargestBuffer(ChildType(type, 0), Times(rows, type.width)));
    case Layout::kStruct:
      for (const Field& field : type.fields()) {
        size = std::max(size, LargestBuffer(field.type, rows));
      }
      break;
    default:
      break;
  }
  // The items of no rows need an offset, too.
  return std::max<std::int64_t>(size, 64);
}

// A column whose buffers are all `zeros`: no bit of validity is set, every string and list is empty.
Column Zeros(const DataType& type, std::int64_t rows, const std::shared_ptr<const void>& zeros) {
  const Layout layout = LayoutOf(type.id);
  Column::Parts parts;
  parts.type = type;
  parts.length = rows;
  parts.null_count = rows;
  parts.buffers.assign(BufferCount(layout), zeros.get());
  parts.owner = zeros;
  if (layout == Layout::kDictionary) {
    parts.dictionary = std::make_shared<const Column>(Zeros(type.fields()[0].type, 0, zeros));
  }
  const std::int64_t items = layout == Layout::kFixedList ? Times(rows, type.width)
                             : layout == Layout::kStruct  ? rows
                                                          : 0;
  for (std::size_t i = 0; i < ChildCount(type); ++i) {
    parts.children.push_back(Zeros(ChildType(type, i), items, zeros));
  }
  return Column(std::move(parts));
}

}  // namespace

Column ColumnOf(std::vector<double> values) {
  return Numbers(TypeId::kDouble, std::move(values));
}

Column ColumnOf(std::vector<std::int64_t> values) {
  return Numbers(TypeId::kInt64, std::move(values));
}

Column ColumnOf(const std::vector<std::string>& values) {
  ColumnBuilder builder(Type(TypeId::kString));
  builder.Reserve(static_cast<std::int64_t>(values.size()));
  for (const std::string& value : values) {
    builder.AppendString(value);
  }
  return builder.Finish();
}

Column NullColumn(const DataType& type, std::int64_t rows) {
  // calloc takes large blocks from the system as pages of zeros, which cost nothing until touched.
  const std::shared_ptr<const void> zeros(std::calloc(static_cast<std::size_t>(LargestBuffer(type, rows)), 1),
                                          &std::free);
  if (zeros == nullptr) {
    throw std::bad_alloc();
  }
  return Zeros(type, rows, zeros);
}

Column ConstantColumn(std::int64_t value, std::int64_t rows) {
  return ColumnOf(std::vector<std::int64_t>(static_cast<std::size_t>(rows), value));
}

Column ConstantColumn(std::string_view value, std::int64_t rows) {
  ColumnBuilder builder(Type(TypeId::kString));
  builder.Reserve(rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    builder.AppendString(value);
  }
  return builder.Finish();
}

}  // namespace foretell
