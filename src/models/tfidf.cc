#include "models/tfidf.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "foretell/error.h"
#include "models/floating_point_environment.h"

namespace foretell {

TfidfTransformer::TfidfTransformer(std::span<const double> idf, Settings settings,
                                   const kernels::Table& table)
    : idf_(idf), settings_(settings), table_(&table) {
  if (!std::all_of(idf_.begin(), idf_.end(), [](double weight) { return std::isfinite(weight); })) {
    throw Error(Code::kInvalidArgument, "a weight of idf_ is not finite", "train with smooth_idf=True");
  }
}

void TfidfTransformer::Apply(Csr& rows, std::int64_t first_row) const {
  const FloatingPointEnvironment environment;
  const auto first = static_cast<std::size_t>(first_row);
  const auto begin = static_cast<std::size_t>(rows.row_starts[first]);
  const std::span<double> values = std::span(rows.values).subspan(begin);
  const std::span<const std::int32_t> ids = std::span(rows.ids).subspan(begin);
  if (!idf_.empty() && static_cast<std::int64_t>(idf_.size()) != rows.columns) {
    throw Error(Code::kInvalidArgument, "there are " + std::to_string(idf_.size()) + " weights for " +
                                            std::to_string(rows.columns) + " columns");
  }
  if (std::any_of(ids.begin(), ids.end(), [&](std::int32_t id) { return id < 0 || id >= rows.columns; })) {
    throw Error(Code::kInvalidValue, "an id of a row is none of its columns");
  }
  const auto rounded = [&](double value) {
    return settings_.single ? static_cast<double>(static_cast<float>(value)) : value;
  };
  if (settings_.sublinear_tf) {
    table_->elementary->log(values.data(), values.data(), static_cast<std::int64_t>(values.size()));
    for (double& value : values) {
      value = rounded(rounded(value) + 1.0);
    }
  }
  if (!idf_.empty()) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = rounded(values[i] * idf_[static_cast<std::size_t>(ids[i])]);
    }
  }
  for (std::size_t row = first; row + 1 < rows.row_starts.size(); ++row) {
    const auto row_begin = static_cast<std::size_t>(rows.row_starts[row]);
    const auto row_end = static_cast<std::size_t>(rows.row_starts[row + 1]);
    Normalize(std::span(rows.values).subspan(row_begin, row_end - row_begin), settings_.norm,
              settings_.single);
  }
}

}  // namespace foretell
