// The step "linear": x W + b, and what estimators make of it: linear models, naive Bayes, truncated SVD.
//
// Arrays: `weights`, `outputs` numbers for each feature; `intercepts`, one for each output. A classifier has
// as many outputs as classes, or one for two classes, whose sign decides. Sums run over the features in their
// order.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/kernels/table.h"
#include "models/numbers.h"
#include "models/steps.h"

namespace foretell {
namespace {

enum class Probability : std::uint8_t {
  kNone,
  kSigmoid,        // of each output by itself; two classes have one output. Rows are divided by their sums
  kSoftmax,        // over the outputs, also naive Bayes's normalised exp of the joint log likelihood
  kPairSoftmax,    // of -d and d: multinomial logistic regression of two classes
  kModifiedHuber,  // (clip(d, -1, 1) + 1) / 2: Zadrozny and Elkan, "Transforming classifier scores into
                   // multiclass probability estimates", 2002
};

struct Settings {
  std::int64_t features = 0;
  std::int64_t outputs = 0;
  std::vector<Label> classes;
  std::vector<Method> methods;
  Probability probability = Probability::kNone;
  bool zero_is_uniform = true;     // kSigmoid: a row whose probabilities are all 0; else they are NaN
  std::optional<double> binarize;  // larger numbers are 1, others 0 (Bernoulli naive Bayes)
  bool flat = false;               // a regressor fitted to one target
  bool single = false;             // float32 out
};

void Exp(double* numbers, std::int64_t count) {
  kernels::Chosen().elementary->exp(numbers, numbers, count);
}

// 1 / (1 + exp(-x)), by the exp that does not overflow; 0 where the other one does, as SciPy's expit has it.
void Sigmoid(double* numbers, std::int64_t count, bool single, std::vector<double>& exps) {
  const double least = single ? -88.72283935546875 : -709.782712893384;  // - log of the largest number
  exps.resize(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    exps[static_cast<std::size_t>(i)] = -std::abs(numbers[i]);
  }
  Exp(exps.data(), count);
  for (std::int64_t i = 0; i < count; ++i) {
    const double e = exps[static_cast<std::size_t>(i)];
    numbers[i] = numbers[i] >= 0 ? 1 / (1 + e) : numbers[i] < least ? 0 : e / (1 + e);
  }
}

void Softmax(double* numbers, std::int64_t count) {
  const double largest = *std::max_element(numbers, numbers + count);
  for (std::int64_t i = 0; i < count; ++i) {
    numbers[i] -= largest;
  }
  Exp(numbers, count);
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    sum += numbers[i];
  }
  for (std::int64_t i = 0; i < count; ++i) {
    numbers[i] /= sum;
  }
}

void DivideBySum(double* numbers, std::int64_t count, bool zero_is_uniform) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    sum += numbers[i];
  }
  for (std::int64_t i = 0; i < count; ++i) {
    numbers[i] = sum != 0          ? numbers[i] / sum
                 : zero_is_uniform ? 1 / static_cast<double>(count)
                                   : std::numeric_limits<double>::quiet_NaN();
  }
}

class LinearStep final : public Step {
 public:
  LinearStep(Settings settings, std::span<const double> weights, std::span<const double> intercepts)
      : settings_(std::move(settings)), weights_(weights), intercepts_(intercepts) {}

  std::int64_t input_columns() const override { return settings_.features; }
  std::span<const Label> classes() const override { return settings_.classes; }

  std::optional<Shape> shape(Method method) const override {
    if (std::find(settings_.methods.begin(), settings_.methods.end(), method) == settings_.methods.end()) {
      return std::nullopt;
    }
    const auto classes = static_cast<std::int64_t>(settings_.classes.size());
    const std::string_view dtype = settings_.single ? "float32" : "float64";
    switch (method) {
      case Method::kTransform:
        return Shape{.columns = settings_.outputs, .dtype = dtype};
      case Method::kPredict:
        if (classes > 0) {
          return Shape{.columns = 1, .flat = true};
        }
        return Shape{.columns = settings_.outputs, .flat = settings_.flat, .dtype = dtype};
      case Method::kPredictProba:
        return Shape{.columns = classes, .dtype = dtype};
      case Method::kDecisionFunction:
        return Shape{.columns = settings_.outputs, .flat = settings_.outputs == 1, .dtype = dtype};
    }
    return std::nullopt;
  }

  std::unique_ptr<Scratch> NewScratch() const override { return std::make_unique<Memory>(); }

  void Apply(const Input& input, Method method, Scratch* scratch, Rows& out) const override {
    auto& memory = static_cast<Memory&>(*scratch);
    std::vector<double>& decision = memory.decision;
    for (std::int64_t row = 0; row < RowsOf(input); ++row) {
      Decide(input, row, decision);
      double* const to = out.dense.data() + row * out.columns;
      if (method == Method::kPredictProba) {
        Probabilities(decision, to, memory.exps);
      } else if (method == Method::kPredict && !settings_.classes.empty()) {
        *to = static_cast<double>(Place(decision));
      } else {
        std::copy(decision.begin(), decision.end(), to);
      }
      for (std::int64_t i = 0; settings_.single && i < out.columns; ++i) {
        to[i] = static_cast<float>(to[i]);
      }
    }
  }

 private:
  struct Memory final : Scratch {
    std::vector<double> decision;
    std::vector<double> exps;
  };

  void Decide(const Input& input, std::int64_t row, std::vector<double>& decision) const {
    const auto outputs = static_cast<std::size_t>(settings_.outputs);
    decision.assign(outputs, 0.0);
    ForEachNumber(input, row, [&](std::int64_t column, double value) {
      if (settings_.binarize) {
        value = value > *settings_.binarize ? 1 : 0;
      }
      const double* const weights = weights_.data() + static_cast<std::size_t>(column) * outputs;
      for (std::size_t i = 0; i < outputs; ++i) {
        decision[i] += value * weights[i];
      }
    });
    for (std::size_t i = 0; i < outputs; ++i) {
      decision[i] += intercepts_[i];
    }
  }

  // The class's place among the classes.
  std::int64_t Place(const std::vector<double>& decision) const {
    if (decision.size() == 1 && settings_.classes.size() == 2) {
      return decision[0] > 0 ? 1 : 0;
    }
    return std::max_element(decision.begin(), decision.end()) - decision.begin();
  }

  void Probabilities(std::vector<double>& decision, double* to, std::vector<double>& exps) const {
    const auto classes = static_cast<std::int64_t>(settings_.classes.size());
    const bool pair = decision.size() == 1 && classes == 2;
    switch (settings_.probability) {
      case Probability::kPairSoftmax:
        to[0] = -decision[0];
        to[1] = decision[0];
        Softmax(to, 2);
        return;
      case Probability::kSoftmax:
        std::copy(decision.begin(), decision.end(), to);
        Softmax(to, classes);
        return;
      case Probability::kSigmoid:
        Sigmoid(decision.data(), static_cast<std::int64_t>(decision.size()), settings_.single, exps);
        break;
      case Probability::kModifiedHuber:
        for (double& number : decision) {
          number = (std::clamp(number, -1.0, 1.0) + 1) / 2;
        }
        break;
      case Probability::kNone:
        break;
    }
    if (pair) {
      to[0] = 1 - decision[0];
      to[1] = decision[0];
      return;
    }
    std::copy(decision.begin(), decision.end(), to);
    DivideBySum(to, classes, settings_.zero_is_uniform);
  }

  Settings settings_;
  std::span<const double> weights_;
  std::span<const double> intercepts_;
};

Label LabelOf(const Description& description, const nlohmann::json& value) {
  if (value.is_boolean()) {
    return value.get<bool>();
  }
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (value.is_number_integer() && !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)) {
    return value.get<std::int64_t>();
  }
  if (value.is_number_float()) {
    return value.get<double>();
  }
  description.Damaged("a class is neither a text, a number of 64 bits nor a boolean");
}

std::vector<Label> LabelsOf(const Description& description) {
  std::vector<Label> labels;
  const nlohmann::json& classes = description.Any("classes");
  if (!classes.is_array()) {
    description.Damaged("classes is no list");
  }
  for (const nlohmann::json& value : classes) {
    labels.push_back(LabelOf(description, value));
    if (labels.back().index() != labels.front().index()) {
      description.Damaged("its classes are of several types");
    }
  }
  return labels;
}

Probability ProbabilityOf(const Description& description) {
  const std::string name = description.Text("probability");
  constexpr std::array<std::string_view, 5> kNames = {"none", "sigmoid", "softmax", "pair_softmax",
                                                      "modified_huber"};
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    description.Damaged("probability is " + name);
  }
  return static_cast<Probability>(found - kNames.begin());
}

void CheckClasses(const Description& description, const Settings& settings) {
  const auto classes = static_cast<std::int64_t>(settings.classes.size());
  const bool pair = classes == 2 && settings.outputs == 1;
  if (classes != 0 && classes != settings.outputs && !pair) {
    description.Damaged(std::to_string(classes) + " classes do not go with " +
                        std::to_string(settings.outputs) + " outputs");
  }
  const bool has = std::find(settings.methods.begin(), settings.methods.end(), Method::kPredictProba) !=
                   settings.methods.end();
  const bool fits = settings.probability == Probability::kPairSoftmax ? pair
                    : settings.probability == Probability::kSoftmax   ? classes > 0 && !pair
                                                                      : classes > 0;
  if (has && (!fits || settings.probability == Probability::kNone)) {
    description.Damaged("its probability does not go with its classes");
  }
}

}  // namespace

std::unique_ptr<const Step> MakeLinearStep(const Description& description, const Shape& input) {
  Settings settings;
  settings.features = description.Integer("features", 1, INT32_MAX);
  settings.outputs = description.Integer("outputs", 1, INT32_MAX);
  settings.classes = LabelsOf(description);
  for (const std::string& name : description.Texts("methods")) {
    settings.methods.push_back(MethodNamed(name));
  }
  settings.probability = ProbabilityOf(description);
  settings.zero_is_uniform = description.Flag("zero_is_uniform");
  if (description.Has("binarize")) {
    settings.binarize = description.Number("binarize");
  }
  settings.flat = description.Flag("flat");
  if (settings.flat && settings.outputs != 1) {
    description.Damaged("it is flat, and has several outputs");
  }
  settings.single = description.IsSingle() && input.dtype == "float32";  // as the product of the two is
  CheckClasses(description, settings);
  return std::make_unique<LinearStep>(
      settings, description.Array<double>("weights", settings.features * settings.outputs),
      description.Array<double>("intercepts", settings.outputs));
}

}  // namespace foretell
