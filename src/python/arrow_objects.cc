#include "python/arrow_objects.h"

#include <utility>
#include <vector>

#include "foretell/error.h"
#include "python/gil.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

constexpr const char* kSchemaName = "arrow_schema";
constexpr const char* kArrayName = "arrow_array";
constexpr const char* kStreamName = "arrow_array_stream";

template <typename CStruct>
CStruct* FromCapsule(nb::handle capsule, const char* name) {
  auto* pointer = static_cast<CStruct*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (pointer == nullptr) {
    throw nb::python_error();
  }
  return pointer;
}

// A capsule that releases what nobody took. Without the GIL: threads of a map may need it to let go of
// Python's buffers, and are waited for.
template <typename CStruct>
nb::object ToCapsule(Owned<CStruct> owned, const char* name) {
  auto content = std::make_unique<CStruct>();
  owned.MoveTo(content.get());
  PyObject* capsule = PyCapsule_New(content.get(), name, [](PyObject* self) {
    const std::unique_ptr<CStruct> left(
        static_cast<CStruct*>(PyCapsule_GetPointer(self, PyCapsule_GetName(self))));
    if (left->release != nullptr) {
      const GilReleased released;
      left->release(left.get());
    }
  });
  if (capsule == nullptr) {
    content->release(content.get());
    throw nb::python_error();
  }
  content.release();
  return nb::steal(capsule);
}

[[noreturn]] void NotArrow(nb::handle object, const char* expected) {
  throw Error(Code::kInvalidArrow, KindOf(object) + " was given, expected " + expected,
              "pyarrow, pandas, polars and DuckDB objects will do");
}

std::shared_ptr<const Schema> StructSchema(nb::handle capsule) {
  return std::make_shared<const Schema>(ImportSchema(*FromCapsule<ArrowSchema>(capsule, kSchemaName)));
}

}  // namespace

bool HasArrow(nb::handle object, const char* what) {
  return nb::hasattr(object, (std::string("__arrow_c_") + what + "__").c_str());
}

std::string KindOf(nb::handle object) {
  if (object.is_none()) {
    return "None";
  }
  const std::string name = nb::cast<std::string>(object.type().attr("__name__"));
  const bool vowel = std::string_view("aeiouAEIOU").find(name[0]) != std::string_view::npos;
  return (vowel ? "an " : "a ") + name;
}

Schema SchemaFrom(nb::handle object) {
  if (!HasArrow(object, "schema")) {
    NotArrow(object, "an object with __arrow_c_schema__");
  }
  const nb::object capsule = Call(object.attr("__arrow_c_schema__"));
  return ImportSchema(*FromCapsule<ArrowSchema>(capsule, kSchemaName));
}

Batch BatchFrom(nb::handle object) {
  if (!HasArrow(object, "array")) {
    NotArrow(object, "a record batch, an object with __arrow_c_array__");
  }
  const nb::object pair = Call(object.attr("__arrow_c_array__"));
  auto* array = FromCapsule<ArrowArray>(nb::object(pair[1]), kArrayName);
  std::shared_ptr<const Schema> schema = StructSchema(nb::object(pair[0]));
  const GilReleased released;  // every offset is looked at
  return ImportBatch(std::move(schema), array);
}

Batches StreamFrom(nb::handle object) {
  if (HasArrow(object, "stream")) {
    const nb::object capsule = Call(object.attr("__arrow_c_stream__"));
    auto* stream = FromCapsule<ArrowArrayStream>(capsule, kStreamName);
    const GilReleased released;  // asking for its schema may set a producer to work
    return ImportStream(stream);
  }
  if (HasArrow(object, "array")) {
    Batch batch = BatchFrom(object);
    std::shared_ptr<const Schema> schema = batch.shared_schema();
    std::vector<Batch> one;
    one.push_back(std::move(batch));
    return Batches::Of(std::move(schema), std::move(one));
  }
  NotArrow(object, "a stream of batches, an object with __arrow_c_stream__");
}

std::vector<Column> ColumnsFrom(nb::handle object) {
  std::vector<Column> columns;
  if (HasArrow(object, "stream")) {
    const nb::object capsule = Call(object.attr("__arrow_c_stream__"));
    OwnedStream stream(FromCapsule<ArrowArrayStream>(capsule, kStreamName));
    const GilReleased released;
    const auto check = [&](int status) {
      if (status != 0) {
        const char* const message = stream->get_last_error(stream.get());
        throw Error(Code::kStreamFailed, message != nullptr ? message : "the column could not be read");
      }
    };
    OwnedSchema schema;
    check(stream->get_schema(stream.get(), schema.get()));
    const DataType type = ImportField(*schema.get()).type;
    for (;;) {
      OwnedArray array;
      check(stream->get_next(stream.get(), array.get()));
      if (!array) {
        return columns;
      }
      columns.push_back(ImportColumn(type, array.get()));
    }
  }
  if (!HasArrow(object, "array")) {
    NotArrow(object, "a column, an object with __arrow_c_stream__ or __arrow_c_array__");
  }
  const nb::object pair = Call(object.attr("__arrow_c_array__"));
  const DataType type = ImportField(*FromCapsule<ArrowSchema>(nb::object(pair[0]), kSchemaName)).type;
  auto* array = FromCapsule<ArrowArray>(nb::object(pair[1]), kArrayName);
  const GilReleased released;
  columns.push_back(ImportColumn(type, array));
  return columns;
}

nb::object SchemaCapsule(const Schema& schema) {
  OwnedSchema owned;
  ExportSchema(schema, owned.get());
  return ToCapsule(std::move(owned), kSchemaName);
}

nb::object ArrayCapsules(const Batch& batch) {
  OwnedArray owned;
  ExportBatch(batch, owned.get());
  return nb::make_tuple(SchemaCapsule(batch.schema()), ToCapsule(std::move(owned), kArrayName));
}

nb::object StreamCapsule(Batches batches) {
  OwnedStream owned;
  ExportStream(std::move(batches), owned.get());
  return ToCapsule(std::move(owned), kStreamName);
}

Held Hold(nb::object object) {
  return {object.release().ptr(), [](PyObject* held) {
            if (Py_IsInitialized() != 0) {
              const GilHeld gil;
              Py_XDECREF(held);
            }
          }};
}

}  // namespace foretell::python
