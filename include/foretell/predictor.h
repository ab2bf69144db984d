// What a predictor is to foretell: a signature, and one function from a batch to a batch.
//
//   class Upper final : public Predictor {
//    public:
//     const Signature& signature() const override { return signature_; }
//     Batch Predict(const Batch& batch) const override { … }
//   };
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "foretell/batch.h"

namespace foretell {

struct Signature {
  // The columns that the code reads, as it gets them: `Map` casts to these types and hands over
  // these columns only. None: every column, as it comes.
  std::optional<Schema> input;
  // The predictions. None: taken from the first batch that is predicted.
  std::optional<Schema> output;
  // Input columns that go to the output. None: all.
  std::optional<std::vector<std::string>> keep;
  // A null or NaN prediction without an error is a bad row (FT0304, FT0305) unless allowed.
  bool allow_null = false;
  bool allow_nan = false;
};

class Predictor {
 public:
  virtual ~Predictor() = default;

  virtual const Signature& signature() const = 0;

  // One row out per row in, in order: the output columns, by name, and optionally a column
  // `_error`, struct<code: string, message: string>, non-null where a row has no prediction
  // (code FT0306 is a row left out on purpose); where that is every row, `_error` alone will do.
  // Throws Error FT0301 to FT0305 where the call as a whole failed: `Map` then looks for the rows at
  // fault. Any other exception stops the run.
  // Any thread may call it, several at a time, unless `single_threaded()`.
  virtual Batch Predict(const Batch& batch) const = 0;

  // True: only the thread that pulls from `Map` calls `Predict` (a predictor written in Python).
  virtual bool single_threaded() const { return false; }

  // The most rows that a call gets: interruption is asked for between calls. For more, a predictor either
  // is quick (a whole batch takes it milliseconds) or must see batches whole; their answers need no join.
  virtual std::int64_t call_rows() const { return 1'000; }
};

}  // namespace foretell
