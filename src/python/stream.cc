// _core.Batch and _core.Stream.
#include "python/stream.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <string>
#include <utility>

#include "foretell/error.h"
#include "python/bind.h"
#include "python/error.h"
#include "python/gil.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

// pyarrow turns what a Python source raises into text; a Ctrl-C must stay one.
bool WasInterrupt(const Error& error) {
  return error.code() == Code::kStreamFailed &&
         error.message().find("KeyboardInterrupt") != std::string::npos;
}

[[noreturn]] void RaiseFrom(const Error& error, const nb::object& cause) {
  const nb::object raised = ToPython(error);
  PyException_SetCause(raised.ptr(), nb::object(cause).release().ptr());
  PyErr_SetObject(raised.type().ptr(), raised.ptr());
  throw nb::python_error();
}

}  // namespace

Stream::Stream(Batches batches, std::function<nb::object()> cause)
    : batches_(std::move(batches)), cause_(std::move(cause)) {}

Batches TakeBatches(nb::handle object) {
  return nb::isinstance<Stream>(object) ? nb::cast<Stream&>(object).Take() : StreamFrom(object);
}

// Threads of the map may need the GIL to let go of Python's buffers, and are waited for.
Stream::~Stream() {
  const GilReleased released;
  batches_.reset();
}

template <typename Pull>
auto Stream::Pulling(Pull pull) {
  if (!batches_) {
    throw Error(Code::kInvalidArgument, "the stream was read already, and can be read once only",
                "make it again, or collect it into a table first");
  }
  if (pulling_) {
    throw Error(Code::kInvalidArgument, "the stream is being read already, by another thread or from within",
                "read it in one place at a time");
  }
  pulling_ = true;
  const struct Pulled {
    bool& pulling;
    ~Pulled() { pulling = false; }
  } pulled{pulling_};
  try {
    const GilReleased released;
    return pull(*batches_);
  } catch (const nb::python_error& raised) {
    throw nb::python_error(raised);  // one can be raised once only, and a failed stream fails again
  } catch (const Error& error) {
    if (WasInterrupt(error)) {
      PyErr_SetNone(PyExc_KeyboardInterrupt);
      throw nb::python_error();
    }
    const nb::object cause = cause_ && CodeText(error.code()).starts_with("FT03") ? cause_() : nb::object();
    if (!cause.is_valid() || cause.is_none()) {
      throw;
    }
    RaiseFrom(error, cause);
  }
}

std::shared_ptr<const Schema> Stream::schema() {
  return Pulling([](Batches& batches) { return batches.shared_schema(); });
}

std::optional<Batch> Stream::Next() {
  return Pulling([](Batches& batches) { return batches.Next(); });
}

Batches Stream::Take() {
  Pulling([](Batches&) { return 0; });
  return *std::exchange(batches_, std::nullopt);
}

void BindStream(nb::module_& module) {
  nb::class_<Batch>(module, "Batch", "An Arrow record batch; give it to pa.record_batch(). Immutable.")
      .def_static(
          "from_arrow", [](nb::handle object) { return BatchFrom(object); }, nb::arg("object"),
          "From an object with __arrow_c_array__, of struct type; shares its buffers.")
      .def_prop_ro("rows", &Batch::rows)
      .def_prop_ro("schema", [](const Batch& batch) { return batch.schema(); })
      .def_prop_ro("nbytes", &Batch::ByteSize)
      .def("__len__", &Batch::rows)
      .def(
          "slice",
          [](const Batch& batch, std::int64_t offset, std::int64_t length) {
            return batch.Slice(offset, length);
          },
          nb::arg("offset"), nb::arg("length"), "Some rows, without a copy.")
      .def("__arrow_c_schema__", [](const Batch& batch) { return SchemaCapsule(batch.schema()); })
      .def(
          "__arrow_c_array__", [](const Batch& batch, nb::handle) { return ArrayCapsules(batch); },
          nb::arg("requested_schema").none() = nb::none());

  nb::class_<Stream>(
      module, "Stream",
      "A stream of batches, read once: by read_next, by iteration, or by whatever takes an object "
      "with __arrow_c_stream__. One thread at a time; the GIL is released while it is pulled.")
      .def(
          "__init__", [](Stream* self, nb::handle object) { new (self) Stream(StreamFrom(object)); },
          nb::arg("object"), "Around an object with __arrow_c_stream__ (or __arrow_c_array__).")
      .def_prop_ro("schema", [](Stream& stream) { return *stream.schema(); })
      .def("read_next", &Stream::Next,
           "The next batch, or None at the end. Raises what went wrong as it is: foretell.Error with its "
           "code, "
           "KeyboardInterrupt.")
      .def("__iter__", [](nb::handle self) { return nb::borrow(self); })
      .def("__next__",
           [](Stream& stream) {
             std::optional<Batch> batch = stream.Next();
             if (!batch) {
               throw nb::stop_iteration();
             }
             return *std::move(batch);
           })
      .def("__arrow_c_schema__", [](Stream& stream) { return SchemaCapsule(*stream.schema()); })
      .def(
          "__arrow_c_stream__", [](Stream& stream, nb::handle) { return StreamCapsule(stream.Take()); },
          nb::arg("requested_schema").none() = nb::none());
}

}  // namespace foretell::python
