// One call of the C library that fails as told, anywhere in this process; for tests. `failing_calls.cc` is
// linked into the test program, where its definitions take the place of the C library's.
#pragma once

#include <span>

namespace foretell {

class FailingCall {
 public:
  // The calls that can fail: all by which files are read and written.
  static std::span<const char* const> Names();

  // The n-th call of `name` (one of Names) from now on fails with `error`, an errno value; the others do not.
  FailingCall(const char* name, int nth, int error);
  ~FailingCall();
  FailingCall(const FailingCall&) = delete;
  FailingCall& operator=(const FailingCall&) = delete;

  bool happened() const;
};

}  // namespace foretell
