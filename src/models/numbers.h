// A row's numbers, whether they are stored sparse or dense.
#pragma once

#include "models/step.h"

namespace foretell {

// Calls visit(column, value) for the stored numbers of a sparse row, or those of a dense one that are not
// zero: in the order of the columns, so that both forms of a row are computed alike.
template <typename Visit>
void ForEachNumber(const Input& input, std::int64_t row, Visit visit) {
  if (const auto* csr = std::get_if<CsrView>(&input)) {
    const auto begin = static_cast<std::size_t>(csr->row_starts[static_cast<std::size_t>(row)]);
    const auto end = static_cast<std::size_t>(csr->row_starts[static_cast<std::size_t>(row) + 1]);
    for (std::size_t i = begin; i < end; ++i) {
      visit(std::int64_t{csr->ids[i]}, csr->values[i]);
    }
    return;
  }
  const auto& dense = std::get<DenseView>(input);
  for (std::int64_t column = 0; column < dense.columns; ++column) {
    const double value = dense.values[static_cast<std::size_t>(row * dense.columns + column)];
    if (value != 0) {
      visit(column, value);
    }
  }
}

// Adds a number to the row of `out` that is being made, or sets it in row `row` where the rows are dense.
inline void Put(Rows& out, std::int64_t row, std::int64_t column, double value) {
  if (out.sparse) {
    out.csr.ids.push_back(static_cast<std::int32_t>(column));
    out.csr.values.push_back(value);
  } else {
    out.dense[static_cast<std::size_t>(row * out.columns + column)] = value;
  }
}

// Ends the row.
inline void CloseRow(Rows& out) {
  if (out.sparse) {
    out.csr.row_starts.push_back(static_cast<std::int64_t>(out.csr.ids.size()));
  }
}

}  // namespace foretell
