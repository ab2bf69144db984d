// Two columns put side by side, to compare an element of one with an element of the other by the parity rule.
#pragma once

#include <cstdint>
#include <vector>

#include "foretell/parity.h"

namespace foretell {

enum class Verdict : std::uint8_t { kBitEqual, kWithin, kDiffers };  // in this order: the worst counts

// The largest differences that a row shows in one column.
struct Distance {
  double absolute = 0;
  double relative = 0;
};

class ValuePair {
 public:
  ValuePair(const Column& reference, const Column& other);

  // Whether both are of one kind, at every depth; only nulls match otherwise.
  bool same_kind() const { return kind_ != Kind::kNone; }

  Verdict Compare(std::int64_t i, std::int64_t j, const ParityRule& rule, Distance& distance) const;

 private:
  enum class Kind : std::uint8_t { kNone, kNull, kBool, kInt, kUint, kFloat, kBytes, kList, kStruct };

  // One of the two columns; a dictionary is looked through.
  struct Side {
    explicit Side(const Column& column);
    std::int64_t At(std::int64_t i) const { return dictionary ? column.Index(i) : i; }

    Column column;
    Column values;
    bool dictionary;
    bool whole;  // double without nulls, whose bytes can be compared at once
  };

  static Kind KindOf(const DataType& type);
  Verdict CompareList(std::int64_t i, std::int64_t j, const ParityRule& rule, Distance& distance) const;
  Verdict CompareValue(std::int64_t i, std::int64_t j, const ParityRule& rule, Distance& distance) const;

  Side reference_;
  Side other_;
  Kind kind_ = Kind::kNone;
  std::vector<ValuePair> children_;
};

}  // namespace foretell
