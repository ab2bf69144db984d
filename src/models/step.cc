#include "models/step.h"

#include "foretell/error.h"

namespace foretell {
namespace {

constexpr std::array<std::string_view, kMethods.size()> kNames = {"transform", "predict", "predict_proba",
                                                                  "decision_function"};

}  // namespace

std::int64_t RowsOf(const Input& input) {
  if (const auto* texts = std::get_if<Texts>(&input)) {
    return static_cast<std::int64_t>(texts->documents.size());
  }
  if (const auto* csr = std::get_if<CsrView>(&input)) {
    return csr->rows();
  }
  return std::get<DenseView>(input).rows();
}

std::int64_t FirstOf(const Input& input) {
  return std::visit([](const auto& rows) { return rows.first; }, input);
}

std::string_view NameOf(Method method) {
  return kNames.at(static_cast<std::size_t>(method));
}

Method MethodNamed(std::string_view name) {
  for (const Method method : kMethods) {
    if (NameOf(method) == name) {
      return method;
    }
  }
  throw Error(Code::kInvalidArgument, "there is no method '" + std::string(name) + "'",
              "one of: transform, predict, predict_proba, decision_function");
}

Input Rows::view() const {
  if (sparse) {
    return View(csr, first);
  }
  return DenseView{columns, dense, first};
}

void Rows::Reset(const Shape& shape, const Input& input) {
  sparse = shape.sparse;
  columns = shape.columns;
  csr.columns = shape.columns;
  csr.row_starts.assign(1, 0);
  csr.ids.clear();
  csr.values.clear();
  dense.assign(sparse ? 0 : static_cast<std::size_t>(RowsOf(input) * columns), 0.0);
  first = FirstOf(input);
}

}  // namespace foretell
