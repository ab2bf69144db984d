#include "models/lda.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "foretell/error.h"
#include "models/counts.h"
#include "models/floating_point_environment.h"
#include "models/lda_memory.h"
#include "models/workers.h"

namespace foretell {
namespace {

[[noreturn]] void Invalid(std::string message, std::string hint = {}) {
  throw Error(Code::kInvalidArgument, std::move(message), std::move(hint));
}

// numpy's sum along a contiguous axis: pairwise, eight sums below 129 numbers. Each is one that a Real holds.
template <typename Real>
Real PairwiseSum(const double* x, std::int64_t n) {
  const auto at = [&](std::int64_t i) { return static_cast<Real>(x[i]); };
  if (n < 8) {
    Real sum = n == 0 ? Real{0} : at(0);
    for (std::int64_t i = 1; i < n; ++i) {
      sum += at(i);
    }
    return sum;
  }
  if (n > 128) {
    const std::int64_t half = n / 2 - n / 2 % 8;
    return PairwiseSum<Real>(x, half) + PairwiseSum<Real>(x + half, n - half);
  }
  Real part[8] = {at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)};
  std::int64_t i = 8;
  for (; i + 8 <= n; i += 8) {
    for (std::int64_t lane = 0; lane < 8; ++lane) {
      part[lane] += at(i + lane);
    }
  }
  Real sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
  for (; i < n; ++i) {
    sum += at(i);
  }
  return sum;
}

// gamma becomes what Transform gives.
template <typename Real>
void Write(std::span<double> gamma, bool normalize) {
  const Real sum =
      normalize ? PairwiseSum<Real>(gamma.data(), static_cast<std::int64_t>(gamma.size())) : Real{1};
  for (double& value : gamma) {
    value = static_cast<Real>(value) / sum;
    value = value == value ? value : std::numeric_limits<double>::quiet_NaN();
  }
}

const kernels::LdaKernels& KernelsFor(const kernels::Table& table, double /*of this type*/) {
  return *table.lda;
}

const kernels::LdaSingleKernels& KernelsFor(const kernels::Table& table, float /*of this type*/) {
  return *table.lda_single;
}

}  // namespace

struct Lda::Workspace::Memory {
  LdaMemory<double> in_double;
  LdaMemory<float> in_single;
  std::vector<kernels::LdaDocument> documents;

  LdaMemory<double>& Of(double /*of this type*/) { return in_double; }
  LdaMemory<float>& Of(float /*of this type*/) { return in_single; }
};

Lda::Workspace::Workspace() : memory_(std::make_unique<Memory>()) {}
Lda::Workspace::Workspace(Workspace&&) noexcept = default;
Lda::Workspace& Lda::Workspace::operator=(Workspace&&) noexcept = default;
Lda::Workspace::~Workspace() = default;

template <typename Real>
Lda::PackedArrays<Real>::PackedArrays(std::int64_t topics, std::int64_t words,
                                      std::span<const Real> exp_dirichlet_component) {
  if (topics < 1 || words < 1 ||
      exp_dirichlet_component.size() / static_cast<std::size_t>(words) != static_cast<std::size_t>(topics) ||
      exp_dirichlet_component.size() % static_cast<std::size_t>(words) != 0) {
    Invalid(std::to_string(exp_dirichlet_component.size()) + " numbers are not " + std::to_string(topics) +
            " topics of " + std::to_string(words) + " words");
  }
  const auto stride = static_cast<std::size_t>(Stride(topics));
  size_ = stride * static_cast<std::size_t>(words);
  memory_.resize(size_ + Aligned<Real>::kAlignment / sizeof(Real));
  first_ = Aligned<Real>::FirstAligned(memory_.data());
  sums_.resize(static_cast<std::size_t>(words));
  for (std::size_t topic = 0; topic < static_cast<std::size_t>(topics); ++topic) {
    for (std::size_t word = 0; word < static_cast<std::size_t>(words); ++word) {
      const Real value = exp_dirichlet_component[topic * static_cast<std::size_t>(words) + word];
      if (!(value >= 0 && value <= std::numeric_limits<Real>::max())) {
        throw Error(Code::kInvalidValue,
                    "exp_dirichlet_component holds a number that is negative, infinite "
                    "or NaN, for topic " +
                        std::to_string(topic) + " and word " + std::to_string(word));
      }
      memory_[first_ + word * stride + topic] = value;
      sums_[word] += value;
    }
  }
}

template <typename Real>
Lda::ArraysOf<Real> Lda::PackedArrays<Real>::arrays() const {
  return {std::span(memory_).subspan(first_, size_), sums_};
}

template class Lda::PackedArrays<double>;
template class Lda::PackedArrays<float>;

Lda::Lda(LdaSettings settings, std::variant<Arrays, SingleArrays> arrays, const kernels::Table& table)
    : settings_(settings), arrays_(arrays), table_(&table) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (settings.topics < 1 || settings.topics > kMost || settings.words < 1 || settings.words > kMost) {
    Invalid("an LDA has " + std::to_string(settings.topics) + " topics and " +
            std::to_string(settings.words) + " words, and at least one of each is expected");
  }
  if (!(settings.doc_topic_prior >= 0 && settings.doc_topic_prior <= std::numeric_limits<double>::max())) {
    Invalid("doc_topic_prior is " + std::to_string(settings.doc_topic_prior) +
            ", and a number of at least 0 is expected");
  }
  if (settings.max_doc_update_iter < 0) {
    Invalid("max_doc_update_iter is " + std::to_string(settings.max_doc_update_iter) +
            ", and at least 0 is expected");
  }
  if (settings.single != std::holds_alternative<SingleArrays>(arrays)) {
    Invalid("an LDA's arrays are not of the precision that its settings name");
  }
  const auto words = static_cast<std::size_t>(settings.words);
  const std::size_t numbers = words * static_cast<std::size_t>(Stride(settings.topics));
  const auto [has_numbers, has_sums] = std::visit(
      [](const auto& any) { return std::pair(any.word_topics.size(), any.word_sums.size()); }, arrays);
  if (has_numbers != numbers || has_sums != words) {
    Invalid("an LDA of " + std::to_string(settings.topics) + " topics and " + std::to_string(settings.words) +
            " words has arrays of " + std::to_string(has_numbers) + " and " + std::to_string(has_sums) +
            " numbers, and " + std::to_string(numbers) + " and " + std::to_string(words) + " are expected");
  }
}

// A row without entries gets alpha from the first iteration on. Where alpha is 0 the second iteration would
// multiply by exp(-inf + inf).
double Lda::GammaOfEmptyRow() const {
  if (settings_.max_doc_update_iter == 0) {
    return 1;
  }
  const bool one_iteration = settings_.max_doc_update_iter == 1 ||
                             std::abs(1 - settings_.doc_topic_prior) < settings_.mean_change_tol;
  if (settings_.doc_topic_prior == 0 && !one_iteration) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return settings_.doc_topic_prior;
}

void Lda::Check(CsrView rows, std::int64_t first, std::int64_t last, std::span<double> out,
                std::span<std::int64_t> iterations) const {
  if (rows.columns != settings_.words) {
    Invalid("the rows have " + std::to_string(rows.columns) + " columns, and the LDA was fitted with " +
            std::to_string(settings_.words));
  }
  if (first < 0 || first > last || last > rows.rows()) {
    Invalid("rows " + std::to_string(first) + " to " + std::to_string(last) + " are not among " +
            std::to_string(rows.rows()));
  }
  const auto count = static_cast<std::size_t>(last - first);
  if (out.size() != count * static_cast<std::size_t>(settings_.topics) ||
      (!iterations.empty() && iterations.size() != count)) {
    Invalid("the output has room for " + std::to_string(out.size()) + " numbers, and " +
            std::to_string(count) + " rows of " + std::to_string(settings_.topics) + " topics are expected");
  }
}

void Lda::Transform(CsrView rows, std::int64_t first, std::int64_t last, Workspace& workspace,
                    std::span<double> out, bool normalize, std::span<std::int64_t> iterations) const {
  Check(rows, first, last, out, iterations);
  const FloatingPointEnvironment environment;
  std::visit(
      [&](const auto& arrays) {
        TransformAs(arrays, rows, first, last, workspace, out, normalize, iterations);
      },
      arrays_);
}

void Lda::Transform(CsrView rows, Workers& workers, std::span<double> out, bool normalize,
                    std::span<std::int64_t> iterations) const {
  constexpr std::int64_t kRowsAtATime = 64;
  Check(rows, 0, rows.rows(), out, iterations);
  const auto topics = static_cast<std::size_t>(settings_.topics);
  std::vector<Workspace> workspaces(workers.size());
  workers.ForEach(rows.rows(), kRowsAtATime, [&](std::size_t worker, std::int64_t first, std::int64_t last) {
    const auto at = static_cast<std::size_t>(first);
    const auto size = static_cast<std::size_t>(last - first);
    Transform(rows, first, last, workspaces[worker], out.subspan(at * topics, size * topics), normalize,
              iterations.empty() ? iterations : iterations.subspan(at, size));
  });
}

template <typename Real>
void Lda::TransformAs(const ArraysOf<Real>& arrays, CsrView rows, std::int64_t first, std::int64_t last,
                      Workspace& workspace, std::span<double> out, bool normalize,
                      std::span<std::int64_t> iterations) const {
  const kernels::LdaModel<Real> model{
      arrays.word_topics.data(),    arrays.word_sums.data(),   settings_.topics,
      Stride(settings_.topics),     settings_.doc_topic_prior, settings_.mean_change_tol,
      settings_.max_doc_update_iter};
  const bool infers = settings_.max_doc_update_iter > 0;
  const auto gamma_of = [&](std::int64_t row) {
    const auto topics = static_cast<std::size_t>(settings_.topics);
    return out.subspan(static_cast<std::size_t>(row - first) * topics, topics);
  };
  std::vector<kernels::LdaDocument>& documents = workspace.memory_->documents;
  documents.clear();
  std::int64_t most_words = 0;
  for (std::int64_t row = first; row < last; ++row) {
    CheckCounts(rows, row);
    const std::int64_t begin = rows.row_starts[static_cast<std::size_t>(row)];
    const std::int64_t words = rows.row_starts[static_cast<std::size_t>(row) + 1] - begin;
    const std::span<double> gamma = gamma_of(row);
    if (words == 0 || !infers) {
      std::fill(gamma.begin(), gamma.end(), static_cast<Real>(infers ? GammaOfEmptyRow() : 1));
    } else {
      documents.push_back({rows.ids.data() + begin, rows.values.data() + begin, words, gamma.data()});
      most_words = std::max(most_words, words);
    }
  }
  const kernels::LdaScratch<Real> scratch =
      workspace.memory_->Of(Real{}).For(most_words, settings_.topics, std::is_same_v<Real, double>);
  KernelsFor(*table_, Real{})
      .infer(model, documents.data(), static_cast<std::int64_t>(documents.size()), scratch);
  std::size_t inferred = 0;
  for (std::int64_t row = first; row < last; ++row) {
    const std::span<double> gamma = gamma_of(row);
    const bool is_next = inferred < documents.size() && documents[inferred].gamma == gamma.data();
    const std::int64_t done = is_next ? documents[inferred++].iterations : 0;
    Write<Real>(gamma, normalize);
    if (!iterations.empty()) {
      iterations[static_cast<std::size_t>(row - first)] = done;
    }
  }
}

}  // namespace foretell
