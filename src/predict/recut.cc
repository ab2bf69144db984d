#include "predict/recut.h"

#include <algorithm>
#include <utility>

namespace foretell {

Recut::Recut(Batches input, std::int64_t rows, std::int64_t bytes)
    : input_(std::move(input)), max_rows_(rows), max_bytes_(bytes) {}

std::optional<Batch> Recut::Next() {
  if (!rest_) {
    rest_ = input_.Next();
    if (!rest_) {
      return std::nullopt;
    }
  }
  const std::int64_t rows = Fitting();
  if (rows == rest_->rows()) {
    return std::exchange(rest_, std::nullopt);
  }
  Batch piece = rest_->Slice(0, rows);
  rest_ = rest_->Slice(rows, rest_->rows() - rows);
  return piece;
}

// The number of first rows of `rest_` that stay within both bounds, at least one.
std::int64_t Recut::Fitting() const {
  const std::int64_t rows = std::min(rest_->rows(), max_rows_);
  const auto fits = [&](std::int64_t n) {
    return (n == rest_->rows() ? rest_->ByteSize() : rest_->Slice(0, n).ByteSize()) <= max_bytes_;
  };
  if (rows <= 1 || fits(rows)) {
    return rows;
  }
  std::int64_t good = 1;
  std::int64_t bad = rows;
  while (bad - good > 1) {
    const std::int64_t middle = good + (bad - good) / 2;
    (fits(middle) ? good : bad) = middle;
  }
  return good;
}

}  // namespace foretell
