// _core.map, _core.MapMetrics and _core.map_schema.
#include "foretell/map.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "foretell/error.h"
#include "python/arrow_objects.h"
#include "python/bind.h"
#include "python/gil.h"
#include "python/predictor.h"
#include "python/stream.h"

namespace nb = nanobind;

namespace foretell::python {
namespace {

struct Metrics {
  std::shared_ptr<MapMetrics> counts = std::make_shared<MapMetrics>();
};

// A map whose predictor, a Python object, lives as long.
class KeepingPredictor final : public Batches::Source {
 public:
  KeepingPredictor(Held predictor, Batches batches)
      : predictor_(std::move(predictor)), batches_(std::move(batches)) {}

  std::shared_ptr<const Schema> schema() override { return batches_.shared_schema(); }
  std::optional<Batch> Next() override { return batches_.Next(); }

 private:
  Held predictor_;
  Batches batches_;
};

OnError PolicyOf(const std::string& text) {
  if (text == "fail") {
    return OnError::kFail;
  }
  if (text == "null") {
    return OnError::kNull;
  }
  if (text == "quarantine") {
    return OnError::kQuarantine;
  }
  throw Error(Code::kInvalidArgument, "on_error is '" + text + "', expected 'fail', 'null' or 'quarantine'");
}

Stream MapBound(nb::handle input, nb::handle predictor, const std::string& on_error, int threads,
                std::int64_t batch_rows, std::int64_t batch_bytes, std::optional<std::int64_t> version,
                std::string version_column, std::optional<std::vector<std::string>> keep,
                nb::object quarantine, bool throw_broken, nb::object before_call, const Metrics* metrics) {
  const auto& native = nb::cast<const Predictor&>(predictor);
  MapOptions options;
  options.on_error = PolicyOf(on_error);
  options.threads = threads;
  options.batch_rows = batch_rows;
  options.batch_bytes = batch_bytes;
  options.version = version;
  options.version_column = std::move(version_column);
  options.keep = std::move(keep);
  options.throw_broken = throw_broken;
  options.check_interrupt = AskForSignals();
  if (metrics != nullptr) {
    options.metrics = metrics->counts;
  }
  if (!quarantine.is_none()) {
    options.quarantine = [call = Hold(std::move(quarantine))](const Batch& batch) {
      const GilHeld gil;
      Call(nb::handle(call.get()), batch);
    };
  }
  if (!before_call.is_none()) {
    if (threads > 1 && !native.single_threaded()) {
      throw Error(Code::kInvalidArgument,
                  "before_call takes one thread, and threads is " + std::to_string(threads));
    }
    options.before_call = [call = Hold(std::move(before_call))](std::int64_t position, std::int64_t rows) {
      const GilHeld gil;
      Call(nb::handle(call.get()), position, rows);
    };
  }
  const Held keeper = Hold(nb::borrow(predictor));
  Batches batches = TakeBatches(input);
  Batches mapped;
  {
    const GilReleased released;
    mapped = Map(std::move(batches), native, std::move(options));
  }
  std::function<nb::object()> cause;
  if (nb::isinstance<PythonPredictor>(predictor)) {
    cause = [keeper] { return nb::cast<const PythonPredictor&>(nb::handle(keeper.get())).last_raised(); };
  }
  return Stream(Batches(std::make_unique<KeepingPredictor>(keeper, std::move(mapped))), std::move(cause));
}

template <std::atomic<std::int64_t> MapMetrics::* count>
std::int64_t Read(const Metrics& metrics) {
  return (metrics.counts.get()->*count).load();
}

}  // namespace

void BindMap(nb::module_& module) {
  nb::class_<Metrics>(module, "MapMetrics", "Counted while a stream of map is pulled; any thread may read.")
      .def(nb::init<>())
      .def_prop_ro("rows", &Read<&MapMetrics::rows>)
      .def_prop_ro("batches", &Read<&MapMetrics::batches>)
      .def_prop_ro("bytes", &Read<&MapMetrics::bytes>)
      .def_prop_ro("bad", &Read<&MapMetrics::bad>)
      .def_prop_ro("skipped", &Read<&MapMetrics::skipped>)
      .def_prop_ro("unstable", &Read<&MapMetrics::unstable>)
      .def_prop_ro("calls", &Read<&MapMetrics::calls>)
      .def_prop_ro("reading_ns", &Read<&MapMetrics::reading_ns>)
      .def_prop_ro("predicting_ns", &Read<&MapMetrics::predicting_ns>)
      .def_prop_ro("checking_ns", &Read<&MapMetrics::checking_ns>);

  module.def(
      "map", &MapBound, nb::arg("input"), nb::arg("predictor"), nb::kw_only(), nb::arg("on_error") = "fail",
      nb::arg("threads") = 1, nb::arg("batch_rows") = 10'000,
      nb::arg("batch_bytes") = MapOptions().batch_bytes, nb::arg("version").none() = nb::none(),
      nb::arg("version_column") = "model_version", nb::arg("keep").none() = nb::none(),
      nb::arg("quarantine") = nb::none(), nb::arg("throw_broken") = true, nb::arg("before_call") = nb::none(),
      nb::arg("metrics").none() = nb::none(),
      nb::sig("def map(input: object, predictor: Predictor, *, on_error: str = 'fail', threads: int = 1, "
              "batch_rows: int = 10000, batch_bytes: int = 67108864, version: int | None = None, "
              "version_column: str = 'model_version', "
              "keep: collections.abc.Sequence[str] | None = None, "
              "quarantine: collections.abc.Callable[[Batch], object] | None = None, "
              "throw_broken: bool = True, "
              "before_call: collections.abc.Callable[[int, int], object] | None = None, "
              "metrics: MapMetrics | None = None) -> Stream"),
      "The one map: batches in, batches out, one row out per row in, in order. Lazy: it works when the "
      "result is pulled. See include/foretell/map.h.");

  module.def(
      "map_schema",
      [](const Schema& input, const Signature& signature, std::string version_column,
         std::optional<std::vector<std::string>> keep) {
        MapOptions options;
        options.version_column = std::move(version_column);
        options.keep = std::move(keep);
        return MapSchema(input, signature, options);
      },
      nb::arg("input_schema"), nb::arg("signature"), nb::kw_only(),
      nb::arg("version_column") = "model_version", nb::arg("keep").none() = nb::none(),
      "The schema that map gives for an input schema; None when the signature has no output.");
}

}  // namespace foretell::python
