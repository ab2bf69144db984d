// The one map: a stream of batches in, a stream of batches out, one row out per row in, in order.
// Every mode ends here: notebook, local run, Spark batch and stream, server.
//
//   Batches out = Map(std::move(in), predictor, {.on_error = OnError::kNull});
//
// A batch out holds the kept input columns, the predictions, `model_version` (int64) and `_error`,
// struct<code: string, message: string>, null where the row was predicted. A bad or skipped row
// has null predictions; a predicted dictionary is given as its values. The input is checked and cast
// to the signature first (FT0203, FT0205 name the column).
//
// Bad rows. A call that fails (FT0301) or breaks the contract (FT0302, FT0303) is halved until the
// rows at fault stand alone. A row whose call succeeded is not called again; a failed call in which no
// row fails alone is kept, and its rows are counted `unstable`. When 20 rows alone failed alike (the
// same code and message up to the first ':') and none has passed, 20 more from across the batch are
// tried; if they fail alike too, the predictor is broken (FT0307). A row whose input is at fault
// (text that is not UTF-8, FT0208; a value that the declared type cannot hold, FT0206) is a bad row,
// and the predictor does not see it.
//
// Memory is bounded: input is re-cut to at most `batch_rows` rows and `batch_bytes` bytes (a row
// larger than that goes alone), and at most two batches a thread are queued. An output that is not declared
// is taken from the first row predicted; if that is not among the first 100,000, or the first
// `batch_bytes`, the stream fails (FT0308).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "foretell/predictor.h"

namespace foretell {

enum class OnError {
  kFail,        // the first bad row throws its error, with its position
  kNull,        // it goes on, with null predictions
  kQuarantine,  // as kNull, and `quarantine` gets the input row
};

// Counted while the stream is pulled; any thread may read.
struct MapMetrics {
  std::atomic<std::int64_t> rows{0}, batches{0}, bytes{0};
  std::atomic<std::int64_t> bad{0}, skipped{0}, unstable{0}, calls{0};
  std::atomic<std::int64_t> reading_ns{0}, predicting_ns{0}, checking_ns{0};
};

struct MapOptions {
  OnError on_error = OnError::kFail;
  int threads = 1;  // for predictors that are not single-threaded
  std::int64_t batch_rows = 10'000;
  std::int64_t batch_bytes = 67'108'864;              // 64 MiB
  std::optional<std::int64_t> version = {};           // null in `model_version` when absent
  std::string version_column = "model_version";       // "": no such column
  std::optional<std::vector<std::string>> keep = {};  // input columns, in place of the signature's `keep`
  // Input rows that got no prediction (skipped ones are left out): all input columns, `_error` and
  // `_position`, int64, counted from the start of the stream (in the place of input columns of these
  // names). Called by the pulling thread, in order.
  std::function<void(const Batch&)> quarantine = {};
  // A broken predictor: throw FT0307 (true), or mark this and all further rows with it, uncalled.
  bool throw_broken = true;
  // Asked by the pulling thread between calls, and at least ten times a second while it waits for
  // others; throws to stop (FT0312, or the host language's own).
  std::function<void()> check_interrupt = {};
  // Told before each call, by the thread that makes it: the position of its first row in the stream and
  // its number of rows.
  std::function<void(std::int64_t, std::int64_t)> before_call = {};
  std::shared_ptr<MapMetrics> metrics = {};
};

// `predictor` must outlive the result. Throws what is wrong with the schemas at once; the result works
// when it is pulled, and a failed one fails again. FT0203, FT0204, FT0210.
Batches Map(Batches input, const Predictor& predictor, MapOptions options = {});

// The output schema of `Map` for an input schema; nothing when the signature has no output.
std::optional<Schema> MapSchema(const Schema& input, const Signature& signature,
                                const MapOptions& options = {});

// A column in the type that the signature declares, or FT0205 with both types named. Documented
// casts only: wider integers and floats, integers to floats where exact, any string layout to another,
// a dictionary to its values, timestamps, durations and time64 to another unit where exact, timestamps to
// another zone (a naive one is read as UTC), nulls to anything, lists, maps and structs item by item (a
// struct's fields by name, none missing, none left over). FT0206 names the row of a value that does not fit.
Column Cast(const Column& column, const DataType& type, std::string_view name);

}  // namespace foretell
