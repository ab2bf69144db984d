// _core.Signature, _core.Predictor and _core.PythonPredictor.
#include "python/predictor.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <utility>

#include "arrow/utf8.h"
#include "foretell/error.h"
#include "python/arrow_objects.h"
#include "python/bind.h"
#include "python/gil.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

constexpr std::size_t kMostText = 2'000;

// Python text as UTF-8, lone surrogates replaced, at most 2,000 bytes.
std::string Text(nb::handle text) {
  const nb::object bytes = nb::steal(PyUnicode_AsEncodedString(text.ptr(), "utf-8", "replace"));
  if (!bytes.is_valid()) {
    PyErr_Clear();
    return "?";
  }
  std::string utf8(PyBytes_AsString(bytes.ptr()), static_cast<std::size_t>(PyBytes_Size(bytes.ptr())));
  if (utf8.size() > kMostText) {
    utf8.resize(WholeCharacters(utf8, kMostText).size());
    utf8 += "...";
  }
  return utf8;
}

// str(object), or "?" where that fails.
std::string Shown(nb::handle object) {
  try {
    return Text(Call(reinterpret_cast<PyObject*>(&PyUnicode_Type), object));  // it may be the user's __str__
  } catch (const nb::python_error&) {
    return "?";
  }
}

std::string Folder(nb::handle file) {
  return nb::cast<std::string>(nb::module_::import_("os.path").attr("dirname")(file)) + "/";
}

// Files that are not the user's own: foretell's, installed packages', the standard library's.
class Foreign {
 public:
  Foreign()
      : foretell_(Folder(nb::module_::import_("foretell.error").attr("__file__"))),
        library_(Folder(nb::module_::import_("os").attr("__file__"))) {}

  bool Has(const std::string& file) const {
    return file.starts_with(foretell_) || file.starts_with(library_) || file.starts_with("<frozen") ||
           file.find("/site-packages/") != std::string::npos ||
           file.find("/dist-packages/") != std::string::npos;
  }

 private:
  std::string foretell_, library_;
};

// " (file.py:12 in extract_features)": the innermost line of the user's own; empty when there is none.
std::string Place(nb::handle traceback) {
  const Foreign foreign;
  std::string place;
  for (nb::object at = nb::borrow(traceback); at.is_valid() && !at.is_none(); at = at.attr("tb_next")) {
    const nb::object code = at.attr("tb_frame").attr("f_code");
    const std::string file = Shown(nb::object(code.attr("co_filename")));
    if (!foreign.Has(file)) {
      place = " (" + file.substr(file.rfind('/') + 1) + ":" + Shown(nb::object(at.attr("tb_lineno"))) +
              " in " + Shown(nb::object(code.attr("co_name"))) + ")";
    }
  }
  return place;
}

std::string Describe(nb::handle exception) {
  std::string text = Shown(nb::object(exception.type().attr("__name__")));
  if (const std::string message = Shown(exception); !message.empty()) {
    text += ": " + message;
  }
  return text;
}

bool PassesThrough(const nb::python_error& raised) {
  return !raised.matches(PyExc_Exception) || raised.matches(PyExc_MemoryError);
}

// An error of foretell's own keeps its code when it speaks of the contract. One that speaks of data
// comes from what the user's code does with the row: the input was checked before.
std::optional<Error> OwnError(nb::handle exception) {
  if (!nb::isinstance(exception, nb::module_::import_("foretell.error").attr("Error"))) {
    return std::nullopt;
  }
  const std::string code = Shown(nb::object(exception.attr("code")));
  const auto entry = Explain(code);
  if (!entry || !code.starts_with("FT03")) {
    return std::nullopt;
  }
  return Error(entry->code, Shown(nb::object(exception.attr("message"))),
               Shown(nb::object(exception.attr("hint"))));
}

Batch Answer(nb::handle answer) {
  if (!HasArrow(answer, "array")) {
    throw Error(Code::kWrongType,
                "the predictor returned " + KindOf(answer) + ", expected a record batch with a row per row");
  }
  try {
    return BatchFrom(answer);
  } catch (const Error& error) {
    throw Error(Code::kWrongType, "what the predictor returned cannot be used: " + error.message(),
                error.hint());
  }
}

}  // namespace

PythonPredictor::PythonPredictor(Signature signature, nb::object predict)
    : signature_(std::move(signature)), predict_(std::move(predict)), last_raised_(nb::none()) {}

Batch PythonPredictor::Predict(const Batch& batch) const {
  const GilHeld gil;
  last_raised_ = nb::none();
  try {
    const nb::object answer = Call(predict_, batch);
    return Answer(answer);
  } catch (const nb::python_error& raised) {
    if (PassesThrough(raised)) {
      throw;
    }
    Raise(raised);
  }
}

void PythonPredictor::Raise(const nb::python_error& raised) const {
  const nb::handle exception = raised.value();
  last_raised_ = nb::borrow(exception);
  if (const auto own = OwnError(exception)) {
    throw Error(*own);
  }
  throw Error(Code::kPredictorRaised, Describe(exception) + Place(raised.traceback()));
}

int PythonPredictor::Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (nb::inst_ready(self)) {
    const auto* predictor = nb::inst_ptr<PythonPredictor>(self);
    Py_VISIT(predictor->predict_.ptr());
    Py_VISIT(predictor->last_raised_.ptr());
  }
  return 0;
}

int PythonPredictor::Clear(PyObject* self) {
  auto* predictor = nb::inst_ptr<PythonPredictor>(self);
  const nb::object predict = std::exchange(predictor->predict_, nb::none());
  const nb::object raised = std::exchange(predictor->last_raised_, nb::none());
  return 0;
}

void BindPredictor(nb::module_& module) {
  nb::class_<Signature>(module, "Signature", "What a predictor reads, gives and keeps. Immutable.")
      .def(
          "__init__",
          [](Signature* self, std::optional<Schema> input, std::optional<Schema> output,
             std::optional<std::vector<std::string>> keep, bool allow_null, bool allow_nan) {
            new (self) Signature{std::move(input), std::move(output), std::move(keep), allow_null, allow_nan};
          },
          nb::arg("input") = nb::none(), nb::arg("output") = nb::none(), nb::arg("keep") = nb::none(),
          nb::arg("allow_null") = false, nb::arg("allow_nan") = false)
      .def_ro("input", &Signature::input)
      .def_ro("output", &Signature::output)
      .def_ro("keep", &Signature::keep)
      .def_ro("allow_null", &Signature::allow_null)
      .def_ro("allow_nan", &Signature::allow_nan);

  nb::class_<Predictor>(module, "Predictor", "What _core.map calls: native, or Python code.")
      .def_prop_ro("signature", [](const Predictor& predictor) { return predictor.signature(); })
      .def_prop_ro("single_threaded", &Predictor::single_threaded);

  static const PyType_Slot kSlots[] = {{Py_tp_traverse, reinterpret_cast<void*>(&PythonPredictor::Traverse)},
                                       {Py_tp_clear, reinterpret_cast<void*>(&PythonPredictor::Clear)},
                                       {0, nullptr}};
  nb::class_<PythonPredictor, Predictor>(module, "PythonPredictor",
                                         nb::type_slots(const_cast<PyType_Slot*>(kSlots)),
                                         "A predictor from a function: a Batch in, any object with "
                                         "__arrow_c_array__ of struct type out, one row "
                                         "per row. Called with the GIL, by the thread that pulls.")
      .def(nb::init<Signature, nb::object>(), nb::arg("signature"), nb::arg("predict"))
      .def_prop_ro("last_raised", &PythonPredictor::last_raised, "What the last call raised, or None.");
}

}  // namespace foretell::python
