// What the tests of this folder share: small batches, and a predictor made from a function.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "foretell/builder.h"
#include "foretell/error.h"
#include "foretell/map.h"

namespace foretell {

inline Batch BatchOf(std::vector<std::pair<std::string, Column>> named) {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (auto& [name, column] : named) {
    fields.push_back({name, column.type()});
    columns.push_back(std::move(column));
  }
  const std::int64_t rows = columns.empty() ? 0 : columns[0].length();
  return Batch(std::make_shared<const Schema>(std::move(fields)), std::move(columns), rows);
}

inline Batches StreamOf(std::vector<Batch> batches) {
  auto schema = batches.at(0).shared_schema();
  return Batches::Of(std::move(schema), std::move(batches));
}

// `x`: first, first + 1, …
inline Batch Numbers(std::int64_t first, std::int64_t rows) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < rows; ++i) {
    values.push_back(first + i);
  }
  return BatchOf({{"x", ColumnOf(std::move(values))}});
}

// Answers with a function of the batch, and counts how often each `x` was part of a call that passed
// and of one that did not.
class Scripted final : public Predictor {
 public:
  using Answer = std::function<Batch(const Batch&)>;

  Scripted(Signature signature, Answer answer, bool single_threaded = true)
      : signature_(std::move(signature)), answer_(std::move(answer)), single_threaded_(single_threaded) {}

  const Signature& signature() const override { return signature_; }
  bool single_threaded() const override { return single_threaded_; }
  std::int64_t call_rows() const override { return call_rows_; }
  void set_call_rows(std::int64_t rows) { call_rows_ = rows; }
  Batch Predict(const Batch& batch) const override {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back({batch.column("x").Int(0), batch.rows()});
    }
    Batch answer = answer_(batch);
    const std::lock_guard lock(mutex_);
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      passed_.push_back(batch.column("x").Int(i));
    }
    return answer;
  }

  // The first `x` and the rows of each call, in order.
  std::vector<std::pair<std::int64_t, std::int64_t>> calls() const { return calls_; }
  std::vector<std::int64_t> passed() const { return passed_; }

 private:
  Signature signature_;
  Answer answer_;
  bool single_threaded_;
  std::int64_t call_rows_ = single_threaded_ ? 1'000'000 : 1'000;
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<std::int64_t, std::int64_t>> calls_;
  mutable std::vector<std::int64_t> passed_;
};

// Reads `x`, gives `y`.
inline Signature XToY() {
  return {Schema({{"x", Type(TypeId::kInt64)}}), Schema({{"y", Type(TypeId::kDouble)}}), {}, false, false};
}

// y = 10 x
inline Batch TenTimes(const Batch& batch) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    values.push_back(10.0 * static_cast<double>(batch.column("x").Int(i)));
  }
  return BatchOf({{"y", ColumnOf(std::move(values))}});
}

// TenTimes, but a call with a row that `bad` holds of raises.
inline Scripted::Answer RaisesOn(std::function<bool(std::int64_t)> bad,
                                 std::string message = "ValueError: no") {
  return [bad = std::move(bad), message = std::move(message)](const Batch& batch) {
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      if (bad(batch.column("x").Int(i))) {
        throw Error(Code::kPredictorRaised, message + " " + std::to_string(batch.column("x").Int(i)));
      }
    }
    return TenTimes(batch);
  };
}

inline std::vector<Batch> All(Batches stream) {
  std::vector<Batch> batches;
  while (auto batch = stream.Next()) {
    batches.push_back(*std::move(batch));
  }
  return batches;
}

// The code in `_error`; "" where it is null.
inline std::string ErrorAt(const Batch& batch, std::int64_t row) {
  const Column& column = batch.column("_error");
  return column.IsNull(row) ? "" : std::string(column.child(0).String(row));
}

inline std::string MessageAt(const Batch& batch, std::int64_t row) {
  return std::string(batch.column("_error").child(1).String(row));
}

template <typename Work>
Error Caught(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(Code::kInternal, "nothing was thrown");
}

}  // namespace foretell
