#include "store/commit.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <exception>
#include <latch>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <vector>

#include "foretell/error.h"
#include "store/layout.h"

namespace foretell {
namespace {

void Pause(const Patience& patience, int tries_done) {
  constexpr std::chrono::milliseconds kLongest{2000};
  const auto full =
      std::min<std::chrono::milliseconds>(kLongest, patience.first_pause * (1LL << std::min(tries_done, 20)));
  std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<long long> jitter(full.count() / 2, full.count());
  std::this_thread::sleep_for(std::chrono::milliseconds(jitter(random)));
}

[[noreturn]] void ThrowUnknown(Storage& storage, std::string_view key, const std::string& why) {
  throw Error(
      Code::kUnknownOutcome,
      "it is not known whether " + std::string(key) + " was created in " + storage.url() + ": " + why,
      "nothing was deleted; look at the state when the storage answers again, then repeat if need be");
}

}  // namespace

std::string NewAttemptId() {
  std::array<unsigned char, 16> random{};
  if (::getentropy(random.data(), random.size()) != 0) {
    throw Error(Code::kInternal, "the system gives no random numbers");
  }
  std::string id;
  for (const unsigned char byte : random) {
    id += "0123456789abcdef"[byte >> 4U];
    id += "0123456789abcdef"[byte & 15U];
  }
  return id;
}

Committed CommitObject(Storage& storage, std::string_view key, std::string_view body,
                       std::string_view attempt_id, const Patience& patience) {
  if (!IsAttemptId(attempt_id) || body.find(attempt_id) == std::string_view::npos) {
    throw Error(Code::kInternal, "the body of " + std::string(key) + " does not hold its attempt's id");
  }
  // Once an answer was lost, a create may still arrive: giving up is UNKNOWN from then on.
  bool lost = false;
  for (int tried = 1; tried <= patience.tries; ++tried) {
    CreateAnswer answer{};
    try {
      answer = storage.Create(key, body);
    } catch (const Error& error) {
      if (lost) {
        ThrowUnknown(storage, key, error.message());
      }
      throw;
    }
    if (answer == CreateAnswer::kCreated) {
      return {true, {}};
    }
    if (answer != CreateAnswer::kRetry) {
      lost = true;
      std::optional<std::string> there;
      try {
        there = storage.Read(key);
      } catch (const Error& error) {
        ThrowUnknown(storage, key, "it could not be read back: " + error.message());
      }
      if (there) {
        const bool ours = *there == body;
        return {ours, ours ? std::string() : std::move(*there)};
      }
    }
    if (tried < patience.tries) {
      Pause(patience, tried - 1);
    }
  }
  if (lost) {
    ThrowUnknown(storage, key, "its answers were lost");
  }
  throw Error(Code::kIo,
              "cannot create " + std::string(key) + " in " + storage.url() + ": the storage asked to retry " +
                  std::to_string(patience.tries) + " times",
              "nothing was changed; try again when the storage is less busy");
}

void ProbeStorage(Storage& storage, std::string_view folder) {
  constexpr int kKeys = 8;
  constexpr std::size_t kCreates = 16;
  const std::string above = folder.empty() ? std::string() : std::string(folder) + "/";
  const std::string probe_id = NewAttemptId();
  for (int number = 0; number < kKeys; ++number) {
    const std::string key = above + ProbeKey(probe_id, number);
    std::vector<std::string> bodies(kCreates);
    std::vector<char> won(kCreates, 0);
    std::vector<std::exception_ptr> failed(kCreates);
    std::latch start(kCreates);
    {
      std::vector<std::jthread> threads;
      threads.reserve(kCreates);
      for (std::size_t i = 0; i < kCreates; ++i) {
        const std::string attempt_id = NewAttemptId();
        bodies[i] = "{\"attempt_id\":\"" + attempt_id + "\"}\n";
        const auto create = [&storage, &key, &start, body = bodies[i], attempt_id, &mine = won[i],
                             &error = failed[i]] {
          start.arrive_and_wait();
          try {
            mine = CommitObject(storage, key, body, attempt_id).ours ? 1 : 0;
          } catch (...) {
            error = std::current_exception();
          }
        };
        try {
          threads.emplace_back(create);
        } catch (const std::system_error&) {
          start.count_down(
              static_cast<std::ptrdiff_t>(kCreates - i));  // those that wait must not wait for ever
          throw Error(Code::kInternal, "cannot start 16 threads to probe the storage " + storage.url());
        }
      }
    }
    for (const std::exception_ptr& error : failed) {
      if (error) {
        std::rethrow_exception(error);
      }
    }
    const auto winners = std::count(won.begin(), won.end(), 1);
    const std::optional<std::string> there = storage.Read(key);
    const auto winner = static_cast<std::size_t>(std::find(won.begin(), won.end(), 1) - won.begin());
    if (winners != 1 || there != bodies[winner]) {
      throw Error(Code::kRacyStorage,
                  "the storage " + storage.url() +
                      " does not honour create-if-absent: " + std::to_string(winners) +
                      " of 16 concurrent creates of one key won, expected 1 that can be read back",
                  "use another storage; nothing can be kept safely there");
    }
  }
  for (int number = 0; number < kKeys; ++number) {
    storage.Delete(above + ProbeKey(probe_id, number));
  }
}

}  // namespace foretell
