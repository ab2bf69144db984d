// Types, fields and schemas: values that describe a batch, and their text form.
//
//   Schema input({{"title", ParseType("string")}, {"description", ParseType("string")}});
//   ToString(ParseType("list<double>"))  // "list<double>"
//
// The text form, one spelling per type, is what `ft.schema(...)`, manifests and messages use:
//   null bool int8 … int64 uint8 … uint64 half float double string large_string string_view
//   binary large_binary binary_view fixed_size_binary[n] date32 date64 time32[s|ms] time64[us|ns]
//   timestamp[s|ms|us|ns] timestamp[us, Zone] duration[s|ms|us|ns] decimal128(p, s) decimal256(p, s)
//   list<T> large_list<T> fixed_size_list<T, n> struct<name: T, …> map<K, V> dictionary<index, T>
// Accepted when read, too: float16 = half, float32 = float, float64 = double, utf8 = string, large_utf8,
// timestamp = timestamp[us, UTC], int = int64, bytes = binary, date = date32.
// Names and zones that hold other than letters, digits and _ . - / + are in double quotes, with \ before
// a quote or backslash: struct<"a name": int64>. Types nest at most 64 levels deep.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foretell/arrow.h"

namespace foretell {

enum class TypeId : std::uint8_t {
  kNull,
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kHalf,
  kFloat,
  kDouble,
  kString,
  kLargeString,
  kStringView,
  kBinary,
  kLargeBinary,
  kBinaryView,
  kFixedSizeBinary,
  kDate32,
  kDate64,
  kTime32,
  kTime64,
  kTimestamp,
  kDuration,
  kDecimal128,
  kDecimal256,
  kList,
  kLargeList,
  kFixedSizeList,
  kStruct,
  kMap,
  kDictionary,
};

enum class TimeUnit : std::uint8_t { kSecond, kMillisecond, kMicrosecond, kNanosecond };

struct Field;

// A value type: copied freely (children are shared).
struct DataType {
  TypeId id = TypeId::kNull;
  TimeUnit unit = TimeUnit::kMicrosecond;  // time, timestamp, duration
  std::string timezone;                    // timestamp; "" is naive
  std::int32_t width = 0;                  // fixed_size_binary bytes, fixed_size_list length
  std::int32_t precision = 0, scale = 0;   // decimals
  TypeId index = TypeId::kInt32;           // dictionary
  bool ordered = false;                    // dictionary; a map's keys
  // list, large_list, fixed_size_list, dictionary: one (the item or value); struct: any; map: key, value.
  std::shared_ptr<const std::vector<Field>> children;

  const std::vector<Field>& fields() const;  // empty when there are none
  // What the text form says: names of list items, nullability and `ordered` are not compared.
  bool operator==(const DataType& other) const;
};

struct Field {
  std::string name;
  DataType type;
  bool nullable = true;
  std::string metadata = {};  // the C interface's encoding, passed on unchanged

  bool operator==(const Field& other) const;  // name and type
};

class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields, std::string metadata = {});

  const std::vector<Field>& fields() const { return fields_; }
  const std::string& metadata() const { return metadata_; }
  std::size_t size() const { return fields_.size(); }
  const Field& operator[](std::size_t i) const { return fields_[i]; }

  // The position of a column; nothing when it is absent. FT0204 when the name occurs twice.
  std::optional<std::size_t> Find(std::string_view name) const;

  bool operator==(const Schema& other) const { return fields_ == other.fields_; }

 private:
  std::vector<Field> fields_;
  std::string metadata_;
};

DataType ParseType(std::string_view text);  // FT0201, with the text and the place
std::string ToString(const DataType& type);
std::string ToString(const Schema& schema);  // "title: string, start: timestamp[us, UTC]"

// A primitive type by its id, for code: Type(TypeId::kInt64).
DataType Type(TypeId id);
DataType ListOf(DataType item);
DataType StructOf(std::vector<Field> fields);

// Copies a C schema (its owner keeps it). FT0202 names a type that is not supported (run-end
// encoded, 64-bit dictionary indices, unions, list views, intervals, small decimals, more than 64
// levels); FT0207 says what is malformed. A name that is null is "".
Schema ImportSchema(const ArrowSchema& schema);
Field ImportField(const ArrowSchema& schema);
void ExportSchema(const Schema& schema, ArrowSchema* out);
void ExportField(const Field& field, ArrowSchema* out);

}  // namespace foretell
