#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "foretell/builder.h"
#include "foretell/error.h"
#include "foretell/parity.h"
#include "parity/value_pair.h"
#include "parity/value_text.h"
#include "predict/answer.h"

namespace foretell {
namespace {

// One batch of what the batches hold together.
Batch Whole(std::vector<Batch> batches) {
  if (batches.empty()) {
    return Batch(std::make_shared<Schema>(), {}, 0);
  }
  if (batches.size() == 1) {
    return std::move(batches.front());
  }
  std::int64_t rows = 0;
  for (const Batch& batch : batches) {
    rows += batch.rows();
    if (!(batch.schema() == batches.front().schema())) {
      throw Error(Code::kTypeMismatch, "the reference has batches of " + ToString(batches.front().schema()) +
                                           " and of " + ToString(batch.schema()));
    }
  }
  std::vector<Column> columns;
  std::vector<Field> fields = batches.front().schema().fields();
  for (std::size_t c = 0; c < fields.size(); ++c) {
    std::vector<Column> pieces;
    pieces.reserve(batches.size());
    for (const Batch& batch : batches) {
      pieces.push_back(batch.column(c));
    }
    columns.push_back(Concatenate(pieces));
    fields[c].type = columns.back().type();
  }
  return Batch(std::make_shared<Schema>(std::move(fields)), std::move(columns), rows);
}

// A column of both sides. Where one side has none, it is null there.
class ComparedColumn {
 public:
  ComparedColumn(std::string name, Column reference, Column other)
      : name_(std::move(name)),
        errors_(name_ == kErrorColumn && HasCode(reference) && HasCode(other)),
        reference_(std::move(reference)),
        other_(std::move(other)),
        pair_(errors_ ? reference_.child(0) : reference_, errors_ ? other_.child(0) : other_) {}

  const std::string& name() const { return name_; }
  bool same_kind() const { return pair_.same_kind(); }
  const DataType& reference_type() const { return reference_.type(); }
  const DataType& other_type() const { return other_.type(); }

  Verdict Compare(std::int64_t i, std::int64_t j, const ParityRule& rule, Distance& distance) const {
    if (errors_ && (reference_.IsNull(i) || other_.IsNull(j))) {
      return reference_.IsNull(i) && other_.IsNull(j) ? Verdict::kBitEqual : Verdict::kDiffers;
    }
    return pair_.Compare(i, j, rule, distance);
  }

  Difference Show(std::int64_t i, std::int64_t j) const {
    return {i, name_, ShortText(reference_, i), ShortText(other_, j)};
  }

 private:
  // struct<code: string, message: string>, as `Map` gives it
  static bool HasCode(const Column& column) {
    const DataType& type = column.type();
    return type.id == TypeId::kStruct && !type.fields().empty() && type.fields()[0].name == "code";
  }

  std::string name_;
  bool errors_;
  Column reference_, other_;
  ValuePair pair_;
};

// `_error` first: where a row is bad on one side, that says more than its null predictions.
std::vector<ComparedColumn> Pairs(const Batch& reference, const Batch& other) {
  std::vector<std::string> names;
  for (const Batch* batch : {&reference, &other}) {
    for (const Field& field : batch->schema().fields()) {
      if (std::find(names.begin(), names.end(), field.name) == names.end()) {
        names.insert(field.name == kErrorColumn ? names.begin() : names.end(), field.name);
      }
    }
  }
  const auto column = [](const Batch& batch, const std::string& name) {
    const auto at = batch.schema().Find(name);
    return at ? batch.column(*at) : NullColumn(Type(TypeId::kNull), batch.rows());
  };
  std::vector<ComparedColumn> columns;
  columns.reserve(names.size());
  for (std::string& name : names) {
    Column mine = column(reference, name);
    Column theirs = column(other, name);
    columns.emplace_back(std::move(name), std::move(mine), std::move(theirs));
  }
  return columns;
}

std::string TypeText(const DataType& type, std::string_view where) {
  return (type.id == TypeId::kNull ? std::string("nothing") : ToString(type)) + std::string(where);
}

void KeepLargest(LargestDifference& largest, double value, const std::string& column, std::int64_t row) {
  if (value > largest.value) {
    largest = {value, column, row};
  }
}

}  // namespace

struct Comparison::State {
  Batch reference;
  ParityRule rule;
  std::int64_t next = 0;
  std::vector<bool> seen;
  ParityReport report;

  void Begin() {
    next = 0;
    seen.assign(static_cast<std::size_t>(reference.rows()), false);
    report = {};
  }

  // Says of each column once where its types differ.
  void NoteTypes(const std::vector<ComparedColumn>& columns) {
    for (const ComparedColumn& column : columns) {
      if (column.same_kind()) {
        continue;
      }
      const std::string text = column.name() + ": " +
                               TypeText(column.reference_type(), " in the reference, ") +
                               TypeText(column.other_type(), " here");
      if (std::find(report.types.begin(), report.types.end(), text) == report.types.end()) {
        report.types.push_back(text);
      }
    }
  }

  void AddRow(const std::vector<ComparedColumn>& columns, std::int64_t id, std::int64_t row) {
    if (id < 0 || id >= reference.rows() || seen[static_cast<std::size_t>(id)]) {
      ++report.extra;
      return;
    }
    seen[static_cast<std::size_t>(id)] = true;
    ++report.rows;
    Verdict worst = Verdict::kBitEqual;
    std::vector<Difference> differences;
    for (const ComparedColumn& column : columns) {
      Distance distance;
      const Verdict verdict = column.Compare(id, row, rule, distance);
      worst = std::max(worst, verdict);
      KeepLargest(report.absolute, distance.absolute, column.name(), id);
      KeepLargest(report.relative, distance.relative, column.name(), id);
      if (verdict == Verdict::kDiffers && report.mismatched.size() < rule.shown) {
        differences.push_back(column.Show(id, row));
      }
    }
    report.not_bit_equal += worst == Verdict::kBitEqual ? 0 : 1;
    if (worst == Verdict::kDiffers) {
      ++report.mismatches;
      report.mismatched.push_back(id);
      std::move(differences.begin(), differences.end(), std::back_inserter(report.shown));
    }
  }

  ParityReport Ended() {
    std::sort(report.mismatched.begin(), report.mismatched.end());
    ParityReport ended = std::move(report);
    Begin();
    return ended;
  }
};

Comparison::Comparison(std::vector<Batch> reference, ParityRule rule) : state_(std::make_unique<State>()) {
  if (!(rule.rtol >= 0) || !(rule.atol >= 0)) {
    throw Error(Code::kInvalidArgument, "a tolerance is " +
                                            std::to_string(rule.rtol >= 0 ? rule.atol : rule.rtol) +
                                            ", expected a number of at least 0");
  }
  state_->reference = Whole(std::move(reference));
  state_->rule = rule;
  state_->Begin();
}

Comparison::~Comparison() = default;
Comparison::Comparison(Comparison&&) noexcept = default;
Comparison& Comparison::operator=(Comparison&&) noexcept = default;

std::int64_t Comparison::rows() const {
  return state_->reference.rows();
}

void Comparison::Add(const Batch& batch) {
  const std::vector<ComparedColumn> columns = Pairs(state_->reference, batch);
  state_->NoteTypes(columns);
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    state_->AddRow(columns, state_->next++, row);
  }
}

void Comparison::Add(const Batch& batch, std::span<const std::int64_t> ids) {
  if (static_cast<std::int64_t>(ids.size()) != batch.rows()) {
    throw Error(Code::kWrongLength, "a batch of " + std::to_string(batch.rows()) + " rows came with " +
                                        std::to_string(ids.size()) + " ids");
  }
  const std::vector<ComparedColumn> columns = Pairs(state_->reference, batch);
  state_->NoteTypes(columns);
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    state_->AddRow(columns, ids[static_cast<std::size_t>(row)], row);
  }
}

ParityReport Comparison::Finish() {
  state_->report.missing = std::count(state_->seen.begin(), state_->seen.end(), false);
  return state_->Ended();
}

ParityReport Comparison::Finish(std::span<const std::int64_t> expected) {
  state_->report.missing = std::count_if(expected.begin(), expected.end(), [this](std::int64_t id) {
    return id < 0 || id >= rows() || !state_->seen[static_cast<std::size_t>(id)];
  });
  return state_->Ended();
}

std::int64_t CountDistinct(const std::vector<Batch>& batches) {
  constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);
  std::unordered_set<std::size_t> seen;  // hashes: a collision of 64 bits miscounts by one row
  std::string text;
  for (const Batch& batch : batches) {
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      text.clear();
      for (const Column& column : batch.columns()) {
        AppendValueText(column, row, kNoLimit, text);
        text += '\x1f';
      }
      seen.insert(std::hash<std::string_view>()(text));
    }
  }
  return static_cast<std::int64_t>(seen.size());
}

}  // namespace foretell
