// Threads that share out ranges of work.
//
//     Workers workers(4);
//     workers.ForEach(rows, 64, [&](std::size_t worker, std::int64_t first, std::int64_t last) { ... });
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace foretell {

class Workers {
 public:
  // `threads` of them, the calling one counted: one starts none. FT0101 below 1.
  explicit Workers(int threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::size_t size() const;

  // Calls work(worker, first, last) for consecutive pieces of [0, count), `grain` each, on all threads, and
  // returns when all are done. `worker` is below size(), for memory of a thread's own. Which thread gets
  // which piece is open; the pieces depend on count and grain alone. An exception leaves out the pieces not
  // begun; of several, that of the lowest piece is thrown. One call at a time.
  using Work = std::function<void(std::size_t worker, std::int64_t first, std::int64_t last)>;
  void ForEach(std::int64_t count, std::int64_t grain, const Work& work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace foretell
