// Types as text and C schemas made from any bytes: each is read or refused, and what was read is
// written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "foretell/error.h"
#include "foretell/schema.h"

namespace foretell {
namespace {

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void CheckText(std::string_view text) {
  try {
    const DataType type = ParseType(text);
    const std::string written = ToString(type);
    Require(ParseType(written) == type);
    Require(ToString(ParseType(written)) == written);
  } catch (const Error& error) {
    Require(error.code() == Code::kInvalidType);
  }
}

// Cuts bytes into a tree of C schemas: formats and names end at a zero byte, counts are one byte.
class Tree {
 public:
  explicit Tree(std::string_view bytes) : bytes_(bytes) {}

  ArrowSchema* Next(int depth) {
    Node& node = nodes_.emplace_back();
    node.format = Text();
    node.name = Text();
    ArrowSchema& schema = node.schema;
    const unsigned kind = Byte();
    schema.format = (kind & 1) != 0 && node.format.empty() ? nullptr : node.format.c_str();
    schema.name = (kind & 2) != 0 ? nullptr : node.name.c_str();
    schema.flags = (kind >> 2) & 7;
    schema.release = kind == 0xFF ? nullptr : [](ArrowSchema*) {};
    if (depth < 80 && nodes_.size() < 500) {
      const unsigned count = (kind & 0x40) != 0 ? Byte() % 5 : (kind & 0x80) != 0 ? 1 : 0;
      for (unsigned i = 0; i < count; ++i) {
        node.children.push_back(Next(depth + 1));
      }
      if ((kind & 0x20) != 0) {
        schema.dictionary = Next(depth + 1);
      }
    }
    schema.n_children = static_cast<std::int64_t>(node.children.size());
    schema.children = node.children.data();
    return &schema;
  }

 private:
  struct Node {
    std::string format, name;
    std::vector<ArrowSchema*> children;
    ArrowSchema schema{};
  };

  unsigned Byte() {
    if (bytes_.empty()) {
      return 0;
    }
    const unsigned byte = static_cast<unsigned char>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }

  std::string Text() {
    std::string text(bytes_.substr(0, bytes_.find('\0')));
    bytes_.remove_prefix(std::min(bytes_.size(), text.size() + 1));
    return text;
  }

  std::string_view bytes_;
  std::deque<Node> nodes_;  // keeps their places
};

void CheckTree(std::string_view bytes) {
  Tree tree(bytes);
  const ArrowSchema* schema = tree.Next(0);
  try {
    const Field field = ImportField(*schema);
    OwnedSchema exported;
    ExportField(field, exported.get());
    const Field again = ImportField(*exported.get());
    Require(again == field);
    Require(again.nullable == field.nullable);
    Require(ParseType(ToString(field.type)) == field.type);
    (void)ImportSchema(*schema);
  } catch (const Error& error) {
    Require(error.code() == Code::kInvalidArrow || error.code() == Code::kUnsupportedType);
  }
}

}  // namespace
}  // namespace foretell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) {
    return 0;
  }
  if (bytes[0] % 2 == 0) {
    foretell::CheckText(bytes.substr(1));
  } else {
    foretell::CheckTree(bytes.substr(1));
  }
  return 0;
}
