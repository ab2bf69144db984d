// The steps that take texts, "count_vectorizer" (arrays terms, term_offsets and term_slots, see
// text/vocabulary.h) and "hashing_vectorizer"; and "tfidf", which weighs counts (array idf, where it has
// one).
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "foretell/error.h"
#include "models/numbers.h"
#include "models/steps.h"
#include "models/tfidf.h"
#include "text/vectorizer.h"

namespace foretell {
namespace {

template <typename Vectorizer>
class VectorizerStep final : public Step {
 public:
  VectorizerStep(Vectorizer vectorizer, std::string dtype)
      : vectorizer_(std::move(vectorizer)), dtype_(std::move(dtype)) {}

  std::int64_t input_columns() const override { return kTexts; }

  std::optional<Shape> shape(Method method) const override {
    if (method != Method::kTransform) {
      return std::nullopt;
    }
    return Shape{.columns = vectorizer_.columns(), .sparse = true, .dtype = dtype_};
  }

  std::unique_ptr<Scratch> NewScratch() const override { return std::make_unique<Memory>(); }

  void Apply(const Input& input, Method /*transform*/, Scratch* scratch, Rows& out) const override {
    const auto& texts = std::get<Texts>(input);
    auto& memory = static_cast<Memory&>(*scratch);
    for (std::size_t i = 0; i < texts.documents.size(); ++i) {
      try {
        vectorizer_.Append(texts.documents[i], memory.of_vectorizer, out.csr);
      } catch (const Error& error) {
        throw Error(
            error.code(),
            "text " + std::to_string(texts.first + static_cast<std::int64_t>(i)) + ": " + error.message(),
            error.hint());
      }
    }
  }

 private:
  struct Memory final : Scratch {
    typename Vectorizer::Scratch of_vectorizer;
  };

  Vectorizer vectorizer_;
  std::string dtype_;
};

class TfidfStep final : public Step {
 public:
  TfidfStep(std::int64_t columns, TfidfTransformer transformer, bool single)
      : columns_(columns), transformer_(transformer), single_(single) {}

  std::int64_t input_columns() const override { return columns_; }

  std::optional<Shape> shape(Method method) const override {
    if (method != Method::kTransform) {
      return std::nullopt;
    }
    return Shape{.columns = columns_, .sparse = true, .dtype = single_ ? "float32" : "float64"};
  }

  void Apply(const Input& input, Method /*transform*/, Scratch* /*none*/, Rows& out) const override {
    for (std::int64_t row = 0; row < RowsOf(input); ++row) {
      ForEachNumber(input, row, [&](std::int64_t column, double value) {
        Put(out, row, column, single_ ? static_cast<float>(value) : value);
      });
      CloseRow(out);
    }
    transformer_.Apply(out.csr, 0);
  }

 private:
  std::int64_t columns_;
  TfidfTransformer transformer_;
  bool single_;
};

Analyzer AnalyzerOf(const Description& description) {
  return Analyzer(ParseAnalyzerSettings(description.Any("analyzer").dump()));
}

}  // namespace

std::unique_ptr<const Step> MakeCountVectorizer(const Description& description) {
  const std::string dtype = description.Text("dtype");
  CountVectorizer vectorizer(
      AnalyzerOf(description),
      Vocabulary({description.Array<char>("terms"), description.Array<std::uint64_t>("term_offsets"),
                  description.Array<std::uint32_t>("term_slots")}),
      {.binary = description.Flag("binary"), .type = ParseCountType(dtype)});
  return std::make_unique<VectorizerStep<CountVectorizer>>(std::move(vectorizer), dtype);
}

std::unique_ptr<const Step> MakeHashingVectorizer(const Description& description) {
  HashingVectorizer vectorizer(AnalyzerOf(description),
                               {.features = description.Integer("features", 1, INT32_MAX),
                                .alternate_sign = description.Flag("alternate_sign"),
                                .binary = description.Flag("binary"),
                                .norm = ParseNorm(description.Text("norm")),
                                .single = description.IsSingle()});
  return std::make_unique<VectorizerStep<HashingVectorizer>>(std::move(vectorizer),
                                                             description.IsSingle() ? "float32" : "float64");
}

std::unique_ptr<const Step> MakeTfidfStep(const Description& description, const Shape& input) {
  const std::int64_t columns = description.Integer("columns", 1, INT32_MAX);
  const bool single = input.dtype == "float32";
  std::span<const double> idf;
  if (description.Flag("use_idf")) {
    idf = description.Array<double>("idf", columns);
  }
  const TfidfTransformer transformer(idf, {.sublinear_tf = description.Flag("sublinear_tf"),
                                           .norm = ParseNorm(description.Text("norm")),
                                           .single = single});
  return std::make_unique<TfidfStep>(columns, transformer, single);
}

}  // namespace foretell
