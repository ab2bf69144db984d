// What comparing costs: rows of fifty doubles in a list, and of a text and a number.
//   cmake --preset release && cmake --build build/release --target parity_bench &&
//   build/release/src/parity/parity_bench
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "foretell/parity.h"
#include "parity/test_batches.h"

namespace foretell {
namespace {

constexpr std::size_t kRows = 10'000;

void Compare(benchmark::State& state, const Batch& reference, const Batch& other) {
  Comparison comparison({reference}, {});
  for ([[maybe_unused]] auto _ : state) {
    comparison.Add(other);
    benchmark::DoNotOptimize(comparison.Finish().mismatches);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
}

Batch Topics(double add) {
  std::vector<std::vector<double>> rows(kRows, std::vector<double>(50, 0.02));
  for (std::size_t row = 0; row < kRows; ++row) {
    rows[row][row % 50] += add;
  }
  return BatchOf({{"topics", Lists(rows)}});
}

void BM_EqualTopics(benchmark::State& state) {
  const Batch topics = Topics(0);
  Compare(state, topics, Topics(0));
}

void BM_TopicsWithOtherLastBits(benchmark::State& state) {
  Compare(state, Topics(0), Topics(1e-15));
}

void BM_TextAndNumber(benchmark::State& state) {
  const Batch batch = BatchOf({{"label", ColumnOf(std::vector<std::string>(kRows, "a label of some length"))},
                               {"y", ColumnOf(std::vector<double>(kRows, 0.5))}});
  Compare(state, batch, batch);
}

BENCHMARK(BM_EqualTopics);
BENCHMARK(BM_TopicsWithOtherLastBits);
BENCHMARK(BM_TextAndNumber);

}  // namespace
}  // namespace foretell
