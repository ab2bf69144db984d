// Threads that load, swap and predict at the same time, as a server would: under the thread sanitizer
// (`make sanitize`) a race is an error; here each answer is of one version.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "foretell/builder.h"
#include "foretell/map.h"
#include "foretell/open.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

// The model is a number in a file: each prediction is the input times that.
class Times final : public Predictor {
 public:
  Times(std::int64_t factor, std::int64_t version) : factor_(factor), version_(version) {
    signature_.output = Schema({{"y", ParseType("int64")}});
  }
  const Signature& signature() const override { return signature_; }
  std::int64_t version() const { return version_; }
  Batch Predict(const Batch& batch) const override {
    std::vector<std::int64_t> values;
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      values.push_back(batch.column("x").Int(row) * factor_);
    }
    std::vector<Column> columns;
    columns.push_back(ColumnOf(std::move(values)));
    return Batch(std::make_shared<const Schema>(*signature_.output), std::move(columns), batch.rows());
  }

 private:
  std::int64_t factor_;
  std::int64_t version_;
  Signature signature_;
};

class Slot {
 public:
  std::shared_ptr<const Times> Get() const {
    const std::lock_guard lock(mutex_);
    return predictor_;
  }
  void Swap(std::shared_ptr<const Times> next) {
    const std::lock_guard lock(mutex_);
    predictor_.swap(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Times> predictor_;
};

class ConcurrentTest : public StoreFixture, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Storages, ConcurrentTest, testing::Values("memory", "file"),
                         [](const auto& param_info) { return std::string(param_info.param); });

TEST_P(ConcurrentTest, LoadSwapAndPredictAtTheSameTimeAnswerByOneVersionEach) {
  constexpr int kVersions = 4;
  constexpr int kRounds = 15;
  const bool memory = std::string_view(GetParam()) == "memory";
  Store store(OpenStorage(memory ? "memory://concurrent" : (folder_.path() / "store").string()));
  for (int version = 1; version <= kVersions; ++version) {
    Save(store, "A", std::to_string(version * 10));
  }
  store.Promote("A", "live", 1, {.who = "ana"});
  Slot slot;
  std::atomic<int> wrong{0};
  std::atomic<bool> done{false};
  const auto load = [&] {
    Store own = store;  // another handle on what is shared
    const Manifest manifest = own.Resolve(ParseReference("A@live"));
    const OpenedFiles opened = OpenFiles(own, manifest, {}, folder_.path() / "cache");
    std::int64_t factor = 0;
    std::ifstream(opened.paths.at("model.bin")) >> factor;
    slot.Swap(std::make_shared<const Times>(factor, manifest.version));
  };
  load();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) load();
      });
    }
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        store.Promote("A", "live", 1 + round % kVersions, {.who = "ana"});
      }
    });
    std::vector<std::jthread> predicting;
    for (int i = 0; i < 2; ++i) {
      predicting.emplace_back([&] {
        while (!done) {
          const std::shared_ptr<const Times> predictor = slot.Get();
          std::vector<std::int64_t> xs(500, 7);
          const Column x = ColumnOf(std::move(xs));
          const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"x", x.type()}});
          Batches out = Map(Batches::Of(schema, {Batch(schema, {x}, 500)}), *predictor,
                            {.threads = 2, .batch_rows = 100, .version = predictor->version()});
          std::int64_t rows = 0;
          while (const std::optional<Batch> batch = out.Next()) {
            rows += batch->rows();
            for (std::int64_t row = 0; row < batch->rows(); ++row) {
              const std::int64_t version = batch->column("model_version").Int(row);
              if (batch->column("y").Int(row) != 70 * version) ++wrong;
            }
          }
          if (rows != 500) ++wrong;
        }
      });
    }
    threads.clear();  // waits for them
    done = true;
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace foretell
