// Builds a column value by value, or from whole vectors.
//
//   ColumnBuilder topics(ParseType("list<double>"));
//   topics.child(0).AppendDouble(0.25); topics.child(0).AppendDouble(0.75); topics.CloseList();
//   Column column = topics.Finish();
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "foretell/batch.h"

namespace foretell {

class ColumnBuilder {
 public:
  // Every type except dictionaries and views (FT0202).
  explicit ColumnBuilder(DataType type);
  ~ColumnBuilder();
  ColumnBuilder(ColumnBuilder&&) noexcept;
  ColumnBuilder& operator=(ColumnBuilder&&) noexcept;

  const DataType& type() const;
  std::int64_t length() const;
  void Reserve(std::int64_t rows);

  // The value must fit the type: FT0205 for another kind, FT0206 where it is out of range.
  void AppendNull();
  void AppendNulls(std::int64_t count);
  void AppendBool(bool value);
  void AppendInt(std::int64_t value);  // integers, dates, times, timestamps, durations
  void AppendUint(std::uint64_t value);
  void AppendDouble(double value);  // half, float, double; rounded to the nearest
  // Strings and binaries, FT0206 above 2 GiB in all; fixed_size_binary and decimals take their exact bytes.
  void AppendString(std::string_view value);
  // Ends a list element: everything that the child got since the last one.
  void CloseList();
  // Ends a struct element: each child must have got one value.
  void CloseStruct();
  ColumnBuilder& child(std::size_t i);
  // Copies element i of `column`, of the same type or a dictionary of it, at any depth; a string or
  // binary from any other string or binary layout. Time zones and names are not compared. After an
  // Error from the inside of a nested element the builder is good for nothing but its destructor.
  void AppendFrom(const Column& column, std::int64_t i);

  Column Finish();  // the builder is empty afterwards

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Column ColumnOf(std::vector<double> values);
Column ColumnOf(std::vector<std::int64_t> values);
Column ColumnOf(const std::vector<std::string>& values);
Column NullColumn(const DataType& type, std::int64_t rows);        // shares one zero buffer
Column ConstantColumn(std::int64_t value, std::int64_t rows);      // int64
Column ConstantColumn(std::string_view value, std::int64_t rows);  // string

// One column of `pieces` (one type, FT0205) after another; used where rows of several calls meet.
// Dictionary columns stay so where all pieces share one dictionary, and are decoded (as `Decode`
// does) otherwise, inside of lists and structs, too: ask the result for its type. Data buffers of
// views are shared.
Column Concatenate(const std::vector<Column>& pieces);

// The plain layout: a dictionary column as a column of its values, string_view as large_string and
// binary_view as large_binary; every other column as it is (children are left alone).
Column Decode(const Column& column);

}  // namespace foretell
