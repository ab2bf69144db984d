// What `Map` adds to a batch: a predictor that only hands its column on.
//   cmake --preset release && cmake --build build/release --target map_bench &&
//   build/release/src/predict/map_bench
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "foretell/builder.h"
#include "foretell/map.h"

namespace foretell {
namespace {

class Identity final : public Predictor {
 public:
  explicit Identity(std::int64_t call_rows) : call_rows_(call_rows) {}
  const Signature& signature() const override { return signature_; }
  Batch Predict(const Batch& batch) const override { return Batch(output_, {batch.column(0)}, batch.rows()); }
  std::int64_t call_rows() const override { return call_rows_; }

 private:
  std::int64_t call_rows_;
  Signature signature_{Schema({{"x", Type(TypeId::kDouble)}}), Schema({{"y", Type(TypeId::kDouble)}}),
                       std::vector<std::string>{"id"}, false, false};
  std::shared_ptr<const Schema> output_ = std::make_shared<const Schema>(*signature_.output);
};

class Repeated final : public Batches::Source {
 public:
  Repeated(Batch batch, std::int64_t times) : batch_(std::move(batch)), times_(times) {}
  std::shared_ptr<const Schema> schema() override { return batch_.shared_schema(); }
  std::optional<Batch> Next() override { return times_-- > 0 ? std::optional(batch_) : std::nullopt; }

 private:
  Batch batch_;
  std::int64_t times_;
};

Batch Input(std::int64_t rows) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(rows), 7);
  std::vector<double> values(static_cast<std::size_t>(rows), 0.5);
  const Schema schema({{"id", Type(TypeId::kInt64)}, {"x", Type(TypeId::kDouble)}});
  return Batch(std::make_shared<const Schema>(schema),
               {ColumnOf(std::move(ids)), ColumnOf(std::move(values))}, rows);
}

// Arguments: rows a batch, threads, rows a call.
void BM_MapBatch(benchmark::State& state) {
  const Identity predictor(state.range(2));
  const Batch batch = Input(state.range(0));
  Batches stream = Map(Batches(std::make_unique<Repeated>(batch, 1'000'000'000)), predictor,
                       {.threads = static_cast<int>(state.range(1)), .version = 3});
  for (auto _ : state) {
    benchmark::DoNotOptimize(stream.Next());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_MapBatch)
    ->Args({1, 1, 1'000})
    ->Args({100, 1, 1'000})
    ->Args({1'000, 1, 1'000})
    ->Args({10'000, 1, 1'000})
    ->Args({10'000, 1, 10'000})
    ->Args({1'000, 2, 1'000});

// The source and the predictor without `Map`.
void BM_BareBatch(benchmark::State& state) {
  const Identity predictor(state.range(0));
  Batches stream(std::make_unique<Repeated>(Input(state.range(0)), 1'000'000'000));
  for (auto _ : state) {
    const std::size_t column[] = {1};
    benchmark::DoNotOptimize(predictor.Predict(stream.Next()->Select(column)));
  }
}
BENCHMARK(BM_BareBatch)->Arg(1'000)->Arg(10'000);

}  // namespace
}  // namespace foretell
