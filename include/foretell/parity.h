// The parity rule: whether two predictions of the same rows are the same, and how far they differ.
//
//   Comparison comparison(reference, {.rtol = 1e-9, .atol = 1e-12});
//   while (auto batch = out.Next()) comparison.Add(*batch);
//   ParityReport report = comparison.Finish();   // report.mismatches == 0: parity
//
// The rule. Columns go by name. Strings, bytes, integers, booleans, times, decimals and nulls are equal or
// not; a floating-point number matches when |other - reference| <= atol + rtol * |reference|; infinities
// match themselves, NaN matches NaN; lists, structs and maps match value by value, a dictionary by what it
// points at. Under `exact` floating-point numbers match when their bits are equal, or both are NaN. Columns
// of different kinds (int64 and double, two time zones) match only where both are null; other layouts of
// text, and other widths of signed integers and of floating-point numbers, are the same kind. In `_error`
// only the code counts: a row that is bad in both matches when it is bad with the same code.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "foretell/batch.h"

namespace foretell {

struct ParityRule {
  bool exact = false;
  double rtol = 1e-9;
  double atol = 1e-12;
  std::size_t shown = 5;  // differing rows kept with both values
};

struct LargestDifference {
  double value = 0;
  std::string column;     // "" when nothing differs
  std::int64_t row = -1;  // its id
};

// One value that differs. Texts are JSON-like, at most about 200 bytes.
struct Difference {
  std::int64_t row = 0;
  std::string column;
  std::string reference;
  std::string other;
};

struct ParityReport {
  std::int64_t rows = 0;           // compared
  std::int64_t mismatches = 0;     // of these, rows with a value outside the rule
  std::int64_t missing = 0;        // expected ids that did not come
  std::int64_t extra = 0;          // rows with an id that the reference lacks, or that came before
  std::int64_t not_bit_equal = 0;  // rows with a value of other bits, mismatches included
  // Over pairs of finite numbers; relative to the greater of both magnitudes.
  LargestDifference absolute;
  LargestDifference relative;
  std::vector<std::int64_t> mismatched;  // ids, ascending
  std::vector<Difference> shown;         // of the first rows that differ, in the order in which they came
  std::vector<std::string> types;        // "topic: int64 in the reference, double here"

  bool matches() const { return mismatches == 0 && missing == 0 && extra == 0; }
};

// Compares predictions with a reference, batch by batch. A row's id is its position in the reference. One
// thread at a time; several comparisons may share one reference.
class Comparison {
 public:
  // FT0205 where the batches of the reference are not of one schema; FT0101 for a rule that is negative or
  // NaN.
  Comparison(std::vector<Batch> reference, ParityRule rule);
  ~Comparison();
  Comparison(Comparison&&) noexcept;
  Comparison& operator=(Comparison&&) noexcept;

  // The number of rows of the reference.
  std::int64_t rows() const;
  // Rows that follow those added before.
  void Add(const Batch& batch);
  // Rows with these ids, one per row (FT0302 otherwise).
  void Add(const Batch& batch, std::span<const std::int64_t> ids);
  // The report over all that was added. `expected`: ids that should have come; without it all.
  // What follows starts anew, with the same reference.
  ParityReport Finish();
  ParityReport Finish(std::span<const std::int64_t> expected);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// How many rows differ from one another, over all columns.
std::int64_t CountDistinct(const std::vector<Batch>& batches);

}  // namespace foretell
