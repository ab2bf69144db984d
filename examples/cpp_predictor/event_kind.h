// A predictor of one's own: what kind of event a title speaks of, by the weights of its words.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "foretell/predictor.h"

class EventKind final : public foretell::Predictor {
 public:
  // Reads a model: a line per word and kind, "word<TAB>kind<TAB>weight". Throws foretell::Error (FT0101)
  // with the line that cannot be used.
  explicit EventKind(const std::filesystem::path& weights);

  const foretell::Signature& signature() const override { return signature_; }
  // title: string -> kind: string, score: double. A title without a known word is "other", 0. A null
  // title is a bad row.
  foretell::Batch Predict(const foretell::Batch& batch) const override;

 private:
  using Weights = std::map<std::string, double, std::less<>>;  // by kind, in one fixed order

  foretell::Signature signature_;
  std::unordered_map<std::string, Weights> words_;
};
