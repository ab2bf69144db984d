#include "text/vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <string>

#include "arrow/utf8.h"
#include "foretell/error.h"

namespace foretell {
namespace {

constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max() - 1;
constexpr std::size_t kFewestSlots = 16;

// Words of eight bytes, the first byte lowest; the last one filled up with zeros.
struct SafeWords {
  std::string_view term;
  std::uint64_t operator()(std::size_t i) const {
    std::uint64_t word = 0;
    std::memcpy(&word, term.data() + i, std::min<std::size_t>(8, term.size() - i));
    return word;
  }
};

std::uint64_t LowestBytes(std::uint64_t word, std::size_t count) {
  return word & ~std::uint64_t{0} >> (64 - 8 * count);
}

// The same, where eight bytes can be read at each place.
struct PaddedWords {
  std::string_view term;
  std::uint64_t operator()(std::size_t i) const {
    std::uint64_t word = 0;
    std::memcpy(&word, term.data() + i, sizeof(word));
    return term.size() - i < 8 ? LowestBytes(word, term.size() - i) : word;
  }
};

// The 128 bits of a product, folded.
std::uint64_t Fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

template <typename Words>
std::uint64_t HashOf(std::size_t size, Words words) {
  constexpr std::uint64_t kFirst = 0x9E3779B97F4A7C15U;
  constexpr std::uint64_t kSecond = 0xD6E8FEB86659FD93U;
  std::uint64_t hash = kSecond ^ size;
  for (std::size_t i = 0; i < size; i += 8) {
    hash = Fold(hash ^ words(i), kFirst);
  }
  return Fold(hash, kSecond);
}

[[noreturn]] void Damaged(const std::string& what) {
  throw Error(Code::kModelDamaged, "a vocabulary's arrays do not fit together: " + what,
              "save the version again");
}

}  // namespace

std::size_t Vocabulary::SlotCount(std::size_t size) {
  return std::bit_ceil(std::max(kFewestSlots, 2 * size));
}

std::uint64_t Vocabulary::Hash(std::string_view term) {
  return HashOf(term.size(), SafeWords{term});
}

Vocabulary::Packed Vocabulary::Build(std::span<const std::string_view> terms) {
  if (terms.size() > kMost) {
    throw Error(Code::kInvalidArgument, "a vocabulary has " + std::to_string(terms.size()) +
                                            " terms, more than " + std::to_string(kMost));
  }
  Packed packed;
  packed.offsets_.push_back(0);
  for (const std::string_view term : terms) {
    packed.terms_.insert(packed.terms_.end(), term.begin(), term.end());
    packed.offsets_.push_back(packed.terms_.size());
  }
  packed.terms_.resize(packed.terms_.size() + kSlack);
  const std::size_t count = SlotCount(terms.size());
  const auto id_bits = static_cast<unsigned>(std::bit_width(terms.size()));
  packed.slots_.resize(count);
  for (std::size_t id = 0; id < terms.size(); ++id) {
    const std::uint64_t hash = Hash(terms[id]);
    std::size_t slot = hash >> (64 - std::countr_zero(count));
    const auto tag = static_cast<std::uint32_t>(hash << id_bits);
    while (packed.slots_[slot] != 0) {
      const std::size_t other = (packed.slots_[slot] & ((1U << id_bits) - 1)) - 1;
      if (terms[other] == terms[id]) {
        throw Error(Code::kInvalidArgument, "a vocabulary has the term '" + Printable(terms[id]) +
                                                "' twice, as " + std::to_string(other) + " and " +
                                                std::to_string(id));
      }
      slot = (slot + 1) & (count - 1);
    }
    packed.slots_[slot] = tag | static_cast<std::uint32_t>(id + 1);
  }
  return packed;
}

Vocabulary::Vocabulary(Arrays arrays) : arrays_(arrays) {
  const auto& [terms, offsets, slots] = arrays;
  if (offsets.empty() || offsets.size() - 1 > kMost) {
    Damaged("it has " + std::to_string(offsets.size()) + " offsets");
  }
  const std::size_t size = offsets.size() - 1;
  if (slots.size() != SlotCount(size)) {
    Damaged("it has " + std::to_string(slots.size()) + " slots for " + std::to_string(size) + " terms");
  }
  if (offsets.front() != 0 || !std::is_sorted(offsets.begin(), offsets.end()) || terms.size() < kSlack ||
      offsets.back() != terms.size() - kSlack) {
    Damaged("its offsets do not divide the bytes of its terms");
  }
  size_ = static_cast<std::int32_t>(size);
  id_bits_ = static_cast<unsigned>(std::bit_width(size));
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots.size()));
  const std::uint32_t id_mask = (1U << id_bits_) - 1;
  std::size_t used = 0;
  std::size_t run = 0;
  std::size_t run_squares = 0;
  for (const std::uint32_t slot : slots) {
    const std::uint32_t id_after = slot & id_mask;
    if (slot == 0) {
      run = 0;
      continue;
    }
    if (id_after == 0 || id_after > size) {
      Damaged("a slot names a term that is not there");
    }
    ++used;
    run_squares += ++run;
  }
  // Each term being found as itself, none occurs twice, and every other slot is empty.
  if (used != size) {
    Damaged("its slots hold " + std::to_string(used) + " of " + std::to_string(size) + " terms");
  }
  if (run_squares > 64 * size + 4096) {  // else looking them up could take hours
    Damaged("its slots are not spread");
  }
  for (std::int32_t id = 0; id < size_; ++id) {
    if (FindPadded(term(id)) != id) {
      Damaged("term " + std::to_string(id) + " is not found by its slots");
    }
  }
}

std::string_view Vocabulary::term(std::int32_t id) const {
  const auto i = static_cast<std::size_t>(id);
  return {arrays_.terms.data() + arrays_.offsets[i], arrays_.offsets[i + 1] - arrays_.offsets[i]};
}

template <typename Equal>
std::int32_t Vocabulary::Probe(std::uint64_t hash, Equal equal) const {
  const std::uint32_t id_mask = (1U << id_bits_) - 1;
  const auto tag = static_cast<std::uint32_t>(hash << id_bits_);
  const std::uint32_t* const slots = arrays_.slots.data();
  for (std::size_t slot = hash >> shift_;; slot = (slot + 1) & (arrays_.slots.size() - 1)) {
    const std::uint32_t found = slots[slot];
    if (found == 0) {
      return -1;
    }
    if ((found & ~id_mask) == tag) {
      const auto id = static_cast<std::int32_t>((found & id_mask) - 1);
      if (equal(id)) {
        return id;
      }
    }
  }
}

std::optional<std::int32_t> Vocabulary::Find(std::string_view term) const {
  const std::int32_t id = Probe(Hash(term), [&](std::int32_t other) { return this->term(other) == term; });
  return id < 0 ? std::nullopt : std::optional(id);
}

std::int32_t Vocabulary::FindPadded(std::string_view term) const {
  const PaddedWords words{term};
  return Probe(HashOf(term.size(), words), [&](std::int32_t id) {
    const std::string_view other = this->term(id);
    if (other.size() != term.size()) {
      return false;
    }
    const PaddedWords other_words{other};
    for (std::size_t i = 0; i < term.size(); i += 8) {
      if (words(i) != other_words(i)) {
        return false;
      }
    }
    return true;
  });
}

}  // namespace foretell
