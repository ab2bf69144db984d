// How long an operation may last: each relies on what others do not do before that time.
#pragma once

#include <chrono>

namespace foretell {

// By whichever of two clocks went further: one may be set back, the other may stand still while the machine
// sleeps.
class Elapsed {
 public:
  std::chrono::seconds operator()() const;

 private:
  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point started_steady_ = std::chrono::steady_clock::now();
};

// FT0415 after three days: garbage collection takes what is older than seven and in no manifest.
void CheckSaveAge(std::chrono::seconds age);
// FT0415 after half an hour between a move's in-use and its entry: a retirement waits for an hour at least.
void CheckMoveAge(std::chrono::seconds age);

}  // namespace foretell
