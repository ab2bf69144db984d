// The steps "scaler", (x - offset) / scale for each column, and "normalizer", a row divided by its norm.
//
// Arrays of a scaler: `scales`, one for each column, and `offsets` where it has them, so that its rows are
// dense. Sparse rows are multiplied by 1 / scale, as scikit-learn does it.
#include <algorithm>
#include <cmath>
#include <string>

#include "models/numbers.h"
#include "models/steps.h"

namespace foretell {
namespace {

class ScalerStep final : public Step {
 public:
  ScalerStep(std::int64_t columns, std::span<const double> scales, std::span<const double> offsets,
             bool sparse)
      : columns_(columns), scales_(scales), offsets_(offsets), sparse_(sparse) {}

  std::int64_t input_columns() const override { return columns_; }

  std::optional<Shape> shape(Method method) const override {
    if (method != Method::kTransform) {
      return std::nullopt;
    }
    return Shape{.columns = columns_, .sparse = sparse_};
  }

  void Apply(const Input& input, Method /*transform*/, Scratch* /*none*/, Rows& out) const override {
    for (std::int64_t row = 0; row < RowsOf(input); ++row) {
      if (offsets_.empty()) {
        ForEachNumber(input, row, [&](std::int64_t column, double value) {
          const double scale = scales_[static_cast<std::size_t>(column)];
          Put(out, row, column, sparse_ ? value * (1 / scale) : value / scale);
        });
      } else {
        double* const to = out.dense.data() + row * columns_;
        std::fill(to, to + columns_, 0.0);
        ForEachNumber(input, row, [&](std::int64_t column, double value) { to[column] += value; });
        for (std::int64_t column = 0; column < columns_; ++column) {
          const auto i = static_cast<std::size_t>(column);
          to[column] = (to[column] - offsets_[i]) / scales_[i];
        }
      }
      CloseRow(out);
    }
  }

 private:
  std::int64_t columns_;
  std::span<const double> scales_;
  std::span<const double> offsets_;
  bool sparse_;
};

class NormalizerStep final : public Step {
 public:
  enum class Norm : std::uint8_t { kL1, kL2, kMax };

  NormalizerStep(std::int64_t columns, Norm norm, bool sparse)
      : columns_(columns), norm_(norm), sparse_(sparse) {}

  std::int64_t input_columns() const override { return columns_; }

  std::optional<Shape> shape(Method method) const override {
    if (method != Method::kTransform) {
      return std::nullopt;
    }
    return Shape{.columns = columns_, .sparse = sparse_};
  }

  void Apply(const Input& input, Method /*transform*/, Scratch* /*none*/, Rows& out) const override {
    for (std::int64_t row = 0; row < RowsOf(input); ++row) {
      const double norm = NormOf(input, row);
      ForEachNumber(input, row, [&](std::int64_t column, double value) {
        Put(out, row, column, norm == 0 ? value : value / norm);
      });
      CloseRow(out);
    }
  }

 private:
  double NormOf(const Input& input, std::int64_t row) const {
    double sum = 0;
    ForEachNumber(input, row, [&](std::int64_t /*column*/, double value) {
      sum = norm_ == Norm::kL1   ? sum + std::abs(value)
            : norm_ == Norm::kL2 ? sum + value * value
                                 : std::max(sum, std::abs(value));
    });
    return norm_ == Norm::kL2 ? std::sqrt(sum) : sum;
  }

  std::int64_t columns_;
  Norm norm_;
  bool sparse_;
};

}  // namespace

std::unique_ptr<const Step> MakeScalerStep(const Description& description, bool sparse_input) {
  const std::int64_t columns = description.Integer("columns", 1, INT32_MAX);
  const auto scales = description.Array<double>("scales", columns);
  if (description.Flag("has_offsets")) {
    return std::make_unique<ScalerStep>(columns, scales, description.Array<double>("offsets", columns),
                                        false);
  }
  return std::make_unique<ScalerStep>(columns, scales, std::span<const double>(), sparse_input);
}

std::unique_ptr<const Step> MakeNormalizerStep(const Description& description, bool sparse_input) {
  const std::int64_t columns = description.Integer("columns", 1, INT32_MAX);
  const std::string norm = description.Text("norm");
  if (norm != "l1" && norm != "l2" && norm != "max") {
    description.Damaged("norm is " + norm);
  }
  return std::make_unique<NormalizerStep>(columns,
                                          norm == "l1"   ? NormalizerStep::Norm::kL1
                                          : norm == "l2" ? NormalizerStep::Norm::kL2
                                                         : NormalizerStep::Norm::kMax,
                                          sparse_input);
}

}  // namespace foretell
