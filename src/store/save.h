// A save's limit of time.
#pragma once

#include <chrono>

namespace foretell {

// FT0415 when a save has lasted three days: garbage collection takes blobs that no manifest has
// named for seven, so a manifest created later than this could name what is gone.
void CheckSaveAge(std::chrono::seconds age);

}  // namespace foretell
