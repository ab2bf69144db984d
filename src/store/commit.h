// One conditional create, with exactly one outcome whatever the storage answers.
//
//   answer          read back                              outcome
//   created         -                                      OK
//   exists          our bytes / another's                  OK / CONFLICT
//   retry           -                                      the same create again, with back-off
//   unknown         ours / another's / absent / cannot     OK / CONFLICT / again / UNKNOWN
//
// The body holds the attempt's id, so equal bytes prove who wrote them: the same person saving the
// same content twice makes two different bodies.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "foretell/storage.h"

namespace foretell {

// 32 hex digits from the system's random source; never used again.
std::string NewAttemptId();

struct Patience {
  int tries = 8;
  std::chrono::milliseconds first_pause{20};  // doubled after each try, with jitter, up to 2 s
};

struct Committed {
  bool ours = false;
  std::string winner;  // what is under the key when it is another's
};

// Creates `key` with `body`, which must contain `attempt_id` (FT0905). Returns OK (ours) or CONFLICT;
// throws FT0405 for UNKNOWN and another Error for FAILED (nothing was created).
Committed CommitObject(Storage& storage, std::string_view key, std::string_view body,
                       std::string_view attempt_id, const Patience& patience = {});

// Makes sure that the storage honours create-if-absent: 16 concurrent creates on each of 8 keys must
// have one winner each, whose bytes are then there. FT0416 otherwise. Keys lie below `folder` ("" for
// the root) in "probe/" and are removed again. Call it before the first write.
void ProbeStorage(Storage& storage, std::string_view folder = {});

}  // namespace foretell
