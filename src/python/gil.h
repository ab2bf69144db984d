// The GIL, taken and let go of, also while the interpreter ends. A thread that asks for it then would be
// ended by CPython in the middle of C++ frames, whose destructors must not run without it: the process
// would abort. Such a thread waits here instead, for the end of the process.
#pragma once

#include <nanobind/nanobind.h>

#include <array>
#include <cstddef>
#include <functional>
#include <utility>

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
  ~GilReleased() noexcept(false);  // throws nothing, but a thread that ends here must reach its guard
  GilReleased(const GilReleased&) = delete;
  GilReleased& operator=(const GilReleased&) = delete;

 private:
  PyThreadState* state_;
};

// callable(arguments...) with the GIL, for calls that may let go of it: the user's code, and whatever waits.
// CPython ends a thread that asks for the GIL back while the interpreter ends; that thread waits here, before
// the destructors of the frames below would let go of Python objects without the GIL. Throws
// nb::python_error.
nanobind::object CallVector(nanobind::handle callable, PyObject* const* arguments, std::size_t count);

template <typename... Arguments>
nanobind::object Call(nanobind::handle callable, Arguments&&... arguments) {
  const std::array<nanobind::object, sizeof...(Arguments)> objects{
      nanobind::cast(std::forward<Arguments>(arguments))...};
  std::array<PyObject*, sizeof...(Arguments)> pointers{};
  for (std::size_t i = 0; i < objects.size(); ++i) {
    pointers[i] = objects[i].ptr();
  }
  return CallVector(callable, pointers.data(), pointers.size());
}

// Asks whether Ctrl-C was pressed, at most 20 times a second (waiting for the GIL takes time); throws
// nb::python_error. For one thread.
std::function<void()> AskForSignals();

}  // namespace foretell::python
