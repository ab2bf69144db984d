#include "python/gil.h"

#include <dlfcn.h>

#include <chrono>
#include <thread>

namespace foretell::python {
namespace {

using Ask = int (*)();

// Not of the stable ABI, but there in every CPython.
Ask Find(const char* name) {
  return reinterpret_cast<Ask>(::dlsym(RTLD_DEFAULT, name));
}

bool Ends() {
  static const Ask ask = Find("Py_IsFinalizing") != nullptr ? Find("Py_IsFinalizing")  // since 3.13
                                                            : Find("_Py_IsFinalizing");
  return ask != nullptr && ask() != 0;
}

bool HasGil() {
  static const Ask ask = Find("PyGILState_Check");
  return ask == nullptr || ask() != 0;
}

// Whether this thread is the one that ends the interpreter, below a GilReleased.
thread_local bool ends_it = false;

void WaitForTheEnd() {
  while (true) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

// Its destructor is the first to run when CPython ends a thread inside a call, by unwinding it.
class WaitsWhenUnwound {
 public:
  WaitsWhenUnwound() = default;
  WaitsWhenUnwound(const WaitsWhenUnwound&) = delete;
  WaitsWhenUnwound& operator=(const WaitsWhenUnwound&) = delete;
  ~WaitsWhenUnwound() {
    if (!returned_) {
      WaitForTheEnd();
    }
  }

  void Returned() { returned_ = true; }

 private:
  bool returned_ = false;
};

}  // namespace

GilHeld::GilHeld() {
  if (Ends() && !ends_it && !HasGil()) {
    WaitForTheEnd();
  }
  WaitsWhenUnwound guard;
  state_ = PyGILState_Ensure();
  guard.Returned();
}

GilHeld::~GilHeld() {
  if (HasGil()) {  // else CPython took it, and is ending this thread
    PyGILState_Release(state_);
  }
}

GilReleased::GilReleased() {
  ends_it = Ends();  // nobody else has the GIL by then
  state_ = PyEval_SaveThread();
}

// NOLINTNEXTLINE(bugprone-unsafe-to-allow-exceptions): nothing is thrown, gil.h says why
GilReleased::~GilReleased() noexcept(false) {
  if (Ends() && !ends_it) {
    WaitForTheEnd();
  }
  WaitsWhenUnwound guard;
  PyEval_RestoreThread(state_);
  guard.Returned();
}

nanobind::object CallVector(nanobind::handle callable, PyObject* const* arguments, std::size_t count) {
  PyObject* answer = nullptr;
  {
    WaitsWhenUnwound guard;
    answer = PyObject_Vectorcall(callable.ptr(), arguments, count, nullptr);
    guard.Returned();
  }
  if (answer == nullptr) {
    throw nanobind::python_error();
  }
  return nanobind::steal(answer);
}

std::function<void()> AskForSignals() {
  using Clock = std::chrono::steady_clock;
  return [last = Clock::now()]() mutable {
    const auto now = Clock::now();
    constexpr auto kEvery = std::chrono::milliseconds(50);
    if (now - last < kEvery) {
      return;
    }
    last = now;
    const GilHeld gil;
    if (PyErr_CheckSignals() != 0) {
      throw nanobind::python_error();
    }
  };
}

}  // namespace foretell::python
