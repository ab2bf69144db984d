// A small native model for tests: six words, ten topics.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "models/lda.h"
#include "models/native_model.h"
#include "text/vocabulary.h"

namespace foretell {

// Texts to topics, with these changes to its description; `self_test` adds arrays of its own.
class SampleModel {
 public:
  static constexpr std::int64_t kTopics = 10;

  static const std::vector<std::string_view>& Terms() {
    static const std::vector<std::string_view> terms = {"concert", "garden", "jazz",
                                                        "music",   "plants", "soil"};
    return terms;
  }

  explicit SampleModel(const nlohmann::json& patch = nlohmann::json::object(),
                       std::vector<NamedArray> more = {})
      : vocabulary_(Vocabulary::Build(Terms())), packed_(kTopics, Words(), Component()) {
    nlohmann::json description = {{"kind", "pipeline"},
                                  {"steps",
                                   {{{"kind", "count_vectorizer"},
                                     {"binary", false},
                                     {"dtype", "int64"},
                                     {"analyzer",
                                      {{"analyzer", "word"},
                                       {"lowercase", true},
                                       {"strip_accents", nullptr},
                                       {"token_pattern", R"((?u)\b\w\w+\b)"},
                                       {"stop_words", nullptr},
                                       {"ngram_range", {1, 1}},
                                       {"decode_error", "strict"},
                                       {"unicode", "14.0.0"}}}},
                                    {{"kind", "lda"},
                                     {"topics", kTopics},
                                     {"words", Words()},
                                     {"doc_topic_prior", 0.1},
                                     {"mean_change_tol", 1e-3},
                                     {"max_doc_update_iter", 100},
                                     {"dtype", "float64"}}}}};
    description.merge_patch(patch);
    std::vector<NamedArray> arrays = {
        {"0/terms", "uint8", std::as_bytes(vocabulary_.arrays().terms)},
        {"0/term_offsets", "uint64", std::as_bytes(vocabulary_.arrays().offsets)},
        {"0/term_slots", "uint32", std::as_bytes(vocabulary_.arrays().slots)},
        {"1/word_topics", "float64", std::as_bytes(packed_.arrays().word_topics)},
        {"1/word_sums", "float64", std::as_bytes(packed_.arrays().word_sums)}};
    arrays.insert(arrays.end(), more.begin(), more.end());
    bytes_ = PackContainer(description, arrays);
  }

  const Bytes& bytes() const { return bytes_; }
  std::shared_ptr<const NativeModel> Open() const {
    return std::make_shared<const NativeModel>(Container(bytes_));
  }

  static std::int64_t Words() { return static_cast<std::int64_t>(Terms().size()); }

 private:
  static std::vector<double> Component() {
    std::mt19937_64 random(5);
    std::uniform_real_distribution<double> uniform(1e-6, 0.4);
    std::vector<double> component(static_cast<std::size_t>(kTopics * Words()));
    for (double& value : component) {
      value = uniform(random);
    }
    return component;
  }

  Vocabulary::Packed vocabulary_;
  Lda::Packed packed_;
  Bytes bytes_;
};

}  // namespace foretell
