#include "parity/value_text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "arrow/layout.h"
#include "arrow/utf8.h"

namespace foretell {
namespace {

template <typename Number>
void AppendNumber(Number value, std::string& text) {
  std::array<char, 64> buffer;
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  text.append(buffer.data(), end);
}

void AppendDouble(double value, std::string& text) {
  if (std::isnan(value)) {
    text += "NaN";
  } else {
    AppendNumber(value, text);
  }
}

void AppendHex(std::string_view bytes, std::size_t most, std::string& text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  text += "0x";
  for (const char byte : bytes) {
    if (text.size() > most) {
      return;
    }
    const auto value = static_cast<unsigned char>(byte);
    text += kDigits[value >> 4U];
    text += kDigits[value & 0xFU];
  }
}

void AppendQuoted(std::string_view value, std::size_t most, std::string& text) {
  text += '"';
  for (const char c : value) {
    if (text.size() > most) {
      return;
    }
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escaped;
      text.append(escaped.data(), static_cast<std::size_t>(std::snprintf(
                                      escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned>(c))));
    } else {
      text += c;
    }
  }
  text += '"';
}

void AppendPadded(std::int64_t value, int width, std::string& text) {
  std::array<char, 32> buffer;
  const int length =
      std::snprintf(buffer.data(), buffer.size(), "%0*lld", width, static_cast<long long>(value));
  text.append(buffer.data(), static_cast<std::size_t>(length));
}

void AppendDate(std::int64_t days, std::string& text) {
  constexpr std::int64_t kMost = 11'000'000;  // what a year of std::chrono can hold
  if (days < -kMost || days > kMost) {
    AppendNumber(days, text);
    text += " days";
    return;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  AppendPadded(static_cast<int>(date.year()), 4, text);
  text += '-';
  AppendPadded(static_cast<unsigned>(date.month()), 2, text);
  text += '-';
  AppendPadded(static_cast<unsigned>(date.day()), 2, text);
}

void AppendClock(std::int64_t ticks, std::int64_t per_second, std::string& text) {
  const std::int64_t seconds = ticks / per_second;
  AppendPadded(seconds / 3600, 2, text);
  text += ':';
  AppendPadded(seconds / 60 % 60, 2, text);
  text += ':';
  AppendPadded(seconds % 60, 2, text);
  if (per_second > 1 && ticks % per_second != 0) {
    text += '.';
    AppendPadded(ticks % per_second, per_second == 1'000 ? 3 : per_second == 1'000'000 ? 6 : 9, text);
  }
}

void AppendTimestamp(std::int64_t ticks, const DataType& type, std::string& text) {
  const std::int64_t per_day = 86'400 * TicksPerSecond(type.unit);
  std::int64_t days = ticks / per_day;
  std::int64_t rest = ticks % per_day;
  if (rest < 0) {
    --days;
    rest += per_day;
  }
  AppendDate(days, text);
  text += 'T';
  AppendClock(rest, TicksPerSecond(type.unit), text);
  text += type.timezone.empty() ? "" : "Z";
}

void AppendFixed(const Column& column, std::int64_t i, std::size_t most, std::string& text) {
  const DataType& type = column.type();
  switch (type.id) {
    case TypeId::kHalf:
    case TypeId::kFloat:
    case TypeId::kDouble:
      return AppendDouble(column.Double(i), text);
    case TypeId::kUint8:
    case TypeId::kUint16:
    case TypeId::kUint32:
    case TypeId::kUint64:
      return AppendNumber(column.Uint(i), text);
    case TypeId::kDecimal128:
    case TypeId::kDecimal256:
    case TypeId::kFixedSizeBinary:
      return AppendHex(column.String(i), most, text);
    case TypeId::kDate32:
      return AppendDate(column.Int(i), text);
    case TypeId::kTimestamp:
      return AppendTimestamp(column.Int(i), type, text);
    case TypeId::kTime32:
    case TypeId::kTime64:
      return AppendClock(column.Int(i), TicksPerSecond(type.unit), text);
    default:
      return AppendNumber(column.Int(i), text);
  }
}

void AppendList(const Column& column, std::int64_t i, std::size_t most, std::string& text) {
  const auto [first, last] = column.ListRange(i);
  const Column items = column.child(0);
  text += '[';
  for (std::int64_t at = first; at < last && text.size() <= most; ++at) {
    text += at == first ? "" : ", ";
    AppendValueText(items, at, most, text);
  }
  text += ']';
}

void AppendStruct(const Column& column, std::int64_t i, std::size_t most, std::string& text) {
  const std::vector<Field>& fields = column.type().fields();
  text += '{';
  for (std::size_t c = 0; c < fields.size() && text.size() <= most; ++c) {
    text += (c == 0 ? "" : ", ") + fields[c].name + ": ";
    AppendValueText(column.child(c), i, most, text);
  }
  text += '}';
}

}  // namespace

void AppendValueText(const Column& column, std::int64_t i, std::size_t most, std::string& text) {
  if (column.IsNull(i)) {
    text += "null";
    return;
  }
  switch (LayoutOf(column.type().id)) {
    case Layout::kNull:
      text += "null";
      return;
    case Layout::kBool:
      text += column.Bool(i) ? "true" : "false";
      return;
    case Layout::kBytes:
    case Layout::kView:
      return IsText(column.type().id) ? AppendQuoted(column.String(i), most, text)
                                      : AppendHex(column.String(i), most, text);
    case Layout::kDictionary:
      return AppendValueText(column.dictionary(), column.Index(i), most, text);
    case Layout::kList:
    case Layout::kFixedList:
      return AppendList(column, i, most, text);
    case Layout::kStruct:
      return AppendStruct(column, i, most, text);
    case Layout::kFixed:
      return AppendFixed(column, i, most, text);
  }
}

std::string ShortText(const Column& column, std::int64_t i, std::size_t most) {
  std::string text;
  AppendValueText(column, i, most, text);
  if (text.size() > most) {
    text.resize(WholeCharacters(text, most).size());
    text += "…";
  }
  return text;
}

}  // namespace foretell
