// What slicing a batch, passing it through a C stream and counting its bytes cost, per column.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/utf8.h"
#include "foretell/batch.h"
#include "foretell/builder.h"

namespace foretell {
namespace {

constexpr std::int64_t kRows = 10'000;
constexpr std::int64_t kColumns = 10;

Batch Numbers() {
  std::vector<Field> fields;
  std::vector<Column> columns;
  for (std::int64_t i = 0; i < kColumns; ++i) {
    fields.push_back({"column " + std::to_string(i), Type(TypeId::kDouble)});
    columns.push_back(ColumnOf(std::vector<double>(kRows, 0.5)));
  }
  return Batch(std::make_shared<const Schema>(std::move(fields)), std::move(columns), kRows);
}

Column Titles(std::string_view text) {
  return ConstantColumn(text, kRows);
}

void PerColumn(benchmark::State& state) {
  state.counters["per_column"] =
      benchmark::Counter(static_cast<double>(state.iterations() * kColumns),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void SliceBatch(benchmark::State& state) {
  const Batch batch = Numbers();
  for (auto _ : state) {
    benchmark::DoNotOptimize(batch.Slice(1'000, 1'000));
  }
  PerColumn(state);
}
BENCHMARK(SliceBatch);

void PassThroughTheCInterface(benchmark::State& state) {
  const Batch batch = Numbers();
  for (auto _ : state) {
    ArrowArray array;
    ExportBatch(batch, &array);
    benchmark::DoNotOptimize(ImportBatch(batch.shared_schema(), &array));
  }
  PerColumn(state);
}
BENCHMARK(PassThroughTheCInterface);

void ImportStrings(benchmark::State& state) {
  const Column column = Titles("a title of an event");
  for (auto _ : state) {
    ArrowArray array;
    ExportColumn(column, &array);
    benchmark::DoNotOptimize(ImportColumn(column.type(), &array));
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(ImportStrings);

void CheckText(benchmark::State& state, std::string_view text) {
  const Column column = Titles(text);
  for (auto _ : state) {
    CheckUtf8(column, "title");
  }
  state.SetBytesProcessed(state.iterations() * kRows * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(CheckText, Ascii, "a title of an event");
BENCHMARK_CAPTURE(CheckText, Mixed, "größer als zwölf Bytes");
BENCHMARK_CAPTURE(CheckText, Japanese, "日本語の出来事の題名");

void ReadStrings(benchmark::State& state) {
  const Column column = Titles("a title of an event");
  for (auto _ : state) {
    std::size_t size = 0;
    for (std::int64_t i = 0; i < kRows; ++i) {
      size += column.IsNull(i) ? 0 : column.String(i).size();
    }
    benchmark::DoNotOptimize(size);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(ReadStrings);

void JoinStrings(benchmark::State& state) {
  const Column column = Titles("a title of an event");
  const std::vector<Column> pieces(4, column.Slice(100, 2'000));
  for (auto _ : state) {
    benchmark::DoNotOptimize(Concatenate(pieces));
  }
  state.SetItemsProcessed(state.iterations() * 8'000);
}
BENCHMARK(JoinStrings);

}  // namespace
}  // namespace foretell
