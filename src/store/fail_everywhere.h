// Does an operation once for each call of the system in it, and fails that call; for tests.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "foretell/error.h"
#include "store/failing_calls.h"

namespace foretell {

inline bool IsOfTheMachine(Code code) {
  return code == Code::kIo || code == Code::kNoSpace || code == Code::kNotPermitted ||
         code == Code::kUnknownOutcome || code == Code::kInternal;
}

// Fails with each error at each call of `work`, which begins with what `prepare` makes; `check` looks at what
// is there.
inline void FailEverywhere(const std::function<void()>& prepare, const std::function<void()>& work,
                           const std::function<void(bool returned)>& check) {
  int injected = 0;
  for (const char* name : FailingCall::Names()) {
    for (const int error : {EIO, ENOSPC, EACCES, EINTR, EINVAL, EMFILE}) {
      for (int nth = 1;; ++nth) {
        prepare();
        bool returned = true;
        bool happened = false;
        {
          const FailingCall failing(name, nth, error);
          try {
            work();
          } catch (const Error& raised) {
            returned = false;
            EXPECT_TRUE(IsOfTheMachine(raised.code())) << raised.what();
          }
          happened = failing.happened();
        }
        check(returned);
        ASSERT_FALSE(testing::Test::HasFailure())
            << "call " << nth << " of " << name << " fails with errno " << error;
        if (!happened) break;
        ++injected;
        if (error != EIO && nth >= 3) break;  // the code that looks at the error is the same
      }
    }
  }
  EXPECT_GT(injected, 50);
}

}  // namespace foretell
