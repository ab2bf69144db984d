// Text that a stage writes and the next one reads, kept between documents. Beyond its end kSlack more bytes
// may be read, and what they hold is of no account, so that a reader takes whole blocks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "text/block.h"
#include "text/utf8_decode.h"

namespace foretell {

class TextBuffer {
 public:
  static constexpr std::size_t kSlack = 2 * block::kSize;

  // Forgets the text; there is room for `bytes`, and a block more, from here on.
  char* Restart(std::size_t bytes) {
    size_ = 0;
    Reserve(bytes);
    return memory_.data();
  }

  // The text ends here, at a place within what Restart made room for.
  void EndAt(const char* end) { size_ = static_cast<std::size_t>(end - memory_.data()); }

  void Append(std::string_view text) {
    Reserve(size_ + text.size());
    std::copy(text.begin(), text.end(), memory_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
  }

  void Append(char32_t character) {
    Reserve(size_ + 4);
    size_ += WriteCharacter(character, memory_.data() + size_);
  }

  std::string_view text() const { return {memory_.data(), size_}; }

 private:
  void Reserve(std::size_t bytes) {
    if (memory_.size() < bytes + kSlack) {
      memory_.resize(bytes + bytes / 2 + kSlack);
    }
  }

  std::vector<char> memory_ = std::vector<char>(kSlack);
  std::size_t size_ = 0;
};

}  // namespace foretell
