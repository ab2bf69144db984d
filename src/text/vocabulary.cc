#include "text/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "arrow/utf8.h"
#include "foretell/error.h"
#include "text/block.h"

namespace foretell {
namespace {

constexpr std::size_t kMost = (std::size_t{1} << 30U) - 1;
constexpr std::uint32_t kUsed = 0x80000000U;
constexpr std::size_t kFewestSlots = 16;
constexpr std::size_t kBucket = 8;

// 16 bytes of a term from its byte i on, with zeros behind its end.
struct Words {
  std::uint64_t first;
  std::uint64_t second;
};

constexpr std::size_t kStep = sizeof(Words);

// Of a term whose bytes alone can be read.
Words WordsAt(std::string_view term, std::size_t i) {
  std::array<char, kStep> bytes{};
  std::copy_n(term.begin() + static_cast<std::ptrdiff_t>(i), std::min(kStep, term.size() - i), bytes.begin());
  return std::bit_cast<Words>(bytes);
}

// The 16 bytes from byte i of a term on, of which kSlack may lie behind its end.
[[gnu::always_inline]] inline block::Bytes BytesAt(std::string_view term, std::size_t i) {
  return block::Load(term.data() + i);
}

// Of a term behind whose end kSlack bytes can be read.
[[gnu::always_inline]] inline Words PaddedWordsAt(std::string_view term, std::size_t i) {
  // 16 bytes of it from place 16 - n on keep n bytes.
  static constexpr std::array<std::uint8_t, 2 * kStep> kKeep = [] {
    std::array<std::uint8_t, 2 * kStep> keep{};
    std::fill_n(keep.begin(), kStep, std::uint8_t{0xFF});
    return keep;
  }();
  block::Bytes keep;
  std::memcpy(&keep, kKeep.data() + kStep - std::min(kStep, term.size() - i), kStep);
  const block::Bytes kept = BytesAt(term, i) & keep;
  Words words{};
  std::memcpy(&words, &kept, kStep);
  return words;
}

// The 128 bits of a product, folded.
[[gnu::always_inline]] inline std::uint64_t Fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

template <Words (*kWordsAt)(std::string_view, std::size_t)>
[[gnu::always_inline]] inline std::uint64_t HashOf(std::string_view term) {
  constexpr std::uint64_t kFirst = 0x9E3779B97F4A7C15U;
  constexpr std::uint64_t kSecond = 0xD6E8FEB86659FD93U;
  std::uint64_t hash = kFirst ^ term.size();
  std::size_t i = 0;
  do {
    const Words words = kWordsAt(term, i);
    hash = Fold(hash ^ words.first, kSecond ^ words.second);
    i += kStep;
  } while (i < term.size());
  return Fold(hash, kFirst);
}

// Of two terms behind whose ends kSlack bytes can be read.
[[gnu::always_inline]] inline bool PaddedEqual(std::string_view one, std::string_view other) {
  // Most are no longer than a step, and which are equal cannot be foreseen: no branch until then.
  const std::uint64_t alike =
      block::HighBits(reinterpret_cast<block::Bytes>(BytesAt(one, 0) == BytesAt(other, 0)));
  const std::uint64_t inside = 0xFFFFU >> (kStep - std::min(kStep, one.size()));
  const bool begin_alike = ((~alike & inside) | (one.size() ^ other.size())) == 0;
  if (one.size() <= kStep || !begin_alike) {
    return begin_alike;
  }
  return std::memcmp(one.data() + kStep, other.data() + kStep, one.size() - kStep) == 0;
}

std::uint32_t TagOf(std::uint64_t hash, unsigned id_bits) {
  return static_cast<std::uint32_t>(hash << id_bits) | kUsed;
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
  return HashOf<WordsAt>(term);
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
    std::size_t slot = (hash >> (64 - std::countr_zero(count / kBucket))) * kBucket;
    const std::uint32_t tag = TagOf(hash, id_bits);
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
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots.size() / kBucket));
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

// A bucket where a hash's term may be.
struct Vocabulary::Probe {
  // Four bits for each slot that has the hash's tag.
  [[gnu::always_inline]] std::uint64_t Tagged() const {
    using Slots = std::uint32_t __attribute__((vector_size(16)));
    Slots low;
    Slots high;
    std::memcpy(&low, slots, sizeof(low));
    std::memcpy(&high, slots + 4, sizeof(high));
    return block::HighBits(reinterpret_cast<block::Bytes>((low & ~id_mask) == tag)) |
           block::HighBits(reinterpret_cast<block::Bytes>((high & ~id_mask) == tag)) << 16U;
  }

  // Of the first one of `tagged`, which is not 0.
  [[gnu::always_inline]] std::int32_t IdAt(std::uint64_t tagged) const {
    return static_cast<std::int32_t>(slots[static_cast<unsigned>(std::countr_zero(tagged)) / 4] & id_mask) -
           1;
  }

  [[gnu::always_inline]] bool IsFull() const { return slots[kBucket - 1] != 0; }

  const std::uint32_t* slots;
  std::uint32_t id_mask;
  std::uint32_t tag;
};

inline Vocabulary::Probe Vocabulary::ProbeOf(std::uint64_t hash, std::size_t bucket) const {
  return {arrays_.slots.data() + bucket * kBucket, (1U << id_bits_) - 1, TagOf(hash, id_bits_)};
}

template <typename Equal>
std::int32_t Vocabulary::Search(std::uint64_t hash, Equal equal) const {
  for (std::size_t bucket = hash >> shift_;; bucket = (bucket + 1) & (arrays_.slots.size() / kBucket - 1)) {
    const Probe probe = ProbeOf(hash, bucket);
    for (std::uint64_t tagged = probe.Tagged(); tagged != 0;) {
      if (const std::int32_t id = probe.IdAt(tagged); equal(id)) {
        return id;
      }
      tagged &= ~(std::uint64_t{0xF} << std::countr_zero(tagged));
    }
    if (!probe.IsFull()) {
      return -1;
    }
  }
}

std::optional<std::int32_t> Vocabulary::Find(std::string_view term) const {
  const std::int32_t id = Search(Hash(term), [&](std::int32_t other) { return this->term(other) == term; });
  return id < 0 ? std::nullopt : std::optional(id);
}

std::int32_t Vocabulary::FindPadded(std::string_view term) const {
  return Search(HashOf<PaddedWordsAt>(term),
                [&](std::int32_t id) { return PaddedEqual(this->term(id), term); });
}

// Whether a term is known cannot be foreseen, so nothing branches on it.
void Vocabulary::FindGroup(std::span<const std::string_view> terms, std::span<std::int32_t> ids) const {
  if (size_ == 0) {
    std::fill_n(ids.begin(), terms.size(), 0);
    return;
  }
  struct Look {
    std::uint64_t hash;
    const char* term;  // of the id, or what is looked for where there is none
    std::size_t size;
    unsigned searching;  // 1: beyond its first bucket
  };
  std::array<Look, kGroup> looks;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (std::size_t i = 0; i < terms.size(); ++i) {
    looks[i].hash = HashOf<PaddedWordsAt>(terms[i]);
    __builtin_prefetch(&arrays_.slots[(looks[i].hash >> shift_) * kBucket]);
  }
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Probe probe = ProbeOf(looks[i].hash, looks[i].hash >> shift_);
    const std::uint64_t tagged = probe.Tagged();
    const std::int32_t id = probe.IdAt(tagged | std::uint64_t{1} << 31U);
    const std::int32_t none = tagged == 0 ? -1 : 0;
    ids[i] = (id & ~none) | (size_ & none);
    looks[i].searching = static_cast<unsigned>(none) & static_cast<unsigned>(probe.IsFull());
    __builtin_prefetch(&arrays_.offsets[static_cast<std::size_t>(ids[i])]);
  }
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const auto id = static_cast<std::size_t>(std::min(ids[i], size_ - 1));
    const bool known = ids[i] != size_;
    looks[i].term = known ? arrays_.terms.data() + arrays_.offsets[id] : terms[i].data();
    looks[i].size = known ? arrays_.offsets[id + 1] - arrays_.offsets[id] : terms[i].size();
    __builtin_prefetch(looks[i].term);
  }
  for (std::size_t i = 0; i < terms.size(); ++i) {
    // Another term with the same tag comes once in many thousands, a full bucket once in a hundred.
    const unsigned other = PaddedEqual({looks[i].term, looks[i].size}, terms[i]) ? 0U : 1U;
    if ((other | looks[i].searching) != 0) {
      const std::int32_t id = FindPadded(terms[i]);
      ids[i] = id < 0 ? size_ : id;
    }
  }
}

}  // namespace foretell
