// The step "feature_union": the same input through several steps, their rows side by side, each times its
// weight.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/numbers.h"
#include "models/steps.h"

namespace foretell {
namespace {

class FeatureUnion final : public Step {
 public:
  FeatureUnion(std::vector<std::unique_ptr<const Step>> steps, std::vector<double> weights)
      : steps_(std::move(steps)), weights_(std::move(weights)) {
    for (const double weight : weights_) {
      weighted_ = weighted_ || weight != 1;
    }
    for (const auto& step : steps_) {
      const Shape shape = *step->shape(Method::kTransform);
      columns_ += shape.columns;
      sparse_ = sparse_ || shape.sparse;
      dtype_ = dtype_.empty() || dtype_ == shape.dtype ? shape.dtype : "float64";
    }
  }

  std::int64_t columns() const { return columns_; }
  std::int64_t input_columns() const override { return steps_.front()->input_columns(); }
  bool takes_negative() const override {
    for (const auto& step : steps_) {
      if (!step->takes_negative()) {
        return false;
      }
    }
    return true;
  }

  std::optional<Shape> shape(Method method) const override {
    if (method != Method::kTransform) {
      return std::nullopt;
    }
    return Shape{.columns = columns_, .sparse = sparse_, .dtype = weighted_ ? "float64" : dtype_};
  }

  std::unique_ptr<Scratch> NewScratch() const override {
    auto scratch = std::make_unique<Memory>();
    for (const auto& step : steps_) {
      scratch->of.push_back(step->NewScratch());
    }
    scratch->rows.resize(steps_.size());
    return scratch;
  }

  void Apply(const Input& input, Method /*transform*/, Scratch* scratch, Rows& out) const override {
    auto& memory = static_cast<Memory&>(*scratch);
    const std::int64_t count = RowsOf(input);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Input prepared = steps_[i]->Prepare(input, memory.of[i].get());
      memory.rows[i].Reset(*steps_[i]->shape(Method::kTransform), input);
      steps_[i]->Apply(prepared, Method::kTransform, memory.of[i].get(), memory.rows[i]);
    }
    for (std::int64_t row = 0; row < count; ++row) {
      std::int64_t first = 0;
      for (std::size_t i = 0; i < steps_.size(); ++i) {
        ForEachNumber(memory.rows[i].view(), row, [&](std::int64_t column, double value) {
          Put(out, row, first + column, value * weights_[i]);
        });
        first += memory.rows[i].columns;
      }
      CloseRow(out);
    }
  }

 private:
  struct Memory final : Scratch {
    std::vector<std::unique_ptr<Scratch>> of;
    std::vector<Rows> rows;
  };

  std::vector<std::unique_ptr<const Step>> steps_;
  std::vector<double> weights_;
  std::int64_t columns_ = 0;
  bool sparse_ = false;
  bool weighted_ = false;
  std::string_view dtype_;  // the steps' own, where they have one in common
};

}  // namespace

std::unique_ptr<const Step> MakeFeatureUnion(const Description& description, const Shape& input, int depth) {
  std::vector<std::unique_ptr<const Step>> steps;
  std::int64_t columns = 0;
  for (const Description& child : description.Children("steps")) {
    std::unique_ptr<const Step> step = MakeStep(child, input, depth + 1);
    const std::optional<Shape> shape = step->shape(Method::kTransform);
    if (!shape || (!steps.empty() && steps.front()->input_columns() != step->input_columns())) {
      child.Damaged("it does not stand beside the others");
    }
    columns += shape->columns;
    if (columns > INT32_MAX) {
      child.Damaged("all steps have too many columns");
    }
    steps.push_back(std::move(step));
  }
  std::vector<double> weights;
  for (const nlohmann::json& weight : description.Any("weights")) {
    if (!weight.is_number()) {
      description.Damaged("a weight is no number");
    }
    weights.push_back(weight.get<double>());
  }
  if (weights.size() != steps.size()) {
    description.Damaged("it has not one weight a step");
  }
  return std::make_unique<FeatureUnion>(std::move(steps), std::move(weights));
}

}  // namespace foretell
