// Columns put together from parts of other columns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "foretell/batch.h"

namespace foretell {

// `column`'s validity with other buffers behind it, which start at its first element.
Column FlatColumn(const Column& column, const DataType& type, const std::vector<const void*>& buffers,
                  std::shared_ptr<const void> owner);

// list, large_list or map with the validity of `column`; `offsets` begin at 0.
Column ListColumn(const Column& column, const DataType& type, std::span<const std::int64_t> offsets,
                  const Column& items);

// A struct with the validity of `column`; the children have its length.
Column StructColumn(const Column& column, const DataType& type, std::vector<Column> children);

// The same buffers under another type of the same layout.
Column WithType(const Column& column, const DataType& type);

// `column` with nulls at `rows`; its buffers are shared but for the validity.
Column WithNulls(const Column& column, std::span<const std::int64_t> rows);

}  // namespace foretell
