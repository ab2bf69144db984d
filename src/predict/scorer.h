// One batch of a stream: in, through the contract and the predictor, out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "foretell/map.h"
#include "predict/answer.h"
#include "predict/bisect.h"
#include "predict/input.h"

namespace foretell {

// A batch with what became of its rows.
struct Scored {
  Batch input;
  std::int64_t position = 0;  // of its first row in the stream
  Bisected rows;
};

// A batch of the output.
struct Finished {
  Batch output;
  std::optional<Batch> quarantine;
  std::int64_t bytes = 0;  // of the input
  std::int64_t bad = 0;
  std::int64_t skipped = 0;
  std::int64_t unstable = 0;
};

// The output's columns: kept ones, predictions, version, `_error`. FT0203, FT0204, FT0210.
Schema OutputSchema(const Schema& input, const Signature& signature, const Schema& predictions,
                    const MapOptions& options);

// Several threads may score and finish at a time once `output_known()`; before, one.
class Scorer {
 public:
  Scorer(std::shared_ptr<const Schema> input, const Predictor& predictor, MapOptions options);

  // `pause` is called before each call of the predictor; it throws to stop.
  Scored Score(Batch batch, std::int64_t position, const std::function<void()>& pause);
  Finished Finish(const Scored& scored) const;

  bool broken() const { return rule_.broken(); }
  bool output_known() const { return predictions_ != nullptr; }
  // No batch was predicted: there are no prediction columns.
  void NoOutput() { SetOutput(Schema()); }
  const std::shared_ptr<const Schema>& schema() const { return schema_; }

  const MapOptions& options() const { return options_; }
  MapMetrics& metrics() const { return *options_.metrics; }

 private:
  void SetOutput(Schema predictions);
  Answer Call(const Batch& admitted, RowRange range, std::int64_t position);
  std::vector<RowRange> Ranges(std::int64_t rows, const std::map<std::int64_t, RowError>& errors) const;
  std::vector<Column> Predictions(const Scored& scored) const;
  Batch Quarantined(const Scored& scored) const;
  void ThrowFirstBad(const Scored& scored) const;

  const Predictor& predictor_;
  MapOptions options_;
  std::shared_ptr<const Schema> input_;
  InputContract contract_;
  BrokenRule rule_;
  std::vector<std::size_t> kept_;
  std::shared_ptr<const Schema> predictions_;
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<const Schema> quarantine_schema_;
  std::vector<std::size_t> quarantine_columns_;
  Column versions_;   // as many as a batch has, to be sliced
  Column no_errors_;  // likewise
};

}  // namespace foretell
