// C arrays to columns, checked in one pass. Every check is made of what a reader will touch: the
// window of rows that the caller can reach, and of children what these rows point at.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrow/bitmap.h"
#include "arrow/layout.h"
#include "foretell/batch.h"
#include "foretell/error.h"

namespace foretell {
namespace {

[[noreturn]] void Malformed(const Place& place, const std::string& what) {
  throw Error(Code::kInvalidArrow, place.Text() + " is malformed: " + what,
              "the library that made the data is at fault; validate the data there");
}

// Keeps a foreign array, and copies of those of its buffers that were not aligned.
struct Foreign {
  OwnedArray array;
  std::vector<std::unique_ptr<std::byte[]>> aligned;
};

// The structs and fixed-size lists that an array lies in. Elements inside of a null may be anything:
// pyarrow fills them with index 0, also into an empty dictionary.
struct Parents {
  const Parents* up = nullptr;
  const Column::Parts* parts = nullptr;

  // Whether element `i` of the child (not counting the child's own offset) lies in a null.
  bool IsNull(std::int64_t i) const {
    if (parts == nullptr) {
      return false;
    }
    const bool is_list = parts->type.id == TypeId::kFixedSizeList;
    const std::int64_t row = is_list ? i / parts->type.width : i;
    const bool valid = parts->buffers[0] == nullptr || GetBit(parts->buffers[0], row);
    return !valid || (up != nullptr && up->IsNull(row - parts->offset));
  }
};

struct Window {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

class Importer {
 public:
  explicit Importer(std::shared_ptr<Foreign> foreign) : foreign_(std::move(foreign)) {}

  // The rows [0, window.end) of `array`, of which [window.begin, window.end) are checked.
  Column Import(const DataType& type, const ArrowArray& array, Window window, const Place& place,
                const Parents& parents);

 private:
  static void CheckHeader(const DataType& type, const ArrowArray& array, Window window, const Place& place);
  template <typename Offset>
  Window CheckOffsets(Column::Parts& parts, Window window, const Place& place);
  void CheckFixed(Column::Parts& parts, Window window, const Place& place);
  void CheckBytes(Column::Parts& parts, Window window, const Place& place);
  void CheckViews(Column::Parts& parts, Window window, const Place& place);
  template <typename Index>
  static void CheckIndices(const Column::Parts& parts, Window window, const Place& place,
                           const Parents& parents);
  void ImportDictionary(Column::Parts& parts, const ArrowArray& array, Window window, const Place& place,
                        const Parents& parents);
  void ImportChildren(Column::Parts& parts, const ArrowArray& array, Window window, const Place& place,
                      const Parents& parents);

  // `count` items of `size` bytes at buffer `i`, as aligned as their type needs.
  const void* Aligned(const void* buffer, std::int64_t count, std::int64_t size);

  std::shared_ptr<Foreign> foreign_;
};

const void* Importer::Aligned(const void* buffer, std::int64_t count, std::int64_t size) {
  const auto alignment = static_cast<std::uintptr_t>(std::min<std::int64_t>(size, 8));
  if (buffer == nullptr || reinterpret_cast<std::uintptr_t>(buffer) % alignment == 0) {
    return buffer;
  }
  const auto bytes = static_cast<std::size_t>(count * size);
  foreign_->aligned.push_back(std::make_unique<std::byte[]>(bytes));
  std::memcpy(foreign_->aligned.back().get(), buffer, bytes);
  return foreign_->aligned.back().get();
}

void Importer::CheckHeader(const DataType& type, const ArrowArray& array, Window window, const Place& place) {
  if (array.release == nullptr) {
    Malformed(place, "it has been released");
  }
  // Far below 2^63, so that no position or size in bytes overflows.
  constexpr std::int64_t kMostRows = std::numeric_limits<std::int64_t>::max() / 64;
  if (array.length < 0 || array.offset < 0 || array.length > kMostRows || array.offset > kMostRows) {
    Malformed(place, "its length is " + std::to_string(array.length) + " and its offset " +
                         std::to_string(array.offset));
  }
  if (window.end > array.length) {
    Malformed(place, "it has " + std::to_string(array.length) + " rows where " + std::to_string(window.end) +
                         " are needed");
  }
  if (array.null_count < -1 || array.null_count > array.length) {
    Malformed(place, "it has " + std::to_string(array.null_count) + " nulls in " +
                         std::to_string(array.length) + " rows");
  }
  const Layout layout = LayoutOf(type.id);
  const auto buffers = static_cast<std::int64_t>(BufferCount(layout));
  // A null array has no buffers; polars hands over one, which is not looked at.
  const std::int64_t most = layout == Layout::kView ? INT32_MAX : layout == Layout::kNull ? 1 : buffers;
  const bool fits = array.n_buffers >= buffers && array.n_buffers <= most;
  if (!fits || (buffers > 0 && array.buffers == nullptr)) {
    Malformed(place,
              "it has " + std::to_string(array.n_buffers) + " buffers, not " + std::to_string(buffers));
  }
  const auto children = static_cast<std::int64_t>(ChildCount(type));
  if (array.n_children != children || (children > 0 && array.children == nullptr)) {
    Malformed(place,
              "it has " + std::to_string(array.n_children) + " children, not " + std::to_string(children));
  }
  for (std::int64_t i = 0; i < children; ++i) {
    if (array.children[i] == nullptr) {
      Malformed(place, "child " + std::to_string(i) + " is a null pointer");
    }
  }
  if ((array.dictionary != nullptr) != (layout == Layout::kDictionary)) {
    Malformed(place, array.dictionary == nullptr ? "it has no dictionary" : "it has a dictionary");
  }
  if (layout != Layout::kNull && array.buffers[0] == nullptr && array.null_count > 0) {
    Malformed(place, "it has " + std::to_string(array.null_count) + " nulls and no validity buffer");
  }
}

// Whether offsets 0 to `last` begin at or above 0 and never fall: then neither one of them nor a difference
// has its sign bit set. In blocks of a fixed size, of which compilers make vector code.
template <typename Offset>
bool InOrder(const Offset* offsets, std::int64_t last) {
  using Bits = std::make_unsigned_t<Offset>;
  constexpr std::int64_t kBlock = 64;
  const auto signs = [offsets](std::int64_t i) {
    const auto next = static_cast<Bits>(offsets[i + 1]);
    return static_cast<Bits>(next | (next - static_cast<Bits>(offsets[i])));
  };
  auto all = static_cast<Bits>(offsets[0]);
  std::int64_t i = 0;
  for (; i + kBlock <= last; i += kBlock) {
    for (std::int64_t j = 0; j < kBlock; ++j) {
      all |= signs(i + j);
    }
  }
  for (; i < last; ++i) {
    all |= signs(i);
  }
  return static_cast<Offset>(all) >= 0;
}

template <typename Offset>
Window Importer::CheckOffsets(Column::Parts& parts, Window window, const Place& place) {
  if (window.begin == window.end) {
    return {};
  }
  if (parts.buffers[1] == nullptr) {
    Malformed(place, "it has rows and no offsets");
  }
  parts.buffers[1] = Aligned(parts.buffers[1], parts.offset + window.end + 1, sizeof(Offset));
  const Offset* offsets = static_cast<const Offset*>(parts.buffers[1]) + parts.offset + window.begin;
  const std::int64_t rows = window.end - window.begin;
  if (!InOrder(offsets, rows)) {
    Malformed(place, "its offsets are not in order");
  }
  return {offsets[0], offsets[rows]};
}

void Importer::CheckFixed(Column::Parts& parts, Window window, const Place& place) {
  const Layout layout = LayoutOf(parts.type.id);
  const std::int64_t width = layout == Layout::kBool ? 1 : FixedWidth(parts.type);
  if (width == 0) {
    return;  // fixed_size_binary[0]
  }
  if (window.begin < window.end && parts.buffers[1] == nullptr) {
    Malformed(place, "it has rows and no values");
  }
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(parts.offset + window.end, width, &bytes)) {
    Malformed(place, "its values take more than 2^63 bytes");
  }
  const bool numbers = parts.type.id != TypeId::kFixedSizeBinary && layout != Layout::kBool;
  if (numbers) {
    parts.buffers[1] = Aligned(parts.buffers[1], parts.offset + window.end, width);
  }
}

void Importer::CheckBytes(Column::Parts& parts, Window window, const Place& place) {
  const Window bytes = HasLargeOffsets(parts.type.id) ? CheckOffsets<std::int64_t>(parts, window, place)
                                                      : CheckOffsets<std::int32_t>(parts, window, place);
  if (bytes.begin < bytes.end && parts.buffers[2] == nullptr) {
    Malformed(place, "it has text and no data buffer");
  }
}

void Importer::CheckViews(Column::Parts& parts, Window window, const Place& place) {
  const std::size_t data_buffers = parts.buffers.size() - 3;
  if (data_buffers > 0 && parts.buffers.back() == nullptr) {
    Malformed(place, "the sizes of its data buffers are missing");
  }
  parts.buffers.back() = Aligned(parts.buffers.back(), static_cast<std::int64_t>(data_buffers), 8);
  const auto* sizes = static_cast<const std::int64_t*>(parts.buffers.back());
  for (std::size_t i = 0; i < data_buffers; ++i) {
    if (sizes[i] < 0 || (sizes[i] > 0 && parts.buffers[i + 2] == nullptr)) {
      Malformed(place,
                "data buffer " + std::to_string(i) + " of " + std::to_string(sizes[i]) + " bytes is missing");
    }
  }
  if (window.begin == window.end) {
    return;
  }
  if (parts.buffers[1] == nullptr) {
    Malformed(place, "it has rows and no views");
  }
  if (reinterpret_cast<std::uintptr_t>(parts.buffers[1]) % alignof(View) != 0) {
    parts.buffers[1] = Aligned(parts.buffers[1], parts.offset + window.end, sizeof(View));
  }
  const auto* views = static_cast<const View*>(parts.buffers[1]) + parts.offset;
  for (std::int64_t i = window.begin; i < window.end; ++i) {
    const View& view = views[i];
    if (view.size >= 0 && view.size <= View::kInlined) {
      continue;
    }
    const auto buffer = static_cast<std::size_t>(view.buffer);
    const bool inside = view.size >= 0 && view.buffer >= 0 && buffer < data_buffers && view.offset >= 0 &&
                        static_cast<std::int64_t>(view.offset) + view.size <= sizes[buffer];
    const bool valid = parts.buffers[0] == nullptr || GetBit(parts.buffers[0], parts.offset + i);
    if (!inside && valid) {
      Malformed(place, "the view of row " + std::to_string(i - window.begin) + " leaves its data buffer");
    }
  }
}

template <typename Index>
void Importer::CheckIndices(const Column::Parts& parts, Window window, const Place& place,
                            const Parents& parents) {
  using Unsigned = std::make_unsigned_t<Index>;  // a negative index becomes a large one
  const auto size = static_cast<std::uint64_t>(parts.dictionary->length());
  const auto* indices = static_cast<const Index*>(parts.buffers[1]) + parts.offset;
  Unsigned largest = 0;
  for (std::int64_t i = window.begin; i < window.end; ++i) {
    largest = std::max(largest, static_cast<Unsigned>(indices[i]));
  }
  const bool negative_fits =
      std::is_signed_v<Index> && largest > static_cast<Unsigned>(std::numeric_limits<Index>::max());
  if (largest < size && !negative_fits) {
    return;
  }
  for (std::int64_t i = window.begin; i < window.end; ++i) {
    const bool inside = indices[i] >= 0 && static_cast<std::uint64_t>(indices[i]) < size;
    const bool valid = parts.buffers[0] == nullptr || GetBit(parts.buffers[0], parts.offset + i);
    if (!inside && valid && !parents.IsNull(i)) {
      Malformed(place, "row " + std::to_string(i - window.begin) + " has index " +
                           std::to_string(indices[i]) + " into a dictionary of " + std::to_string(size) +
                           " values");
    }
  }
}

void Importer::ImportDictionary(Column::Parts& parts, const ArrowArray& array, Window window,
                                const Place& place, const Parents& parents) {
  const Place inner{&place, "dictionary"};
  CheckFixed(parts, window, place);
  const Window whole{0, std::max<std::int64_t>(array.dictionary->length, 0)};
  parts.dictionary = std::make_shared<const Column>(
      Import(parts.type.fields()[0].type, *array.dictionary, whole, inner, {}));
  if (window.begin == window.end) {
    return;
  }
  switch (parts.type.index) {
    case TypeId::kInt8:
      return CheckIndices<std::int8_t>(parts, window, place, parents);
    case TypeId::kUint8:
      return CheckIndices<std::uint8_t>(parts, window, place, parents);
    case TypeId::kInt16:
      return CheckIndices<std::int16_t>(parts, window, place, parents);
    case TypeId::kUint16:
      return CheckIndices<std::uint16_t>(parts, window, place, parents);
    case TypeId::kUint32:
      return CheckIndices<std::uint32_t>(parts, window, place, parents);
    default:
      return CheckIndices<std::int32_t>(parts, window, place, parents);
  }
}

void Importer::ImportChildren(Column::Parts& parts, const ArrowArray& array, Window window,
                              const Place& place, const Parents& parents) {
  const Layout layout = LayoutOf(parts.type.id);
  Window inner{parts.offset + window.begin, parts.offset + window.end};
  if (layout == Layout::kFixedList) {
    if (__builtin_mul_overflow(inner.end, parts.type.width, &inner.end)) {
      Malformed(place, "its items are more than 2^63");
    }
    inner.begin = 0;
  } else if (layout == Layout::kList) {
    inner = HasLargeOffsets(parts.type.id) ? CheckOffsets<std::int64_t>(parts, window, place)
                                           : CheckOffsets<std::int32_t>(parts, window, place);
    inner.begin = 0;  // the child of a list is handed out whole
  }
  // Which list an item lies in is not told by its number alone, and no producer leaves junk there.
  const Parents inside = layout == Layout::kList ? Parents{} : Parents{&parents, &parts};
  for (std::size_t i = 0; i < ChildCount(parts.type); ++i) {
    const std::string_view name =
        layout == Layout::kStruct ? std::string_view(parts.type.fields()[i].name) : std::string_view("item");
    parts.children.push_back(
        Import(ChildType(parts.type, i), *array.children[i], inner, {&place, name}, inside));
  }
}

Column Importer::Import(const DataType& type, const ArrowArray& array, Window window, const Place& place,
                        const Parents& parents) {
  CheckHeader(type, array, window, place);
  const bool empty = window.begin == window.end;
  if (empty) {
    window = {};  // nothing before the window was looked at either, and nobody shall see it
  }
  Column::Parts parts;
  parts.type = type;
  parts.length = window.end;
  parts.offset = empty ? 0 : array.offset;
  parts.buffers.assign(array.buffers, array.buffers + (type.id == TypeId::kNull ? 0 : array.n_buffers));
  parts.owner = foreign_;
  if (array.null_count == 0 && !parts.buffers.empty()) {
    parts.buffers[0] = nullptr;
  }
  const bool no_validity = !parts.buffers.empty() && parts.buffers[0] == nullptr;
  parts.null_count = no_validity || empty ? 0 : window.end == array.length ? array.null_count : -1;
  switch (LayoutOf(type.id)) {
    case Layout::kNull:
      break;
    case Layout::kBool:
    case Layout::kFixed:
      CheckFixed(parts, window, place);
      break;
    case Layout::kBytes:
      CheckBytes(parts, window, place);
      break;
    case Layout::kView:
      CheckViews(parts, window, place);
      break;
    case Layout::kDictionary:
      ImportDictionary(parts, array, window, place, parents);
      break;
    default:
      ImportChildren(parts, array, window, place, parents);
  }
  return Column(std::move(parts));
}

// Takes the struct over, whatever happens next.
std::shared_ptr<Foreign> TakeOver(ArrowArray* array) {
  OwnedArray owned(array);
  auto foreign = std::make_shared<Foreign>();
  foreign->array = std::move(owned);
  return foreign;
}

}  // namespace

Column ImportColumn(const DataType& type, ArrowArray* array) {
  const std::shared_ptr<Foreign> foreign = TakeOver(array);
  const ArrowArray& taken = *foreign->array.get();
  return Importer(foreign).Import(type, taken, {0, std::max<std::int64_t>(taken.length, 0)}, {}, {});
}

Batch ImportBatch(std::shared_ptr<const Schema> schema, ArrowArray* array) {
  const std::shared_ptr<Foreign> foreign = TakeOver(array);
  const ArrowArray& taken = *foreign->array.get();
  const Place top;
  const Window rows{0, std::max<std::int64_t>(taken.length, 0)};
  Column whole = Importer(foreign).Import(StructOf(schema->fields()), taken, rows, top, {});
  if (whole.null_count() > 0) {
    Malformed(top, std::to_string(whole.null_count()) + " of its rows are null as a whole");
  }
  std::vector<Column> columns;
  columns.reserve(schema->size());
  for (std::size_t i = 0; i < schema->size(); ++i) {
    columns.push_back(whole.child(i));
  }
  return Batch(std::move(schema), std::move(columns), whole.length());
}

}  // namespace foretell
