// Rows of counts in compressed sparse row form: row r holds ids[row_starts[r]] to ids[row_starts[r + 1]],
// each with its value. Values are doubles; where a step computes in single precision, each is one that a
// float holds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace foretell {

struct CsrView {
  std::int64_t columns = 0;
  std::span<const std::int64_t> row_starts;  // rows + 1 of them
  std::span<const std::int32_t> ids;
  std::span<const double> values;
  std::int64_t first = 0;  // the number of the first row, for messages

  std::int64_t rows() const {
    return row_starts.empty() ? 0 : static_cast<std::int64_t>(row_starts.size()) - 1;
  }
};

struct Csr {
  std::int64_t columns = 0;
  std::vector<std::int64_t> row_starts{0};
  std::vector<std::int32_t> ids;
  std::vector<double> values;
};

inline CsrView View(const Csr& csr, std::int64_t first = 0) {
  return {csr.columns, csr.row_starts, csr.ids, csr.values, first};
}

}  // namespace foretell
