#include "models/native_model.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "foretell/error.h"
#include "models/counts.h"
#include "models/description.h"
#include "models/self_test.h"
#include "models/steps.h"
#include "models/workers.h"

namespace foretell {
namespace {

constexpr std::int64_t kPieceRows = 1'000;

[[noreturn]] void Invalid(std::string message, std::string hint = {}) {
  throw Error(Code::kInvalidArgument, std::move(message), std::move(hint));
}

std::string Described(std::int64_t columns) {
  return columns == Step::kTexts ? "texts" : "rows of " + std::to_string(columns) + " numbers";
}

std::int64_t RowsOf(const ModelInput& input) {
  if (const auto* documents = std::get_if<Documents>(&input)) {
    return documents->rows;
  }
  if (const auto* csr = std::get_if<CsrView>(&input)) {
    return csr->rows();
  }
  return std::get<DenseView>(input).rows();
}

// Rows [first, last). `texts` takes the documents.
Input PieceOf(const ModelInput& input, std::int64_t first, std::int64_t last,
              std::vector<std::string_view>& texts) {
  if (const auto* documents = std::get_if<Documents>(&input)) {
    texts.clear();
    for (std::int64_t row = first; row < last; ++row) {
      texts.push_back(documents->at(row));
    }
    return Texts{texts, first};
  }
  const auto begin = static_cast<std::size_t>(first);
  const auto count = static_cast<std::size_t>(last - first);
  if (const auto* csr = std::get_if<CsrView>(&input)) {
    CsrView rows = *csr;
    rows.row_starts = rows.row_starts.subspan(begin, count + 1);
    rows.first = first;
    return rows;
  }
  const auto& dense = std::get<DenseView>(input);
  const auto columns = static_cast<std::size_t>(dense.columns);
  return DenseView{dense.columns, dense.values.subspan(begin * columns, count * columns), first};
}

}  // namespace

struct NativeModel::Memory {
  std::unique_ptr<Step::Scratch> scratch;
  std::vector<std::string_view> texts;
  Rows rows;
};

// A thread's memory, given back at the end so that the next call has it.
class NativeModel::Borrowed {
 public:
  explicit Borrowed(const NativeModel& model) : model_(model) {
    {
      const std::scoped_lock lock(model.mutex_);
      if (!model.idle_.empty()) {
        memory_ = std::move(model.idle_.back());
        model.idle_.pop_back();
        return;
      }
    }
    memory_ = std::make_unique<Memory>();
    memory_->scratch = model.step_->NewScratch();
  }
  ~Borrowed() {
    const std::scoped_lock lock(model_.mutex_);
    model_.idle_.push_back(std::move(memory_));
  }
  Borrowed(const Borrowed&) = delete;

  Memory& operator*() { return *memory_; }

 private:
  const NativeModel& model_;
  std::unique_ptr<Memory> memory_;
};

NativeModel::NativeModel(Container container)
    : container_(std::move(container)), step_(MakeStep(Description(container_, container_.description()))) {
  try {
    ReplaySelfTest(*this);
  } catch (const Error& error) {
    // What a method says of its arguments is damage here: they come from the container.
    if (error.code() == Code::kInvalidArgument || error.code() == Code::kInvalidValue) {
      throw Error(Code::kModelDamaged, "the native model's self-test is damaged: " + error.message());
    }
    throw;
  }
}

NativeModel::NativeModel(Container container, std::unique_ptr<const Step> step)
    : container_(std::move(container)), step_(std::move(step)) {}

NativeModel::~NativeModel() = default;

std::shared_ptr<const NativeModel> NativeModel::step(std::size_t i) const {
  const Description description(container_, container_.description());
  if (description.kind() != "pipeline" || i >= description.Any("steps").size()) {
    return nullptr;
  }
  return std::make_shared<const NativeModel>(container_, MakeStep(description.Children("steps")[i]));
}

Shape NativeModel::shape(Method method) const {
  const std::optional<Shape> shape = step_->shape(method);
  if (!shape) {
    std::string methods;
    for (const Method each : kMethods) {
      if (Has(each)) {
        methods += (methods.empty() ? "" : ", ") + std::string(NameOf(each));
      }
    }
    Invalid("the model has no " + std::string(NameOf(method)), "it has: " + methods);
  }
  return *shape;
}

void NativeModel::CheckInput(const ModelInput& input) const {
  std::int64_t columns = Step::kTexts;
  if (const auto* csr = std::get_if<CsrView>(&input)) {
    columns = csr->columns;
  } else if (const auto* dense = std::get_if<DenseView>(&input)) {
    columns = dense->columns;
  }
  if (columns != step_->input_columns()) {
    Invalid("the model takes " + Described(step_->input_columns()) + ", and got " + Described(columns));
  }
  const Signs signs = step_->takes_negative() ? Signs::kAny : Signs::kNotNegative;
  if (const auto* csr = std::get_if<CsrView>(&input)) {
    for (std::int64_t row = 0; row < csr->rows(); ++row) {
      CheckRow(*csr, row, signs);
    }
  } else if (const auto* dense = std::get_if<DenseView>(&input)) {
    for (std::size_t i = 0; i < dense->values.size(); ++i) {
      CheckNumber(dense->values[i], static_cast<std::int64_t>(i) / dense->columns, signs);
    }
  }
}

void NativeModel::Run(const ModelInput& input, std::span<const Method> methods, const Take& take,
                      const ApplyOptions& options) const {
  CheckInput(input);
  const std::int64_t rows = RowsOf(input);
  const std::int64_t pieces = std::max<std::int64_t>((rows + kPieceRows - 1) / kPieceRows, 1);
  Workers workers(static_cast<int>(std::min<std::int64_t>(pieces, options.threads)));
  workers.ForEach(rows, kPieceRows, [&](std::size_t worker, std::int64_t first, std::int64_t last) {
    if (worker == 0 && options.check_interrupt) {
      options.check_interrupt();  // worker 0 is the calling thread
    }
    Borrowed borrowed(*this);
    Memory& memory = *borrowed;
    const Input piece = PieceOf(input, first, last, memory.texts);
    const Input prepared = step_->Prepare(piece, memory.scratch.get());
    for (std::size_t i = 0; i < methods.size(); ++i) {
      memory.rows.Reset(shape(methods[i]), prepared);
      step_->Apply(prepared, methods[i], memory.scratch.get(), memory.rows);
      take(first, last, i, memory.rows);
    }
  });
}

void NativeModel::Apply(const ModelInput& input, Method method, std::span<double> out,
                        const ApplyOptions& options) const {
  const Shape shape = this->shape(method);
  if (shape.sparse || out.size() != static_cast<std::size_t>(RowsOf(input) * shape.columns)) {
    Invalid(
        "room for " + std::to_string(out.size()) + " numbers, and " + std::string(NameOf(method)) +
        (shape.sparse ? " gives sparse rows" : " gives " + std::to_string(RowsOf(input) * shape.columns)));
  }
  Run(
      input, {&method, 1},
      [&](std::int64_t first, std::int64_t /*last*/, std::size_t /*method*/, Rows& rows) {
        std::copy(rows.dense.begin(), rows.dense.end(), out.begin() + first * shape.columns);
      },
      options);
}

Csr NativeModel::ApplySparse(const ModelInput& input, Method method, const ApplyOptions& options) const {
  if (!shape(method).sparse) {
    Invalid(std::string(NameOf(method)) + " gives no sparse rows");
  }
  std::vector<Csr> pieces(static_cast<std::size_t>((RowsOf(input) + kPieceRows - 1) / kPieceRows));
  Run(
      input, {&method, 1},
      [&](std::int64_t first, std::int64_t /*last*/, std::size_t /*method*/, Rows& rows) {
        pieces[static_cast<std::size_t>(first / kPieceRows)] = std::exchange(rows.csr, Csr());
      },
      options);
  Csr all;
  all.columns = shape(method).columns;
  std::size_t stored = 0;
  for (const Csr& piece : pieces) {
    stored += piece.ids.size();
  }
  all.row_starts.reserve(static_cast<std::size_t>(RowsOf(input)) + 1);
  all.ids.reserve(stored);
  all.values.reserve(stored);
  for (Csr& piece : pieces) {
    const auto before = static_cast<std::int64_t>(all.ids.size());
    for (std::size_t row = 1; row < piece.row_starts.size(); ++row) {
      all.row_starts.push_back(before + piece.row_starts[row]);
    }
    all.ids.insert(all.ids.end(), piece.ids.begin(), piece.ids.end());
    all.values.insert(all.values.end(), piece.values.begin(), piece.values.end());
    piece = {};
  }
  return all;
}

void NativeModel::ApplyAll(const Documents& documents, std::span<const Method> methods,
                           std::span<const std::span<double>> outs, const ApplyOptions& options) const {
  Run(
      documents, methods,
      [&](std::int64_t first, std::int64_t /*last*/, std::size_t method, Rows& rows) {
        std::copy(rows.dense.begin(), rows.dense.end(), outs[method].begin() + first * rows.columns);
      },
      options);
}

}  // namespace foretell
