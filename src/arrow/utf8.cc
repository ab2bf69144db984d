#include "arrow/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "arrow/layout.h"
#include "foretell/error.h"

namespace foretell {
namespace {

// In blocks of a fixed size, of which compilers make vector code.
bool IsAscii(std::string_view text) {
  constexpr std::size_t kWords = 8;
  std::array<std::uint64_t, kWords> block{};
  std::array<std::uint64_t, kWords> seen{};
  std::size_t i = 0;
  for (; i + sizeof(block) <= text.size(); i += sizeof(block)) {
    std::memcpy(block.data(), text.data() + i, sizeof(block));
    for (std::size_t j = 0; j < kWords; ++j) {
      seen[j] |= block[j];
    }
  }
  std::uint64_t high = std::accumulate(seen.begin(), seen.end(), std::uint64_t{0}, std::bit_or<>());
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof(word));
    high |= word;
  }
  for (; i < text.size(); ++i) {
    high |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i]));
  }
  return (high & 0x8080808080808080U) == 0;
}

// The length of the well-formed sequence at the start of `text`, which is not empty; 0 when there is none.
std::size_t SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first < 0xC2 || first > 0xF4) {
    return 0;
  }
  if (first < 0xE0) {
    return continues(1, 0x80, 0xBF) ? 2 : 0;
  }
  if (first < 0xF0) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2, 0x80, 0xBF) ? 3 : 0;
  }
  const unsigned low = first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
  return continues(1, low, high) && continues(2, 0x80, 0xBF) && continues(3, 0x80, 0xBF) ? 4 : 0;
}

bool HasText(const DataType& type) {
  return IsText(type.id) || std::any_of(type.fields().begin(), type.fields().end(),
                                        [](const Field& field) { return HasText(field.type); });
}

template <typename Offset>
std::string_view Bytes(const Column::Parts& parts) {
  const auto* offsets = static_cast<const Offset*>(parts.buffers[1]) + parts.offset;
  const auto size = static_cast<std::size_t>(offsets[parts.length] - offsets[0]);
  return size == 0 ? std::string_view()
                   : std::string_view(static_cast<const char*>(parts.buffers[2]) + offsets[0], size);
}

// All bytes of a plain string column at once: the usual case is told in one pass.
bool AllAscii(const Column& column) {
  if (LayoutOf(column.type().id) != Layout::kBytes || column.length() == 0) {
    return false;
  }
  return IsAscii(HasLargeOffsets(column.type().id) ? Bytes<std::int64_t>(column.parts())
                                                   : Bytes<std::int32_t>(column.parts()));
}

// The first row that is not null and holds text that is not UTF-8.
std::optional<std::int64_t> FirstBad(const Column& column) {
  if (!HasText(column.type()) || AllAscii(column)) {
    return std::nullopt;
  }
  const Layout layout = LayoutOf(column.type().id);
  if (layout == Layout::kDictionary && !FirstBad(column.dictionary())) {
    return std::nullopt;
  }
  if (layout == Layout::kStruct) {
    std::vector<Column> children;
    for (std::size_t c = 0; c < column.type().fields().size(); ++c) {
      if (Column child = column.child(c); FirstBad(child)) {
        children.push_back(std::move(child));
      }
    }
    for (std::int64_t i = 0; i < column.length() && !children.empty(); ++i) {
      for (const Column& child : children) {
        if (!column.IsNull(i) && FirstBad(child.Slice(i, 1))) {
          return i;
        }
      }
    }
    return std::nullopt;
  }
  const bool is_list = layout == Layout::kList || layout == Layout::kFixedList;
  if (is_list && column.length() > 0) {
    const std::int64_t first = column.ListRange(0).first;
    if (!FirstBad(column.child(0).Slice(first, column.ListRange(column.length() - 1).second - first))) {
      return std::nullopt;
    }
  }
  for (std::int64_t i = 0; i < column.length(); ++i) {
    if (column.IsNull(i)) {
      continue;
    }
    bool good = true;
    if (layout == Layout::kDictionary) {
      good = !FirstBad(column.dictionary().Slice(column.Index(i), 1));
    } else if (is_list) {
      const auto [first, last] = column.ListRange(i);
      good = !FirstBad(column.child(0).Slice(first, last - first));
    } else {
      good = IsUtf8(column.String(i));
    }
    if (!good) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    // Eight ASCII bytes at a time; text in other scripts goes on sequence by sequence.
    while (text.size() >= 8 && IsAscii(text.substr(0, 8))) {
      text.remove_prefix(8);
    }
    if (text.empty()) {
      break;
    }
    const std::size_t length = SequenceLength(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

void CheckUtf8(const Column& column, std::string_view name) {
  if (const auto row = FirstBad(column)) {
    throw Error(Code::kInvalidUtf8,
                "column '" + Printable(name) + "' has text that is not UTF-8 at row " + std::to_string(*row),
                "decode the text with the right encoding where it is read");
  }
}

std::string_view WholeCharacters(std::string_view text, std::size_t most) {
  if (text.size() <= most) {
    return text;
  }
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end);
}

std::string Printable(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  std::string out;
  while (!text.empty() && out.size() < kLongest) {
    const std::size_t length = SequenceLength(text);
    if (length == 0) {
      out += '?';
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return text.empty() ? out : out + "...";
}

}  // namespace foretell
