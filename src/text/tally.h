// Counts how often each of some numbers comes, and gives them in ascending order: a count for each, and a
// tree of bitmaps above the counts, of which level 0 says which counts are not 0 and each other one which
// words of the level below are not.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace foretell {

class Tally {
 public:
  Tally() { Resize(0); }

  // For numbers from 0 to size - 1. What was counted is forgotten.
  void Resize(std::size_t size) {
    counts_.assign(size, 0);
    levels_.clear();
    do {
      size = size / 64 + 1;
      levels_.emplace_back(size, 0);
    } while (size > 1);
    distinct_ = 0;
  }

  std::size_t size() const { return counts_.size(); }
  std::size_t distinct() const { return distinct_; }

  void Add(std::size_t number) {
    if (counts_[number]++ == 0) {
      ++distinct_;
      for (std::vector<std::uint64_t>& level : levels_) {
        const std::uint64_t bit = std::uint64_t{1} << (number % 64);
        number /= 64;
        const std::uint64_t before = level[number];
        level[number] = before | bit;
        if (before != 0) {
          break;
        }
      }
    }
  }

  // sink(number, count) for each number that came, in ascending order; then all are 0 again.
  template <typename Sink>
  void Take(Sink&& sink) {
    TakeLevel(levels_.size() - 1, 0, sink);
    distinct_ = 0;
  }

 private:
  template <typename Sink>
  void TakeLevel(std::size_t level, std::size_t word, Sink& sink) {
    std::uint64_t bits = levels_[level][word];
    levels_[level][word] = 0;
    for (; bits != 0; bits &= bits - 1) {
      const std::size_t number = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      if (level > 0) {
        TakeLevel(level - 1, number, sink);
      } else {
        sink(number, counts_[number]);
        counts_[number] = 0;
      }
    }
  }

  std::vector<std::uint32_t> counts_;
  std::vector<std::vector<std::uint64_t>> levels_;
  std::size_t distinct_ = 0;
};

}  // namespace foretell
