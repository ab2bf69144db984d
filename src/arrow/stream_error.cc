#include "arrow/stream_error.h"

#include <optional>

#include "arrow/utf8.h"

namespace foretell {
namespace {

constexpr std::string_view kHint = "\nhint: ";
// What pyarrow adds behind the text of a Python exception: its traceback.
constexpr std::string_view kDetail = ". Detail: Python exception: ";

// Where "FT0402: " with a known code starts: at the beginning, or after what another library put
// before it, as in "Invalid: FT0402: ".
std::optional<std::size_t> FindCode(std::string_view text) {
  constexpr std::size_t kSize = std::string_view("FT0402: ").size();
  for (std::size_t at = text.find("FT"); at != std::string_view::npos; at = text.find("FT", at + 1)) {
    const bool starts = at == 0 || (at >= 2 && text.substr(at - 2, 2) == ": ");
    if (starts && text.size() - at >= kSize && text.substr(at + 6, 2) == ": " &&
        Explain(text.substr(at, 6))) {
      return at;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string StreamErrorText(const Error& error) {
  std::string text = error.what();
  if (!error.hint().empty()) {
    text += std::string(kHint) + error.hint();
  }
  return text;
}

Error StreamErrorFrom(std::string_view text) {
  const std::optional<std::size_t> at = FindCode(text);
  if (!at) {
    std::string message;
    for (std::string_view rest = text; !rest.empty();) {
      // A producer's text is whole in the message, in pieces that `Printable` leaves whole.
      const std::string_view piece = rest.substr(0, 100);
      message += Printable(piece);
      rest.remove_prefix(piece.size());
    }
    return Error(Code::kStreamFailed, "the producer of a stream failed: " + message);
  }
  const Code code = Explain(text.substr(*at, 6))->code;
  std::string_view message = text.substr(*at + 8);
  message = message.substr(0, message.find(kDetail));
  std::string_view hint;
  if (const std::size_t found = message.rfind(kHint); found != std::string_view::npos) {
    hint = message.substr(found + kHint.size());
    message = message.substr(0, found);
  }
  return Error(code, std::string(message), std::string(hint));
}

}  // namespace foretell
