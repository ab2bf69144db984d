#include "predict/cast_parts.h"

#include <limits>
#include <utility>

#include "arrow/bitmap.h"
#include "arrow/layout.h"
#include "foretell/builder.h"
#include "foretell/error.h"

namespace foretell {
namespace {

// What keeps the parts of a column alive.
struct Owners {
  std::shared_ptr<const Column::Parts> column;
  std::shared_ptr<const void> buffers;
  std::vector<std::uint8_t> validity;
};

// A validity buffer for the slice, beginning at bit 0; null when every value is there.
const void* Validity(const Column& column, std::vector<std::uint8_t>& copy) {
  const Column::Parts& parts = column.parts();
  const std::int64_t rows = column.length();
  const bool dictionary = parts.type.id == TypeId::kDictionary;
  const void* bits = parts.buffers.empty() ? nullptr : parts.buffers[0];
  if (column.null_count() == 0) {
    return nullptr;
  }
  if (!dictionary && bits != nullptr && parts.offset % 8 == 0) {
    return static_cast<const std::uint8_t*>(bits) + parts.offset / 8;
  }
  copy.resize(static_cast<std::size_t>((rows + 7) / 8));
  for (std::int64_t i = 0; i < rows; ++i) {
    if (!column.IsNull(i)) {
      SetBit(copy.data(), i);
    }
  }
  return copy.data();
}

Column Assemble(const Column& column, const DataType& type, const std::vector<const void*>& buffers,
                std::vector<Column> children, std::shared_ptr<const void> owner) {
  auto owners = std::make_shared<Owners>();
  owners->column = std::make_shared<const Column::Parts>(column.parts());
  owners->buffers = std::move(owner);
  Column::Parts parts;
  parts.type = type;
  parts.length = column.length();
  parts.null_count = column.null_count();
  parts.buffers.push_back(Validity(column, owners->validity));
  parts.buffers.insert(parts.buffers.end(), buffers.begin(), buffers.end());
  parts.children = std::move(children);
  parts.owner = std::move(owners);
  return Column(std::move(parts));
}

template <typename Offset>
Column ListWithOffsets(const Column& column, const DataType& type, std::span<const std::int64_t> offsets,
                       const Column& items) {
  auto copy = std::make_shared<std::vector<Offset>>(offsets.size());
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    (*copy)[i] = static_cast<Offset>(offsets[i]);
  }
  const void* data = copy->data();
  return Assemble(column, type, {data}, {items}, std::move(copy));
}

}  // namespace

Column FlatColumn(const Column& column, const DataType& type, const std::vector<const void*>& buffers,
                  std::shared_ptr<const void> owner) {
  return Assemble(column, type, buffers, {}, std::move(owner));
}

Column ListColumn(const Column& column, const DataType& type, std::span<const std::int64_t> offsets,
                  const Column& items) {
  if (type.id == TypeId::kLargeList) {
    return ListWithOffsets<std::int64_t>(column, type, offsets, items);
  }
  if (offsets.back() > std::numeric_limits<std::int32_t>::max()) {
    throw Error(Code::kInvalidValue, "a column of lists holds more than 2^31 items in one batch",
                "use smaller batches or declare large_list");
  }
  return ListWithOffsets<std::int32_t>(column, type, offsets, items);
}

Column StructColumn(const Column& column, const DataType& type, std::vector<Column> children) {
  return Assemble(column, type, {}, std::move(children), nullptr);
}

Column WithType(const Column& column, const DataType& type) {
  Column::Parts parts = column.parts();
  parts.type = type;
  return Column(std::move(parts));
}

Column WithNulls(const Column& column, std::span<const std::int64_t> rows) {
  if (column.type().id == TypeId::kNull) {
    return column;
  }
  Column::Parts parts = column.parts();
  auto owners = std::make_shared<Owners>();
  owners->column = std::make_shared<const Column::Parts>(column.parts());
  owners->validity.resize(static_cast<std::size_t>((parts.offset + parts.length + 7) / 8));
  for (std::int64_t i = 0; i < parts.length; ++i) {
    const bool null = parts.buffers[0] != nullptr && !GetBit(parts.buffers[0], parts.offset + i);
    if (!null) {
      SetBit(owners->validity.data(), parts.offset + i);
    }
  }
  for (const std::int64_t row : rows) {
    const auto bit = static_cast<std::size_t>(parts.offset + row);
    auto& byte = owners->validity[bit / 8];
    byte = static_cast<std::uint8_t>(byte & ~(1U << (bit % 8)));
  }
  parts.buffers[0] = owners->validity.data();
  parts.null_count = -1;
  parts.owner = std::move(owners);
  return Column(std::move(parts));
}

}  // namespace foretell
