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

}  // namespace

GilHeld::GilHeld() {
  if (Ends() && !ends_it && !HasGil()) {
    WaitForTheEnd();
  }
  state_ = PyGILState_Ensure();
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

GilReleased::~GilReleased() {
  if (Ends() && !ends_it) {
    WaitForTheEnd();
  }
  PyEval_RestoreThread(state_);
}

}  // namespace foretell::python
