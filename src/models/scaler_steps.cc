// The steps "scaler", (x - offset) / scale for each column, and "normalizer", a row divided by its norm.
//
// Arrays of a scaler: `scales`, one for each column, and `offsets` where it has them, so that its rows are
// dense. As scikit-learn does it, sparse rows are multiplied by 1 / scale, and float32 rows stay float32.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "models/numbers.h"
#include "models/steps.h"

namespace foretell {
namespace {

// The form and the dtype of the rows that come in, which go out alike.
Shape Alike(const Shape& input, std::int64_t columns) {
  return {.columns = columns,
          .sparse = input.sparse,
          .dtype = input.dtype == "float32" ? std::string_view("float32") : std::string_view("float64")};
}

// Of steps that have `transform` alone.
class Transformer : public Step {
 public:
  explicit Transformer(const Shape& shape) : shape_(shape) {}

  std::int64_t input_columns() const override { return shape_.columns; }
  std::optional<Shape> shape(Method method) const override {
    return method == Method::kTransform ? std::optional(shape_) : std::nullopt;
  }

 protected:
  double Rounded(double value) const { return shape_.dtype == "float32" ? static_cast<float>(value) : value; }

 private:
  Shape shape_;
};

class ScalerStep final : public Transformer {
 public:
  ScalerStep(std::span<const double> scales, std::span<const double> offsets, const Shape& shape)
      : Transformer(shape), scales_(scales), offsets_(offsets) {}

  void Apply(const Input& input, Method /*transform*/, Scratch* /*none*/, Rows& out) const override {
    const bool multiply = std::holds_alternative<CsrView>(input);
    for (std::int64_t row = 0; row < RowsOf(input); ++row) {
      if (offsets_.empty()) {
        ForEachNumber(input, row, [&](std::int64_t column, double value) {
          const double scale = scales_[static_cast<std::size_t>(column)];
          Put(out, row, column, Rounded(multiply ? value * (1 / scale) : value / scale));
        });
      } else {
        double* const to = out.dense.data() + row * out.columns;
        ForEachNumber(input, row, [&](std::int64_t column, double value) { to[column] += value; });
        for (std::size_t i = 0; i < scales_.size(); ++i) {
          to[i] = Rounded(Rounded(to[i] - offsets_[i]) / scales_[i]);
        }
      }
      CloseRow(out);
    }
  }

 private:
  std::span<const double> scales_;
  std::span<const double> offsets_;
};

class NormalizerStep final : public Transformer {
 public:
  enum class Norm : std::uint8_t { kL1, kL2, kMax };

  NormalizerStep(Norm norm, const Shape& shape)
      : Transformer(shape),
        norm_(norm),
        least_dense_(10 * (shape.dtype == "float32" ? std::numeric_limits<float>::epsilon()
                                                    : std::numeric_limits<double>::epsilon())) {}

  void Apply(const Input& input, Method /*transform*/, Scratch* /*none*/, Rows& out) const override {
    // scikit-learn leaves a sparse row alone whose norm is 0, and a dense one whose norm is next to it.
    const double least = std::holds_alternative<DenseView>(input) ? least_dense_ : 0;
    for (std::int64_t row = 0; row < RowsOf(input); ++row) {
      const double norm = NormOf(input, row);
      const bool alone = norm == 0 || norm < least;
      ForEachNumber(input, row, [&](std::int64_t column, double value) {
        Put(out, row, column, alone ? value : Rounded(value / norm));
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

  Norm norm_;
  double least_dense_;
};

}  // namespace

std::unique_ptr<const Step> MakeScalerStep(const Description& description, const Shape& input) {
  const std::int64_t columns = description.Integer("columns", 1, INT32_MAX);
  const auto scales = description.Array<double>("scales", columns);
  std::span<const double> offsets;
  Shape shape = Alike(input, columns);
  if (description.Flag("has_offsets")) {
    offsets = description.Array<double>("offsets", columns);
    shape.sparse = false;
  }
  return std::make_unique<ScalerStep>(scales, offsets, shape);
}

std::unique_ptr<const Step> MakeNormalizerStep(const Description& description, const Shape& input) {
  const std::string norm = description.Text("norm");
  if (norm != "l1" && norm != "l2" && norm != "max") {
    description.Damaged("norm is " + norm);
  }
  return std::make_unique<NormalizerStep>(norm == "l1"   ? NormalizerStep::Norm::kL1
                                          : norm == "l2" ? NormalizerStep::Norm::kL2
                                                         : NormalizerStep::Norm::kMax,
                                          Alike(input, description.Integer("columns", 1, INT32_MAX)));
}

}  // namespace foretell
