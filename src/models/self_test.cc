#include "models/self_test.h"

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "foretell/error.h"
#include "models/description.h"
#include "models/native_model.h"

namespace foretell {
namespace {

constexpr std::int64_t kMostRows = 64;

ModelInput InputOf(const Description& test, const NativeModel& model, std::int64_t rows) {
  if (!model.takes_texts()) {
    return CsrView{model.input_columns(), test.Array<std::int64_t>("row_starts", rows + 1),
                   test.Array<std::int32_t>("ids"), test.Array<double>("values")};
  }
  const auto texts = test.Array<char>("texts");
  const auto offsets = test.Array<std::uint64_t>("offsets", rows + 1);
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    if (offsets[row] > offsets[row + 1] || offsets[row + 1] > texts.size()) {
      test.Damaged("its texts do not lie within their bytes");
    }
  }
  return Documents{rows, [texts, offsets](std::int64_t row) {
                     const auto at = static_cast<std::size_t>(row);
                     return std::string_view(texts.data() + offsets[at], offsets[at + 1] - offsets[at]);
                   }};
}

std::string Shortest(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

struct Rule {
  const Description& test;
  std::string method;
  double tolerance;

  void Compare(double answer, double expected, std::int64_t row) const {
    const bool both_nan = answer != answer && expected != expected;
    if (!both_nan && !(std::abs(answer - expected) <= tolerance * (1 + std::abs(expected)))) {
      throw Error(Code::kSelfTestFailed,
                  "the native model's " + method + " gives " + Shortest(answer) +
                      " on this machine, and scikit-learn gave " + Shortest(expected) + ", for row " +
                      std::to_string(row) + " of its self-test",
                  "use the model on another machine, and report this one's processor");
    }
  }
};

void CompareDense(const Rule& rule, const NativeModel& model, const ModelInput& input, Method method,
                  std::int64_t rows) {
  const std::int64_t columns = model.shape(method).columns;
  const auto expected = rule.test.Array<double>(rule.method, rows * columns);
  std::vector<double> answers(expected.size());
  model.Apply(input, method, answers);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    rule.Compare(answers[i], expected[i], static_cast<std::int64_t>(i) / columns);
  }
}

using SparseRow = std::map<std::int32_t, double>;

SparseRow RowOf(std::int64_t row, std::span<const std::int64_t> starts, std::span<const std::int32_t> ids,
                std::span<const double> values) {
  SparseRow numbers;
  for (auto i = starts[static_cast<std::size_t>(row)]; i < starts[static_cast<std::size_t>(row) + 1]; ++i) {
    numbers[ids[static_cast<std::size_t>(i)]] += values[static_cast<std::size_t>(i)];
  }
  return numbers;
}

void CompareSparse(const Rule& rule, const NativeModel& model, const ModelInput& input, Method method,
                   std::int64_t rows) {
  const auto starts = rule.test.Array<std::int64_t>(rule.method + "/row_starts", rows + 1);
  const auto ids = rule.test.Array<std::int32_t>(rule.method + "/ids");
  const auto values = rule.test.Array<double>(rule.method + "/values", static_cast<std::int64_t>(ids.size()));
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    if (starts[row] < 0 || starts[row] > starts[row + 1] ||
        starts[row + 1] > static_cast<std::int64_t>(ids.size())) {
      rule.test.Damaged("its rows do not lie within their values");
    }
  }
  const Csr answers = model.ApplySparse(input, method);
  for (std::int64_t row = 0; row < rows; ++row) {
    SparseRow answer = RowOf(row, answers.row_starts, answers.ids, answers.values);
    for (const auto& [column, expected] : RowOf(row, starts, ids, values)) {
      rule.Compare(answer[column], expected, row);
      answer.erase(column);
    }
    for (const auto& [column, number] : answer) {
      rule.Compare(number, 0, row);
    }
  }
}

}  // namespace

void ReplaySelfTest(const NativeModel& model) {
  const nlohmann::json& description = model.container().description();
  const auto found = description.find("self_test");
  if (found == description.end()) {
    return;
  }
  const Description test(model.container(), *found, "self_test/");
  const std::int64_t rows = test.Integer("rows", 1, kMostRows);
  const double tolerance = test.Number("tolerance");
  const ModelInput input = InputOf(test, model, rows);
  for (const std::string& name : test.Texts("methods")) {
    const Method method = MethodNamed(name);
    const Rule rule{test, name, tolerance};
    (model.shape(method).sparse ? CompareSparse : CompareDense)(rule, model, input, method, rows);
  }
}

}  // namespace foretell
