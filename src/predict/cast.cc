#include "predict/cast.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrow/layout.h"
#include "foretell/builder.h"
#include "foretell/error.h"
#include "predict/cast_parts.h"

namespace foretell {
namespace {

constexpr std::string_view kHint =
    "foretell widens numbers, reads integers as floats where that is exact, changes string layouts, units "
    "of time and zones; cast the column yourself for anything else";

[[noreturn]] void Refuse(const DataType& found, const DataType& expected, std::string_view name) {
  throw Error(Code::kTypeMismatch,
              "column '" + std::string(name) + "' is " + ToString(found) + ", expected " + ToString(expected),
              std::string(kHint));
}

// One cast in progress: what the messages need, and where problems go.
struct Context {
  std::string_view name;
  const ValueProblem& problem;

  void Report(std::int64_t row, const std::string& value, const DataType& type, std::string_view why) const {
    problem(row, "column '" + std::string(name) + "' holds " + value + ", which " + ToString(type) + " " +
                     std::string(why));
  }
};

Column CastColumn(const Column& column, const DataType& type, const Context& context);

bool IsSigned(TypeId id) {
  return id >= TypeId::kInt8 && id <= TypeId::kInt64;
}
bool IsUnsigned(TypeId id) {
  return id >= TypeId::kUint8 && id <= TypeId::kUint64;
}

// Calls `use` with a null pointer of the type that stores `id`.
template <typename Use>
auto WithStorage(TypeId id, Use use) {
  switch (id) {
    case TypeId::kInt8:
      return use(static_cast<std::int8_t*>(nullptr));
    case TypeId::kInt16:
      return use(static_cast<std::int16_t*>(nullptr));
    case TypeId::kInt32:
      return use(static_cast<std::int32_t*>(nullptr));
    case TypeId::kUint8:
      return use(static_cast<std::uint8_t*>(nullptr));
    case TypeId::kUint16:
      return use(static_cast<std::uint16_t*>(nullptr));
    case TypeId::kUint32:
      return use(static_cast<std::uint32_t*>(nullptr));
    case TypeId::kUint64:
      return use(static_cast<std::uint64_t*>(nullptr));
    case TypeId::kFloat:
      return use(static_cast<float*>(nullptr));
    case TypeId::kDouble:
      return use(static_cast<double*>(nullptr));
    default:
      return use(static_cast<std::int64_t*>(nullptr));
  }
}

// Widening within a kind, or an unsigned integer into a signed one that holds all of it.
bool Widens(TypeId from, TypeId to) {
  const auto bits = [](TypeId id) {
    return 8 << ((static_cast<int>(id) - static_cast<int>(TypeId::kInt8)) % 4);
  };
  if ((IsSigned(from) && IsSigned(to)) || (IsUnsigned(from) && (IsUnsigned(to) || IsSigned(to)))) {
    return bits(to) > bits(from);
  }
  return from == TypeId::kFloat && to == TypeId::kDouble;
}

template <typename From, typename To>
bool Exact(From value) {
  if constexpr (std::is_integral_v<From> && std::is_floating_point_v<To> &&
                (std::numeric_limits<From>::digits > std::numeric_limits<To>::digits)) {
    // Rounds up to the power of two just out of range, which no value equals.
    constexpr To limit = static_cast<To>(std::numeric_limits<From>::max());
    const To converted = static_cast<To>(value);
    return converted < limit && static_cast<From>(converted) == value;
  }
  return true;
}

template <typename From, typename To>
Column ConvertNumbers(const Column& column, const DataType& type, const Context& context) {
  const std::span<const From> from = column.Values<From>();
  auto to = std::make_shared<std::vector<To>>(from.size());
  bool exact = true;
  for (std::size_t i = 0; i < from.size(); ++i) {
    (*to)[i] = static_cast<To>(from[i]);
    exact &= Exact<From, To>(from[i]);
  }
  if (!exact) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      if (!Exact<From, To>(from[i]) && !column.IsNull(row)) {
        context.Report(row, std::to_string(from[i]), type, "cannot hold exactly");
      }
    }
  }
  const void* data = to->data();
  return FlatColumn(column, type, {data}, std::move(to));
}

Column CastNumbers(const Column& column, const DataType& type, const Context& context) {
  return WithStorage(column.type().id, [&](auto* from) {
    return WithStorage(type.id, [&](auto* to) {
      using From = std::remove_pointer_t<decltype(from)>;
      using To = std::remove_pointer_t<decltype(to)>;
      return ConvertNumbers<From, To>(column, type, context);
    });
  });
}

template <typename To>
Column ConvertHalves(const Column& column, const DataType& type) {
  auto to = std::make_shared<std::vector<To>>(static_cast<std::size_t>(column.length()));
  for (std::int64_t i = 0; i < column.length(); ++i) {
    (*to)[static_cast<std::size_t>(i)] = static_cast<To>(column.Double(i));
  }
  const void* data = to->data();
  return FlatColumn(column, type, {data}, std::move(to));
}

// Types whose values are 64-bit counts of a unit of time.
bool IsTicks(TypeId id) {
  return id == TypeId::kTimestamp || id == TypeId::kDuration || id == TypeId::kTime64;
}

Column CastTicks(const Column& column, const DataType& type, const Context& context) {
  const std::int64_t from = TicksPerSecond(column.type().unit);
  const std::int64_t to = TicksPerSecond(type.unit);
  if (from == to) {
    return WithType(column, type);
  }
  const std::span<const std::int64_t> values = column.Values<std::int64_t>();
  auto converted = std::make_shared<std::vector<std::int64_t>>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool exact = to > from ? !__builtin_mul_overflow(values[i], to / from, &(*converted)[i])
                                 : values[i] % (from / to) == 0;
    if (to < from) {
      (*converted)[i] = values[i] / (from / to);
    }
    if (!exact && !column.IsNull(static_cast<std::int64_t>(i))) {
      context.Report(static_cast<std::int64_t>(i), ToString(column.type()) + " " + std::to_string(values[i]),
                     type, "cannot hold exactly");
    }
  }
  const void* data = converted->data();
  return FlatColumn(column, type, {data}, std::move(converted));
}

// Re-bases offsets of one width into another. Nothing when they do not fit.
template <typename From, typename To>
std::shared_ptr<std::vector<To>> Rebase(const From* offsets, std::int64_t length) {
  if (static_cast<std::uint64_t>(offsets[length] - offsets[0]) >
      static_cast<std::uint64_t>(std::numeric_limits<To>::max())) {
    return nullptr;
  }
  auto rebased = std::make_shared<std::vector<To>>(static_cast<std::size_t>(length) + 1);
  for (std::int64_t i = 0; i <= length; ++i) {
    (*rebased)[static_cast<std::size_t>(i)] = static_cast<To>(offsets[i] - offsets[0]);
  }
  return rebased;
}

// string and large_string in each other's layout; the text is not copied. Nothing when too large.
template <typename From, typename To>
std::optional<Column> ShareText(const Column& column, const DataType& type) {
  const Column::Parts& parts = column.parts();
  if (column.length() == 0) {
    return NullColumn(type, 0);
  }
  const From* offsets = static_cast<const From*>(parts.buffers[1]) + parts.offset;
  auto rebased = Rebase<From, To>(offsets, column.length());
  if (!rebased) {
    return std::nullopt;
  }
  const void* data = rebased->data();
  return FlatColumn(column, type, {data, static_cast<const char*>(parts.buffers[2]) + offsets[0]},
                    std::move(rebased));
}

template <typename Offset>
Column CopyText(const Column& column, const DataType& type, const Context& context) {
  const std::int64_t rows = column.length();
  auto copy = std::make_shared<std::pair<std::vector<Offset>, std::string>>();
  copy->first.resize(static_cast<std::size_t>(rows) + 1);
  for (std::int64_t i = 0; i < rows; ++i) {
    if (!column.IsNull(i)) {
      const std::string_view text = column.String(i);
      if (copy->second.size() + text.size() >
          static_cast<std::uint64_t>(std::numeric_limits<Offset>::max())) {
        throw Error(Code::kInvalidValue,
                    "column '" + std::string(context.name) + "' holds more than 2 GiB of text in one batch",
                    "use smaller batches or declare large_string");
      }
      copy->second += text;
    }
    copy->first[static_cast<std::size_t>(i) + 1] = static_cast<Offset>(copy->second.size());
  }
  const void* offsets = copy->first.data();
  const void* data = copy->second.data();
  return FlatColumn(column, type, {offsets, data}, std::move(copy));
}

Column CopyTextToViews(const Column& column, const DataType& type, const Context& context) {
  struct Buffers {
    std::vector<View> views;
    std::string data;
    std::int64_t size = 0;
  };
  auto copy = std::make_shared<Buffers>();
  copy->views.resize(static_cast<std::size_t>(column.length()));
  for (std::int64_t i = 0; i < column.length(); ++i) {
    View& view = copy->views[static_cast<std::size_t>(i)];
    view = View{};
    if (column.IsNull(i)) {
      continue;
    }
    const std::string_view text = column.String(i);
    if (copy->data.size() + text.size() > std::numeric_limits<std::int32_t>::max()) {
      throw Error(Code::kInvalidValue,
                  "column '" + std::string(context.name) + "' holds more than 2 GiB of text in one batch",
                  "use smaller batches or declare large_string");
    }
    view.size = static_cast<std::int32_t>(text.size());
    if (view.size <= View::kInlined) {
      text.copy(reinterpret_cast<char*>(&view) + offsetof(View, inlined), text.size());
    } else {
      text.copy(view.inlined, sizeof(view.inlined));
      view.offset = static_cast<std::int32_t>(copy->data.size());
      copy->data += text;
    }
  }
  copy->size = static_cast<std::int64_t>(copy->data.size());
  const std::vector<const void*> buffers = {copy->views.data(), copy->data.data(), &copy->size};
  return FlatColumn(column, type, buffers, std::move(copy));
}

bool IsBytes(TypeId id) {
  return id == TypeId::kBinary || id == TypeId::kLargeBinary || id == TypeId::kBinaryView;
}

// From one layout of texts to another, or of bytes.
Column CastText(const Column& column, const DataType& type, const Context& context) {
  const TypeId found = column.type().id;
  if (type.id == TypeId::kStringView || type.id == TypeId::kBinaryView) {
    return CopyTextToViews(column, type, context);
  }
  if (type.id == TypeId::kString || type.id == TypeId::kBinary) {
    if (found == TypeId::kLargeString || found == TypeId::kLargeBinary) {
      if (auto shared = ShareText<std::int64_t, std::int32_t>(column, type)) {
        return *std::move(shared);
      }
    }
    return CopyText<std::int32_t>(column, type, context);
  }
  if (found == TypeId::kString || found == TypeId::kBinary) {
    if (auto shared = ShareText<std::int32_t, std::int64_t>(column, type)) {
      return *std::move(shared);
    }
  }
  return CopyText<std::int64_t>(column, type, context);
}

// A dictionary's values in the wanted type, then the values that the rows point at.
Column Decode(const Column& column, const DataType& type, const Context& context) {
  const Column& values = column.dictionary();
  if (IsText(values.type().id) && IsText(type.id)) {
    return CastText(column, type, context);
  }
  std::vector<std::pair<std::int64_t, std::string>> problems;
  const ValueProblem collect = [&](std::int64_t i, const std::string& message) {
    problems.emplace_back(i, message);
  };
  const Column cast = CastColumn(values, type, Context{context.name, collect});
  ColumnBuilder builder(type);
  builder.Reserve(column.length());
  for (std::int64_t i = 0; i < column.length(); ++i) {
    if (column.IsNull(i)) {
      builder.AppendNull();
      continue;
    }
    const std::int64_t index = column.Index(i);
    builder.AppendFrom(cast, index);
    for (const auto& [value, message] : problems) {
      if (value == index) {
        context.problem(i, message);
      }
    }
  }
  return builder.Finish();
}

bool IsList(TypeId id) {
  return id == TypeId::kList || id == TypeId::kLargeList || id == TypeId::kFixedSizeList;
}

// The items of a slice's lists, and where each list begins among them.
struct Items {
  Column items;
  std::vector<std::int64_t> offsets;
};

Items ItemsOf(const Column& column) {
  const std::int64_t rows = column.length();
  Items result;
  result.offsets.resize(static_cast<std::size_t>(rows) + 1);
  const std::int64_t base = rows == 0 ? 0 : column.ListRange(0).first;
  for (std::int64_t i = 0; i < rows; ++i) {
    result.offsets[static_cast<std::size_t>(i) + 1] = column.ListRange(i).second - base;
  }
  result.items = column.child(0).Slice(base, result.offsets.back());
  return result;
}

Column CastList(const Column& column, const DataType& type, const Context& context) {
  const Items found = ItemsOf(column);
  const std::int64_t rows = column.length();
  const ValueProblem in_item = [&](std::int64_t item, const std::string& message) {
    const auto after = std::upper_bound(found.offsets.begin(), found.offsets.end(), item);
    const std::int64_t row = after - found.offsets.begin() - 1;
    if (!column.IsNull(row)) {
      context.problem(row, message);
    }
  };
  const DataType item_type = type.id == TypeId::kMap ? StructOf(type.fields()) : type.fields()[0].type;
  const Column items = CastColumn(found.items, item_type, Context{context.name, in_item});
  if (type.id != TypeId::kFixedSizeList) {
    return ListColumn(column, type, found.offsets, items);
  }
  ColumnBuilder builder(type);
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t first = found.offsets[static_cast<std::size_t>(i)];
    const std::int64_t size = found.offsets[static_cast<std::size_t>(i) + 1] - first;
    if (column.IsNull(i) || size != type.width) {
      if (!column.IsNull(i)) {
        context.Report(i, "a list of " + std::to_string(size), type, "cannot hold");
      }
      builder.AppendNull();
      continue;
    }
    for (std::int64_t item = first; item < first + size; ++item) {
      builder.child(0).AppendFrom(items, item);
    }
    builder.CloseList();
  }
  return builder.Finish();
}

Column CastStruct(const Column& column, const DataType& type, const Context& context) {
  const std::vector<Field>& from = column.type().fields();
  const std::vector<Field>& to = type.fields();
  if (from.size() != to.size()) {
    Refuse(column.type(), type, context.name);
  }
  std::vector<Column> children;
  for (const Field& field : to) {
    const auto at =
        std::find_if(from.begin(), from.end(), [&](const Field& f) { return f.name == field.name; });
    if (at == from.end()) {
      Refuse(column.type(), type, context.name);
    }
    const std::string name = std::string(context.name) + "." + field.name;
    const ValueProblem in_child = [&](std::int64_t row, const std::string& message) {
      if (!column.IsNull(row)) {
        context.problem(row, message);
      }
    };
    children.push_back(CastColumn(column.child(static_cast<std::size_t>(at - from.begin())), field.type,
                                  Context{name, in_child}));
  }
  return StructColumn(column, type, std::move(children));
}

Column CastColumn(const Column& column, const DataType& type, const Context& context) {
  const DataType& found = column.type();
  if (found == type) {
    return column;
  }
  if (found.id == TypeId::kNull) {
    return NullColumn(type, column.length());
  }
  if (found.id == TypeId::kDictionary && type.id != TypeId::kDictionary) {
    return Decode(column, type, context);
  }
  if ((IsText(found.id) && IsText(type.id)) || (IsBytes(found.id) && IsBytes(type.id))) {
    return CastText(column, type, context);
  }
  const bool to_float = type.id == TypeId::kFloat || type.id == TypeId::kDouble;
  if (Widens(found.id, type.id) || (to_float && (IsSigned(found.id) || IsUnsigned(found.id)))) {
    return CastNumbers(column, type, context);
  }
  if (found.id == TypeId::kHalf && to_float) {
    return type.id == TypeId::kFloat ? ConvertHalves<float>(column, type)
                                     : ConvertHalves<double>(column, type);
  }
  if (found.id == type.id && IsTicks(type.id)) {
    return CastTicks(column, type, context);
  }
  if ((IsList(found.id) && IsList(type.id)) || (found.id == TypeId::kMap && type.id == TypeId::kMap)) {
    return CastList(column, type, context);
  }
  if (found.id == TypeId::kStruct && type.id == TypeId::kStruct) {
    return CastStruct(column, type, context);
  }
  Refuse(found, type, context.name);
}

}  // namespace

Column CastValues(const Column& column, const DataType& type, std::string_view name,
                  const ValueProblem& problem) {
  return CastColumn(column, type, Context{name, problem});
}

Column Cast(const Column& column, const DataType& type, std::string_view name) {
  if (column.type() == type) {
    return column;
  }
  return CastValues(column, type, name, [](std::int64_t row, const std::string& message) {
    throw Error(Code::kInvalidValue, message + " (row " + std::to_string(row) + ")",
                "leave the row out, or declare a type that holds the value");
  });
}

}  // namespace foretell
