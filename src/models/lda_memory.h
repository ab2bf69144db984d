// Memory for the LDA kernels, aligned and reused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/kernels/lda.h"

namespace foretell {

inline constexpr std::int64_t kLdaGroup = 8;

// `n` up to the next multiple of a group.
constexpr std::int64_t InGroups(std::int64_t n) {
  return (n + kLdaGroup - 1) / kLdaGroup * kLdaGroup;
}

// Numbers at an address divisible by 64; what they were is lost when they grow.
template <typename T>
class Aligned {
 public:
  static constexpr std::size_t kAlignment = 64;

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

// What the inference of one document needs, for one thread.
template <typename Real>
struct LdaMemory {
  Aligned<const Real*> rows;
  Aligned<Real> numbers;
  Aligned<Real> columns;
  Aligned<const double*> columns_of;
  Aligned<std::int32_t> lists;

  // For a document of `words` entries; `with_columns` in double precision.
  kernels::LdaScratch<Real> For(std::int64_t words, std::int64_t topics, bool with_columns) {
    const std::int64_t padded = InGroups(words);
    const std::int64_t stride = InGroups(topics);
    kernels::LdaScratch<Real> scratch;
    scratch.rows = rows.AtLeast(padded);
    const std::int64_t topic_values = kernels::kTopicArrays * (stride + kLdaGroup);
    scratch.topic_values = numbers.AtLeast(topic_values + 3 * padded);
    scratch.counts = scratch.topic_values + topic_values;
    scratch.sums = scratch.counts + padded;
    scratch.weights = scratch.sums + padded;
    if (with_columns) {
      scratch.column_capacity = std::min(padded * topics, kernels::kColumnLimit);
      scratch.columns = columns.AtLeast(scratch.column_capacity);
      scratch.columns_of = columns_of.AtLeast(stride);
    }
    scratch.live = lists.AtLeast(3 * stride);
    scratch.kept = scratch.live + stride;
    scratch.fresh = scratch.kept + stride;
    return scratch;
  }
};

}  // namespace foretell
