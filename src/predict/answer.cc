#include "predict/answer.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "predict/cast.h"
#include "predict/cast_parts.h"
#include "predict/input.h"

namespace foretell {
namespace {

constexpr const char* kCorrect = "correct the predictor, or its `output`";

bool IsFloat(TypeId id) {
  return id == TypeId::kHalf || id == TypeId::kFloat || id == TypeId::kDouble;
}

bool IsName(std::string_view text) {
  const auto word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::ranges::all_of(text, word);
}

// The line of a class that declares the columns `began`, but for numbers that have become fractions since.
std::string Declaration(const Schema& began, const Schema& found) {
  const bool names =
      std::ranges::all_of(began.fields(), [](const Field& field) { return IsName(field.name); });
  std::string line = "output = ft.schema(";
  line += names ? "" : "**{";
  for (const Field& field : began.fields()) {
    const auto at = found.Find(field.name);
    const bool fraction = at && IsFloat(found[*at].type.id);
    line += &field == &began.fields().front() ? "" : ", ";
    line += names ? field.name + "=" : '"' + field.name + "\": ";
    line += '"' + ToString(fraction ? Type(TypeId::kDouble) : field.type) + '"';
  }
  return line + (names ? ")" : "})");
}

// The rows of `column` with something in them that `Items` finds, reported once each.
using Found = std::function<void(std::int64_t row)>;

std::pair<std::int64_t, std::int64_t> ItemRange(const Column& lists) {
  if (lists.length() == 0) {
    return {0, 0};
  }
  return {lists.ListRange(0).first, lists.ListRange(lists.length() - 1).second};
}

bool IsListLike(TypeId id) {
  return id == TypeId::kList || id == TypeId::kLargeList || id == TypeId::kFixedSizeList ||
         id == TypeId::kMap;
}

// Walks into lists and structs: `leaf(column)` says whether a column has any such value itself, `at`
// whether element i is one. Only where the whole has one are the rows looked at one by one.
struct Search {
  bool (*any)(const Column&);
  bool (*at)(const Column&, std::int64_t);
};

bool Any(const Column& column, const Search& search) {
  if (search.any(column)) {
    return true;
  }
  if (IsListLike(column.type().id)) {
    const auto [first, last] = ItemRange(column);
    return Any(column.child(0).Slice(first, last - first), search);
  }
  if (column.type().id == TypeId::kStruct) {
    for (std::size_t i = 0; i < column.type().fields().size(); ++i) {
      if (Any(column.child(i), search)) {
        return true;
      }
    }
  }
  return false;
}

bool InRow(const Column& column, std::int64_t row, const Search& search) {
  if (search.at(column, row)) {
    return true;
  }
  if (column.IsNull(row)) {
    return false;
  }
  if (IsListLike(column.type().id)) {
    const Column items = column.child(0);
    const auto [first, last] = column.ListRange(row);
    for (std::int64_t i = first; i < last; ++i) {
      if (InRow(items, i, search)) {
        return true;
      }
    }
  } else if (column.type().id == TypeId::kStruct) {
    for (std::size_t i = 0; i < column.type().fields().size(); ++i) {
      if (InRow(column.child(i), row, search)) {
        return true;
      }
    }
  }
  return false;
}

// Looks at bits, in blocks of a fixed size: a float is NaN when its bits without the sign exceed those
// of infinity, and then the difference borrows into the sign bit. Compilers make vector code of it.
template <typename Bits, typename Float>
bool HasNan(std::span<const Float> values, Bits infinity) {
  constexpr std::size_t kBlock = 64;
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  Bits differences = 0;
  std::size_t i = 0;
  for (; i + kBlock <= values.size(); i += kBlock) {
    for (std::size_t j = 0; j < kBlock; ++j) {
      differences |= infinity - (std::bit_cast<Bits>(values[i + j]) & ~kSign);
    }
  }
  for (; i < values.size(); ++i) {
    differences |= infinity - (std::bit_cast<Bits>(values[i]) & ~kSign);
  }
  return (differences & kSign) != 0;
}

bool IsHalfNan(unsigned bits) {
  return (bits & 0x7C00U) == 0x7C00U && (bits & 0x3FFU) != 0;
}

constexpr Search kNulls = {[](const Column& column) { return column.null_count() > 0; },
                           [](const Column& column, std::int64_t i) { return column.IsNull(i); }};

constexpr Search kNans = {[](const Column& column) {
                            switch (column.type().id) {
                              case TypeId::kDouble:
                                return HasNan<std::uint64_t>(column.Values<double>(), 0x7FF0'0000'0000'0000);
                              case TypeId::kFloat:
                                return HasNan<std::uint32_t>(column.Values<float>(), 0x7F80'0000);
                              case TypeId::kHalf:
                                return std::ranges::any_of(column.Values<std::uint16_t>(), IsHalfNan);
                              default:
                                return false;
                            }
                          },
                          [](const Column& column, std::int64_t i) {
                            if (column.IsNull(i)) {
                              return false;
                            }
                            switch (column.type().id) {
                              case TypeId::kDouble:
                              case TypeId::kFloat:
                                return column.Double(i) != column.Double(i);
                              case TypeId::kHalf:
                                return IsHalfNan(column.Values<std::uint16_t>()[static_cast<std::size_t>(i)]);
                              default:
                                return false;
                            }
                          }};

void Look(const Column& column, const Search& search, Code code, const std::string& message,
          std::map<std::int64_t, RowError>& errors) {
  if (!Any(column, search)) {
    return;
  }
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (InRow(column, row, search)) {
      errors.emplace(row, RowError{CodeText(code), message, {}});
    }
  }
}

void ReadErrors(const Column& column, std::map<std::int64_t, RowError>& errors) {
  Column given;
  try {
    given = Cast(column, ErrorType(), kErrorColumn);
  } catch (const Error& error) {
    throw Error(Code::kWrongType, "the predictor's " + error.message(), kCorrect);
  }
  if (given.null_count() == given.length()) {
    return;
  }
  const Column codes = given.child(0);
  const Column messages = given.child(1);
  for (std::int64_t row = 0; row < given.length(); ++row) {
    if (!given.IsNull(row)) {
      errors.emplace(
          row, RowError{codes.IsNull(row) ? CodeText(Code::kPredictorRaised) : std::string(codes.String(row)),
                        messages.IsNull(row) ? std::string() : std::string(messages.String(row)),
                        {}});
    }
  }
}

void Mask(std::vector<Column>& columns, const std::map<std::int64_t, RowError>& errors) {
  if (errors.empty()) {
    return;
  }
  std::vector<std::int64_t> rows;
  rows.reserve(errors.size());
  for (const auto& [row, error] : errors) {
    rows.push_back(row);
  }
  for (Column& column : columns) {
    if (std::ranges::any_of(rows, [&](std::int64_t row) { return !column.IsNull(row); })) {
      column = WithNulls(column, rows);
    }
  }
}

DataType Plain(const DataType& type) {
  if (type.id == TypeId::kDictionary) {
    return Plain(type.fields()[0].type);
  }
  if (type.fields().empty() || type.id == TypeId::kMap) {
    return type;
  }
  std::vector<Field> fields = type.fields();
  for (Field& field : fields) {
    field.type = Plain(field.type);
  }
  DataType plain = type;
  plain.children = std::make_shared<const std::vector<Field>>(std::move(fields));
  return plain;
}

}  // namespace

const DataType& ErrorType() {
  static const DataType type =
      StructOf({{"code", Type(TypeId::kString)}, {"message", Type(TypeId::kString)}});
  return type;
}

Answer CheckAnswer(const Batch& answer, std::int64_t rows, const Schema& output, const Signature& signature) {
  if (answer.rows() != rows) {
    throw Error(
        Code::kWrongLength,
        "the predictor returned " + std::to_string(answer.rows()) + " rows for " + std::to_string(rows),
        "return one prediction per row, in order");
  }
  const Schema& found = answer.schema();
  const auto errors_at = found.Find(kErrorColumn);
  Answer result;
  // An output that is not declared is what the first rows gave; what to do must reach a quarantine, too.
  const auto say = [&](const std::string& message) {
    return signature.output ? message
                            : message + "; the output is not declared, and the first rows gave " +
                                  ToString(output) + ": declare it, " + Declaration(output, found);
  };
  const auto fail = [&](const std::string& message) {
    throw Error(Code::kWrongType, say(message),
                signature.output ? kCorrect : "add the line to the class, and save again");
  };
  if (errors_at) {
    ReadErrors(answer.column(*errors_at), result.errors);
    if (found.size() == 1 && static_cast<std::int64_t>(result.errors.size()) == rows) {
      return result;  // nothing was predicted: there need be no columns
    }
  }
  if (found.size() - (errors_at ? 1 : 0) != output.size()) {
    fail("the predictor returned the columns " + Names(found) + ", expected " + Names(output));
  }
  for (const Field& field : output.fields()) {
    const auto at = found.Find(field.name);
    if (!at) {
      fail("the predictor returned the columns " + Names(found) + ", expected " + Names(output));
    }
    try {
      result.columns.push_back(CastValues(
          answer.column(*at), field.type, field.name, [&](std::int64_t row, const std::string& message) {
            result.errors.emplace(
                row, RowError{CodeText(Code::kWrongType), say("the prediction's " + message), {}});
          }));
    } catch (const Error& error) {
      fail("the prediction's " + error.message());
    }
  }
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (!signature.allow_null) {
      Look(result.columns[i], kNulls, Code::kNullPrediction,
           "the prediction '" + output[i].name + "' is null", result.errors);
    }
    if (!signature.allow_nan) {
      Look(result.columns[i], kNans, Code::kNanPrediction, "the prediction '" + output[i].name + "' is NaN",
           result.errors);
    }
  }
  Mask(result.columns, result.errors);
  return result;
}

Schema PlainOutput(const Schema& output) {
  std::vector<Field> fields = output.fields();
  for (Field& field : fields) {
    field.type = Plain(field.type);
  }
  return Schema(std::move(fields), output.metadata());
}

Schema OutputOf(const Batch& answer) {
  std::vector<Field> fields;
  for (const Field& field : answer.schema().fields()) {
    if (field.name != kErrorColumn) {
      fields.push_back({field.name, field.type, true, field.metadata});
    }
  }
  return PlainOutput(Schema(std::move(fields)));
}

}  // namespace foretell
