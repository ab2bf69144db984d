// Adds up what comes for each of some numbers, and gives the sums in ascending order of the numbers: a sum
// for each, a bit for each that says whether something came, and a bit for each word of those bits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace foretell {

class Tally {
 public:
  // For numbers from 0 to size - 1. What came before is forgotten.
  void Resize(std::size_t size) {
    sums_.assign(size, 0);
    came_.assign(size / 64 + 1, 0);
    words_.assign(came_.size() / 64 + 1, 0);
  }

  std::size_t size() const { return sums_.size(); }

  void Add(std::size_t number, std::int32_t value) {
    sums_[number] += value;
    // Each time: whether it is the first time cannot be foreseen.
    came_[number / 64] |= std::uint64_t{1} << (number % 64);
    words_[number / 64 / 64] |= std::uint64_t{1} << (number / 64 % 64);
  }

  // sink(number, sum) for each number that came, in ascending order; then none has come.
  template <typename Sink>
  void Take(Sink&& sink) {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t words = words_[i]; words != 0; words &= words - 1) {
        const std::size_t word = i * 64 + static_cast<std::size_t>(std::countr_zero(words));
        for (std::uint64_t bits = came_[word]; bits != 0; bits &= bits - 1) {
          const std::size_t number = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
          sink(number, sums_[number]);
          sums_[number] = 0;
        }
        came_[word] = 0;
      }
      words_[i] = 0;
    }
  }

 private:
  std::vector<std::int32_t> sums_;
  std::vector<std::uint64_t> came_;
  std::vector<std::uint64_t> words_;
};

}  // namespace foretell
