#include "text/utf8_decode.h"

#include <algorithm>
#include <array>
#include <bit>

#include "foretell/error.h"
#include "text/block.h"
#include "text/text_buffer.h"

namespace foretell {
namespace {

// What stands at the start of text that is not empty: one character, or the start of one that is as long as
// it is well-formed (at least a byte).
struct Piece {
  std::size_t length;
  bool well_formed;
};

Piece FirstPiece(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return {1, true};
  }
  if (first < 0xC2 || first > 0xF4) {
    return {1, false};
  }
  // The second byte's range keeps out surrogates, what is overlong, and what is beyond U+10FFFF.
  unsigned low = 0x80;
  unsigned high = 0xBF;
  switch (first) {
    case 0xE0:
      low = 0xA0;
      break;
    case 0xED:
      high = 0x9F;
      break;
    case 0xF0:
      low = 0x90;
      break;
    case 0xF4:
      high = 0x8F;
      break;
    default:
      break;
  }
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size() || byte(i) < low || byte(i) > high) {
      return {i, false};
    }
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

}  // namespace

std::size_t ValidPrefix(std::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const std::size_t length = std::min(block::kSize, bytes.size() - i);
    const char* from = bytes.data() + i;
    std::array<char, block::kSize> last;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    if (length < block::kSize) {
      last.fill(0);
      std::copy_n(from, length, last.begin());
      from = last.data();
    }
    const std::uint64_t non_ascii = block::NonAscii(from);
    if (non_ascii == 0) {
      i += length;
      continue;
    }
    i += static_cast<std::size_t>(std::countr_zero(non_ascii));
    // Text in another script goes on a while; so does ASCII, once there is a run of it.
    constexpr std::size_t kRun = 8;
    for (std::size_t ascii = 0; i < bytes.size() && ascii < kRun;) {
      const Piece piece = FirstPiece(bytes.substr(i));
      if (!piece.well_formed) {
        return i;
      }
      ascii = piece.length == 1 ? ascii + 1 : 0;
      i += piece.length;
    }
  }
  return i;
}

void Decode(std::string_view bytes, DecodeErrors errors, TextBuffer& out) {
  out.Restart(bytes.size());
  std::size_t done = 0;
  while (true) {
    const std::size_t valid = ValidPrefix(bytes.substr(done));
    out.Append(bytes.substr(done, valid));
    done += valid;
    if (done == bytes.size()) {
      return;
    }
    if (errors == DecodeErrors::kStrict) {
      throw Error(Code::kInvalidUtf8, "a document is not UTF-8 from its byte " + std::to_string(done) + " on",
                  "decode it with the right encoding where it is read, or train with decode_error='replace'");
    }
    if (errors == DecodeErrors::kReplace) {
      out.Append(U'\uFFFD');
    }
    done += FirstPiece(bytes.substr(done)).length;
  }
}

}  // namespace foretell
