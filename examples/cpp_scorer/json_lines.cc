#include "json_lines.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "foretell/builder.h"
#include "foretell/error.h"

using foretell::Batch;
using foretell::Batches;
using foretell::Column;
using foretell::ColumnBuilder;
using foretell::Field;
using foretell::ParseType;
using foretell::Schema;
using foretell::TypeId;
using Json = nlohmann::ordered_json;

namespace {

class Lines final : public Batches::Source {
 public:
  Lines(std::istream& lines, const std::vector<std::string>& names, std::int64_t rows)
      : lines_(lines), names_(names), rows_(rows) {
    std::vector<Field> fields = {{"line", ParseType("int64")}};
    for (const std::string& name : names) {
      fields.push_back({name, ParseType("string")});
    }
    schema_ = std::make_shared<const Schema>(std::move(fields));
  }

  std::shared_ptr<const Schema> schema() override { return schema_; }

  std::optional<Batch> Next() override {
    ColumnBuilder numbers(ParseType("int64"));
    std::vector<ColumnBuilder> texts;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      texts.emplace_back(ParseType("string"));
    }
    std::string line;
    while (numbers.length() < rows_ && std::getline(lines_, line)) {
      const Json row = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      ++number_;
      if (!row.is_object()) {
        throw foretell::Error(foretell::Code::kMalformedRow,
                              "line " + std::to_string(number_) + " is no JSON object");
      }
      numbers.AppendInt(number_);
      for (std::size_t i = 0; i < names_.size(); ++i) {
        const auto found = row.find(names_[i]);
        if (found != row.end() && found->is_string()) {
          texts[i].AppendString(found->get_ref<const std::string&>());
        } else {
          texts[i].AppendNull();
        }
      }
    }
    const std::int64_t rows = numbers.length();
    if (rows == 0) {
      return std::nullopt;
    }
    std::vector<Column> columns = {numbers.Finish()};
    for (ColumnBuilder& text : texts) {
      columns.push_back(text.Finish());
    }
    return Batch(schema_, std::move(columns), rows);
  }

 private:
  std::istream& lines_;
  std::vector<std::string> names_;
  std::int64_t rows_;
  std::int64_t number_ = 0;
  std::shared_ptr<const Schema> schema_;
};

// A value of the types that these columns have.
Json ValueOf(const Column& column, std::int64_t i) {
  if (column.IsNull(i)) {
    return nullptr;
  }
  switch (column.type().id) {
    case TypeId::kBool:
      return column.Bool(i);
    case TypeId::kInt64:
      return column.Int(i);
    case TypeId::kFloat:
    case TypeId::kDouble:
      return column.Double(i);
    case TypeId::kString:
      return column.String(i);
    case TypeId::kList: {
      Json list = Json::array();
      const auto [first, last] = column.ListRange(i);
      for (std::int64_t k = first; k < last; ++k) {
        list.push_back(ValueOf(column.child(0), k));
      }
      return list;
    }
    case TypeId::kStruct: {
      Json fields = Json::object();
      for (std::size_t k = 0; k < column.type().fields().size(); ++k) {
        fields[column.type().fields()[k].name] = ValueOf(column.child(k), i);
      }
      return fields;
    }
    default:
      return "a " + ToString(column.type());
  }
}

}  // namespace

Batches JsonLines(std::istream& lines, const std::vector<std::string>& names, std::int64_t rows) {
  return Batches(std::make_unique<Lines>(lines, names, rows));
}

void WriteJsonLines(const Batch& batch, std::ostream& out) {
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    Json row = Json::object();
    for (std::size_t k = 0; k < batch.schema().size(); ++k) {
      row[batch.schema()[k].name] = ValueOf(batch.column(k), i);
    }
    out << row.dump() << '\n';
  }
}
