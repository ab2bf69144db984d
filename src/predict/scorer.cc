#include "predict/scorer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "foretell/builder.h"

namespace foretell {
namespace {

constexpr std::string_view kPositionColumn = "_position";

class Stopwatch {
 public:
  explicit Stopwatch(std::atomic<std::int64_t>& total) : total_(total) {}
  ~Stopwatch() {
    const auto elapsed = std::chrono::steady_clock::now() - start_;
    total_.fetch_add(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count(),
                     std::memory_order_relaxed);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  std::atomic<std::int64_t>& total_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::vector<std::size_t> Kept(const Schema& input, const Signature& signature, const MapOptions& options) {
  const auto& names = options.keep ? options.keep : signature.keep;
  std::vector<std::size_t> kept;
  if (!names) {
    for (std::size_t i = 0; i < input.size(); ++i) {
      kept.push_back(i);
    }
    return kept;
  }
  for (const std::string& name : *names) {
    const auto at = input.Find(name);
    if (!at) {
      throw Error(Code::kMissingColumn,
                  "the input has no column '" + name + "' to keep; its columns are " + Names(input),
                  options.keep ? "name other columns in `keep`" : "change the predictor's `keep`");
    }
    kept.push_back(*at);
  }
  return kept;
}

Column Part(const Column& whole, std::int64_t rows) {
  return rows == whole.length() ? whole : whole.Slice(0, rows);
}

Column ErrorColumn(std::int64_t rows, const std::map<std::int64_t, RowError>& errors) {
  ColumnBuilder builder(ErrorType());
  builder.Reserve(rows);
  for (const auto& [row, error] : errors) {
    builder.AppendNulls(row - builder.length());
    builder.child(0).AppendString(error.code);
    builder.child(1).AppendString(error.message);
    builder.CloseStruct();
  }
  builder.AppendNulls(rows - builder.length());
  return builder.Finish();
}

// The code that the text "FT0301" stands for; FT0301 for a text that is none.
Code CodeOf(std::string_view text) {
  const auto entry = Explain(text);
  return entry ? entry->code : Code::kPredictorRaised;
}

}  // namespace

Schema OutputSchema(const Schema& input, const Signature& signature, const Schema& predictions,
                    const MapOptions& options) {
  std::vector<Field> fields;
  const auto add = [&](Field field, std::string_view what) {
    for (const Field& other : fields) {
      if (other.name == field.name) {
        throw Error(
            Code::kColumnClash,
            "the output would have two columns '" + field.name + "', the second one " + std::string(what),
            "choose other names in `keep`, `output` or version_column");
      }
    }
    fields.push_back(std::move(field));
  };
  for (const std::size_t at : Kept(input, signature, options)) {
    add(input[at], "kept from the input");
  }
  for (const Field& field : predictions.fields()) {
    add({field.name, field.type, true, field.metadata}, "a prediction");
  }
  if (!options.version_column.empty()) {
    add({options.version_column, Type(TypeId::kInt64)}, "the version");
  }
  add({std::string(kErrorColumn), ErrorType()}, "foretell's own");
  return Schema(std::move(fields));
}

Scorer::Scorer(std::shared_ptr<const Schema> input, const Predictor& predictor, MapOptions options)
    : predictor_(predictor),
      options_(std::move(options)),
      input_(std::move(input)),
      contract_(*input_, predictor.signature()),
      kept_(Kept(*input_, predictor.signature(), options_)) {
  constexpr std::int64_t kMostShared = 65'536;
  const std::int64_t shared = std::min(options_.batch_rows, kMostShared);
  versions_ =
      options_.version ? ConstantColumn(*options_.version, shared) : NullColumn(Type(TypeId::kInt64), shared);
  no_errors_ = NullColumn(ErrorType(), shared);
  versions_.null_count();  // counted before several threads slice them
  no_errors_.null_count();
  if (options_.on_error == OnError::kQuarantine) {
    std::vector<Field> fields;
    for (std::size_t i = 0; i < input_->size(); ++i) {
      const Field& field = (*input_)[i];
      if (field.name != kErrorColumn && field.name != kPositionColumn) {  // those of an earlier quarantine
        quarantine_columns_.push_back(i);
        fields.push_back(field);
      }
    }
    fields.push_back({std::string(kErrorColumn), ErrorType()});
    fields.push_back({std::string(kPositionColumn), Type(TypeId::kInt64)});
    quarantine_schema_ = std::make_shared<const Schema>(std::move(fields));
  }
  if (predictor_.signature().output) {
    SetOutput(PlainOutput(*predictor_.signature().output));
  } else {
    OutputSchema(*input_, predictor_.signature(), Schema(), options_);  // what clashes already, clashes now
  }
}

void Scorer::SetOutput(Schema predictions) {
  schema_ =
      std::make_shared<const Schema>(OutputSchema(*input_, predictor_.signature(), predictions, options_));
  predictions_ = std::make_shared<const Schema>(std::move(predictions));
}

Scored Scorer::Score(Batch batch, std::int64_t position, const std::function<void()>& pause) {
  Scored scored;
  scored.position = position;
  const std::int64_t rows = batch.rows();
  if (rule_.broken()) {
    const RowError verdict = rule_.Verdict();
    if (options_.throw_broken) {
      throw Error(Code::kBrokenPredictor, verdict.message, verdict.hint);
    }
    for (std::int64_t row = 0; row < rows; ++row) {
      scored.rows.errors.emplace(row, verdict);
    }
    scored.input = std::move(batch);
    return scored;
  }
  std::map<std::int64_t, RowError> unfit;
  Batch admitted;
  {
    const Stopwatch watch(metrics().checking_ns);
    admitted = contract_.Admit(batch, unfit);
  }
  const bool fail = options_.on_error == OnError::kFail;
  scored.rows = Bisect(Ranges(rows, unfit),
                       [&](RowRange range) {
                         pause();
                         return Call(admitted, range, position);
                       },
                       rule_, {fail, options_.throw_broken});
  scored.rows.errors.merge(unfit);
  scored.input = std::move(batch);
  if (fail) {
    ThrowFirstBad(scored);
  }
  return scored;
}

// What is to be predicted, in order: everything but the rows that are unfit (after the first of
// which nothing is needed under OnError::kFail).
std::vector<RowRange> Scorer::Ranges(std::int64_t rows, const std::map<std::int64_t, RowError>& unfit) const {
  const std::int64_t slice = predictor_.call_rows();
  std::vector<RowRange> ranges;
  const auto add = [&](std::int64_t first, std::int64_t end) {
    while (first < end) {
      const std::int64_t size = std::min(slice, end - first);
      ranges.push_back({first, size});
      first += size;
    }
  };
  std::int64_t from = 0;
  for (const auto& [row, error] : unfit) {
    add(from, row);
    from = row + 1;
    if (options_.on_error == OnError::kFail) {
      return ranges;
    }
  }
  add(from, rows);
  return ranges;
}

Answer Scorer::Call(const Batch& admitted, RowRange range, std::int64_t position) {
  if (options_.before_call) {
    options_.before_call(position + range.first, range.rows);
  }
  metrics().calls.fetch_add(1, std::memory_order_relaxed);
  Batch answer;
  {
    const Stopwatch watch(metrics().predicting_ns);
    const bool whole = range.rows == admitted.rows();
    answer = predictor_.Predict(whole ? admitted : admitted.Slice(range.first, range.rows));
  }
  const Stopwatch watch(metrics().checking_ns);
  if (output_known()) {
    return CheckAnswer(answer, range.rows, *predictions_, predictor_.signature());
  }
  Schema predictions = OutputOf(answer);
  Answer checked = CheckAnswer(answer, range.rows, predictions, predictor_.signature());
  if (static_cast<std::int64_t>(checked.errors.size()) == range.rows) {
    checked.columns.clear();  // nothing was predicted, so it says nothing of the types
  } else {
    SetOutput(std::move(predictions));
  }
  return checked;
}

void Scorer::ThrowFirstBad(const Scored& scored) const {
  for (const auto& [row, error] : scored.rows.errors) {
    if (!IsSkip(error)) {
      throw Error(CodeOf(error.code), "row " + std::to_string(scored.position + row) + ": " + error.message,
                  error.hint);
    }
  }
}

Finished Scorer::Finish(const Scored& scored) const {
  const std::int64_t rows = scored.input.rows();
  Finished finished;
  std::vector<Column> columns;
  columns.reserve(schema_->size());
  for (const std::size_t at : kept_) {
    columns.push_back(scored.input.column(at));
  }
  for (Column& column : Predictions(scored)) {
    columns.push_back(std::move(column));
  }
  if (!options_.version_column.empty()) {
    columns.push_back(rows <= versions_.length() ? Part(versions_, rows)
                      : options_.version         ? ConstantColumn(*options_.version, rows)
                                                 : NullColumn(Type(TypeId::kInt64), rows));
  }
  const auto& errors = scored.rows.errors;
  if (errors.empty()) {
    columns.push_back(rows <= no_errors_.length() ? Part(no_errors_, rows) : NullColumn(ErrorType(), rows));
  } else {
    columns.push_back(ErrorColumn(rows, errors));
    finished.skipped = std::ranges::count_if(errors, [](const auto& at) { return IsSkip(at.second); });
    finished.bad = static_cast<std::int64_t>(errors.size()) - finished.skipped;
    if (quarantine_schema_ && finished.bad > 0) {
      finished.quarantine = Quarantined(scored);
    }
  }
  finished.output = Batch(schema_, std::move(columns), rows);
  finished.bytes = scored.input.ByteSize();
  finished.unstable = scored.rows.unstable;
  return finished;
}

// The pieces joined, with nulls where no call succeeded.
std::vector<Column> Scorer::Predictions(const Scored& scored) const {
  const std::int64_t rows = scored.input.rows();
  const auto& pieces = scored.rows.pieces;
  const std::size_t count = predictions_->size();
  if (pieces.size() == 1 && pieces.begin()->second.first == rows &&
      pieces.begin()->second.second.size() == count) {
    return pieces.begin()->second.second;
  }
  std::vector<Column> joined;
  joined.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const DataType& type = (*predictions_)[i].type;
    std::vector<Column> parts;
    std::int64_t done = 0;
    const auto fill = [&](std::int64_t end) {
      if (end > done) {
        parts.push_back(NullColumn(type, end - done));
      }
    };
    for (const auto& [first, piece] : pieces) {
      if (piece.second.size() != count) {
        continue;
      }
      fill(first);
      parts.push_back(piece.second[i]);
      done = first + piece.first;
    }
    fill(rows);
    joined.push_back(parts.empty() ? NullColumn(type, 0) : parts.size() == 1 ? parts[0] : Concatenate(parts));
  }
  return joined;
}

Batch Scorer::Quarantined(const Scored& scored) const {
  std::vector<RowRange> runs;
  std::map<std::int64_t, RowError> errors;
  std::vector<std::int64_t> positions;
  for (const auto& [row, error] : scored.rows.errors) {
    if (IsSkip(error)) {
      continue;
    }
    if (!runs.empty() && runs.back().first + runs.back().rows == row) {
      ++runs.back().rows;
    } else {
      runs.push_back({row, 1});
    }
    errors.emplace(static_cast<std::int64_t>(positions.size()), error);
    positions.push_back(scored.position + row);
  }
  const auto rows = static_cast<std::int64_t>(positions.size());
  std::vector<Column> columns;
  for (const std::size_t at : quarantine_columns_) {
    std::vector<Column> parts;
    parts.reserve(runs.size());
    for (const RowRange& run : runs) {
      parts.push_back(scored.input.column(at).Slice(run.first, run.rows));
    }
    columns.push_back(Concatenate(parts));
  }
  columns.push_back(ErrorColumn(rows, errors));
  columns.push_back(ColumnOf(std::move(positions)));
  return Batch(quarantine_schema_, std::move(columns), rows);
}

}  // namespace foretell
