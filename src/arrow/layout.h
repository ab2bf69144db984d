// How each type lies in buffers: the one place that the rest of this folder asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "foretell/schema.h"

namespace foretell {

// Types nest this deep at most, in text and in C schemas; recursion over types is bounded by it.
inline constexpr int kMaxTypeDepth = 64;

enum class Layout : std::uint8_t {
  kNull,        // no buffers
  kBool,        // validity, bits
  kFixed,       // validity, values of `FixedWidth` bytes
  kBytes,       // validity, offsets, data
  kView,        // validity, views of 16 bytes, any number of data buffers, their sizes (int64)
  kList,        // validity, offsets; one child (a map's is a struct of key and value)
  kFixedList,   // validity; one child
  kStruct,      // validity; a child per field
  kDictionary,  // validity, indices; and the dictionary
};

Layout LayoutOf(TypeId id);

// The number of buffers; for views the least number.
std::size_t BufferCount(Layout layout);

// The bytes of a value of kFixed, of an index of kDictionary; 0 for other layouts.
std::int64_t FixedWidth(const DataType& type);

// Offsets of kBytes and kList are int64 (true) or int32.
bool HasLargeOffsets(TypeId id);

// string, large_string, string_view.
bool IsText(TypeId id);

// Of times, timestamps and durations.
std::int64_t TicksPerSecond(TimeUnit unit);

// The types of a column's children, as `Column::child` gives them.
std::size_t ChildCount(const DataType& type);
DataType ChildType(const DataType& type, std::size_t i);

// An element of a view buffer.
struct View {
  std::int32_t size;
  char inlined[4];  // the first of up to 12 bytes, or a prefix
  std::int32_t buffer;
  std::int32_t offset;

  static constexpr std::int32_t kInlined = 12;
};
static_assert(sizeof(View) == 16 && alignof(View) == 4);

// Where in a nested type something was found: "column 'tags.item'".
struct Place {
  const Place* up = nullptr;  // null: the top, which has no name
  std::string_view name;

  std::string Text() const;
};

}  // namespace foretell
