// The Bind functions of the module, one per file; module.cc calls them in this order.
#pragma once

#include <nanobind/nanobind.h>

namespace foretell::python {

void BindError(nanobind::module_& module);
void BindStore(nanobind::module_& module);
void BindVersionEntry(nanobind::module_& module);  // by BindStore
void BindGarbage(nanobind::module_& module);       // by BindStore
void BindUnits(nanobind::module_& module);
void BindSchema(nanobind::module_& module);
void BindStream(nanobind::module_& module);
void BindPredictor(nanobind::module_& module);
void BindMap(nanobind::module_& module);
void BindParity(nanobind::module_& module);
void BindItem(nanobind::module_& module);
void BindText(nanobind::module_& module);
void BindLda(nanobind::module_& module);
void BindLdaTraining(nanobind::module_& module);
void BindNativeModel(nanobind::module_& module);

}  // namespace foretell::python
