#include <nanobind/nanobind.h>

#include "python/bind.h"

NB_MODULE(_core, module) {
  module.doc() = "the C++ core of foretell";
  nanobind::set_leak_warnings(false);  // objects kept until exit by user code are not our leaks
  foretell::python::BindError(module);
  foretell::python::BindStore(module);
  foretell::python::BindUnits(module);
  foretell::python::BindSchema(module);
  foretell::python::BindStream(module);
  foretell::python::BindPredictor(module);
  foretell::python::BindMap(module);
  foretell::python::BindParity(module);
  foretell::python::BindItem(module);
  foretell::python::BindText(module);
  foretell::python::BindLda(module);
  foretell::python::BindLdaTraining(module);
  foretell::python::BindNativeModel(module);
}
