// A predictor without code: text columns, joined, go through a native model.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "foretell/predictor.h"
#include "models/native_model.h"

namespace foretell {

struct TextPredictorSettings {
  // String columns. A row's text is theirs, joined by a space; null and "" are left out.
  std::vector<std::string> text;
  struct Output {
    std::string name;
    Method method;
  };
  std::vector<Output> outputs;
  std::optional<std::vector<std::string>> keep = {};  // as Signature has it
};

// The types of the outputs: list<double> or list<float> for several numbers a row, double for one, and what
// the labels of a classifier are (string, int64, double, bool) for `kPredict`.
class TextPredictor final : public Predictor {
 public:
  // FT0101 for a model that does not take texts, no text column or output, or a method that the model lacks
  // or whose rows are sparse.
  TextPredictor(std::shared_ptr<const NativeModel> model, TextPredictorSettings settings);

  const Signature& signature() const override { return signature_; }
  Batch Predict(const Batch& batch) const override;

  const TextPredictorSettings& settings() const { return settings_; }
  const NativeModel& model() const { return *model_; }
  // The numbers of each output, row by row, as NativeModel::Apply gives them.
  std::vector<std::vector<double>> Apply(const Documents& documents) const;

 private:
  std::shared_ptr<const NativeModel> model_;
  TextPredictorSettings settings_;
  std::vector<Method> methods_;
  Signature signature_;
  std::shared_ptr<const Schema> output_;
};

}  // namespace foretell
