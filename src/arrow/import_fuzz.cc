// Arrays whose numbers are any bytes, over heap blocks of exactly the size that their lengths say.
// What an import accepts is read completely: under the address sanitizer nothing may be out of bounds.
//
// The sizes of foreign buffers are not in the C interface, so a block is made as large as the
// specification demands for the array's length and offset; the data of strings, whose size is said
// by offsets alone, gets what the largest offset says.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/column_text.h"
#include "arrow/foreign_array.h"
#include "arrow/layout.h"
#include "arrow/utf8.h"
#include "foretell/batch.h"
#include "foretell/builder.h"
#include "foretell/error.h"

namespace foretell {
namespace {

constexpr const char* kTypes[] = {"null",
                                  "bool",
                                  "int8",
                                  "int64",
                                  "uint32",
                                  "half",
                                  "double",
                                  "string",
                                  "large_string",
                                  "binary",
                                  "large_binary",
                                  "string_view",
                                  "binary_view",
                                  "fixed_size_binary[3]",
                                  "fixed_size_binary[0]",
                                  "decimal128(5, 1)",
                                  "decimal256(5, 1)",
                                  "timestamp[us, UTC]",
                                  "list<int16>",
                                  "large_list<string>",
                                  "list<list<bool>>",
                                  "fixed_size_list<string, 2>",
                                  "fixed_size_list<int8, 0>",
                                  "struct<a: string, b: list<int8>>",
                                  "struct<>",
                                  "map<string, int32>",
                                  "dictionary<int8, string>",
                                  "dictionary<uint8, string_view>",
                                  "dictionary<int16, double>",
                                  "dictionary<int32, list<string>>",
                                  "dictionary<uint32, large_string>",
                                  "dictionary<uint16, bool>",
                                  "list<dictionary<int8, string>>",
                                  "struct<a: struct<b: dictionary<uint8, int64>>, c: string_view>"};

class Maker {
 public:
  explicit Maker(std::string_view bytes) : bytes_(bytes) {}

  unsigned Byte() {
    if (bytes_.empty()) {
      return 0;
    }
    const unsigned byte = static_cast<unsigned char>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }

  bool absurd() const { return absurd_; }

  ForeignArray Make(const DataType& type) {
    ForeignArray array;
    const unsigned kind = Byte();
    array.length = Byte() % 20;
    array.offset = (kind & 1) != 0 ? Byte() % 10 : 0;
    array.null_count = (kind & 2) != 0 ? -1 : (kind & 4) != 0 ? Byte() % 8 : 0;
    const auto rows = static_cast<std::size_t>(array.length + array.offset);
    const Layout layout = LayoutOf(type.id);
    if (layout != Layout::kNull) {
      array.buffers.push_back((kind & 8) != 0 ? Block((rows + 7) / 8) : std::nullopt);
    }
    switch (layout) {
      case Layout::kBool:
        array.buffers.push_back(Block((rows + 7) / 8));
        break;
      case Layout::kFixed:
      case Layout::kDictionary:
        array.buffers.push_back(Block(rows * static_cast<std::size_t>(FixedWidth(type))));
        break;
      case Layout::kBytes: {
        array.buffers.push_back(Offsets(type, rows));
        array.buffers.push_back(Block(Largest(type, array)));
        break;
      }
      case Layout::kList:
        array.buffers.push_back(Offsets(type, rows));
        break;
      case Layout::kView:
        MakeViews(array, rows);
        break;
      default:
        break;
    }
    if ((kind & 0xF0) == 0xF0) {
      Break(array);
    }
    for (std::size_t i = 0; i < ChildCount(type); ++i) {
      array.children.push_back(Make(ChildType(type, i)));
    }
    if (layout == Layout::kDictionary) {
      array.dictionary.push_back(Make(type.fields()[0].type));
    }
    return array;
  }

 private:
  ForeignArray::Buffer Block(std::size_t size) {
    std::vector<std::byte> block(size);
    for (std::byte& byte : block) {
      byte = static_cast<std::byte>(Byte());
    }
    return block;
  }

  // Mostly in order, by steps of one byte; now and then any number.
  ForeignArray::Buffer Offsets(const DataType& type, std::size_t rows) {
    std::vector<std::byte> block;
    std::int64_t offset = 0;
    for (std::size_t i = 0; i <= rows; ++i) {
      const unsigned step = Byte();
      std::int64_t value = offset += step % 8;
      if (step == 0xFF) {
        std::memcpy(&value, Block(sizeof(value))->data(), sizeof(value));
      }
      const std::size_t width = HasLargeOffsets(type.id) ? 8 : 4;
      block.resize(block.size() + width);
      std::memcpy(block.data() + block.size() - width, &value, width);
    }
    return block;
  }

  // The bytes or items that a producer of such offsets would have to have: the largest of all, as rows
  // that nothing points at are not looked at. Absurd ones are not handed over, as no producer could.
  std::size_t Largest(const DataType& type, const ForeignArray& array) {
    const std::vector<std::byte>& offsets = *array.buffers[1];
    const std::size_t width = HasLargeOffsets(type.id) ? 8 : 4;
    std::int64_t largest = 0;
    for (std::size_t at = 0; at < offsets.size(); at += width) {
      std::int64_t wide = 0;
      std::int32_t narrow = 0;
      std::memcpy(width == 8 ? static_cast<void*>(&wide) : &narrow, offsets.data() + at, width);
      largest = std::max(largest, width == 8 ? wide : narrow);
    }
    absurd_ |= largest > 4096;
    return absurd_ ? 0 : static_cast<std::size_t>(largest);
  }

  void MakeViews(ForeignArray& array, std::size_t rows) {
    std::vector<std::byte> views;
    for (std::size_t i = 0; i < rows; ++i) {
      View view{};
      const unsigned kind = Byte();
      view.size = static_cast<std::int32_t>(kind % 40);
      view.buffer = static_cast<std::int32_t>(Byte() % 4) - (kind == 0x80 ? 2 : 0);
      view.offset = static_cast<std::int32_t>(Byte());
      if (kind == 0xFF) {
        std::memcpy(&view, Block(sizeof(view))->data(), sizeof(view));
      }
      views.resize(views.size() + sizeof(view));
      std::memcpy(views.data() + views.size() - sizeof(view), &view, sizeof(view));
    }
    array.buffers.push_back(views);
    std::vector<std::byte> sizes;
    for (unsigned count = Byte() % 4; count > 0; --count) {
      const std::int64_t size = Byte();
      array.buffers.push_back(Block(static_cast<std::size_t>(size)));
      sizes.resize(sizes.size() + sizeof(size));
      std::memcpy(sizes.data() + sizes.size() - sizeof(size), &size, sizeof(size));
    }
    array.buffers.push_back(sizes);
  }

  // One of the mistakes that leave the blocks as large as they must be, or are told by counts.
  void Break(ForeignArray& array) {
    switch (Byte() % 7) {
      case 0:
        array.length = -array.length;
        break;
      case 1:
        array.offset = -array.offset;
        break;
      case 2:
        array.length = INT64_MAX - static_cast<std::int64_t>(Byte());
        break;
      case 3:
        array.buffers.emplace_back();
        break;
      case 4:  // of views all but two: without the sizes alone, the last data buffer would stand for them
        if (!array.buffers.empty()) {
          array.buffers.resize(std::min<std::size_t>(array.buffers.size(), 3) - 1);
        }
        break;
      case 5:
        if (!array.buffers.empty()) {
          array.buffers[Byte() % array.buffers.size()] = std::nullopt;
        }
        break;
      default:
        array.null_count = static_cast<std::int8_t>(Byte());
    }
  }

  std::string_view bytes_;
  bool absurd_ = false;
};

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void ReadWhole(const Column& column, unsigned cut) {
  const std::string text = ColumnText(column);
  Require(column.null_count() <= column.length());
  (void)column.ByteSize();
  try {
    CheckUtf8(column, "c");
  } catch (const Error& error) {
    Require(error.code() == Code::kInvalidUtf8);
  }
  const std::int64_t half = column.length() == 0 ? 0 : cut % (column.length() + 1);
  const Column first = column.Slice(0, half);
  const Column second = column.Slice(half, column.length() - half);
  Require(ColumnText(Concatenate({first, second})) == text);
  ArrowArray exported;
  ExportColumn(second, &exported);
  Require(ColumnText(ImportColumn(column.type(), &exported)) == ColumnText(second));
}

void Check(std::string_view bytes) {
  Maker maker(bytes);
  const DataType type = ParseType(kTypes[maker.Byte() % std::size(kTypes)]);
  const unsigned cut = maker.Byte();
  ForeignArray foreign = maker.Make(type);
  if (maker.absurd()) {
    return;
  }
  int released = 0;
  ArrowArray array;
  std::move(foreign).HandOver(&array, &released);
  try {
    ReadWhole(ImportColumn(type, &array), cut);
  } catch (const Error& error) {
    Require(error.code() == Code::kInvalidArrow);
  }
  Require(array.release == nullptr && released > 0);
}

}  // namespace
}  // namespace foretell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  foretell::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
