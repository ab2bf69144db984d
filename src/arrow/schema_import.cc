// C schemas to fields:
// https://arrow.apache.org/docs/format/CDataInterface.html#data-type-description-format-strings
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "arrow/layout.h"
#include "arrow/utf8.h"
#include "foretell/error.h"
#include "foretell/schema.h"

namespace foretell {
namespace {

[[noreturn]] void Malformed(const Place& place, const std::string& what) {
  throw Error(Code::kInvalidArrow, place.Text() + " has a malformed Arrow schema: " + what,
              "the library that made the data is at fault");
}

[[noreturn]] void Unsupported(const Place& place, const std::string& what) {
  throw Error(Code::kUnsupportedType, place.Text() + " is " + what + ", which is not supported",
              "cast the column to a plain layout before it is handed over");
}

// The C interface gives no size of metadata; it is what its own counts say.
std::string CopyMetadata(const char* metadata, const Place& place) {
  if (metadata == nullptr) {
    return {};
  }
  std::size_t size = 0;
  const auto read = [&] {
    std::int32_t number = 0;
    std::memcpy(&number, metadata + size, sizeof(number));
    size += sizeof(number);
    if (number < 0 || size > std::numeric_limits<std::int32_t>::max()) {
      Malformed(place, "its metadata has a negative or absurd length");
    }
    return static_cast<std::size_t>(number);
  };
  const std::size_t pairs = read();
  for (std::size_t i = 0; i < 2 * pairs; ++i) {
    const std::size_t length = read();
    size += length;
  }
  return {metadata, size};
}

std::int32_t ParseNumber(std::string_view text, std::int32_t least, std::int32_t most, const Place& place) {
  std::int32_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    Malformed(place, "'" + Printable(text) + "' is not a number from " + std::to_string(least) + " to " +
                         std::to_string(most));
  }
  return number;
}

DataType ParseDecimal(std::string_view format, const Place& place) {
  std::array<std::string_view, 3> parts;
  std::size_t count = 0;
  std::string_view rest = format.substr(2);
  while (count < parts.size()) {
    const std::size_t comma = rest.find(',');
    parts[count++] = rest.substr(0, comma);
    if (comma == std::string_view::npos) {
      rest = {};
      break;
    }
    rest.remove_prefix(comma + 1);
  }
  if (count < 2 || !rest.empty()) {
    if (format.substr(0, 1) == "_") {
      Unsupported(place, "of the private format '" + Printable(format) + "'");  // polars' 128-bit integers
    }
    Malformed(place, "its format is '" + Printable(format) + "', not d:PRECISION,SCALE[,BITS]");
  }
  const std::int32_t bits = count == 3 ? ParseNumber(parts[2], 1, 1024, place) : 128;
  if (bits == 32 || bits == 64) {
    Unsupported(place, "a decimal of " + std::to_string(bits) + " bits");
  }
  if (bits != 128 && bits != 256) {
    Malformed(place, "a decimal has 128 or 256 bits, not " + std::to_string(bits));
  }
  DataType type = Type(bits == 128 ? TypeId::kDecimal128 : TypeId::kDecimal256);
  type.precision = ParseNumber(parts[0], 1, bits == 128 ? 38 : 76, place);
  type.scale = ParseNumber(parts[1], INT32_MIN, INT32_MAX, place);
  return type;
}

struct Word {
  std::string_view format;
  TypeId id;
  TimeUnit unit = TimeUnit::kMicrosecond;
};

constexpr std::array kWords = {
    Word{"n", TypeId::kNull},
    Word{"b", TypeId::kBool},
    Word{"c", TypeId::kInt8},
    Word{"C", TypeId::kUint8},
    Word{"s", TypeId::kInt16},
    Word{"S", TypeId::kUint16},
    Word{"i", TypeId::kInt32},
    Word{"I", TypeId::kUint32},
    Word{"l", TypeId::kInt64},
    Word{"L", TypeId::kUint64},
    Word{"e", TypeId::kHalf},
    Word{"f", TypeId::kFloat},
    Word{"g", TypeId::kDouble},
    Word{"z", TypeId::kBinary},
    Word{"Z", TypeId::kLargeBinary},
    Word{"vz", TypeId::kBinaryView},
    Word{"u", TypeId::kString},
    Word{"U", TypeId::kLargeString},
    Word{"vu", TypeId::kStringView},
    Word{"tdD", TypeId::kDate32},
    Word{"tdm", TypeId::kDate64},
    Word{"tts", TypeId::kTime32, TimeUnit::kSecond},
    Word{"ttm", TypeId::kTime32, TimeUnit::kMillisecond},
    Word{"ttu", TypeId::kTime64, TimeUnit::kMicrosecond},
    Word{"ttn", TypeId::kTime64, TimeUnit::kNanosecond},
    Word{"tDs", TypeId::kDuration, TimeUnit::kSecond},
    Word{"tDm", TypeId::kDuration, TimeUnit::kMillisecond},
    Word{"tDu", TypeId::kDuration, TimeUnit::kMicrosecond},
    Word{"tDn", TypeId::kDuration, TimeUnit::kNanosecond},
    Word{"+l", TypeId::kList},
    Word{"+L", TypeId::kLargeList},
    Word{"+s", TypeId::kStruct},
    Word{"+m", TypeId::kMap},
};

// The type that a format says, its children still missing.
DataType ParseFormat(std::string_view format, const Place& place) {
  for (const Word& word : kWords) {
    if (word.format == format) {
      DataType type = Type(word.id);
      type.unit = word.unit;
      return type;
    }
  }
  if (format.substr(0, 2) == "w:") {
    DataType type = Type(TypeId::kFixedSizeBinary);
    type.width = ParseNumber(format.substr(2), 0, INT32_MAX, place);
    return type;
  }
  if (format.substr(0, 3) == "+w:") {
    DataType type = Type(TypeId::kFixedSizeList);
    type.width = ParseNumber(format.substr(3), 0, INT32_MAX, place);
    return type;
  }
  if (format.substr(0, 2) == "d:") {
    return ParseDecimal(format, place);
  }
  constexpr std::string_view kUnits = "smun";
  if (format.size() >= 4 && format.substr(0, 2) == "ts" && format[3] == ':' &&
      kUnits.find(format[2]) != std::string_view::npos) {
    DataType type = Type(TypeId::kTimestamp);
    type.unit = static_cast<TimeUnit>(kUnits.find(format[2]));
    type.timezone = format.substr(4);
    if (!IsUtf8(type.timezone)) {
      Malformed(place, "its time zone is not UTF-8");
    }
    return type;
  }
  if (format.substr(0, 3) == "+ud" || format.substr(0, 3) == "+us") {
    Unsupported(place, "a union");
  }
  if (format == "+r") {
    Unsupported(place, "run-end encoded");
  }
  if (format == "+vl" || format == "+vL") {
    Unsupported(place, "a list view");
  }
  if (format == "tiM" || format == "tiD" || format == "tin") {
    Unsupported(place, "an interval");
  }
  if (format.substr(0, 1) == "_") {
    Unsupported(place, "of the private format '" + Printable(format) + "'");  // polars' 128-bit integers
  }
  Malformed(place, "its format '" + Printable(format) + "' is not in the specification");
}

void CheckPointers(const ArrowSchema& schema, const Place& place) {
  if (schema.release == nullptr) {
    Malformed(place, "it has been released");
  }
  if (schema.format == nullptr) {
    Malformed(place, "it has no format");
  }
  if (schema.n_children < 0 || schema.n_children > std::numeric_limits<std::int32_t>::max()) {
    Malformed(place, "it has " + std::to_string(schema.n_children) + " children");
  }
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children == nullptr || schema.children[i] == nullptr) {
      Malformed(place, "child " + std::to_string(i) + " is a null pointer");
    }
  }
}

void CheckChildren(const ArrowSchema& schema, const DataType& type, const Place& place) {
  if (type.id == TypeId::kStruct) {
    return;
  }
  const auto expected = static_cast<std::int64_t>(ChildCount(type));
  if (schema.n_children != expected) {
    Malformed(place, "format '" + Printable(schema.format) + "' takes " + std::to_string(expected) +
                         " children, not " + std::to_string(schema.n_children));
  }
}

// `up` is null for the top.
Field Import(const ArrowSchema& schema, const Place* up, int depth) {
  Field field;
  field.name = schema.release == nullptr || schema.name == nullptr ? "" : schema.name;
  const Place place{up, field.name};
  if (!IsUtf8(field.name)) {
    Malformed(place, "its name is not UTF-8");
  }
  if (depth > kMaxTypeDepth) {
    Unsupported(place, "nested deeper than " + std::to_string(kMaxTypeDepth) + " levels");
  }
  CheckPointers(schema, place);
  field.nullable = (schema.flags & ARROW_FLAG_NULLABLE) != 0;
  field.metadata = CopyMetadata(schema.metadata, place);

  DataType type = ParseFormat(schema.format, place);
  CheckChildren(schema, type, place);
  if (schema.dictionary != nullptr) {
    if (type.id == TypeId::kInt64 || type.id == TypeId::kUint64) {
      Unsupported(place, "a dictionary with " + ToString(type) + " indices");
    }
    if (type.id < TypeId::kInt8 || type.id > TypeId::kUint32) {
      Malformed(place, "its dictionary has indices of format '" + Printable(schema.format) + "'");
    }
    std::vector<Field> value{Import(*schema.dictionary, &place, depth + 1)};
    if (value[0].type.id == TypeId::kDictionary) {
      Unsupported(place, "a dictionary of a dictionary");
    }
    field.type = Type(TypeId::kDictionary);
    field.type.index = type.id;
    field.type.ordered = (schema.flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0;
    field.type.children = std::make_shared<const std::vector<Field>>(std::move(value));
    return field;
  }
  if (schema.n_children > 0 || type.id == TypeId::kStruct) {
    std::vector<Field> children;
    for (std::int64_t i = 0; i < schema.n_children; ++i) {
      children.push_back(Import(*schema.children[i], &place, depth + 1));
    }
    if (type.id == TypeId::kMap) {
      if (children[0].type.id != TypeId::kStruct || children[0].type.fields().size() != 2) {
        Malformed(place, "the child of a map is a struct of key and value");
      }
      type.ordered = (schema.flags & ARROW_FLAG_MAP_KEYS_SORTED) != 0;
      type.children = children[0].type.children;
    } else {
      type.children = std::make_shared<const std::vector<Field>>(std::move(children));
    }
  }
  field.type = std::move(type);
  return field;
}

}  // namespace

Field ImportField(const ArrowSchema& schema) {
  return Import(schema, nullptr, 1);
}

Schema ImportSchema(const ArrowSchema& schema) {
  Field top = Import(schema, nullptr, 0);
  if (top.type.id != TypeId::kStruct) {
    throw Error(Code::kInvalidArrow,
                "the data is an array of " + ToString(top.type) + ", and batches of columns are expected",
                "hand over a table or frame, for example by giving the column a name");
  }
  return Schema(top.type.fields(), std::move(top.metadata));
}

}  // namespace foretell
