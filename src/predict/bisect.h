// Finds the rows at fault when a call on many rows fails.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "foretell/batch.h"
#include "predict/broken.h"

namespace foretell {

// What a call that kept the contract said of its rows. Rows with an error have null predictions.
struct Answer {
  std::vector<Column> columns;
  std::map<std::int64_t, RowError> errors;  // by row within the call
};

struct RowRange {
  std::int64_t first = 0;
  std::int64_t rows = 0;
};

struct BisectOptions {
  bool stop_at_first_bad = false;  // OnError::kFail: the first bad row ends it
  bool throw_broken = true;
};

// What became of all the ranges.
struct Bisected {
  std::map<std::int64_t, std::pair<std::int64_t, std::vector<Column>>> pieces;  // first → rows, columns
  std::map<std::int64_t, RowError> errors;                                      // by row
  std::int64_t unstable = 0;  // rows of failed calls in which no row failed alone
};

// Calls `call` on each of `ranges` (in order, apart from one another). A call that throws an Error of
// `IsRowFault` is halved until the rows at fault stand alone; what a call answered is final, and so
// is the failure of a row alone. Anything else that `call` throws passes through.
// With `stop_at_first_bad`, everything before the first bad row has been called and nothing after it
// is needed: the result ends with that row's error.
Bisected Bisect(const std::vector<RowRange>& ranges, const std::function<Answer(RowRange)>& call,
                BrokenRule& rule, const BisectOptions& options);

// The failures that may lie in a row: FT0301 to FT0305.
bool IsRowFault(Code code);

// FT0306: left out on purpose; never an error.
bool IsSkip(const RowError& error);

}  // namespace foretell
