#include "arrow/layout.h"

#include "arrow/utf8.h"

namespace foretell {

Layout LayoutOf(TypeId id) {
  switch (id) {
    case TypeId::kNull:
      return Layout::kNull;
    case TypeId::kBool:
      return Layout::kBool;
    case TypeId::kString:
    case TypeId::kLargeString:
    case TypeId::kBinary:
    case TypeId::kLargeBinary:
      return Layout::kBytes;
    case TypeId::kStringView:
    case TypeId::kBinaryView:
      return Layout::kView;
    case TypeId::kList:
    case TypeId::kLargeList:
    case TypeId::kMap:
      return Layout::kList;
    case TypeId::kFixedSizeList:
      return Layout::kFixedList;
    case TypeId::kStruct:
      return Layout::kStruct;
    case TypeId::kDictionary:
      return Layout::kDictionary;
    default:
      return Layout::kFixed;
  }
}

std::size_t BufferCount(Layout layout) {
  switch (layout) {
    case Layout::kNull:
      return 0;
    case Layout::kFixedList:
    case Layout::kStruct:
      return 1;
    case Layout::kBool:
    case Layout::kFixed:
    case Layout::kList:
    case Layout::kDictionary:
      return 2;
    case Layout::kBytes:
    case Layout::kView:
      return 3;
  }
  return 0;
}

std::int64_t FixedWidth(const DataType& type) {
  switch (type.id == TypeId::kDictionary ? type.index : type.id) {
    case TypeId::kInt8:
    case TypeId::kUint8:
      return 1;
    case TypeId::kInt16:
    case TypeId::kUint16:
    case TypeId::kHalf:
      return 2;
    case TypeId::kInt32:
    case TypeId::kUint32:
    case TypeId::kFloat:
    case TypeId::kDate32:
    case TypeId::kTime32:
      return 4;
    case TypeId::kInt64:
    case TypeId::kUint64:
    case TypeId::kDouble:
    case TypeId::kDate64:
    case TypeId::kTime64:
    case TypeId::kTimestamp:
    case TypeId::kDuration:
      return 8;
    case TypeId::kDecimal128:
      return 16;
    case TypeId::kDecimal256:
      return 32;
    case TypeId::kFixedSizeBinary:
      return type.width;
    default:
      return 0;
  }
}

bool HasLargeOffsets(TypeId id) {
  return id == TypeId::kLargeString || id == TypeId::kLargeBinary || id == TypeId::kLargeList;
}

bool IsText(TypeId id) {
  return id == TypeId::kString || id == TypeId::kLargeString || id == TypeId::kStringView;
}

std::int64_t TicksPerSecond(TimeUnit unit) {
  constexpr std::int64_t kTicks[] = {1, 1'000, 1'000'000, 1'000'000'000};
  return kTicks[static_cast<int>(unit)];
}

std::size_t ChildCount(const DataType& type) {
  switch (LayoutOf(type.id)) {
    case Layout::kList:
    case Layout::kFixedList:
      return 1;
    case Layout::kStruct:
      return type.fields().size();
    default:
      return 0;
  }
}

DataType ChildType(const DataType& type, std::size_t i) {
  if (type.id == TypeId::kMap) {
    DataType entries;
    entries.id = TypeId::kStruct;
    entries.children = type.children;
    return entries;
  }
  return type.fields()[i].type;
}

std::string Place::Text() const {
  std::string path;
  for (const Place* place = this; place != nullptr && place->up != nullptr; place = place->up) {
    path = path.empty() ? std::string(place->name) : std::string(place->name) + "." + path;
  }
  return up == nullptr ? "the batch" : "column '" + Printable(path) + "'";
}

}  // namespace foretell
