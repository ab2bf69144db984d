// The step "lda": word_topics, word_sums (see models/lda.h), and the settings.

#include "models/lda.h"
#include "models/numbers.h"
#include "models/steps.h"

namespace foretell {
namespace {

class LdaStep final : public Step {
 public:
  explicit LdaStep(const Lda& lda) : lda_(lda) {}

  std::int64_t input_columns() const override { return lda_.settings().words; }
  bool takes_negative() const override { return false; }

  std::optional<Shape> shape(Method method) const override {
    if (method != Method::kTransform) {
      return std::nullopt;
    }
    return Shape{.columns = lda_.settings().topics, .dtype = lda_.settings().single ? "float32" : "float64"};
  }

  std::unique_ptr<Scratch> NewScratch() const override { return std::make_unique<Memory>(); }

  void Apply(const Input& input, Method /*transform*/, Scratch* scratch, Rows& out) const override {
    auto& memory = static_cast<Memory&>(*scratch);
    CsrView rows;
    if (const auto* dense = std::get_if<DenseView>(&input)) {
      rows = memory.FromDense(*dense);
    } else {
      rows = std::get<CsrView>(input);
    }
    if (lda_.settings().single) {
      rows = memory.Rounded(rows);
    }
    lda_.Transform(rows, 0, rows.rows(), memory.workspace, out.dense);
  }

 private:
  struct Memory final : Scratch {
    Lda::Workspace workspace;
    Csr csr;
    std::vector<double> rounded;

    // scikit-learn takes the numbers that are not zero.
    CsrView FromDense(const DenseView& dense) {
      csr.columns = dense.columns;
      csr.row_starts.assign(1, 0);
      csr.ids.clear();
      csr.values.clear();
      for (std::int64_t row = 0; row < dense.rows(); ++row) {
        ForEachNumber(dense, row, [this](std::int64_t column, double value) {
          csr.ids.push_back(static_cast<std::int32_t>(column));
          csr.values.push_back(value);
        });
        csr.row_starts.push_back(static_cast<std::int64_t>(csr.ids.size()));
      }
      return View(csr, dense.first);
    }

    CsrView Rounded(CsrView rows) {
      rounded.assign(rows.values.begin(), rows.values.end());
      for (double& value : rounded) {
        value = static_cast<float>(value);
      }
      rows.values = rounded;
      return rows;
    }
  };

  Lda lda_;
};

template <typename Real>
Lda::ArraysOf<Real> ArraysOf(const Description& description, const LdaSettings& settings) {
  return {description.Array<Real>("word_topics", settings.words * Lda::Stride(settings.topics)),
          description.Array<Real>("word_sums", settings.words)};
}

}  // namespace

std::unique_ptr<const Step> MakeLdaStep(const Description& description) {
  constexpr std::int64_t kMost = INT32_MAX;
  constexpr std::int64_t kMostIterations = 100'000;  // a damaged file must not hold a thread for ever
  LdaSettings settings;
  settings.topics = description.Integer("topics", 1, kMost);
  settings.words = description.Integer("words", 1, kMost);
  settings.doc_topic_prior = description.Number("doc_topic_prior");
  settings.mean_change_tol = description.Number("mean_change_tol");
  settings.max_doc_update_iter = description.Integer("max_doc_update_iter", 0, kMostIterations);
  settings.single = description.IsSingle();
  if (settings.single) {
    return std::make_unique<LdaStep>(Lda(settings, ArraysOf<float>(description, settings)));
  }
  return std::make_unique<LdaStep>(Lda(settings, ArraysOf<double>(description, settings)));
}

}  // namespace foretell
