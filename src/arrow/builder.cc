#include "foretell/builder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <utility>

#include "arrow/bitmap.h"
#include "arrow/layout.h"
#include "foretell/error.h"

namespace foretell {
namespace {

template <typename T>
void Push(std::vector<std::byte>& bytes, T value) {
  const std::size_t at = bytes.size();
  bytes.resize(at + sizeof(value));
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

// Bit `i`, where `i` is the number of bits so far.
void PushBit(std::vector<std::byte>& bits, std::int64_t i, bool value) {
  if (i % 8 == 0) {
    bits.push_back(std::byte{0});
  }
  if (value) {
    SetBit(bits.data(), i);
  }
}

// Room for `count` bits; the new ones are not set.
void ResizeBits(std::vector<std::byte>& bits, std::int64_t count) {
  bits.resize(static_cast<std::size_t>((count + 7) / 8));
}

// To the nearest, ties to even; infinite when the magnitude is 65520 or more.
std::uint16_t DoubleToHalf(double value) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000U : 0U);
  const double magnitude = std::fabs(value);
  if (std::isnan(value)) {
    return static_cast<std::uint16_t>(sign | 0x7E00U);
  }
  if (magnitude >= 65520.0) {
    return static_cast<std::uint16_t>(sign | 0x7C00U);
  }
  int exponent = magnitude < 0x1p-14 ? -14 : std::ilogb(magnitude);
  const double steps =
      std::nearbyint(std::scalbn(magnitude, 10 - exponent));  // up to 2048: carries over by itself
  const auto bits = static_cast<std::uint32_t>(steps) + (static_cast<std::uint32_t>(exponent + 14) << 10);
  return static_cast<std::uint16_t>(sign | bits);
}

bool IsSigned64(TypeId id) {
  return id == TypeId::kInt64 || id == TypeId::kDate64 || id == TypeId::kTime64 || id == TypeId::kTimestamp ||
         id == TypeId::kDuration;
}

}  // namespace

struct ColumnBuilder::State {
  DataType type;
  Layout layout;
  std::int64_t length = 0;
  std::int64_t nulls = 0;
  std::vector<std::byte> validity;
  std::vector<std::byte> cells;  // values, bits or offsets
  std::vector<char> data;
  std::vector<ColumnBuilder> children;

  explicit State(DataType wanted) : type(std::move(wanted)), layout(LayoutOf(type.id)) {
    if (layout == Layout::kDictionary || layout == Layout::kView) {
      throw Error(Code::kUnsupportedType, "a column of " + ToString(type) + " cannot be built",
                  "build its plain layout, such as string");
    }
    for (std::size_t i = 0; i < ChildCount(type); ++i) {
      children.emplace_back(ChildType(type, i));
    }
    if (layout == Layout::kBytes || layout == Layout::kList) {
      PushOffset(0);
    }
  }

  void PushOffset(std::int64_t offset) {
    if (HasLargeOffsets(type.id)) {
      Push(cells, offset);
      return;
    }
    if (offset > std::numeric_limits<std::int32_t>::max()) {
      throw Error(Code::kInvalidValue,
                  "a column of " + ToString(type) + " holds at most 2^31 - 1 bytes or items",
                  "use smaller batches, or a large_ type");
    }
    Push(cells, static_cast<std::int32_t>(offset));
  }

  void PushOffsets(std::int64_t offset, std::int64_t count) {
    if (count == 0) {
      return;
    }
    PushOffset(offset);
    const auto repeat = [&]<typename Offset>(Offset value) {
      const std::size_t at = cells.size();
      cells.resize(at + static_cast<std::size_t>(count - 1) * sizeof(Offset));
      std::fill_n(reinterpret_cast<Offset*>(cells.data() + at), count - 1, value);
    };
    HasLargeOffsets(type.id) ? repeat(offset) : repeat(static_cast<std::int32_t>(offset));
  }

  void Count(bool valid) {
    PushBit(validity, length, valid);
    nulls += valid ? 0 : 1;
    ++length;
  }

  [[noreturn]] void Mismatch(const std::string& what) const {
    throw Error(Code::kTypeMismatch, what + " was given for a column of " + ToString(type));
  }
  template <typename Value>
  [[noreturn]] void OutOfRange(Value value) const {
    throw Error(Code::kInvalidValue, std::to_string(value) + " is outside the range of " + ToString(type));
  }

  template <typename T, typename Value>
  void PushInteger(Value value) {
    if (!std::in_range<T>(value)) {
      OutOfRange(value);
    }
    Push(cells, static_cast<T>(value));
  }

  template <typename Value>
  void AppendInteger(Value value) {
    switch (type.id) {
      case TypeId::kInt8:
        PushInteger<std::int8_t>(value);
        break;
      case TypeId::kInt16:
        PushInteger<std::int16_t>(value);
        break;
      case TypeId::kInt32:
      case TypeId::kDate32:
      case TypeId::kTime32:
        PushInteger<std::int32_t>(value);
        break;
      case TypeId::kUint8:
        PushInteger<std::uint8_t>(value);
        break;
      case TypeId::kUint16:
        PushInteger<std::uint16_t>(value);
        break;
      case TypeId::kUint32:
        PushInteger<std::uint32_t>(value);
        break;
      case TypeId::kUint64:
        PushInteger<std::uint64_t>(value);
        break;
      default:
        if (!IsSigned64(type.id)) {
          Mismatch("the integer " + std::to_string(value));
        }
        PushInteger<std::int64_t>(value);
    }
    Count(true);
  }
};

ColumnBuilder::ColumnBuilder(DataType type) : state_(std::make_unique<State>(std::move(type))) {}
ColumnBuilder::~ColumnBuilder() = default;
ColumnBuilder::ColumnBuilder(ColumnBuilder&&) noexcept = default;
ColumnBuilder& ColumnBuilder::operator=(ColumnBuilder&&) noexcept = default;

const DataType& ColumnBuilder::type() const {
  return state_->type;
}

std::int64_t ColumnBuilder::length() const {
  return state_->length;
}

void ColumnBuilder::Reserve(std::int64_t rows) {
  State& state = *state_;
  const auto more = static_cast<std::size_t>(rows);
  state.validity.reserve(state.validity.size() + more / 8 + 1);
  switch (state.layout) {
    case Layout::kBool:
      state.cells.reserve(state.cells.size() + more / 8 + 1);
      break;
    case Layout::kFixed:
      state.cells.reserve(state.cells.size() + more * static_cast<std::size_t>(FixedWidth(state.type)));
      break;
    case Layout::kBytes:
    case Layout::kList:
      state.cells.reserve(state.cells.size() + more * (HasLargeOffsets(state.type.id) ? 8 : 4));
      break;
    default:
      break;
  }
}

void ColumnBuilder::AppendNull() {
  AppendNulls(1);
}

void ColumnBuilder::AppendNulls(std::int64_t count) {
  State& state = *state_;
  switch (state.layout) {
    case Layout::kBool:
      ResizeBits(state.cells, state.length + count);
      break;
    case Layout::kFixed:
      state.cells.resize(state.cells.size() + static_cast<std::size_t>(count * FixedWidth(state.type)));
      break;
    case Layout::kBytes:
      state.PushOffsets(static_cast<std::int64_t>(state.data.size()), count);
      break;
    case Layout::kList:
      state.PushOffsets(state.children[0].length(), count);
      break;
    case Layout::kFixedList:
      state.children[0].AppendNulls(count * state.type.width);
      break;
    case Layout::kStruct:
      for (ColumnBuilder& child : state.children) {
        child.AppendNulls(count);
      }
      break;
    default:
      break;
  }
  ResizeBits(state.validity, state.length + count);
  state.nulls += count;
  state.length += count;
}

void ColumnBuilder::AppendBool(bool value) {
  State& state = *state_;
  if (state.layout != Layout::kBool) {
    state.Mismatch(value ? "true" : "false");
  }
  PushBit(state.cells, state.length, value);
  state.Count(true);
}

void ColumnBuilder::AppendInt(std::int64_t value) {
  state_->AppendInteger(value);
}

void ColumnBuilder::AppendUint(std::uint64_t value) {
  state_->AppendInteger(value);
}

void ColumnBuilder::AppendDouble(double value) {
  State& state = *state_;
  switch (state.type.id) {
    case TypeId::kDouble:
      Push(state.cells, value);
      break;
    case TypeId::kFloat: {
      // Half a step above the largest float is where rounding goes to infinity; casting is undefined there.
      if (std::isfinite(value) && std::fabs(value) >= 0x1.ffffffp127) {
        state.OutOfRange(value);
      }
      Push(state.cells, static_cast<float>(value));
      break;
    }
    case TypeId::kHalf:
      if (std::isfinite(value) && std::fabs(value) >= 65520.0) {
        state.OutOfRange(value);
      }
      Push(state.cells, DoubleToHalf(value));
      break;
    default:
      state.Mismatch("the number " + std::to_string(value));
  }
  state.Count(true);
}

void ColumnBuilder::AppendString(std::string_view value) {
  State& state = *state_;
  const bool raw = state.type.id == TypeId::kFixedSizeBinary || state.type.id == TypeId::kDecimal128 ||
                   state.type.id == TypeId::kDecimal256;
  if (raw) {
    if (static_cast<std::int64_t>(value.size()) != FixedWidth(state.type)) {
      throw Error(Code::kInvalidValue, std::to_string(value.size()) + " bytes were given for a column of " +
                                           ToString(state.type) + ", which takes " +
                                           std::to_string(FixedWidth(state.type)));
    }
    const auto* bytes = reinterpret_cast<const std::byte*>(value.data());
    state.cells.insert(state.cells.end(), bytes, bytes + value.size());
  } else if (state.layout == Layout::kBytes) {
    state.PushOffset(static_cast<std::int64_t>(state.data.size() + value.size()));
    state.data.insert(state.data.end(), value.begin(), value.end());
  } else {
    state.Mismatch("text");
  }
  state.Count(true);
}

void ColumnBuilder::CloseList() {
  State& state = *state_;
  if (state.layout == Layout::kFixedList) {
    const std::int64_t given = state.children[0].length() - state.length * state.type.width;
    if (given != state.type.width) {
      throw Error(Code::kInvalidValue,
                  std::to_string(given) + " items were given for an element of " + ToString(state.type));
    }
  } else if (state.layout == Layout::kList) {
    state.PushOffset(state.children[0].length());
  } else {
    state.Mismatch("a list");
  }
  state.Count(true);
}

void ColumnBuilder::CloseStruct() {
  State& state = *state_;
  if (state.layout != Layout::kStruct) {
    state.Mismatch("a struct");
  }
  for (std::size_t i = 0; i < state.children.size(); ++i) {
    if (state.children[i].length() != state.length + 1) {
      throw Error(Code::kInvalidValue, "field '" + state.type.fields()[i].name + "' got " +
                                           std::to_string(state.children[i].length() - state.length) +
                                           " values for one element of " + ToString(state.type));
    }
  }
  state.Count(true);
}

ColumnBuilder& ColumnBuilder::child(std::size_t i) {
  return state_->children[i];
}

void ColumnBuilder::AppendFrom(const Column& column, std::int64_t i) {
  State& state = *state_;
  if (column.type().id == TypeId::kDictionary) {
    return column.IsNull(i) ? AppendNull() : AppendFrom(column.dictionary(), column.Index(i));
  }
  if (column.IsNull(i)) {
    return AppendNull();
  }
  const Layout layout = LayoutOf(column.type().id);
  if (state.layout == Layout::kBytes && (layout == Layout::kBytes || layout == Layout::kView)) {
    return AppendString(column.String(i));
  }
  const DataType& type = column.type();
  if (type.id != state.type.id || type.unit != state.type.unit || type.width != state.type.width ||
      type.scale != state.type.scale || column.type().fields().size() != state.type.fields().size()) {
    state.Mismatch("an element of " + ToString(type));
  }
  switch (layout) {
    case Layout::kBool:
      return AppendBool(column.Bool(i));
    case Layout::kFixed: {
      const auto width = static_cast<std::size_t>(FixedWidth(state.type));
      const std::size_t at = state.cells.size();
      state.cells.resize(at + width);
      if (width > 0) {
        const auto* from = static_cast<const std::byte*>(column.parts().buffers[1]);
        std::memcpy(state.cells.data() + at,
                    from + static_cast<std::size_t>(column.parts().offset + i) * width, width);
      }
      return state.Count(true);
    }
    case Layout::kList:
    case Layout::kFixedList: {
      const auto [first, last] = column.ListRange(i);
      const Column items = column.child(0);
      for (std::int64_t item = first; item < last; ++item) {
        state.children[0].AppendFrom(items, item);
      }
      return CloseList();
    }
    default:
      for (std::size_t c = 0; c < state.children.size(); ++c) {
        state.children[c].AppendFrom(column.child(c), i);
      }
      return CloseStruct();
  }
}

Column ColumnBuilder::Finish() {
  struct Owner {
    std::vector<std::byte> validity;
    std::vector<std::byte> cells;
    std::vector<char> data;
  };
  State& state = *state_;
  auto owner = std::make_shared<Owner>();
  Column::Parts parts;
  parts.type = state.type;
  parts.length = state.length;
  parts.null_count = state.nulls;
  for (ColumnBuilder& child : state.children) {
    parts.children.push_back(child.Finish());
  }
  owner->validity = std::move(state.validity);
  owner->cells = std::move(state.cells);
  owner->data = std::move(state.data);
  const std::size_t buffers = BufferCount(state.layout);
  if (buffers > 0) {
    parts.buffers.push_back(state.nulls == 0 ? nullptr : owner->validity.data());
  }
  if (buffers > 1) {
    parts.buffers.push_back(owner->cells.data());
  }
  if (buffers > 2) {
    parts.buffers.push_back(owner->data.data());
  }
  parts.owner = std::move(owner);
  state_ = std::make_unique<State>(state.type);
  return Column(std::move(parts));
}

}  // namespace foretell
