#include "models/workers.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "models/floating_point_environment.h"

namespace foretell {

struct Workers::State {
  std::mutex mutex;
  std::condition_variable begun;
  std::condition_variable ended;
  std::uint64_t round = 0;  // of ForEach
  std::size_t busy = 0;     // threads that still work on this round
  bool stop = false;

  const Work* work = nullptr;
  std::int64_t count = 0;
  std::int64_t grain = 1;
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure;
  std::int64_t failed_at = std::numeric_limits<std::int64_t>::max();

  std::vector<std::thread> threads;

  void Run(std::size_t worker) {
    const FloatingPointEnvironment environment;
    while (true) {
      const std::int64_t first = next.fetch_add(grain, std::memory_order_relaxed);
      if (first >= count) {
        return;
      }
      try {
        (*work)(worker, first, std::min(first + grain, count));
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (first < failed_at) {
          failed_at = first;
          failure = std::current_exception();
        }
        next.store(count, std::memory_order_relaxed);
      }
    }
  }

  void Serve(std::size_t worker) {
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex);
    while (true) {
      begun.wait(lock, [&] { return stop || round != seen; });
      if (stop) {
        return;
      }
      seen = round;
      lock.unlock();
      Run(worker);
      lock.lock();
      if (--busy == 0) {
        ended.notify_one();
      }
    }
  }

  void Stop() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    begun.notify_all();
    for (std::thread& thread : threads) {
      thread.join();
    }
    threads.clear();
  }
};

Workers::Workers(int threads) : state_(std::make_unique<State>()) {
  if (threads < 1) {
    throw Error(Code::kInvalidArgument,
                "the number of threads is " + std::to_string(threads) + ", and at least 1 is expected");
  }
  try {
    for (int worker = 1; worker < threads; ++worker) {
      state_->threads.emplace_back([state = state_.get(), worker] { state->Serve(worker); });
    }
  } catch (...) {
    state_->Stop();
    throw;
  }
}

Workers::~Workers() {
  state_->Stop();
}

std::size_t Workers::size() const {
  return state_->threads.size() + 1;
}

void Workers::ForEach(std::int64_t count, std::int64_t grain, const Work& work) {
  State& state = *state_;
  state.work = &work;
  state.count = count;
  state.grain = std::max<std::int64_t>(grain, 1);
  state.next = 0;
  state.failure = nullptr;
  state.failed_at = std::numeric_limits<std::int64_t>::max();
  const bool alone = state.threads.empty() || count <= state.grain;
  if (!alone) {
    const std::lock_guard lock(state.mutex);
    state.busy = state.threads.size();
    ++state.round;
    state.begun.notify_all();
  }
  state.Run(0);
  if (!alone) {
    std::unique_lock lock(state.mutex);
    state.ended.wait(lock, [&] { return state.busy == 0; });
  }
  if (state.failure) {
    std::rethrow_exception(std::exchange(state.failure, nullptr));
  }
}

}  // namespace foretell
