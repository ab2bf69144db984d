// _core.NativeModel and _core.TextPredictor.
#include "models/native_model.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "models/lda.h"
#include "models/text_predictor.h"
#include "python/arrow_objects.h"
#include "python/bind.h"
#include "python/documents.h"
#include "python/gil.h"
#include "python/numpy.h"
#include "text/vocabulary.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

// The memory of an object of the buffer protocol, lent by it. Any thread may let go of it.
class Buffer {
 public:
  explicit Buffer(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) != 0) {
      throw nb::python_error();
    }
  }
  ~Buffer() {
    if (Py_IsInitialized() != 0) {
      const GilHeld gil;
      PyBuffer_Release(&view_);
    }
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(view_.buf), static_cast<std::size_t>(view_.len)};
  }
  bool read_only() const { return view_.readonly != 0; }

 private:
  Py_buffer view_{};
};

// The bytes where they lie, or a copy where somebody could write to them.
Bytes BytesOf(nb::handle object) {
  const auto buffer = std::make_shared<const Buffer>(object);
  return buffer->read_only() ? Bytes{buffer->bytes(), buffer} : CopyOf(buffer->bytes());
}

nb::object Answer(const NativeModel& model, const ModelInput& input, std::int64_t rows,
                  const std::string& name, int threads) {
  const Method method = MethodNamed(name);
  const Shape shape = model.shape(method);
  const ApplyOptions options{threads, AskForSignals()};
  if (shape.sparse) {
    Csr csr;
    {
      const GilReleased released;
      csr = model.ApplySparse(input, method, options);
    }
    return ToNumpy(std::move(csr));
  }
  Numbers<double> out(static_cast<std::size_t>(rows * shape.columns));
  {
    const GilReleased released;
    model.Apply(input, method, out.span(), options);
  }
  return std::move(out).ToNumpy({static_cast<std::size_t>(rows), static_cast<std::size_t>(shape.columns)});
}

nb::object ToPython(const Label& label) {
  return std::visit([](const auto& value) { return nb::object(nb::cast(value)); }, label);
}

std::shared_ptr<NativeModel> Pack(
    const std::string& description,
    const std::vector<std::tuple<std::string, std::string, nb::object>>& arrays) {
  std::vector<std::unique_ptr<const Buffer>> buffers;
  std::vector<NamedArray> named;
  for (const auto& [name, dtype, object] : arrays) {
    buffers.push_back(std::make_unique<const Buffer>(object));
    named.push_back({name, dtype, buffers.back()->bytes()});
  }
  const GilReleased released;
  return std::make_shared<NativeModel>(Container(PackContainer(nlohmann::json::parse(description), named)));
}

template <typename Real>
nb::object PackLda(const MatrixIn<Real>& component) {
  std::vector<Real> topics;
  std::vector<Real> sums;
  const std::size_t words = component.shape(1);
  std::size_t stride = 0;
  {
    const GilReleased released;
    const auto count = static_cast<std::int64_t>(component.shape(0));
    const Lda::PackedArrays<Real> packed(count, static_cast<std::int64_t>(words),
                                         {component.data(), component.size()});
    const auto arrays = packed.arrays();
    stride = static_cast<std::size_t>(Lda::Stride(count));
    topics.assign(arrays.word_topics.begin(), arrays.word_topics.end());
    sums.assign(arrays.word_sums.begin(), arrays.word_sums.end());
  }
  return nb::make_tuple(ToNumpy(std::move(topics), {words, stride}), ToNumpy(std::move(sums), {words}));
}

nb::object PackVocabulary(const std::vector<std::string>& terms) {
  const Vocabulary::Packed packed =
      Vocabulary::Build(std::vector<std::string_view>(terms.begin(), terms.end()));
  const auto [bytes, offsets, slots] = packed.arrays();
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  return nb::make_tuple(ToNumpy(copy, {copy.size()}),
                        ToNumpy(std::vector<std::uint64_t>(offsets.begin(), offsets.end()), {offsets.size()}),
                        ToNumpy(std::vector<std::uint32_t>(slots.begin(), slots.end()), {slots.size()}));
}

// What one text gets: a number, a label or a list of numbers for each output; alone, where there is one
// output.
nb::object PredictText(const TextPredictor& predictor, nb::handle text) {
  const std::string_view view = TextOf(text, 0);
  std::vector<std::vector<double>> numbers;
  {
    const GilReleased released;
    numbers = predictor.Apply({1, [view](std::int64_t) { return view; }});
  }
  const NativeModel& model = predictor.model();
  nb::list answers;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Method method = predictor.settings().outputs[i].method;
    if (method == Method::kPredict && !model.classes().empty()) {
      answers.append(ToPython(model.classes()[static_cast<std::size_t>(numbers[i].front())]));
    } else if (model.shape(method).flat) {
      answers.append(numbers[i].front());
    } else {
      nb::list list;
      for (const double number : numbers[i]) {
        list.append(number);
      }
      answers.append(list);
    }
  }
  return numbers.size() == 1 ? nb::object(answers[0]) : nb::object(nb::tuple(answers));
}

void BindTextPredictor(nb::module_& module) {
  nb::class_<TextPredictor, Predictor>(module, "TextPredictor",
                                       "Text columns, joined, through a native model. Any thread.")
      .def(
          "__init__",
          [](TextPredictor* self, std::shared_ptr<const NativeModel> model, std::vector<std::string> text,
             const std::vector<std::pair<std::string, std::string>>& outputs,
             std::optional<std::vector<std::string>> keep) {
            TextPredictorSettings settings{std::move(text), {}, std::move(keep)};
            for (const auto& [name, method] : outputs) {
              settings.outputs.push_back({name, MethodNamed(method)});
            }
            new (self) TextPredictor(std::move(model), std::move(settings));
          },
          nb::arg("model"), nb::arg("text"), nb::arg("outputs"), nb::arg("keep").none() = nb::none(),
          "`outputs`: (column, method) pairs. FT0101.")
      .def("predict_text", &PredictText, nb::arg("text"),
           "The answer for one text: a value for each output, a tuple where there are several.");
}

}  // namespace

void BindNativeModel(nb::module_& module) {
  nb::class_<NativeModel>(module, "NativeModel",
                          "A model that runs in C++, in a container. Immutable; any thread. The GIL is "
                          "released while it works.")
      .def(
          "__init__",
          [](NativeModel* self, nb::handle buffer) {
            Bytes bytes = BytesOf(buffer);
            const GilReleased released;
            new (self) NativeModel(Container(std::move(bytes)));
          },
          nb::arg("buffer"), nb::sig("def __init__(self, buffer: object) -> None"),
          "From the bytes of a container, which stay where they are. FT0407, FT0502, FT0506, FT0507.")
      .def_static(
          "open",
          [](const std::filesystem::path& path) {
            const GilReleased released;
            return std::make_shared<NativeModel>(Container(MapFile(path)));
          },
          nb::arg("path"), "From a file, mapped read-only.")
      .def_static("pack", &Pack, nb::arg("description"), nb::arg("arrays"),
                  "From a description in JSON and (name, dtype, buffer) triples.")
      .def_prop_ro("description",
                   [](const NativeModel& model) { return model.container().description().dump(); })
      .def_prop_ro("takes_texts", &NativeModel::takes_texts)
      .def_prop_ro("input_columns", &NativeModel::input_columns)
      .def_prop_ro("methods",
                   [](const NativeModel& model) {
                     std::vector<std::string> methods;
                     for (const Method method : kMethods) {
                       if (model.Has(method)) {
                         methods.emplace_back(NameOf(method));
                       }
                     }
                     return methods;
                   })
      .def_prop_ro("classes",
                   [](const NativeModel& model) {
                     nb::list labels;
                     for (const Label& label : model.classes()) {
                       labels.append(ToPython(label));
                     }
                     return labels;
                   })
      .def(
          "shape",
          [](const NativeModel& model, const std::string& method) {
            const Shape shape = model.shape(MethodNamed(method));
            return std::make_tuple(shape.columns, shape.sparse, shape.flat, std::string(shape.dtype));
          },
          nb::arg("method"), "(columns, sparse, flat, dtype); FT0101.")
      .def(
          "apply_texts",
          [](const NativeModel& model, nb::handle texts, const std::string& method, int threads) {
            const Documents documents = DocumentsFrom(texts);
            return Answer(model, documents, documents.rows, method, threads);
          },
          nb::arg("texts"), nb::arg("method"), nb::arg("threads") = 1,
          "A method of texts: a sequence of str or bytes, or an Arrow column (no copy). A float64 array of "
          "rows "
          "and columns; where its rows are sparse, (row starts, ids, values). FT0101, FT0205, FT0208.")
      .def(
          "apply_csr",
          [](const NativeModel& model, const VectorIn<std::int64_t>& row_starts,
             const VectorIn<std::int32_t>& ids, const VectorIn<double>& values, std::int64_t columns,
             const std::string& method, int threads) {
            const CsrView rows{columns, SpanOf(row_starts), SpanOf(ids), SpanOf(values)};
            return Answer(model, rows, rows.rows(), method, threads);
          },
          nb::arg("row_starts"), nb::arg("ids"), nb::arg("values"), nb::arg("columns"), nb::arg("method"),
          nb::arg("threads") = 1, "The same for rows in compressed sparse row form. FT0101, FT0206.")
      .def(
          "apply_dense",
          [](const NativeModel& model, const MatrixIn<double>& matrix, const std::string& method,
             int threads) {
            const DenseView rows{static_cast<std::int64_t>(matrix.shape(1)), {matrix.data(), matrix.size()}};
            return Answer(model, rows, static_cast<std::int64_t>(matrix.shape(0)), method, threads);
          },
          nb::arg("matrix"), nb::arg("method"), nb::arg("threads") = 1, "The same for an array of rows.")
      .def(
          "step",
          [](const NativeModel& model, std::size_t number) {
            return std::const_pointer_cast<NativeModel>(model.step(number));
          },
          nb::arg("number"),
          "A step of a pipeline as a model of its own, over the same bytes; None for another.")
      .def(
          "array",
          [](nb::handle self, const std::string& name) {
            const auto [dtype, bytes] = nb::cast<const NativeModel&>(self).container().Find(name);
            const nb::object view =
                nb::cast(nb::ndarray<nb::numpy, const std::uint8_t>(
                             reinterpret_cast<const std::uint8_t*>(bytes.data()), {bytes.size()}, self),
                         nb::rv_policy::reference);
            return nb::object(view.attr("view")(std::string(dtype)));
          },
          nb::arg("name"), "An array of the container, read-only and without a copy; FT0506.")
      .def(
          "verify",
          [](const NativeModel& model) {
            const GilReleased released;
            model.container().Verify();
          },
          "The digest of every array; FT0506.")
      .def_prop_ro(
          "buffer",
          [](nb::handle self) {
            const std::span<const std::byte> bytes = nb::cast<const NativeModel&>(self).container().bytes();
            return nb::cast(nb::ndarray<nb::numpy, const std::uint8_t>(
                                reinterpret_cast<const std::uint8_t*>(bytes.data()), {bytes.size()}, self),
                            nb::rv_policy::reference);
          },
          "The container's bytes as a read-only array, without a copy.");

  module.def("pack_lda", &PackLda<double>, nb::arg("exp_dirichlet_component").noconvert(),
             "(word_topics, word_sums) as an LDA step has them, from exp_dirichlet_component_; FT0206.");
  module.def("pack_lda", &PackLda<float>, nb::arg("exp_dirichlet_component").noconvert());
  module.def(
      "pack_vocabulary", &PackVocabulary, nb::arg("terms"),
      "(terms, term_offsets, term_slots) as a vectorizer's step has them; FT0101 for a term that is there "
      "twice.");
  BindTextPredictor(module);
}

}  // namespace foretell::python
