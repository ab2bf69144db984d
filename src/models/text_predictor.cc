#include "models/text_predictor.h"

#include <utility>

#include "foretell/builder.h"
#include "foretell/error.h"

namespace foretell {
namespace {

[[noreturn]] void Invalid(std::string message, std::string hint = {}) {
  throw Error(Code::kInvalidArgument, std::move(message), std::move(hint));
}

TypeId TypeOf(const Label& label) {
  constexpr std::array kTypes = {TypeId::kInt64, TypeId::kDouble, TypeId::kBool, TypeId::kString};
  return kTypes.at(label.index());
}

DataType OutputType(const NativeModel& model, Method method) {
  if (method == Method::kPredict && !model.classes().empty()) {
    return Type(TypeOf(model.classes().front()));
  }
  const Shape shape = model.shape(method);
  const DataType number = Type(shape.dtype == "float32" ? TypeId::kFloat : TypeId::kDouble);
  return shape.flat ? number : ListOf(number);
}

Column LabelColumn(std::span<const Label> classes, const std::vector<double>& places) {
  ColumnBuilder builder(Type(TypeOf(classes.front())));
  builder.Reserve(static_cast<std::int64_t>(places.size()));
  for (const double place : places) {
    const Label& label = classes[static_cast<std::size_t>(place)];
    if (const auto* text = std::get_if<std::string>(&label)) {
      builder.AppendString(*text);
    } else if (const auto* whole = std::get_if<std::int64_t>(&label)) {
      builder.AppendInt(*whole);
    } else if (const auto* number = std::get_if<double>(&label)) {
      builder.AppendDouble(*number);
    } else {
      builder.AppendBool(std::get<bool>(label));
    }
  }
  return builder.Finish();
}

template <typename T>
Column NumberColumn(TypeId type, std::vector<T> numbers) {
  const auto owner = std::make_shared<const std::vector<T>>(std::move(numbers));
  return Column({.type = Type(type),
                 .length = static_cast<std::int64_t>(owner->size()),
                 .null_count = 0,
                 .buffers = {nullptr, owner->data()},
                 .owner = owner});
}

Column Numbers(const DataType& type, std::vector<double> numbers) {
  if (type.id == TypeId::kFloat) {
    return NumberColumn(type.id, std::vector<float>(numbers.begin(), numbers.end()));
  }
  return NumberColumn(type.id, std::move(numbers));
}

// Lists of `length` numbers each.
Column ListColumn(const DataType& type, std::int64_t rows, std::int64_t length, std::vector<double> numbers) {
  if (rows * length > INT32_MAX) {
    Invalid("a batch of " + std::to_string(rows) + " rows with lists of " + std::to_string(length) +
            " numbers is too large for one list column");
  }
  const auto offsets = std::make_shared<std::vector<std::int32_t>>();
  for (std::int64_t row = 0; row <= rows; ++row) {
    offsets->push_back(static_cast<std::int32_t>(row * length));
  }
  return Column({.type = type,
                 .length = rows,
                 .null_count = 0,
                 .buffers = {nullptr, offsets->data()},
                 .children = {Numbers(type.fields().front().type, std::move(numbers))},
                 .owner = offsets});
}

// A row's text from several columns.
class Joined {
 public:
  Joined(const Batch& batch, std::size_t columns) {
    for (std::size_t i = 0; i < columns; ++i) {
      columns_.push_back(&batch.column(i));
    }
    if (columns > 1) {
      Join(batch.rows());
    }
  }

  std::string_view at(std::int64_t row) const {
    if (columns_.size() == 1) {
      return columns_[0]->IsNull(row) ? std::string_view() : columns_[0]->String(row);
    }
    const auto i = static_cast<std::size_t>(row);
    return std::string_view(text_).substr(ends_[i], ends_[i + 1] - ends_[i]);
  }

 private:
  void Join(std::int64_t rows) {
    ends_.reserve(static_cast<std::size_t>(rows) + 1);
    ends_.push_back(0);
    for (std::int64_t row = 0; row < rows; ++row) {
      for (const Column* column : columns_) {
        const std::string_view part = column->IsNull(row) ? std::string_view() : column->String(row);
        if (!part.empty()) {
          if (text_.size() > ends_.back()) {
            text_ += ' ';
          }
          text_ += part;
        }
      }
      ends_.push_back(text_.size());
    }
  }

  std::vector<const Column*> columns_;
  std::string text_;
  std::vector<std::size_t> ends_;
};

}  // namespace

TextPredictor::TextPredictor(std::shared_ptr<const NativeModel> model, TextPredictorSettings settings)
    : model_(std::move(model)), settings_(std::move(settings)) {
  if (!model_->takes_texts()) {
    Invalid("the model takes rows of " + std::to_string(model_->input_columns()) + " numbers, and no texts",
            "compile the whole pipeline, its vectorizer included");
  }
  if (settings_.text.empty() || settings_.outputs.empty()) {
    Invalid("a text predictor needs a text column and an output");
  }
  std::vector<Field> input;
  std::vector<Field> output;
  for (const std::string& name : settings_.text) {
    input.push_back({name, Type(TypeId::kString)});
  }
  for (const auto& [name, method] : settings_.outputs) {
    if (model_->shape(method).sparse) {
      Invalid("the output " + name + " would be sparse rows of " +
                  std::to_string(model_->shape(method).columns) + " numbers",
              "compile a pipeline that ends in a model");
    }
    output.push_back({name, OutputType(*model_, method)});
    methods_.push_back(method);
  }
  signature_.input = Schema(std::move(input));
  signature_.output = Schema(std::move(output));
  signature_.keep = settings_.keep;
  output_ = std::make_shared<const Schema>(*signature_.output);
}

std::vector<std::vector<double>> TextPredictor::Apply(const Documents& documents) const {
  std::vector<std::vector<double>> numbers;
  for (const Method method : methods_) {
    numbers.emplace_back(static_cast<std::size_t>(documents.rows * model_->shape(method).columns));
  }
  model_->ApplyAll(documents, methods_, std::vector<std::span<double>>(numbers.begin(), numbers.end()));
  return numbers;
}

Batch TextPredictor::Predict(const Batch& batch) const {
  const Joined joined(batch, settings_.text.size());
  std::vector<std::vector<double>> numbers =
      Apply({batch.rows(), [&joined](std::int64_t row) { return joined.at(row); }});
  std::vector<Column> columns;
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    const DataType& type = (*output_)[i].type;
    if (methods_[i] == Method::kPredict && !model_->classes().empty()) {
      columns.push_back(LabelColumn(model_->classes(), numbers[i]));
    } else if (type.id == TypeId::kList) {
      columns.push_back(
          ListColumn(type, batch.rows(), model_->shape(methods_[i]).columns, std::move(numbers[i])));
    } else {
      columns.push_back(Numbers(type, std::move(numbers[i])));
    }
  }
  return Batch(output_, std::move(columns), batch.rows());
}

}  // namespace foretell
