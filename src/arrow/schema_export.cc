#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/layout.h"
#include "foretell/error.h"
#include "foretell/schema.h"

namespace foretell {
namespace {

// What an exported schema points to. A child that a consumer has moved away is marked released, so
// that its owner here leaves it alone.
struct Node {
  std::string format;
  std::string name;
  std::string metadata;
  std::vector<OwnedSchema> children;
  std::vector<ArrowSchema*> pointers;
  OwnedSchema dictionary;
};

void Release(ArrowSchema* schema) {
  const std::unique_ptr<Node> node(static_cast<Node*>(std::exchange(schema->private_data, nullptr)));
  schema->release = nullptr;
}

std::string FormatOf(const DataType& type) {
  const char unit = std::array{'s', 'm', 'u', 'n'}[static_cast<std::size_t>(type.unit)];
  std::string decimal = "d:" + std::to_string(type.precision) + "," + std::to_string(type.scale);
  switch (type.id) {
    case TypeId::kNull:
      return "n";
    case TypeId::kBool:
      return "b";
    case TypeId::kInt8:
      return "c";
    case TypeId::kUint8:
      return "C";
    case TypeId::kInt16:
      return "s";
    case TypeId::kUint16:
      return "S";
    case TypeId::kInt32:
      return "i";
    case TypeId::kUint32:
      return "I";
    case TypeId::kInt64:
      return "l";
    case TypeId::kUint64:
      return "L";
    case TypeId::kHalf:
      return "e";
    case TypeId::kFloat:
      return "f";
    case TypeId::kDouble:
      return "g";
    case TypeId::kString:
      return "u";
    case TypeId::kLargeString:
      return "U";
    case TypeId::kStringView:
      return "vu";
    case TypeId::kBinary:
      return "z";
    case TypeId::kLargeBinary:
      return "Z";
    case TypeId::kBinaryView:
      return "vz";
    case TypeId::kFixedSizeBinary:
      return "w:" + std::to_string(type.width);
    case TypeId::kDate32:
      return "tdD";
    case TypeId::kDate64:
      return "tdm";
    case TypeId::kTime32:
    case TypeId::kTime64:
      return std::string("tt") + unit;
    case TypeId::kTimestamp:
      return std::string("ts") + unit + ":" + type.timezone;
    case TypeId::kDuration:
      return std::string("tD") + unit;
    case TypeId::kDecimal128:
      return decimal;
    case TypeId::kDecimal256:
      return decimal + ",256";
    case TypeId::kList:
      return "+l";
    case TypeId::kLargeList:
      return "+L";
    case TypeId::kFixedSizeList:
      return "+w:" + std::to_string(type.width);
    case TypeId::kStruct:
      return "+s";
    case TypeId::kMap:
      return "+m";
    case TypeId::kDictionary:
      return FormatOf(Type(type.index));
  }
  throw Error(Code::kInternal, "a type has an unknown id");
}

OwnedSchema Export(const Field& field) {
  auto node = std::make_unique<Node>();
  node->format = FormatOf(field.type);
  node->name = field.name;
  node->metadata = field.metadata;
  if (field.type.id == TypeId::kDictionary) {
    node->dictionary = Export(field.type.fields()[0]);
  } else if (field.type.id == TypeId::kMap) {
    node->children.push_back(
        Export({.name = "entries", .type = ChildType(field.type, 0), .nullable = false}));
  } else {
    for (const Field& child : field.type.fields()) {
      node->children.push_back(Export(child));
    }
  }
  for (OwnedSchema& child : node->children) {
    node->pointers.push_back(child.get());
  }

  ArrowSchema schema{};
  schema.format = node->format.c_str();
  schema.name = node->name.c_str();
  schema.metadata = node->metadata.empty() ? nullptr : node->metadata.data();
  schema.flags = field.nullable ? ARROW_FLAG_NULLABLE : 0;
  if (field.type.ordered && field.type.id == TypeId::kDictionary) {
    schema.flags |= ARROW_FLAG_DICTIONARY_ORDERED;
  }
  if (field.type.ordered && field.type.id == TypeId::kMap) {
    schema.flags |= ARROW_FLAG_MAP_KEYS_SORTED;
  }
  schema.n_children = static_cast<std::int64_t>(node->pointers.size());
  schema.children = node->pointers.empty() ? nullptr : node->pointers.data();
  schema.dictionary = node->dictionary ? node->dictionary.get() : nullptr;
  schema.release = &Release;
  schema.private_data = node.release();
  return OwnedSchema(&schema);
}

}  // namespace

void ExportField(const Field& field, ArrowSchema* out) {
  Export(field).MoveTo(out);
}

void ExportSchema(const Schema& schema, ArrowSchema* out) {
  ExportField(
      {.name = "", .type = StructOf(schema.fields()), .nullable = false, .metadata = schema.metadata()}, out);
}

}  // namespace foretell
