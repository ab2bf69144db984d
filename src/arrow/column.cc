#include <atomic>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "arrow/bitmap.h"
#include "arrow/layout.h"
#include "foretell/batch.h"
#include "foretell/error.h"

namespace foretell {
namespace {

template <typename T>
T Load(const Column::Parts& parts, std::int64_t i) {
  return static_cast<const T*>(parts.buffers[1])[parts.offset + i];
}

const void* Validity(const Column::Parts& parts) {
  return parts.buffers.empty() ? nullptr : parts.buffers[0];
}

bool IsValid(const Column::Parts& parts, std::int64_t i) {
  const void* validity = Validity(parts);
  return validity == nullptr || GetBit(validity, parts.offset + i);
}

// The index of an element that is null, or lies in one that is, may be any number.
bool PointsInto(const Column& dictionary, std::int64_t index) {
  return index >= 0 && index < dictionary.length();
}

double HalfToDouble(std::uint16_t half) {
  const std::uint64_t sign = static_cast<std::uint64_t>(half >> 15) << 63;
  const int exponent = (half >> 10) & 0x1F;
  const std::uint64_t fraction = half & 0x3FFU;
  if (exponent == 0) {
    const double magnitude = static_cast<double>(fraction) * 0x1p-24;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint64_t wide = exponent == 0x1F ? 0x7FFU : static_cast<std::uint64_t>(exponent - 15 + 1023);
  return std::bit_cast<double>(sign | (wide << 52) | (fraction << 42));
}

template <typename Offset>
std::string_view OffsetBytes(const Column::Parts& parts, std::int64_t i) {
  const Offset* offset = static_cast<const Offset*>(parts.buffers[1]) + parts.offset + i;
  if (offset[0] == offset[1]) {
    return {};  // the data of a column of empty strings may be absent
  }
  return {static_cast<const char*>(parts.buffers[2]) + offset[0],
          static_cast<std::size_t>(offset[1] - offset[0])};
}

std::string_view ViewBytes(const Column::Parts& parts, std::int64_t i) {
  if (!IsValid(parts, i)) {
    return {};  // the view of a null may hold anything
  }
  const View& view = static_cast<const View*>(parts.buffers[1])[parts.offset + i];
  const char* bytes =
      view.size <= View::kInlined
          ? reinterpret_cast<const char*>(&view) + offsetof(View, inlined)
          : static_cast<const char*>(parts.buffers[static_cast<std::size_t>(view.buffer) + 2]) + view.offset;
  return {bytes, static_cast<std::size_t>(view.size)};
}

}  // namespace

Column::Column(Parts parts) : parts_(std::make_shared<const Parts>(std::move(parts))) {}

const DataType& Column::type() const {
  return parts_->type;
}

std::int64_t Column::length() const {
  return parts_->length;
}

std::int64_t Column::null_count() const {
  const Parts& parts = *parts_;
  if (parts.type.id == TypeId::kNull) {
    return parts.length;
  }
  const std::atomic_ref<std::int64_t> cached(parts.null_count);
  std::int64_t count = cached.load(std::memory_order_relaxed);
  if (count < 0) {
    const void* validity = Validity(parts);
    count = validity == nullptr ? 0 : parts.length - CountBits(validity, parts.offset, parts.length);
    cached.store(count, std::memory_order_relaxed);
  }
  if (parts.type.id == TypeId::kDictionary && parts.dictionary->null_count() > 0) {
    count = 0;
    for (std::int64_t i = 0; i < parts.length; ++i) {
      count += IsNull(i) ? 1 : 0;
    }
  }
  return count;
}

bool Column::IsNull(std::int64_t i) const {
  const Parts& parts = *parts_;
  if (parts.type.id == TypeId::kNull || !IsValid(parts, i)) {
    return true;
  }
  if (parts.type.id != TypeId::kDictionary) {
    return false;
  }
  const std::int64_t index = Index(i);  // inside of a null struct any number
  return !PointsInto(*parts.dictionary, index) || parts.dictionary->IsNull(index);
}

std::int64_t Column::Index(std::int64_t i) const {
  const Parts& parts = *parts_;
  switch (parts.type.index) {
    case TypeId::kInt8:
      return Load<std::int8_t>(parts, i);
    case TypeId::kUint8:
      return Load<std::uint8_t>(parts, i);
    case TypeId::kInt16:
      return Load<std::int16_t>(parts, i);
    case TypeId::kUint16:
      return Load<std::uint16_t>(parts, i);
    case TypeId::kUint32:
      return Load<std::uint32_t>(parts, i);
    default:
      return Load<std::int32_t>(parts, i);
  }
}

bool Column::Bool(std::int64_t i) const {
  const Parts& parts = *parts_;
  if (parts.type.id == TypeId::kDictionary) {
    const std::int64_t index = Index(i);
    return PointsInto(*parts.dictionary, index) && parts.dictionary->Bool(index);
  }
  return GetBit(parts.buffers[1], parts.offset + i);
}

std::int64_t Column::Int(std::int64_t i) const {
  const Parts& parts = *parts_;
  switch (parts.type.id) {
    case TypeId::kInt8:
      return Load<std::int8_t>(parts, i);
    case TypeId::kUint8:
      return Load<std::uint8_t>(parts, i);
    case TypeId::kInt16:
      return Load<std::int16_t>(parts, i);
    case TypeId::kUint16:
      return Load<std::uint16_t>(parts, i);
    case TypeId::kUint32:
      return Load<std::uint32_t>(parts, i);
    case TypeId::kInt32:
    case TypeId::kDate32:
    case TypeId::kTime32:
      return Load<std::int32_t>(parts, i);
    case TypeId::kDictionary: {
      const std::int64_t index = Index(i);
      return PointsInto(*parts.dictionary, index) ? parts.dictionary->Int(index) : 0;
    }
    default:
      return Load<std::int64_t>(parts, i);
  }
}

std::uint64_t Column::Uint(std::int64_t i) const {
  const Parts& parts = *parts_;
  switch (parts.type.id) {
    case TypeId::kUint8:
      return Load<std::uint8_t>(parts, i);
    case TypeId::kUint16:
      return Load<std::uint16_t>(parts, i);
    case TypeId::kUint32:
      return Load<std::uint32_t>(parts, i);
    case TypeId::kDictionary: {
      const std::int64_t index = Index(i);
      return PointsInto(*parts.dictionary, index) ? parts.dictionary->Uint(index) : 0;
    }
    default:
      return Load<std::uint64_t>(parts, i);
  }
}

double Column::Double(std::int64_t i) const {
  const Parts& parts = *parts_;
  switch (parts.type.id) {
    case TypeId::kHalf:
      return HalfToDouble(Load<std::uint16_t>(parts, i));
    case TypeId::kFloat:
      return Load<float>(parts, i);
    case TypeId::kDictionary: {
      const std::int64_t index = Index(i);
      return PointsInto(*parts.dictionary, index) ? parts.dictionary->Double(index) : 0;
    }
    default:
      return Load<double>(parts, i);
  }
}

std::string_view Column::String(std::int64_t i) const {
  const Parts& parts = *parts_;
  switch (parts.type.id) {
    case TypeId::kString:
    case TypeId::kBinary:
      return OffsetBytes<std::int32_t>(parts, i);
    case TypeId::kLargeString:
    case TypeId::kLargeBinary:
      return OffsetBytes<std::int64_t>(parts, i);
    case TypeId::kStringView:
    case TypeId::kBinaryView:
      return ViewBytes(parts, i);
    case TypeId::kDictionary: {
      const std::int64_t index = Index(i);
      return PointsInto(*parts.dictionary, index) ? parts.dictionary->String(index) : std::string_view();
    }
    default: {
      const std::int64_t width = FixedWidth(parts.type);
      if (width == 0) {
        return {};
      }
      return {static_cast<const char*>(parts.buffers[1]) + (parts.offset + i) * width,
              static_cast<std::size_t>(width)};
    }
  }
}

std::pair<std::int64_t, std::int64_t> Column::ListRange(std::int64_t i) const {
  const Parts& parts = *parts_;
  switch (parts.type.id) {
    case TypeId::kFixedSizeList: {
      const std::int64_t first = (parts.offset + i) * parts.type.width;
      return {first, first + parts.type.width};
    }
    case TypeId::kLargeList:
      return {Load<std::int64_t>(parts, i), Load<std::int64_t>(parts, i + 1)};
    default:
      return {Load<std::int32_t>(parts, i), Load<std::int32_t>(parts, i + 1)};
  }
}

Column Column::child(std::size_t i) const {
  const Parts& parts = *parts_;
  const Column& whole = parts.children[i];
  return parts.type.id == TypeId::kStruct ? whole.Slice(parts.offset, parts.length) : whole;
}

const Column& Column::dictionary() const {
  return *parts_->dictionary;
}

Column Column::Slice(std::int64_t offset, std::int64_t length) const {
  const Parts& parts = *parts_;
  if (offset < 0 || length < 0 || offset > parts.length || length > parts.length - offset) {
    throw Error(Code::kInvalidArgument, "a slice of " + std::to_string(length) + " rows from row " +
                                            std::to_string(offset) + " leaves a column of " +
                                            std::to_string(parts.length) + " rows");
  }
  if (length == parts.length) {
    return *this;
  }
  Parts slice = parts;
  slice.offset += offset;
  slice.length = length;
  slice.null_count = parts.type.id != TypeId::kNull && Validity(parts) == nullptr ? 0 : -1;
  return Column(std::move(slice));
}

std::int64_t Column::ByteSize() const {
  const Parts& parts = *parts_;
  if (parts.length == 0) {
    return parts.dictionary ? parts.dictionary->ByteSize() : 0;
  }
  std::int64_t size = Validity(parts) == nullptr ? 0 : (parts.length + 7) / 8;
  switch (LayoutOf(parts.type.id)) {
    case Layout::kNull:
      break;
    case Layout::kBool:
      size += (parts.length + 7) / 8;
      break;
    case Layout::kFixed:
      size += parts.length * FixedWidth(parts.type);
      break;
    case Layout::kBytes:
      size += HasLargeOffsets(parts.type.id)
                  ? Load<std::int64_t>(parts, parts.length) - Load<std::int64_t>(parts, 0) + 8 * parts.length
                  : Load<std::int32_t>(parts, parts.length) - Load<std::int32_t>(parts, 0) + 4 * parts.length;
      break;
    case Layout::kView:
      for (std::int64_t i = 0; i < parts.length; ++i) {
        const auto bytes = static_cast<std::int64_t>(ViewBytes(parts, i).size());
        size += static_cast<std::int64_t>(sizeof(View)) + (bytes > View::kInlined ? bytes : 0);
      }
      break;
    case Layout::kList:
      size += parts.length * (HasLargeOffsets(parts.type.id) ? 8 : 4);
      [[fallthrough]];
    case Layout::kFixedList: {
      const std::int64_t first = ListRange(0).first;
      size += parts.children[0].Slice(first, ListRange(parts.length - 1).second - first).ByteSize();
      break;
    }
    case Layout::kStruct:
      for (std::size_t i = 0; i < parts.children.size(); ++i) {
        size += child(i).ByteSize();
      }
      break;
    case Layout::kDictionary:
      size += parts.length * FixedWidth(parts.type) + parts.dictionary->ByteSize();
      break;
  }
  return size;
}

}  // namespace foretell
