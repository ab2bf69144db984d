// LDA's E step of one document, as scikit-learn's _update_doc_distribution computes it (Hoffman, Blei, Bach
// 2010), in double precision. Per iteration, with f = exp(digamma(gamma)) and F = exp(digamma(sum gamma)):
//   weight_j = count_j / (sum_k f_k B_jk + eps F),   gamma_k = alpha + f_k sum_j weight_j B_jk,
// which is scikit-learn's with both fractions expanded by F. Two layouts of B serve: the model's own rows
// (one a word), and columns (one a topic) copied for a document's live topics.
//
// A topic may be dropped while all dropped topics together cannot move more than 2^-56 of the document's
// counts: each gets at most f_k sum_j weight_j B_jk, so all get at most (the largest f of them) times
// sum_j weight_j (sum_k B_jk). That bound is computed anew in each iteration; when it fails, all topics come
// back and stay. A dropped topic's gamma is alpha, as it is in scikit-learn, where alpha + 1e-20 is alpha.
#include "models/kernels/lda.h"

#include "models/kernels/elementary.h"
#include "models/kernels/rows.h"

namespace foretell::kernels {
namespace {

constexpr double kEpsilon = 0x1p-52;
constexpr double kDropped = 0x1p-56;                           // of the counts, that dropped topics may hold
constexpr double kDropBelow = 0x1p-58;                         // of the same, when one is dropped
constexpr int kBlock = kWidth == 8 ? 8 : kWidth == 4 ? 3 : 2;  // groups of words whose norms fit in registers

std::int64_t RoundUp(std::int64_t n) {
  return (n + (kLanes - 1)) / kLanes * kLanes;
}

struct Sums {
  double total = 0;
  double change = 0;
};

// What all documents of a model share.
struct Constants {
  explicit Constants(const LdaModel<double>& model)
      : first(ExpDigammaOf(1)),
        floor(ExpDigammaOf(model.prior)),
        first_least(kEpsilon * ExpDigammaOf(static_cast<double>(model.topics))),
        may_drop(floor < kDropBelow * 0x1p-4) {}

  static double ExpDigammaOf(double x) { return ExpDigamma(All(x), 0)[0]; }

  double first;        // f of each topic at first
  double floor;        // f of alpha
  double first_least;  // eps F at first
  bool may_drop;       // worth trying only where the floor is far below what may be dropped
};

class Inference {
 public:
  Inference(const LdaModel<double>& model, const Constants& constants, const LdaScratch<double>& scratch)
      : model_(model), constants_(constants), scratch_(scratch) {
    const std::int64_t step = model.stride + kLanes;
    gamma_ = scratch.topic_values;
    exp_ = gamma_ + step;
    mass_ = exp_ + step;
    prior_ = mass_ + step;
    saved_gamma_ = prior_ + step;
    saved_exp_ = saved_gamma_ + step;
  }

  // A document from equal topics.
  void Begin(LdaDocument& document) {
    StartWithAllTopics(document);
    for (std::int64_t k = 0; k < model_.topics; ++k) {
      gamma_[k] = 1;
      exp_[k] = constants_.first;
    }
    for (std::int64_t j = 0; j < padded_; j += kWidth) {
      Store(scratch_.weights + j, Load(scratch_.counts + j) /
                                      (Load(scratch_.sums + j) * constants_.first + constants_.first_least));
    }
    reach_ = may_drop_ ? Reach() : 0;
  }

  // From the document's gamma.
  void Resume(LdaDocument& document) {
    StartWithAllTopics(document);
    total_ = 0;
    for (std::int64_t k = 0; k < model_.topics; ++k) {
      gamma_[k] = document.gamma[k];
      total_ += document.gamma[k];
    }
    Refresh();
    WeightsOfRows();
    reach_ = may_drop_ ? Reach() : 0;
  }

  // An iteration is Update, after which it may be the last, Refresh and Reweigh.

  // gamma from the weights; whether this was the last iteration.
  bool Update() {
    const Sums sums = UpdateGamma();
    total_ = sums.total;
    ++document_->iterations;
    return sums.change / static_cast<double>(model_.topics) < model_.tolerance ||
           document_->iterations == model_.max_iterations;
  }

  // f and eps F from gamma. Below a total of 1 both are scaled by exp(-digamma(total)), as scikit-learn
  // always does, because they could be subnormal otherwise.
  void Refresh() {
    const double offset = total_ < 1 ? OffsetFor(total_) : 0;
    std::int64_t i = 0;
    for (; i + kWidth <= live_; i += kWidth) {
      Store(exp_ + i, ExpDigamma(Load(gamma_ + i), offset));
    }
    // The total goes with the last ones: to write it behind them in memory would be waited for.
    const Longs place = Places() + i;
    const Doubles last = ExpDigamma(Select(place == live_, All(total_), Load(gamma_ + i)), offset);
    Store(exp_ + i, last);
    least_ = kEpsilon * exp_[live_];
    Store(exp_ + i, Select(place < live_, last, Doubles{}));
  }

  // Weights from f, without the topics that cannot matter.
  void Reweigh() {
    if (may_drop_) {
      Drop();
    }
    if (!in_columns_) {
      CopyColumns();
    }
    Weigh();
    if (may_drop_) {
      reach_ = Reach();
    }
    if (live_ < model_.topics) {
      if (largest_dropped_ * reach_ > kDropped * total_) {
        BringAllBack();
        Weigh();
      } else {
        SettleFresh();
      }
    }
  }

  // After the last Update: gamma for the document.
  void Finish() const {
    double* const gamma = document_->gamma;
    if (live_ < model_.topics) {
      for (std::int64_t k = 0; k < model_.topics; ++k) {
        gamma[k] = model_.prior;
      }
    }
    for (std::int64_t i = 0; i < live_; ++i) {
      gamma[scratch_.live[i]] = gamma_[i];
    }
  }

  // After the last Update.
  void Factors(double* factors, double* weights) {
    Refresh();
    Weigh();
    for (std::int64_t k = 0; k < model_.stride; ++k) {
      factors[k] = 0;  // of a dropped topic: all of them have less than 2^-56 of the counts
    }
    for (std::int64_t i = 0; i < live_; ++i) {
      factors[scratch_.live[i]] = exp_[i];
    }
    for (std::int64_t j = 0; j < words_; ++j) {
      weights[j] = scratch_.weights[j];
    }
  }

 private:
  void StartWithAllTopics(LdaDocument& document) {
    document_ = &document;
    document.iterations = 0;
    words_ = document.size;
    padded_ = RoundUp(words_);
    for (std::int64_t j = 0; j < words_; ++j) {
      const std::int64_t id = document.ids[j];
      scratch_.rows[j] = model_.word_topics + id * model_.stride;
      scratch_.counts[j] = document.counts[j];
      scratch_.sums[j] = model_.word_sums[id];
    }
    for (std::int64_t j = words_; j < padded_; ++j) {  // words that do not occur
      scratch_.rows[j] = scratch_.rows[0];
      scratch_.counts[j] = 0;
      scratch_.sums[j] = 0;
    }
    live_ = model_.topics;
    for (std::int64_t k = 0; k < model_.topics; ++k) {
      prior_[k] = model_.prior;
      scratch_.live[k] = static_cast<std::int32_t>(k);
    }
    for (std::int64_t k = model_.topics; k < model_.stride + kLanes; ++k) {
      gamma_[k] = 0;
      prior_[k] = 0;
      exp_[k] = 0;
    }
    may_drop_ = constants_.may_drop;
    in_columns_ = false;
    pending_change_ = 0;
  }

  // What a topic with f = 1 could get of the counts, at most.
  double Reach() const {
    Group sum{};
    for (std::int64_t j = 0; j < padded_; j += kLanes) {
      for (int p = 0; p < kParts; ++p) {
        const std::int64_t at = j + p * kWidth;
        sum.part[p] += Load(scratch_.weights + at) * Load(scratch_.sums + at);
      }
    }
    return SumOf(sum);
  }

  Sums UpdateGamma() {
    Group total{};
    Group change{};
    if (!in_columns_) {
      MassOfRows();
    }
    for (std::int64_t i = 0; i < live_; i += kLanes) {
      for (int p = 0; p < kParts; ++p) {
        const std::int64_t at = i + p * kWidth;
        const Doubles mass = in_columns_ ? MassOfColumns(at) : Load(mass_ + at);
        const Doubles next = Load(exp_ + at) * mass + Load(prior_ + at);
        total.part[p] += next;
        change.part[p] += Magnitude(Load(gamma_ + at) - next);
        Store(gamma_ + at, next);
      }
    }
    const double dropped = static_cast<double>(model_.topics - live_) * model_.prior;
    const Sums sums{SumOf(total) + dropped, SumOf(change) + pending_change_};
    pending_change_ = 0;
    return sums;
  }

  static double OffsetFor(double total) { return TermsOfDigamma(All(total)).exponent[0]; }

  // Leaves out the topics that cannot matter.
  void Drop() {
    fresh_ = 0;
    largest_dropped_ = constants_.floor;
    if (total_ < 1) {  // f is scaled
      return;
    }
    const double cutoff = kDropBelow * total_ / reach_;
    Longs below{};
    for (std::int64_t i = 0; i < live_; i += kWidth) {
      below |= (Load(exp_ + i) < cutoff) & (Places() + i < live_);
    }
    if (!Any(below)) {
      return;
    }
    // Which ones cannot be foreseen, so nothing branches on it.
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < live_; ++i) {
      const bool keep = !(exp_[i] < cutoff);
      scratch_.kept[kept] = static_cast<std::int32_t>(i);
      scratch_.fresh[fresh_] = static_cast<std::int32_t>(i);
      kept += keep ? 1 : 0;
      fresh_ += keep ? 0 : 1;
    }
    for (std::int64_t n = 0; n < fresh_; ++n) {
      const std::int64_t i = scratch_.fresh[n];
      const std::int32_t topic = scratch_.live[i];
      scratch_.fresh[n] = topic;
      saved_gamma_[topic] = gamma_[i];
      saved_exp_[topic] = exp_[i];
      largest_dropped_ = largest_dropped_ < exp_[i] ? exp_[i] : largest_dropped_;
      pending_change_ += gamma_[i] - model_.prior;
    }
    for (std::int64_t n = 0; n < kept; ++n) {
      const std::int64_t i = scratch_.kept[n];
      scratch_.live[n] = scratch_.live[i];
      scratch_.columns_of[n] = scratch_.columns_of[i];
      gamma_[n] = gamma_[i];
      exp_[n] = exp_[i];
    }
    live_ = kept;
    for (int p = 0; p < kParts; ++p) {
      Store(gamma_ + live_ + p * kWidth, Doubles{});
      Store(exp_ + live_ + p * kWidth, Doubles{});
      Store(prior_ + live_ + p * kWidth, Doubles{});
    }
  }

  void CopyColumns() {
    if (live_ * padded_ > scratch_.column_capacity) {
      if (live_ < model_.topics) {
        BringAllBack();
      }
      may_drop_ = false;
      return;
    }
    for (std::int64_t i = 0; i < live_; ++i) {
      scratch_.columns_of[i] = scratch_.columns + i * padded_;
    }
    for (std::int64_t j = 0; j < padded_; j += kWidth) {
      for (std::int64_t i = 0; i < live_; ++i) {
        Store(scratch_.columns + i * padded_ + j, LoadOfRows(scratch_.rows + j, scratch_.live[i]));
      }
    }
    in_columns_ = true;
  }

  // The topics dropped in this iteration have alpha from now on.
  void SettleFresh() {
    for (std::int64_t i = 0; i < fresh_; ++i) {
      saved_gamma_[scratch_.fresh[i]] = model_.prior;
      saved_exp_[scratch_.fresh[i]] = constants_.floor;
    }
    fresh_ = 0;
    largest_dropped_ = constants_.floor;
  }

  [[gnu::noinline]] void BringAllBack() {
    for (std::int64_t i = 0; i < live_; ++i) {
      saved_gamma_[scratch_.live[i]] = gamma_[i];
      saved_exp_[scratch_.live[i]] = exp_[i];
    }
    for (std::int64_t k = 0; k < model_.topics; ++k) {
      gamma_[k] = saved_gamma_[k];
      exp_[k] = saved_exp_[k];
      prior_[k] = model_.prior;
      scratch_.live[k] = static_cast<std::int32_t>(k);
    }
    live_ = model_.topics;
    pending_change_ = 0;
    may_drop_ = false;
    in_columns_ = false;
    CopyColumns();
  }

  void Weigh() { in_columns_ ? WeightsOfColumns() : WeightsOfRows(); }

  void WeightsOfRows() {
    for (std::int64_t j = 0; j < words_; ++j) {
      const double* row = scratch_.rows[j];
      Group norm{};
      for (std::int64_t k = 0; k < model_.stride; k += kLanes) {
        for (int p = 0; p < kParts; ++p) {
          norm.part[p] += Load(exp_ + k + p * kWidth) * Load(row + k + p * kWidth);
        }
      }
      scratch_.weights[j] = SumOf(norm) + least_;
    }
    for (std::int64_t j = words_; j < padded_; ++j) {
      scratch_.weights[j] = 1;
    }
    for (std::int64_t j = 0; j < padded_; j += kWidth) {
      Store(scratch_.weights + j, Load(scratch_.counts + j) / Load(scratch_.weights + j));
    }
  }

  void MassOfRows() {
    constexpr int kMost = kWidth == 8 ? 8 : 4;  // vectors whose masses fit in registers
    for (std::int64_t k = 0; k < model_.stride;) {
      k += kWidth * MassOfRowsUpTo<kMost>(k);
    }
  }

  // As many vectors from topic k on as there are, of at most kMost.
  template <int kMost>
  int MassOfRowsUpTo(std::int64_t k) {
    if constexpr (kMost > 1) {
      if (k + kMost * kWidth > model_.stride) {
        return MassOfRowsUpTo<kMost - 1>(k);
      }
    }
    Doubles mass[kMost] = {};
    for (std::int64_t j = 0; j < words_; ++j) {
      const double weight = scratch_.weights[j];
      const double* row = scratch_.rows[j] + k;
      for (int v = 0; v < kMost; ++v) {
        mass[v] += weight * Load(row + v * kWidth);
      }
    }
    for (int v = 0; v < kMost; ++v) {
      Store(mass_ + k + v * kWidth, mass[v]);
    }
    return kMost;
  }

  void WeightsOfColumns() {
    std::int64_t j = 0;
    for (; j + kBlock * kLanes <= padded_; j += kBlock * kLanes) {
      WeightsOfColumnsAt<kBlock>(j);
    }
    WeightsOfLastColumns<kBlock - 1>(j);
  }

  // Of the groups from word j on, of which there are at most kMost.
  template <int kMost>
  void WeightsOfLastColumns(std::int64_t j) {
    if constexpr (kMost > 0) {
      j + kMost* kLanes == padded_ ? WeightsOfColumnsAt<kMost>(j) : WeightsOfLastColumns<kMost - 1>(j);
    }
  }

  template <int kGroups>
  void WeightsOfColumnsAt(std::int64_t j) {
    constexpr int kVectors = kGroups * kParts;
    Doubles norm[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      norm[v] = Doubles{};
    }
    for (std::int64_t i = 0; i < live_; ++i) {
      const double* column = scratch_.columns_of[i] + j;
      const double f = exp_[i];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        norm[v] += f * Load(column + v * kWidth);
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const std::int64_t at = j + v * kWidth;
      Store(scratch_.weights + at, Load(scratch_.counts + at) / (norm[v] + least_));
    }
  }

  // sum_j weight_j B_jk of kWidth topics from the i-th on, 0 for those that are not live.
  Doubles MassOfColumns(std::int64_t i) const { return MassOfColumnsUpTo<kWidth>(i); }

  template <int kMost>
  Doubles MassOfColumnsUpTo(std::int64_t i) const {
    if constexpr (kMost == 0) {
      return Doubles{};
    } else {
      return i + kMost <= live_ ? MassOfColumnsAt<kMost>(i) : MassOfColumnsUpTo<kMost - 1>(i);
    }
  }

  template <int kTopics>
  Doubles MassOfColumnsAt(std::int64_t i) const {
    const double* const* const columns = scratch_.columns_of + i;
    Group mass[kWidth] = {};
    for (std::int64_t j = 0; j < padded_; j += kLanes) {
      for (int p = 0; p < kParts; ++p) {
        const Doubles weights = Load(scratch_.weights + j + p * kWidth);
        for (int t = 0; t < kTopics; ++t) {
          mass[t].part[p] += weights * Load(columns[t] + j + p * kWidth);
        }
      }
    }
    return SumsOf(mass);
  }

  const LdaModel<double>& model_;
  const Constants& constants_;
  const LdaScratch<double>& scratch_;
  LdaDocument* document_ = nullptr;
  std::int64_t words_ = 0;
  std::int64_t padded_ = 0;
  std::int64_t live_ = 0;

  // By live topic, zeros behind the last:
  double* gamma_ = nullptr;
  double* exp_ = nullptr;    // f
  double* mass_ = nullptr;   // sum_j weight_j B_jk
  double* prior_ = nullptr;  // alpha
  // By topic, of those that were dropped:
  double* saved_gamma_ = nullptr;
  double* saved_exp_ = nullptr;

  double least_ = 0;  // eps F
  double total_ = 0;
  double reach_ = 0;
  double largest_dropped_ = 0;
  double pending_change_ = 0;  // of topics dropped since the last test
  std::int64_t fresh_ = 0;
  bool may_drop_ = false;
  bool in_columns_ = false;
};

// Has the rows of the next document's words on their way while others are worked on.
class Ahead {
 public:
  explicit Ahead(const LdaModel<double>& model) : model_(model) {}

  void Look(const LdaDocument& document) {
    constexpr std::int64_t kWords = 16;
    if (document_ != &document) {
      document_ = &document;
      at_ = 0;
    }
    const std::int64_t end = at_ + kWords < document.size ? at_ + kWords : document.size;
    for (; at_ < end; ++at_) {
      const double* const row = model_.word_topics + document.ids[at_] * model_.stride;
      for (std::int64_t k = 0; k < model_.stride; k += kLanes) {
        __builtin_prefetch(row + k, 0, 2);
      }
    }
  }

 private:
  const LdaModel<double>& model_;
  const LdaDocument* document_ = nullptr;
  std::int64_t at_ = 0;
};

void Infer(const LdaModel<double>& model, LdaDocument* documents, std::int64_t count,
           const LdaScratch<double>& scratch) {
  const Constants constants(model);
  Inference inference(model, constants, scratch);
  Ahead ahead(model);
  for (std::int64_t i = 0; i < count; ++i) {
    inference.Begin(documents[i]);
    while (!inference.Update()) {
      if (i + 1 < count) {
        ahead.Look(documents[i + 1]);
      }
      inference.Refresh();
      inference.Reweigh();
    }
    inference.Finish();
  }
}

void InferFactors(const LdaModel<double>& model, LdaDocument& document, const LdaScratch<double>& scratch,
                  double* factors, double* weights) {
  const Constants constants(model);
  Inference inference(model, constants, scratch);
  inference.Resume(document);
  while (!inference.Update()) {
    inference.Refresh();
    inference.Reweigh();
  }
  inference.Finish();
  inference.Factors(factors, weights);
}

}  // namespace

namespace FORETELL_ROW {
const LdaKernels lda = {Infer, InferFactors};
}  // namespace FORETELL_ROW

}  // namespace foretell::kernels
