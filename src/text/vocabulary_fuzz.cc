// The arrays of a vocabulary from any bytes, and damaged ones: they are refused, or every term is found.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "foretell/error.h"
#include "text/text_buffer.h"
#include "text/vocabulary.h"

namespace foretell {
namespace {

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

template <typename T>
std::vector<T> Numbers(std::string_view bytes) {
  std::vector<T> numbers(bytes.size() / sizeof(T));
  if (!numbers.empty()) {
    std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(T));
  }
  return numbers;
}

void CheckArrays(const Vocabulary::Arrays& arrays, std::string_view other) {
  try {
    const Vocabulary vocabulary(arrays);
    for (std::int32_t id = 0; id < vocabulary.size(); ++id) {
      Require(vocabulary.Find(vocabulary.term(id)) == id);
    }
    TextBuffer buffer;
    buffer.Append(other);
    const std::vector<std::string_view> group(1, buffer.text());
    std::vector<std::int32_t> ids(1);
    vocabulary.FindGroup(group, ids);
    const auto found = vocabulary.Find(other);
    Require(ids[0] == found.value_or(vocabulary.size()));
    Require(vocabulary.FindPadded(buffer.text()) == found.value_or(-1));
    Require(!found || vocabulary.term(*found) == other);
  } catch (const Error& error) {
    Require(error.code() == Code::kModelDamaged);
  }
}

// Three arrays, each of as many bytes as the first three bytes say.
void CheckAny(std::string_view bytes) {
  const std::size_t terms = static_cast<unsigned char>(bytes[0]);
  const std::size_t offsets = static_cast<unsigned char>(bytes[1]) * std::size_t{8};
  bytes.remove_prefix(2);
  const std::vector<char> term_bytes(
      bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(terms, bytes.size())));
  bytes.remove_prefix(term_bytes.size());
  const auto offset_numbers = Numbers<std::uint64_t>(bytes.substr(0, offsets));
  bytes.remove_prefix(std::min(offsets, bytes.size()));
  const auto slots = Numbers<std::uint32_t>(bytes);
  CheckArrays({term_bytes, offset_numbers, slots}, {term_bytes.data(), term_bytes.size()});
}

// Terms divided by zero bytes, of whose arrays four bytes of one are changed.
void CheckDamaged(std::string_view bytes) {
  const unsigned which = static_cast<unsigned char>(bytes[0]) % 4;
  const std::size_t place = static_cast<unsigned char>(bytes[1]);
  std::uint32_t change = 0;
  std::memcpy(&change, bytes.data() + 2, sizeof(change));
  std::vector<std::string_view> terms;
  for (bytes.remove_prefix(6); !bytes.empty();) {
    const std::string_view term = bytes.substr(0, bytes.find('\0'));
    terms.push_back(term);
    bytes.remove_prefix(std::min(bytes.size(), term.size() + 1));
  }
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  const Vocabulary::Packed packed = Vocabulary::Build(terms);
  const Vocabulary::Arrays whole = packed.arrays();
  std::vector<char> term_bytes(whole.terms.begin(), whole.terms.end());
  std::vector<std::uint64_t> offsets(whole.offsets.begin(), whole.offsets.end());
  std::vector<std::uint32_t> slots(whole.slots.begin(), whole.slots.end());
  if (which == 1) {
    term_bytes[place % term_bytes.size()] ^= static_cast<char>(change);
  } else if (which == 2) {
    offsets[place % offsets.size()] ^= change;
  } else if (which == 3) {
    slots[place % slots.size()] ^= change;
  } else {
    Require(Vocabulary(whole).size() == static_cast<std::int32_t>(terms.size()));
  }
  CheckArrays({term_bytes, offsets, slots},
              terms.empty() ? std::string_view("x") : terms[place % terms.size()]);
}

}  // namespace
}  // namespace foretell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() < 8) {
    return 0;
  }
  if (bytes[0] % 2 == 0) {
    foretell::CheckAny(bytes.substr(1));
  } else {
    foretell::CheckDamaged(bytes.substr(1));
  }
  return 0;
}
