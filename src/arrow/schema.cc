#include "foretell/schema.h"

#include <algorithm>
#include <utility>

#include "arrow/utf8.h"
#include "foretell/error.h"

namespace foretell {

const std::vector<Field>& DataType::fields() const {
  static const std::vector<Field> kNone;
  return children ? *children : kNone;
}

bool DataType::operator==(const DataType& other) const {
  if (id != other.id) {
    return false;
  }
  switch (id) {
    case TypeId::kTime32:
    case TypeId::kTime64:
    case TypeId::kDuration:
      return unit == other.unit;
    case TypeId::kTimestamp:
      return unit == other.unit && timezone == other.timezone;
    case TypeId::kFixedSizeBinary:
      return width == other.width;
    case TypeId::kDecimal128:
    case TypeId::kDecimal256:
      return precision == other.precision && scale == other.scale;
    case TypeId::kStruct:
      return children == other.children || fields() == other.fields();
    case TypeId::kList:
    case TypeId::kLargeList:
    case TypeId::kFixedSizeList:
    case TypeId::kMap:
    case TypeId::kDictionary:
      return width == other.width && (id != TypeId::kDictionary || index == other.index) &&
             (children == other.children ||
              std::equal(fields().begin(), fields().end(), other.fields().begin(), other.fields().end(),
                         [](const Field& a, const Field& b) { return a.type == b.type; }));
    default:
      return true;
  }
}

bool Field::operator==(const Field& other) const {
  return name == other.name && type == other.type;
}

Schema::Schema(std::vector<Field> fields, std::string metadata)
    : fields_(std::move(fields)), metadata_(std::move(metadata)) {}

std::optional<std::size_t> Schema::Find(std::string_view name) const {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name == name) {
      if (found) {
        throw Error(Code::kDuplicateColumn, "column '" + Printable(name) + "' occurs twice in the data",
                    "rename or drop one of them");
      }
      found = i;
    }
  }
  return found;
}

DataType Type(TypeId id) {
  DataType type;
  type.id = id;
  if (id == TypeId::kTime32) {
    type.unit = TimeUnit::kMillisecond;  // a time32 has no microseconds
  }
  return type;
}

DataType ListOf(DataType item) {
  DataType type = Type(TypeId::kList);
  std::vector<Field> fields;
  fields.push_back({.name = "item", .type = std::move(item)});
  type.children = std::make_shared<const std::vector<Field>>(std::move(fields));
  return type;
}

DataType StructOf(std::vector<Field> fields) {
  DataType type = Type(TypeId::kStruct);
  type.children = std::make_shared<const std::vector<Field>>(std::move(fields));
  return type;
}

}  // namespace foretell
