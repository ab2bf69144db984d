// A predictor written in Python.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <limits>

#include "foretell/predictor.h"

namespace foretell::python {

class PythonPredictor final : public Predictor {
 public:
  PythonPredictor(Signature signature, nanobind::object predict);

  const Signature& signature() const override { return signature_; }
  // Without the GIL; takes it for the call. An exception of Python's becomes FT0301 with its text and
  // the place in the user's code; one of foretell's in FT03 keeps its code. KeyboardInterrupt, SystemExit,
  // GeneratorExit and MemoryError pass through.
  Batch Predict(const Batch& batch) const override;
  bool single_threaded() const override { return true; }
  std::int64_t call_rows() const override { return std::numeric_limits<std::int64_t>::max(); }

  // What the last call raised; None when it raised nothing. With the GIL.
  nanobind::object last_raised() const { return last_raised_; }

  static int Traverse(PyObject* self, visitproc visit, void* arg);
  static int Clear(PyObject* self);

 private:
  [[noreturn]] void Raise(const nanobind::python_error& raised) const;

  Signature signature_;
  nanobind::object predict_;
  mutable nanobind::object last_raised_;
};

}  // namespace foretell::python
