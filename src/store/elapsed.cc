#include "store/elapsed.h"

#include <algorithm>

#include "foretell/error.h"

namespace foretell {

std::chrono::seconds Elapsed::operator()() const {
  return std::chrono::duration_cast<std::chrono::seconds>(std::max<std::chrono::nanoseconds>(
      std::chrono::system_clock::now() - started_, std::chrono::steady_clock::now() - started_steady_));
}

void CheckSaveAge(std::chrono::seconds age) {
  if (age >= std::chrono::hours(72)) {
    throw Error(Code::kTooSlow, "the save has lasted three days, and its blobs may be collected as garbage",
                "save again");
  }
}

void CheckMoveAge(std::chrono::seconds age) {
  if (age >= std::chrono::minutes(30)) {
    throw Error(
        Code::kTooSlow,
        "the move of the alias has lasted half an hour, and its version may have been retired meanwhile",
        "try again; the alias was not moved");
  }
}

}  // namespace foretell
