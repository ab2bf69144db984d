#include "foretell/map.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "predict/recut.h"
#include "predict/scorer.h"

namespace foretell {
namespace {

// What both ways of mapping share: reading, the search for an undeclared output, delivery.
class MapSource : public Batches::Source {
  static constexpr std::int64_t kHeldRows = 100'000;

 public:
  MapSource(Batches input, const Predictor& predictor, const MapOptions& options)
      : input_(std::move(input), options.batch_rows, options.batch_bytes),
        scorer_(input_.schema(), predictor, options) {}

  std::shared_ptr<const Schema> schema() final {
    Guarded([&] { LearnOutput(); });
    return scorer_.schema();
  }

  std::optional<Batch> Next() final {
    std::optional<Finished> finished;
    Guarded([&] {
      LearnOutput();
      CheckInterrupt();
      if (!held_.empty()) {
        finished = scorer_.Finish(held_.front());
        held_.pop_front();
      } else {
        finished = NextFinished();
      }
      if (finished) {
        Deliver(*finished);
      }
    });
    return finished ? std::optional(std::move(finished->output)) : std::nullopt;
  }

 protected:
  struct Read {
    Batch batch;
    std::int64_t position;
  };

  virtual std::optional<Finished> NextFinished() = 0;

  std::optional<Read> ReadBatch() {
    const auto start = std::chrono::steady_clock::now();
    std::optional<Batch> batch = input_.Next();
    const auto elapsed = std::chrono::steady_clock::now() - start;
    scorer_.metrics().reading_ns.fetch_add(
        std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count(), std::memory_order_relaxed);
    if (!batch) {
      return std::nullopt;
    }
    const std::int64_t position = position_;
    position_ += batch->rows();
    return Read{*std::move(batch), position};
  }

  Scored ScoreHere(Read read) {
    return scorer_.Score(std::move(read.batch), read.position, [&] { CheckInterrupt(); });
  }

  void CheckInterrupt() const {
    if (scorer_.options().check_interrupt) {
      scorer_.options().check_interrupt();
    }
  }

  Scorer& scorer() { return scorer_; }

 private:
  // A failed stream fails again when it is asked again: it never looks like one that has ended.
  template <typename Work>
  void Guarded(Work work) {
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    try {
      work();
    } catch (...) {
      failure_ = std::current_exception();
      throw;
    }
  }

  // Without a declared output, batches are scored here, and held, until one is predicted. A broken
  // predictor will not predict any more.
  void LearnOutput() {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    while (!scorer_.output_known()) {
      std::optional<Read> read = scorer_.broken() ? std::nullopt : ReadBatch();
      if (!read) {
        scorer_.NoOutput();
        return;
      }
      rows += std::max<std::int64_t>(read->batch.rows(), 1);  // an empty batch takes room, too
      bytes += read->batch.ByteSize();
      held_.push_back(ScoreHere(*std::move(read)));
      if (!scorer_.output_known() && (rows >= kHeldRows || bytes >= scorer_.options().batch_bytes)) {
        ThrowUntyped();
      }
    }
  }

  [[noreturn]] void ThrowUntyped() const {
    std::string last;
    for (const Scored& scored : held_) {
      if (!scored.rows.errors.empty()) {
        const RowError& error = scored.rows.errors.rbegin()->second;
        last = "; the last one: " + error.code + ": " + error.message;
      }
    }
    throw Error(Code::kUntyped,
                "none of the first " + std::to_string(position_) +
                    " rows has a prediction, so the output's columns are not known" + last,
                "declare the predictor's `output`");
  }

  void Deliver(const Finished& finished) {
    MapMetrics& metrics = scorer_.metrics();
    metrics.rows += finished.output.rows();
    metrics.batches += 1;
    metrics.bytes += finished.bytes;
    metrics.bad += finished.bad;
    metrics.skipped += finished.skipped;
    metrics.unstable += finished.unstable;
    if (finished.quarantine && scorer_.options().quarantine) {
      scorer_.options().quarantine(*finished.quarantine);
    }
  }

  Recut input_;
  Scorer scorer_;
  std::int64_t position_ = 0;
  std::deque<Scored> held_;
  std::exception_ptr failure_;
};

// Everything on the thread that pulls.
class SequentialMap final : public MapSource {
 public:
  using MapSource::MapSource;

 private:
  std::optional<Finished> NextFinished() override {
    std::optional<Read> read = ReadBatch();
    if (!read) {
      return std::nullopt;
    }
    return scorer().Finish(ScoreHere(*std::move(read)));
  }
};

// The pulling thread reads and waits, others predict. `order_` holds what was read and not handed on
// yet, at most two batches a thread; `waiting_` those of them that no thread has taken.
class ParallelMap final : public MapSource {
 public:
  ParallelMap(Batches input, const Predictor& predictor, const MapOptions& options)
      : MapSource(std::move(input), predictor, options),
        thread_count_(static_cast<std::size_t>(options.threads)) {}

  ~ParallelMap() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }

 private:
  struct Slot {
    Read read;
    bool done = false;
    Finished finished;
    std::exception_ptr failure;
  };
  struct Stopped : std::exception {};

  std::optional<Finished> NextFinished() override {
    while (threads_.size() < thread_count_) {
      threads_.emplace_back([this] { Work(); });
    }
    Fill();
    if (order_.empty()) {
      if (read_failure_) {
        std::rethrow_exception(read_failure_);
      }
      return std::nullopt;
    }
    Await(*order_.front());
    const std::shared_ptr<Slot> slot = std::move(order_.front());
    order_.pop_front();
    if (slot->failure) {
      std::rethrow_exception(slot->failure);
    }
    return std::move(slot->finished);
  }

  void Fill() {
    while (!ended_ && order_.size() < 2 * thread_count_) {
      std::optional<Read> read;
      try {
        read = ReadBatch();
      } catch (...) {
        read_failure_ = std::current_exception();  // what was read before comes first
      }
      if (!read) {
        ended_ = true;
        return;
      }
      auto slot = std::make_shared<Slot>();
      slot->read = *std::move(read);
      order_.push_back(slot);
      {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(slot));
      }
      work_.notify_one();
    }
  }

  void Await(const Slot& slot) {
    constexpr auto kAskEvery = std::chrono::milliseconds(50);
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        if (done_.wait_for(lock, kAskEvery, [&] { return slot.done; })) {
          return;
        }
      }
      CheckInterrupt();
    }
  }

  void Work() {
    for (;;) {
      std::shared_ptr<Slot> slot;
      {
        std::unique_lock lock(mutex_);
        work_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
        if (stop_) {
          return;
        }
        slot = std::move(waiting_.front());
        waiting_.pop_front();
      }
      Finished finished;
      std::exception_ptr failure;
      try {
        const std::int64_t position = slot->read.position;
        // The slot keeps the batch: its last reference is let go by the pulling thread, because the
        // owner of a foreign buffer may want a lock that this thread must not wait for.
        finished = scorer().Finish(scorer().Score(slot->read.batch, position, [&] {
          if (stop_ || position > failed_at_) {
            throw Stopped();
          }
        }));
      } catch (...) {
        failure = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        if (failure) {
          failed_at_ = std::min(failed_at_.load(), slot->read.position);
          waiting_.clear();  // all of them come after it
        }
        slot->finished = std::move(finished);
        slot->failure = failure;
        slot->done = true;
        slot.reset();  // `order_` has it still, until the pulling thread gets the lock
      }
      done_.notify_one();
    }
  }

  const std::size_t thread_count_;
  // The pulling thread's own.
  std::deque<std::shared_ptr<Slot>> order_;
  bool ended_ = false;
  std::exception_ptr read_failure_;

  std::mutex mutex_;
  std::condition_variable work_, done_;
  std::deque<std::shared_ptr<Slot>> waiting_;  // and every Slot's `done`, `finished`, `failure`: by mutex_
  std::atomic<bool> stop_{false};
  std::atomic<std::int64_t> failed_at_{std::numeric_limits<std::int64_t>::max()};
  std::vector<std::thread> threads_;
};

}  // namespace

Batches Map(Batches input, const Predictor& predictor, MapOptions options) {
  if (options.threads < 1 || options.batch_rows < 1 || options.batch_bytes < 1) {
    throw Error(Code::kInvalidArgument, "threads, batch_rows and batch_bytes must be at least 1");
  }
  if (predictor.call_rows() < 1) {
    throw Error(Code::kInvalidArgument, "a predictor's call_rows must be at least 1");
  }
  if (!options.metrics) {
    options.metrics = std::make_shared<MapMetrics>();
  }
  if (options.threads == 1 || predictor.single_threaded()) {
    return Batches(std::make_unique<SequentialMap>(std::move(input), predictor, options));
  }
  return Batches(std::make_unique<ParallelMap>(std::move(input), predictor, options));
}

std::optional<Schema> MapSchema(const Schema& input, const Signature& signature, const MapOptions& options) {
  const InputContract contract(input, signature);
  if (!signature.output) {
    return std::nullopt;
  }
  return OutputSchema(input, signature, PlainOutput(*signature.output), options);
}

}  // namespace foretell
