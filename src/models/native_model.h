// A model that runs in C++: a container, and the steps that it describes.
//
//   NativeModel model{Container(MapFile("model.foretell"))};
//   std::vector<double> topics(documents.rows * model.shape(Method::kTransform).columns);
//   model.Apply(documents, Method::kTransform, topics);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "models/container.h"
#include "models/step.h"

namespace foretell {

// Documents by their number, so that a column need not be unpacked as a whole. Any thread may call `at`.
struct Documents {
  std::int64_t rows = 0;
  std::function<std::string_view(std::int64_t)> at;
};

using ModelInput = std::variant<Documents, CsrView, DenseView>;

struct ApplyOptions {
  int threads = 1;  // FT0101 below 1
  // Asked by the calling thread between pieces of 1,000 rows; throws to stop.
  std::function<void()> check_interrupt = {};
};

// Immutable; any thread may call it, several at a time. A row's result depends on nothing but the row and the
// model: the same bits alone, among others, on any thread, on any instruction set.
class NativeModel {
 public:
  // Reads the description, and replays the self-test. FT0407, FT0506; FT0507 where the self-test's results
  // are not those of scikit-learn within the tolerance.
  explicit NativeModel(Container container);
  // Over a step that was made of the container; no self-test.
  NativeModel(Container container, std::unique_ptr<const Step> step);
  ~NativeModel();
  NativeModel(const NativeModel&) = delete;
  NativeModel& operator=(const NativeModel&) = delete;

  const Container& container() const { return container_; }
  bool takes_texts() const { return step_->input_columns() == Step::kTexts; }
  std::int64_t input_columns() const { return step_->input_columns(); }
  bool Has(Method method) const { return step_->shape(method).has_value(); }
  Shape shape(Method method) const;  // FT0101 where it has no such method
  std::span<const Label> classes() const { return step_->classes(); }

  // Step i of a pipeline as a model of its own, over the same bytes; nothing where it has no such step.
  std::shared_ptr<const NativeModel> step(std::size_t i) const;

  // The results of a method whose shape is not sparse, row by row. FT0101 for the wrong kind or size of the
  // input or of `out`; FT0206 names the row of a number that is not finite, or negative where none may be.
  void Apply(const ModelInput& input, Method method, std::span<double> out,
             const ApplyOptions& options = {}) const;
  // The results of one whose shape is sparse.
  Csr ApplySparse(const ModelInput& input, Method method, const ApplyOptions& options = {}) const;

  // Several methods of the same texts, for which the first steps are taken once. None of them is sparse.
  void ApplyAll(const Documents& documents, std::span<const Method> methods,
                std::span<const std::span<double>> outs, const ApplyOptions& options = {}) const;

 private:
  struct Memory;  // what one thread needs
  class Borrowed;
  using Take = std::function<void(std::int64_t first, std::int64_t last, std::size_t method, Rows& rows)>;

  void CheckInput(const ModelInput& input) const;
  void Run(const ModelInput& input, std::span<const Method> methods, const Take& take,
           const ApplyOptions& options) const;

  Container container_;
  std::unique_ptr<const Step> step_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Memory>> idle_;  // by mutex_
};

}  // namespace foretell
