#include "parity/value_pair.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "arrow/layout.h"

namespace foretell {
namespace {

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

Verdict CompareDouble(double reference, double other, const ParityRule& rule, Distance& distance) {
  if (SameBits(reference, other)) {
    return Verdict::kBitEqual;
  }
  if (std::isnan(reference) || std::isnan(other)) {
    return std::isnan(reference) && std::isnan(other) ? Verdict::kWithin : Verdict::kDiffers;
  }
  const double absolute = std::abs(other - reference);
  if (!std::isfinite(absolute)) {  // an infinity, or two numbers whose difference is one
    return Verdict::kDiffers;
  }
  const double greater = std::max(std::abs(reference), std::abs(other));
  distance.absolute = std::max(distance.absolute, absolute);
  distance.relative = std::max(distance.relative, greater == 0 ? 0 : absolute / greater);
  if (rule.exact) {
    return Verdict::kDiffers;
  }
  return absolute <= rule.atol + rule.rtol * std::abs(reference) ? Verdict::kWithin : Verdict::kDiffers;
}

template <typename Integer>
Verdict CompareInteger(Integer reference, Integer other, Distance& distance) {
  if (reference == other) {
    return Verdict::kBitEqual;
  }
  const auto a = static_cast<double>(reference);
  const auto b = static_cast<double>(other);
  distance.absolute = std::max(distance.absolute, std::abs(a - b));
  distance.relative =
      std::max(distance.relative, std::abs(a - b) / std::max({std::abs(a), std::abs(b), 1.0}));
  return Verdict::kDiffers;
}

}  // namespace

ValuePair::Side::Side(const Column& given)
    : column(given),
      values(given.type().id == TypeId::kDictionary ? given.dictionary() : given),
      dictionary(given.type().id == TypeId::kDictionary),
      whole(!dictionary && given.type().id == TypeId::kDouble && given.null_count() == 0) {}

ValuePair::ValuePair(const Column& reference, const Column& other) : reference_(reference), other_(other) {
  const DataType& a = reference_.values.type();
  const DataType& b = other_.values.type();
  const Kind kind = KindOf(a);
  if (kind == Kind::kNone || kind != KindOf(b)) {
    return;
  }
  const auto plain_integer = [](const DataType& type) {
    return type.id == TypeId::kInt8 || type.id == TypeId::kInt16 || type.id == TypeId::kInt32 ||
           type.id == TypeId::kInt64;
  };
  const auto text_or_binary = [](const DataType& type) {
    return LayoutOf(type.id) == Layout::kBytes || LayoutOf(type.id) == Layout::kView;
  };
  bool same = true;
  switch (kind) {
    case Kind::kInt:
      same = a == b || (plain_integer(a) && plain_integer(b));
      break;
    case Kind::kBytes:
      same = a == b || (text_or_binary(a) && text_or_binary(b) && IsText(a.id) == IsText(b.id));
      break;
    case Kind::kList:
      children_.emplace_back(reference_.values.child(0), other_.values.child(0));
      same = (a.id == TypeId::kMap) == (b.id == TypeId::kMap) && children_[0].same_kind();
      break;
    case Kind::kStruct:
      same = a.fields().size() == b.fields().size();
      for (std::size_t c = 0; same && c < a.fields().size(); ++c) {
        same = a.fields()[c].name == b.fields()[c].name;
        if (same) {
          children_.emplace_back(reference_.values.child(c), other_.values.child(c));
          same = children_.back().same_kind();
        }
      }
      break;
    default:
      break;
  }
  kind_ = same ? kind : Kind::kNone;
}

ValuePair::Kind ValuePair::KindOf(const DataType& type) {
  switch (LayoutOf(type.id)) {
    case Layout::kNull:
      return Kind::kNull;
    case Layout::kBool:
      return Kind::kBool;
    case Layout::kBytes:
    case Layout::kView:
      return Kind::kBytes;
    case Layout::kList:
    case Layout::kFixedList:
      return Kind::kList;
    case Layout::kStruct:
      return Kind::kStruct;
    case Layout::kDictionary:
      return Kind::kNone;  // of a dictionary: no library makes one
    case Layout::kFixed:
      break;
  }
  switch (type.id) {
    case TypeId::kHalf:
    case TypeId::kFloat:
    case TypeId::kDouble:
      return Kind::kFloat;
    case TypeId::kUint8:
    case TypeId::kUint16:
    case TypeId::kUint32:
    case TypeId::kUint64:
      return Kind::kUint;
    case TypeId::kDecimal128:
    case TypeId::kDecimal256:
    case TypeId::kFixedSizeBinary:
      return Kind::kBytes;
    default:
      return Kind::kInt;
  }
}

Verdict ValuePair::Compare(std::int64_t i, std::int64_t j, const ParityRule& rule, Distance& distance) const {
  const bool null = reference_.column.IsNull(i);
  if (null || other_.column.IsNull(j)) {
    return null && other_.column.IsNull(j) ? Verdict::kBitEqual : Verdict::kDiffers;
  }
  return CompareValue(reference_.At(i), other_.At(j), rule, distance);
}

Verdict ValuePair::CompareValue(std::int64_t i, std::int64_t j, const ParityRule& rule,
                                Distance& distance) const {
  const Column& a = reference_.values;
  const Column& b = other_.values;
  switch (kind_) {
    case Kind::kBool:
      return a.Bool(i) == b.Bool(j) ? Verdict::kBitEqual : Verdict::kDiffers;
    case Kind::kInt:
      return CompareInteger(a.Int(i), b.Int(j), distance);
    case Kind::kUint:
      return CompareInteger(a.Uint(i), b.Uint(j), distance);
    case Kind::kFloat:
      return CompareDouble(a.Double(i), b.Double(j), rule, distance);
    case Kind::kBytes:
      return a.String(i) == b.String(j) ? Verdict::kBitEqual : Verdict::kDiffers;
    case Kind::kList:
      return CompareList(i, j, rule, distance);
    case Kind::kStruct: {
      Verdict worst = Verdict::kBitEqual;
      for (const ValuePair& child : children_) {
        worst = std::max(worst, child.Compare(i, j, rule, distance));
      }
      return worst;
    }
    case Kind::kNone:
    case Kind::kNull:
      break;
  }
  return Verdict::kDiffers;
}

Verdict ValuePair::CompareList(std::int64_t i, std::int64_t j, const ParityRule& rule,
                               Distance& distance) const {
  const auto [first, last] = reference_.values.ListRange(i);
  const auto [other_first, other_last] = other_.values.ListRange(j);
  if (last - first != other_last - other_first) {
    return Verdict::kDiffers;
  }
  const ValuePair& items = children_[0];
  if (items.reference_.whole && items.other_.whole && last > first) {
    const double* a = items.reference_.values.Values<double>().data() + first;
    const double* b = items.other_.values.Values<double>().data() + other_first;
    if (std::memcmp(a, b, static_cast<std::size_t>(last - first) * sizeof(double)) == 0) {
      return Verdict::kBitEqual;
    }
  }
  Verdict worst = Verdict::kBitEqual;
  for (std::int64_t at = first; at < last; ++at) {
    worst = std::max(worst, items.Compare(at, other_first + (at - first), rule, distance));
  }
  return worst;
}

}  // namespace foretell
