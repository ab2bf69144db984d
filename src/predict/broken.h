// When is it the predictor that is at fault, and not the rows?
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "foretell/error.h"

namespace foretell {

// Why a row has no prediction: what `_error` holds.
struct RowError {
  std::string code;
  std::string message;
  std::string hint;
};

// Two failures are alike when they have the same code and the same message up to the first ':' or
// the end of the line: the class of a Python exception, whatever its text says of the row.
bool Alike(const RowError& one, const RowError& other);

// Counts, over all batches of a stream, rows that failed alone, alike and one after the other, as
// long as no row has passed: after 20, rows from across the batch are to be tried; after 40, the
// predictor is broken, for ever. Any thread.
class BrokenRule {
 public:
  static constexpr int kFirst = 20;
  static constexpr int kMore = 20;

  void Passed() { passed_.store(true, std::memory_order_relaxed); }
  void Failed(const RowError& error);

  bool suspects() const;
  bool broken() const { return broken_.load(std::memory_order_acquire); }
  // FT0307, with the message of the first failure. Only once `broken()`.
  RowError Verdict() const;

 private:
  std::atomic<bool> passed_{false};
  std::atomic<bool> broken_{false};
  mutable std::mutex mutex_;
  std::optional<RowError> first_;
  int alike_ = 0;
};

}  // namespace foretell
