// What a native model is made of: steps from texts or rows of numbers to rows of numbers, with the methods of
// scikit-learn's estimators. A model is one step; a pipeline is a step made of others.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/csr.h"

namespace foretell {

// Documents, as UTF-8 or as the bytes that were read.
struct Texts {
  std::span<const std::string_view> documents;
  std::int64_t first = 0;  // the number of the first one, for messages
};

// Rows of `columns` numbers, one row after another.
struct DenseView {
  std::int64_t columns = 0;
  std::span<const double> values;
  std::int64_t first = 0;  // the number of the first row, for messages

  std::int64_t rows() const { return columns == 0 ? 0 : static_cast<std::int64_t>(values.size()) / columns; }
};

using Input = std::variant<Texts, CsrView, DenseView>;

std::int64_t RowsOf(const Input& input);
std::int64_t FirstOf(const Input& input);  // the number of the first row

enum class Method : std::uint8_t { kTransform, kPredict, kPredictProba, kDecisionFunction };

inline constexpr std::array kMethods = {Method::kTransform, Method::kPredict, Method::kPredictProba,
                                        Method::kDecisionFunction};

std::string_view NameOf(Method method);     // as scikit-learn spells it: "predict_proba"
Method MethodNamed(std::string_view name);  // FT0101

// What a method gives for a row.
struct Shape {
  std::int64_t columns = 0;
  bool sparse = false;
  bool flat = false;                   // one number a row, in scikit-learn a one-dimensional array
  std::string_view dtype = "float64";  // of scikit-learn's array: "float32", "int64", …
};

// Rows of numbers that a step made; kept from call to call, so that its memory is.
struct Rows {
  bool sparse = false;
  Csr csr;
  std::int64_t columns = 0;
  std::vector<double> dense;
  std::int64_t first = 0;  // the number of the first row, for messages

  Input view() const;
  // Empty rows of this shape for those of an input; the memory stays.
  void Reset(const Shape& shape, const Input& input);
};

// A label of a class.
using Label = std::variant<std::int64_t, double, bool, std::string>;

// Immutable once made; any thread may call it, each with a scratch of its own.
class Step {
 public:
  // What a thread keeps between calls.
  class Scratch {
   public:
    virtual ~Scratch() = default;
  };

  static constexpr std::int64_t kTexts = -1;

  virtual ~Step() = default;

  // Columns of the rows that it takes; kTexts where it takes documents.
  virtual std::int64_t input_columns() const = 0;
  // Whether the input may hold negative numbers.
  virtual bool takes_negative() const { return true; }
  // Nothing where it has no such method.
  virtual std::optional<Shape> shape(Method method) const = 0;
  // A classifier's classes: `kPredict` gives places in this list. Empty for others.
  virtual std::span<const Label> classes() const { return {}; }

  virtual std::unique_ptr<Scratch> NewScratch() const { return nullptr; }
  // What all methods share, to be done once for a piece of the input; what `Apply` then takes. The result may
  // lie in `scratch` until the next call with it.
  virtual Input Prepare(const Input& input, Scratch* /*scratch*/) const { return input; }
  // `out`: of `shape(method)`, with a row for each row of the input. Sums and products are made in one order,
  // whatever the number of rows.
  virtual void Apply(const Input& prepared, Method method, Scratch* scratch, Rows& out) const = 0;
};

}  // namespace foretell
