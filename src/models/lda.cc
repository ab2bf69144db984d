#include "models/lda.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include "foretell/error.h"
#include "models/floating_point_environment.h"

namespace foretell {
namespace {

constexpr std::int64_t kGroup = 8;
constexpr std::size_t kAlignment = 64;

[[noreturn]] void Invalid(std::string message, std::string hint = {}) {
  throw Error(Code::kInvalidArgument, std::move(message), std::move(hint));
}

// Numbers at an address divisible by 64; what they were is lost when they grow.
template <typename T>
class Aligned {
 public:
  T* AtLeast(std::int64_t size) {
    if (size > size_) {
      memory_.assign(static_cast<std::size_t>(size) + kAlignment / sizeof(T), T{});
      size_ = size;
    }
    return memory_.data() + FirstAligned(memory_.data());
  }

  static std::size_t FirstAligned(const T* data) {
    const auto past = reinterpret_cast<std::uintptr_t>(data) % kAlignment;
    return past == 0 ? 0 : (kAlignment - past) / sizeof(T);
  }

 private:
  std::vector<T> memory_;
  std::int64_t size_ = 0;
};

template <typename Real>
struct MemoryOf {
  Aligned<const Real*> rows;
  Aligned<Real> numbers;
  Aligned<Real> columns;
  Aligned<std::int32_t> lists;
  std::vector<Real> gamma;

  kernels::LdaScratch<Real> For(std::int64_t words, std::int64_t topics, bool with_columns) {
    const std::int64_t padded = (words + kGroup - 1) / kGroup * kGroup;
    const std::int64_t stride = Lda::Stride(topics);
    kernels::LdaScratch<Real> scratch;
    scratch.rows = rows.AtLeast(padded);
    const std::int64_t topic_values = kernels::kTopicArrays * (stride + kGroup);
    scratch.topic_values = numbers.AtLeast(topic_values + 3 * padded);
    scratch.counts = scratch.topic_values + topic_values;
    scratch.sums = scratch.counts + padded;
    scratch.weights = scratch.sums + padded;
    if (with_columns) {
      scratch.column_capacity = std::min(padded * topics, kernels::kColumnLimit);
      scratch.columns = columns.AtLeast(scratch.column_capacity);
    }
    scratch.live = lists.AtLeast(3 * stride);
    scratch.column_of = scratch.live + stride;
    scratch.fresh = scratch.column_of + stride;
    gamma.resize(static_cast<std::size_t>(topics));
    return scratch;
  }
};

// numpy's sum along a contiguous axis: pairwise, eight sums below 129 numbers.
template <typename Real>
Real PairwiseSum(const Real* x, std::int64_t n) {
  if (n < 8) {
    Real sum = n == 0 ? Real{0} : x[0];
    for (std::int64_t i = 1; i < n; ++i) {
      sum += x[i];
    }
    return sum;
  }
  if (n > 128) {
    const std::int64_t half = n / 2 - n / 2 % 8;
    return PairwiseSum(x, half) + PairwiseSum(x + half, n - half);
  }
  Real part[8];
  std::copy(x, x + 8, part);
  std::int64_t i = 8;
  for (; i + 8 <= n; i += 8) {
    for (std::int64_t lane = 0; lane < 8; ++lane) {
      part[lane] += x[i + lane];
    }
  }
  Real sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
  for (; i < n; ++i) {
    sum += x[i];
  }
  return sum;
}

template <typename Real>
void Write(const std::vector<Real>& gamma, bool normalize, double* out) {
  const auto topics = static_cast<std::int64_t>(gamma.size());
  const Real sum = normalize ? PairwiseSum(gamma.data(), topics) : Real{1};
  for (std::int64_t k = 0; k < topics; ++k) {
    const Real value = gamma[static_cast<std::size_t>(k)] / sum;
    out[k] = value == value ? value : std::numeric_limits<double>::quiet_NaN();
  }
}

const kernels::LdaKernels& KernelsFor(const kernels::Table& table, double /*of this type*/) {
  return *table.lda;
}

const kernels::LdaSingleKernels& KernelsFor(const kernels::Table& table, float /*of this type*/) {
  return *table.lda_single;
}

void CheckRow(const CsrView& rows, std::int64_t row, std::int64_t begin, std::int64_t end) {
  if (begin < 0 || begin > end || end > static_cast<std::int64_t>(rows.ids.size()) ||
      end > static_cast<std::int64_t>(rows.values.size())) {
    Invalid("the row starts do not ascend within the ids and values, at row " + std::to_string(row));
  }
  for (auto at = static_cast<std::size_t>(begin); at < static_cast<std::size_t>(end); ++at) {
    const double value = rows.values[at];
    if (!(value >= 0 && value <= std::numeric_limits<double>::max())) {
      throw Error(Code::kInvalidValue,
                  "row " + std::to_string(row) + " has a value that is " +
                      (value < 0        ? "negative"
                       : value == value ? "infinite"
                                        : "NaN") +
                      ", where counts are expected",
                  "counts are zero or positive; HashingVectorizer needs alternate_sign=False");
    }
    if (rows.ids[at] < 0 || rows.ids[at] >= rows.columns) {
      throw Error(Code::kInvalidValue, "row " + std::to_string(row) + " has the id " +
                                           std::to_string(rows.ids[at]) + ", and there are " +
                                           std::to_string(rows.columns) + " words");
    }
  }
}

template <typename Real>
std::int64_t LongestRow(const CsrView& rows, std::int64_t first, std::int64_t last) {
  std::int64_t longest = 0;
  for (auto row = static_cast<std::size_t>(first); row < static_cast<std::size_t>(last); ++row) {
    longest = std::max(longest, rows.row_starts[row + 1] - rows.row_starts[row]);
  }
  return longest;
}

}  // namespace

struct Lda::Workspace::Memory {
  MemoryOf<double> in_double;
  MemoryOf<float> in_single;

  MemoryOf<double>& Of(double /*of this type*/) { return in_double; }
  MemoryOf<float>& Of(float /*of this type*/) { return in_single; }
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
  memory_.resize(size_ + kAlignment / sizeof(Real));
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

void Lda::Transform(CsrView rows, std::int64_t first, std::int64_t last, Workspace& workspace,
                    std::span<double> out, bool normalize, std::span<std::int64_t> iterations) const {
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
  const FloatingPointEnvironment environment;
  std::visit(
      [&](const auto& arrays) {
        TransformAs(arrays, rows, first, last, workspace, out, normalize, iterations);
      },
      arrays_);
}

template <typename Real>
void Lda::TransformAs(const ArraysOf<Real>& arrays, CsrView rows, std::int64_t first, std::int64_t last,
                      Workspace& workspace, std::span<double> out, bool normalize,
                      std::span<std::int64_t> iterations) const {
  MemoryOf<Real>& memory = workspace.memory_->Of(Real{});
  const kernels::LdaModel<Real> model{
      arrays.word_topics.data(),    arrays.word_sums.data(),   settings_.topics,
      Stride(settings_.topics),     settings_.doc_topic_prior, settings_.mean_change_tol,
      settings_.max_doc_update_iter};
  for (std::int64_t row = first; row < last; ++row) {
    const std::int64_t begin = rows.row_starts[static_cast<std::size_t>(row)];
    const std::int64_t end = rows.row_starts[static_cast<std::size_t>(row) + 1];
    CheckRow(rows, row, begin, end);
    const kernels::LdaScratch<Real> scratch =
        memory.For(end - begin, settings_.topics, std::is_same_v<Real, double>);
    std::int64_t done = 0;
    if (begin == end || settings_.max_doc_update_iter == 0) {
      const double gamma = settings_.max_doc_update_iter == 0 ? 1 : GammaOfEmptyRow();
      std::fill(memory.gamma.begin(), memory.gamma.end(), static_cast<Real>(gamma));
    } else {
      const kernels::LdaDocument document{rows.ids.data() + begin, rows.values.data() + begin, end - begin};
      done = KernelsFor(*table_, Real{}).infer(model, document, scratch, memory.gamma.data());
    }
    const std::int64_t at = row - first;
    Write(memory.gamma, normalize, out.data() + at * settings_.topics);
    if (!iterations.empty()) {
      iterations[static_cast<std::size_t>(at)] = done;
    }
  }
}

}  // namespace foretell
