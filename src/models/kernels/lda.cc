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

double ExpDigammaOf(double x) {
  return ExpDigamma(All(x), 0)[0];
}

struct Sums {
  double total = 0;
  double change = 0;
};

class Inference {
 public:
  Inference(const LdaModel<double>& model, const LdaDocument& document, const LdaScratch<double>& scratch)
      : model_(model),
        document_(document),
        scratch_(scratch),
        words_(document.size),
        padded_(RoundUp(document.size)),
        live_(model.topics) {
    const std::int64_t step = model.stride + kLanes;
    gamma_ = scratch.topic_values;
    next_ = gamma_ + step;
    exp_ = next_ + step;
    mass_ = exp_ + step;
    prior_ = mass_ + step;
    saved_gamma_ = prior_ + step;
    saved_exp_ = saved_gamma_ + step;
  }

  std::int64_t Run(double* gamma) {
    Gather();
    StartWithAllTopics();
    FirstWeights();
    return Iterate(gamma);
  }

  // From the gamma that is given.
  std::int64_t RunFrom(double* gamma) {
    Gather();
    StartWithAllTopics();
    double total = 0;
    for (std::int64_t k = 0; k < model_.topics; ++k) {
      gamma_[k] = gamma[k];
      total += gamma[k];
    }
    Refresh(total);
    WeightsOfRows();
    reach_ = may_drop_ ? Reach() : 0;
    return Iterate(gamma);
  }

  // After Run or RunFrom.
  void Factors(double* factors, double* weights) {
    Refresh(total_);
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
  std::int64_t Iterate(double* gamma) {
    MassOfRows();
    for (std::int64_t iteration = 1;; ++iteration) {
      const Sums sums = Update();
      if (sums.change / static_cast<double>(model_.topics) < model_.tolerance ||
          iteration == model_.max_iterations) {
        Finish(gamma);
        total_ = sums.total;
        return iteration;
      }
      Refresh(sums.total);
      if (may_drop_) {
        Drop();
      } else if (!in_columns_) {
        CopyColumns();
      }
      Weigh();
      if (live_ < model_.topics) {
        if (!DroppedAreNegligible(sums.total)) {
          BringAllBack();
          Weigh();
        } else {
          SettleFresh();
        }
      }
      if (may_drop_) {
        reach_ = Reach();
      }
      in_columns_ ? MassOfColumns() : MassOfRows();
    }
  }

  void Gather() {
    for (std::int64_t j = 0; j < words_; ++j) {
      const std::int64_t id = document_.ids[j];
      scratch_.rows[j] = model_.word_topics + id * model_.stride;
      scratch_.counts[j] = document_.counts[j];
      scratch_.sums[j] = model_.word_sums[id];
    }
    for (std::int64_t j = words_; j < padded_; ++j) {
      scratch_.counts[j] = 0;
      scratch_.sums[j] = 0;
    }
  }

  void StartWithAllTopics() {
    for (std::int64_t k = 0; k < model_.stride + kLanes; ++k) {
      const bool real = k < model_.topics;
      gamma_[k] = real ? 1 : 0;
      prior_[k] = real ? model_.prior : 0;
      mass_[k] = 0;
      exp_[k] = 0;
    }
    const double first = ExpDigammaOf(1);
    for (std::int64_t k = 0; k < model_.topics; ++k) {
      exp_[k] = first;
      scratch_.live[k] = static_cast<std::int32_t>(k);
    }
    floor_ = ExpDigammaOf(model_.prior);
    // Worth trying only where the floor is far below what may be dropped.
    may_drop_ = floor_ < kDropBelow * 0x1p-4;
  }

  void FirstWeights() {
    const double first = exp_[0];
    const double least = kEpsilon * ExpDigammaOf(static_cast<double>(model_.topics));
    for (std::int64_t j = 0; j < padded_; j += kWidth) {
      Store(scratch_.weights + j, Load(scratch_.counts + j) / (Load(scratch_.sums + j) * first + least));
    }
    reach_ = may_drop_ ? Reach() : 0;
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

  // gamma from the masses.
  Sums Update() {
    Group total{};
    Group change{};
    for (std::int64_t i = 0; i < live_; i += kLanes) {
      for (int p = 0; p < kParts; ++p) {
        const std::int64_t at = i + p * kWidth;
        const Doubles next = Load(exp_ + at) * Load(mass_ + at) + Load(prior_ + at);
        Store(next_ + at, next);
        total.part[p] += next;
        change.part[p] += Magnitude(Load(gamma_ + at) - next);
      }
    }
    double* const before = gamma_;
    gamma_ = next_;
    next_ = before;
    const double dropped = static_cast<double>(model_.topics - live_) * model_.prior;
    const Sums sums{SumOf(total) + dropped, SumOf(change) + pending_change_};
    pending_change_ = 0;
    return sums;
  }

  // f and eps F from gamma. Below a total of 1 both are scaled by exp(-digamma(total)), as scikit-learn
  // always does, because they could be subnormal otherwise.
  void Refresh(double total) {
    const double offset = total < 1 ? OffsetFor(total) : 0;
    gamma_[live_] = total;
    for (std::int64_t i = 0; i <= live_; i += kWidth) {
      Store(exp_ + i, ExpDigamma(Load(gamma_ + i), offset));
    }
    least_ = kEpsilon * exp_[live_];
    gamma_[live_] = 0;
    exp_[live_] = 0;
    total_ = total;
    scaled_ = total < 1;
  }

  static double OffsetFor(double total) { return TermsOfDigamma(All(total)).exponent[0]; }

  // Leaves out the topics that cannot matter, and goes over to columns.
  void Drop() {
    if (scaled_) {
      return;
    }
    const double cutoff = kDropBelow * total_ / reach_;
    std::int64_t kept = 0;
    double largest = floor_;
    fresh_ = 0;
    for (std::int64_t i = 0; i < live_; ++i) {
      const std::int32_t topic = scratch_.live[i];
      if (exp_[i] < cutoff) {
        saved_gamma_[topic] = gamma_[i];
        saved_exp_[topic] = exp_[i];
        largest = largest < exp_[i] ? exp_[i] : largest;
        pending_change_ += gamma_[i] - model_.prior;
        scratch_.fresh[fresh_++] = topic;
      } else {
        scratch_.live[kept] = topic;
        scratch_.column_of[kept] = scratch_.column_of[i];
        gamma_[kept] = gamma_[i];
        exp_[kept] = exp_[i];
        ++kept;
      }
    }
    largest_dropped_ = largest;
    const std::int64_t before = live_;
    live_ = kept;
    for (std::int64_t i = kept; i < before; ++i) {
      gamma_[i] = 0;
      exp_[i] = 0;
      prior_[i] = 0;
      mass_[i] = 0;
    }
    if (!in_columns_) {
      CopyColumns();
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
      double* column = scratch_.columns + i * padded_;
      const std::int64_t topic = scratch_.live[i];
      scratch_.column_of[i] = static_cast<std::int32_t>(i);
      for (std::int64_t j = 0; j < words_; ++j) {
        column[j] = scratch_.rows[j][topic];
      }
      for (std::int64_t j = words_; j < padded_; ++j) {
        column[j] = 0;
      }
    }
    in_columns_ = true;
  }

  bool DroppedAreNegligible(double total) const { return largest_dropped_ * Reach() <= kDropped * total; }

  // The topics dropped in this iteration have alpha from now on.
  void SettleFresh() {
    for (std::int64_t i = 0; i < fresh_; ++i) {
      saved_gamma_[scratch_.fresh[i]] = model_.prior;
      saved_exp_[scratch_.fresh[i]] = floor_;
    }
    fresh_ = 0;
    largest_dropped_ = floor_;
  }

  void BringAllBack() {
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
    constexpr int kVectors = kWidth == 8 ? 8 : 4;
    std::int64_t k = 0;
    for (; k + kVectors * kWidth <= model_.stride; k += kVectors * kWidth) {
      MassOfRowsAt<kVectors>(k);
    }
    for (; k < model_.stride; k += kWidth) {
      MassOfRowsAt<1>(k);
    }
  }

  template <int kVectors>
  void MassOfRowsAt(std::int64_t k) {
    Doubles mass[kVectors] = {};
    for (std::int64_t j = 0; j < words_; ++j) {
      const double weight = scratch_.weights[j];
      const double* row = scratch_.rows[j] + k;
      for (int v = 0; v < kVectors; ++v) {
        mass[v] += weight * Load(row + v * kWidth);
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      Store(mass_ + k + v * kWidth, mass[v]);
    }
  }

  void WeightsOfColumns() {
    std::int64_t j = 0;
    for (; j + kBlock * kLanes <= padded_; j += kBlock * kLanes) {
      WeightsOfColumnsAt<kBlock>(j);
    }
    switch ((padded_ - j) / kLanes) {
      case 7:
        return WeightsOfColumnsAt<7>(j);
      case 6:
        return WeightsOfColumnsAt<6>(j);
      case 5:
        return WeightsOfColumnsAt<5>(j);
      case 4:
        return WeightsOfColumnsAt<4>(j);
      case 3:
        return WeightsOfColumnsAt<3>(j);
      case 2:
        return WeightsOfColumnsAt<2>(j);
      case 1:
        return WeightsOfColumnsAt<1>(j);
      default:
        return;
    }
  }

  template <int kGroups>
  void WeightsOfColumnsAt(std::int64_t j) {
    if constexpr (kGroups <= kBlock) {
      constexpr int kVectors = kGroups * kParts;
      Doubles norm[kVectors] = {};
      for (std::int64_t i = 0; i < live_; ++i) {
        const double* column = scratch_.columns + scratch_.column_of[i] * padded_ + j;
        const double f = exp_[i];
        for (int v = 0; v < kVectors; ++v) {
          norm[v] += f * Load(column + v * kWidth);
        }
      }
      for (int v = 0; v < kVectors; ++v) {
        const std::int64_t at = j + v * kWidth;
        Store(scratch_.weights + at, Load(scratch_.counts + at) / (norm[v] + least_));
      }
    }
  }

  void MassOfColumns() {
    for (std::int64_t i = 0; i < live_; ++i) {
      const double* column = scratch_.columns + scratch_.column_of[i] * padded_;
      Group mass{};
      for (std::int64_t j = 0; j < padded_; j += kLanes) {
        for (int p = 0; p < kParts; ++p) {
          mass.part[p] += Load(scratch_.weights + j + p * kWidth) * Load(column + j + p * kWidth);
        }
      }
      mass_[i] = SumOf(mass);
    }
  }

  void Finish(double* gamma) const {
    if (live_ < model_.topics) {
      for (std::int64_t k = 0; k < model_.topics; ++k) {
        gamma[k] = model_.prior;
      }
    }
    for (std::int64_t i = 0; i < live_; ++i) {
      gamma[scratch_.live[i]] = gamma_[i];
    }
  }

  const LdaModel<double>& model_;
  const LdaDocument& document_;
  const LdaScratch<double>& scratch_;
  const std::int64_t words_;
  const std::int64_t padded_;
  std::int64_t live_;

  // By live topic, zeros behind the last:
  double* gamma_ = nullptr;
  double* next_ = nullptr;
  double* exp_ = nullptr;    // f
  double* mass_ = nullptr;   // sum_j weight_j B_jk
  double* prior_ = nullptr;  // alpha
  // By topic, of those that were dropped:
  double* saved_gamma_ = nullptr;
  double* saved_exp_ = nullptr;

  double least_ = 0;  // eps F
  double total_ = 0;
  double floor_ = 0;  // f of alpha
  double reach_ = 0;
  double largest_dropped_ = 0;
  double pending_change_ = 0;  // of topics dropped since the last test
  std::int64_t fresh_ = 0;
  bool may_drop_ = false;
  bool in_columns_ = false;
  bool scaled_ = false;
};

std::int64_t Infer(const LdaModel<double>& model, const LdaDocument& document,
                   const LdaScratch<double>& scratch, double* gamma) {
  return Inference(model, document, scratch).Run(gamma);
}

std::int64_t InferFactors(const LdaModel<double>& model, const LdaDocument& document,
                          const LdaScratch<double>& scratch, double* gamma, double* factors,
                          double* weights) {
  Inference inference(model, document, scratch);
  const std::int64_t iterations = inference.RunFrom(gamma);
  inference.Factors(factors, weights);
  return iterations;
}

}  // namespace

namespace FORETELL_ROW {
const LdaKernels lda = {Infer, InferFactors};
}  // namespace FORETELL_ROW

}  // namespace foretell::kernels
