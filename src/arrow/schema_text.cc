// Types as text, both ways; the grammar is in foretell/schema.h.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "arrow/layout.h"
#include "arrow/utf8.h"
#include "foretell/error.h"
#include "foretell/schema.h"

namespace foretell {
namespace {

struct Name {
  std::string_view text;
  TypeId id;
};

// Types that are one word; the first name of a type is the one that is written.
constexpr std::array kWords = {
    Name{"null", TypeId::kNull},
    Name{"bool", TypeId::kBool},
    Name{"int8", TypeId::kInt8},
    Name{"int16", TypeId::kInt16},
    Name{"int32", TypeId::kInt32},
    Name{"int64", TypeId::kInt64},
    Name{"uint8", TypeId::kUint8},
    Name{"uint16", TypeId::kUint16},
    Name{"uint32", TypeId::kUint32},
    Name{"uint64", TypeId::kUint64},
    Name{"half", TypeId::kHalf},
    Name{"float", TypeId::kFloat},
    Name{"double", TypeId::kDouble},
    Name{"string", TypeId::kString},
    Name{"large_string", TypeId::kLargeString},
    Name{"string_view", TypeId::kStringView},
    Name{"binary", TypeId::kBinary},
    Name{"large_binary", TypeId::kLargeBinary},
    Name{"binary_view", TypeId::kBinaryView},
    Name{"date32", TypeId::kDate32},
    Name{"date64", TypeId::kDate64},
    Name{"float16", TypeId::kHalf},
    Name{"float32", TypeId::kFloat},
    Name{"float64", TypeId::kDouble},
    Name{"utf8", TypeId::kString},
    Name{"large_utf8", TypeId::kLargeString},
    Name{"int", TypeId::kInt64},
    Name{"bytes", TypeId::kBinary},
    Name{"date", TypeId::kDate32},
};

// Types that go on in brackets.
constexpr std::array kBracketed = {
    Name{"fixed_size_binary", TypeId::kFixedSizeBinary},
    Name{"time32", TypeId::kTime32},
    Name{"time64", TypeId::kTime64},
    Name{"timestamp", TypeId::kTimestamp},
    Name{"duration", TypeId::kDuration},
    Name{"decimal128", TypeId::kDecimal128},
    Name{"decimal256", TypeId::kDecimal256},
    Name{"list", TypeId::kList},
    Name{"large_list", TypeId::kLargeList},
    Name{"fixed_size_list", TypeId::kFixedSizeList},
    Name{"struct", TypeId::kStruct},
    Name{"map", TypeId::kMap},
    Name{"dictionary", TypeId::kDictionary},
};

constexpr std::array<std::string_view, 4> kUnits = {"s", "ms", "us", "ns"};

template <std::size_t n>
const Name* FindName(const std::array<Name, n>& names, std::string_view text) {
  const auto* found =
      std::find_if(names.begin(), names.end(), [&](const Name& name) { return name.text == text; });
  return found == names.end() ? nullptr : found;
}

template <std::size_t n>
std::string_view FindText(const std::array<Name, n>& names, TypeId id) {
  const auto* found =
      std::find_if(names.begin(), names.end(), [&](const Name& name) { return name.id == id; });
  return found == names.end() ? std::string_view() : found->text;
}

// What a name may hold unquoted.
bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-' || c == '/' || c == '+' || static_cast<unsigned char>(c) >= 0x80;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  DataType Whole() {
    DataType type = ReadType(1);
    SkipSpace();
    if (at_ != text_.size()) {
      Fail("the end");
    }
    return type;
  }

 private:
  [[noreturn]] void Fail(std::string_view expected) const {
    std::string found = "its end";
    if (at_ < text_.size()) {
      found = "'" + Printable(text_.substr(at_, 20)) + "'";
    }
    throw Error(Code::kInvalidType,
                "'" + Printable(text_) + "' is not a type: expected " + std::string(expected) +
                    " at character " + std::to_string(at_ + 1) + ", found " + found,
                "types are written like string, int64, double, timestamp, list<double>, struct<a: int64>");
  }

  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) {
      ++at_;
    }
  }

  bool Take(char c) {
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }

  void Expect(char c) {
    if (!Take(c)) {
      Fail(std::string("'") + c + "'");
    }
  }

  std::string_view ReadPlain(std::string_view expected) {
    SkipSpace();
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsPlain(text_[at_])) {
      ++at_;
    }
    if (at_ == begin) {
      Fail(expected);
    }
    return text_.substr(begin, at_ - begin);
  }

  std::string ReadName(std::string_view expected) {
    if (!Take('"')) {
      return std::string(ReadPlain(expected));
    }
    std::string name;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        ++at_;
        if (at_ == text_.size()) {
          break;
        }
      }
      name += text_[at_++];
    }
    if (at_ == text_.size()) {
      Fail("'\"'");
    }
    ++at_;
    return name;
  }

  std::int32_t ReadNumber(std::string_view expected, std::int32_t least, std::int32_t most) {
    SkipSpace();
    std::int32_t number = 0;
    const char* begin = text_.data() + at_;
    const auto [end, failed] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (failed != std::errc() || number < least || number > most) {
      Fail(expected);
    }
    at_ += static_cast<std::size_t>(end - begin);
    return number;
  }

  TimeUnit ReadUnit(std::size_t first, std::size_t last) {
    SkipSpace();
    const std::size_t begin = at_;
    const std::string_view word = at_ < text_.size() && IsPlain(text_[at_]) ? ReadPlain("a unit") : "";
    for (std::size_t unit = first; unit <= last; ++unit) {
      if (word == kUnits[unit]) {
        return static_cast<TimeUnit>(unit);
      }
    }
    at_ = begin;
    std::string expected = "one of";
    for (std::size_t unit = first; unit <= last; ++unit) {
      expected += " " + std::string(kUnits[unit]);
    }
    Fail(expected);
  }

  Field ReadChild(std::string name, int depth) {
    return {.name = std::move(name), .type = ReadType(depth + 1)};
  }

  void ReadTimestamp(DataType& type) {
    if (!Take('[')) {
      type.timezone = "UTC";
      return;
    }
    type.unit = ReadUnit(0, 3);
    if (Take(',')) {
      type.timezone = ReadName("a time zone");
    }
    Expect(']');
  }

  void ReadNested(DataType& type, int depth) {
    std::vector<Field> fields;
    Expect('<');
    switch (type.id) {
      case TypeId::kStruct:
        if (!Take('>')) {
          do {
            std::string name = ReadName("a field's name");
            Expect(':');
            fields.push_back(ReadChild(std::move(name), depth));
          } while (Take(','));
          Expect('>');
        }
        break;
      case TypeId::kMap:
        fields.push_back(ReadChild("key", depth));
        fields.back().nullable = false;
        Expect(',');
        fields.push_back(ReadChild("value", depth));
        Expect('>');
        break;
      case TypeId::kDictionary: {
        const std::size_t begin = (SkipSpace(), at_);
        const Name* index = FindName(kWords, ReadPlain("an index type"));
        if (index == nullptr || index->id < TypeId::kInt8 || index->id > TypeId::kUint32 ||
            index->id == TypeId::kInt64) {
          at_ = begin;
          Fail("int8, int16, int32, uint8, uint16 or uint32");
        }
        type.index = index->id;
        Expect(',');
        SkipSpace();
        const std::size_t value = at_;
        fields.push_back(ReadChild("item", depth));
        if (fields.back().type.id == TypeId::kDictionary) {
          at_ = value;
          Fail("a value type that is not a dictionary");
        }
        Expect('>');
        break;
      }
      default:
        fields.push_back(ReadChild("item", depth));
        if (type.id == TypeId::kFixedSizeList) {
          Expect(',');
          type.width = ReadNumber("the number of items", 0, INT32_MAX);
        }
        Expect('>');
    }
    type.children = std::make_shared<const std::vector<Field>>(std::move(fields));
  }

  DataType ReadType(int depth) {
    SkipSpace();
    if (depth > kMaxTypeDepth) {
      Fail("at most " + std::to_string(kMaxTypeDepth) + " nested types");
    }
    const std::size_t begin = at_;
    const std::string_view word = ReadPlain("a type");
    if (const Name* name = FindName(kWords, word)) {
      return Type(name->id);
    }
    const Name* name = FindName(kBracketed, word);
    if (name == nullptr) {
      at_ = begin;
      Fail("a type");
    }
    DataType type = Type(name->id);
    switch (type.id) {
      case TypeId::kFixedSizeBinary:
        Expect('[');
        type.width = ReadNumber("the number of bytes", 0, INT32_MAX);
        Expect(']');
        break;
      case TypeId::kTime32:
      case TypeId::kTime64:
      case TypeId::kDuration:
        Expect('[');
        type.unit = ReadUnit(type.id == TypeId::kTime64 ? 2 : 0, type.id == TypeId::kTime32 ? 1 : 3);
        Expect(']');
        break;
      case TypeId::kTimestamp:
        ReadTimestamp(type);
        break;
      case TypeId::kDecimal128:
      case TypeId::kDecimal256:
        Expect('(');
        type.precision = type.id == TypeId::kDecimal128 ? ReadNumber("a precision from 1 to 38", 1, 38)
                                                        : ReadNumber("a precision from 1 to 76", 1, 76);
        Expect(',');
        type.scale = ReadNumber("a scale", INT32_MIN, INT32_MAX);
        Expect(')');
        break;
      default:
        ReadNested(type, depth);
    }
    return type;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string NameText(const std::string& name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), IsPlain)) {
    return name;
  }
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') {
      text += '\\';
    }
    text += c;
  }
  return text + '"';
}

std::string FieldsText(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields) {
    text += (text.empty() ? "" : ", ") + NameText(field.name) + ": " + ToString(field.type);
  }
  return text;
}

}  // namespace

DataType ParseType(std::string_view text) {
  return Reader(text).Whole();
}

std::string ToString(const DataType& type) {
  if (const std::string_view word = FindText(kWords, type.id); !word.empty()) {
    return std::string(word);
  }
  const std::string name(FindText(kBracketed, type.id));
  const std::string unit(kUnits[static_cast<std::size_t>(type.unit)]);
  const auto child = [&](std::size_t i) { return ToString(type.fields()[i].type); };
  switch (type.id) {
    case TypeId::kFixedSizeBinary:
      return name + "[" + std::to_string(type.width) + "]";
    case TypeId::kTimestamp:
      return name + "[" + unit + (type.timezone.empty() ? "" : ", " + NameText(type.timezone)) + "]";
    case TypeId::kTime32:
    case TypeId::kTime64:
    case TypeId::kDuration:
      return name + "[" + unit + "]";
    case TypeId::kDecimal128:
    case TypeId::kDecimal256:
      return name + "(" + std::to_string(type.precision) + ", " + std::to_string(type.scale) + ")";
    case TypeId::kFixedSizeList:
      return name + "<" + child(0) + ", " + std::to_string(type.width) + ">";
    case TypeId::kStruct:
      return name + "<" + FieldsText(type.fields()) + ">";
    case TypeId::kMap:
      return name + "<" + child(0) + ", " + child(1) + ">";
    case TypeId::kDictionary:
      return name + "<" + std::string(FindText(kWords, type.index)) + ", " + child(0) + ">";
    default:
      return name + "<" + child(0) + ">";
  }
}

std::string ToString(const Schema& schema) {
  return FieldsText(schema.fields());
}

}  // namespace foretell
