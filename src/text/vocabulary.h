// The terms of a vocabulary and their ids: a hash table over arrays that may lie in a memory-mapped file.
//
// The arrays: `terms` holds the UTF-8 bytes of all terms, one behind the other by id, then kSlack bytes;
// term i is terms[offsets[i]] to terms[offsets[i + 1]]. `slots` is an open-addressing table of
// SlotCount(size) slots in buckets of eight, filled from their start. An empty slot is 0; another holds id +
// 1 in its lowest bit_width(size) bits, 1 in its highest, and between them as many of the lowest bits of the
// term's Hash. A term is in the bucket that the highest log2(SlotCount / 8) bits of its hash name, or, while
// those are full, in the ones behind it, the first following the last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace foretell {

class Vocabulary {
 public:
  static constexpr std::size_t kSlack = 32;

  struct Arrays {
    std::span<const char> terms;
    std::span<const std::uint64_t> offsets;
    std::span<const std::uint32_t> slots;
  };

  // Arrays of its own.
  class Packed {
   public:
    Arrays arrays() const { return {terms_, offsets_, slots_}; }

   private:
    friend class Vocabulary;
    std::vector<char> terms_;
    std::vector<std::uint64_t> offsets_;
    std::vector<std::uint32_t> slots_;
  };

  // Term i gets id i. FT0101 for a term that occurs twice, or for 2^30 terms and more.
  static Packed Build(std::span<const std::string_view> terms);

  static std::size_t SlotCount(std::size_t size);
  static std::uint64_t Hash(std::string_view term);

  // FT0506 for arrays that Build does not make: after that, no call leaves them. The arrays outlive the
  // Vocabulary. Copies share them; any thread.
  explicit Vocabulary(Arrays arrays);

  std::int32_t size() const { return size_; }
  std::string_view term(std::int32_t id) const;  // `id` is from 0 to size() - 1
  std::optional<std::int32_t> Find(std::string_view term) const;

  // The same for a term behind whose end kSlack more bytes can be read; -1 when there is none.
  std::int32_t FindPadded(std::string_view term) const;

  // The ids of at most kGroup such terms, and size() for those that there are not. Their places in memory are
  // looked at together, so that one need not be waited for to get to the next: several times as fast, for
  // vocabularies beyond the smallest caches.
  static constexpr std::size_t kGroup = 32;
  void FindGroup(std::span<const std::string_view> terms, std::span<std::int32_t> ids) const;

 private:
  struct Probe;
  Probe ProbeOf(std::uint64_t hash, std::size_t bucket) const;
  template <typename Equal>
  std::int32_t Search(std::uint64_t hash, Equal equal) const;

  Arrays arrays_;
  std::int32_t size_ = 0;
  unsigned id_bits_ = 0;
  unsigned shift_ = 0;  // from a hash to its first bucket
};

}  // namespace foretell
