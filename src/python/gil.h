// The GIL, taken and let go of, also while the interpreter ends. A thread that asks for it then would be
// ended by CPython in the middle of C++ frames, whose destructors must not run without it: the process
// would abort. Such a thread waits here instead, for the end of the process.
#pragma once

#include <nanobind/nanobind.h>

namespace foretell::python {

// Holds the GIL; any thread, with or without it.
class GilHeld {
 public:
  GilHeld();
  ~GilHeld();
  GilHeld(const GilHeld&) = delete;
  GilHeld& operator=(const GilHeld&) = delete;

 private:
  PyGILState_STATE state_;
};

// Lets go of the GIL; a thread that has it.
class GilReleased {
 public:
  GilReleased();
  ~GilReleased();
  GilReleased(const GilReleased&) = delete;
  GilReleased& operator=(const GilReleased&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace foretell::python
