// The step "pipeline": steps one after another, each but the last transforming what the next one takes.
#include <string>
#include <utility>
#include <vector>

#include "models/steps.h"

namespace foretell {
namespace {

class Pipeline final : public Step {
 public:
  explicit Pipeline(std::vector<std::unique_ptr<const Step>> steps) : steps_(std::move(steps)) {}

  std::int64_t input_columns() const override { return steps_.front()->input_columns(); }
  bool takes_negative() const override { return steps_.front()->takes_negative(); }
  std::optional<Shape> shape(Method method) const override { return steps_.back()->shape(method); }
  std::span<const Label> classes() const override { return steps_.back()->classes(); }

  std::unique_ptr<Scratch> NewScratch() const override {
    auto scratch = std::make_unique<Memory>();
    for (const auto& step : steps_) {
      scratch->of.push_back(step->NewScratch());
    }
    scratch->rows.resize(steps_.size() - 1);
    return scratch;
  }

  Input Prepare(const Input& input, Scratch* scratch) const override {
    auto& memory = static_cast<Memory&>(*scratch);
    Input current = input;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      Scratch* const own = memory.of[i].get();
      current = steps_[i]->Prepare(current, own);
      if (i + 1 < steps_.size()) {
        Rows& rows = memory.rows[i];
        rows.Reset(*steps_[i]->shape(Method::kTransform), current);
        steps_[i]->Apply(current, Method::kTransform, own, rows);
        current = rows.view();
      }
    }
    return current;
  }

  void Apply(const Input& prepared, Method method, Scratch* scratch, Rows& out) const override {
    steps_.back()->Apply(prepared, method, static_cast<Memory&>(*scratch).of.back().get(), out);
  }

 private:
  struct Memory final : Scratch {
    std::vector<std::unique_ptr<Scratch>> of;
    std::vector<Rows> rows;
  };

  std::vector<std::unique_ptr<const Step>> steps_;
};

}  // namespace

std::unique_ptr<const Step> MakePipeline(const Description& description, const Shape& input, int depth) {
  std::vector<std::unique_ptr<const Step>> steps;
  std::optional<Shape> before;
  for (const Description& child : description.Children("steps")) {
    std::unique_ptr<const Step> step = MakeStep(child, before.value_or(input), depth + 1);
    if (!steps.empty() && (!before || before->columns != step->input_columns())) {
      child.Damaged("it does not take what the step before it gives");
    }
    before = step->shape(Method::kTransform);
    steps.push_back(std::move(step));
  }
  return std::make_unique<Pipeline>(std::move(steps));
}

}  // namespace foretell
