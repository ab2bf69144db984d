#include "json_lines.h"

#include <algorithm>
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
  Lines(std::istream& lines, const std::vector<std::string>& texts, const std::vector<std::string>& kept,
        std::int64_t rows)
      : lines_(lines), names_(texts), texts_(texts.size()), rows_(rows) {
    names_.insert(names_.end(), kept.begin(), kept.end());
    std::vector<Field> fields = {{"line", ParseType("int64")}};
    for (const std::string& name : names_) {
      fields.push_back({name, ParseType("string")});
    }
    schema_ = std::make_shared<const Schema>(std::move(fields));
  }

  std::shared_ptr<const Schema> schema() override { return schema_; }

  std::optional<Batch> Next() override {
    ColumnBuilder numbers(ParseType("int64"));
    std::vector<ColumnBuilder> builders;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      builders.emplace_back(ParseType("string"));
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
        if (found != row.end() && i >= texts_) {
          builders[i].AppendString(found->dump());
        } else if (found != row.end() && found->is_string()) {
          builders[i].AppendString(found->get_ref<const std::string&>());
        } else {
          builders[i].AppendNull();
        }
      }
    }
    const std::int64_t rows = numbers.length();
    if (rows == 0) {
      return std::nullopt;
    }
    std::vector<Column> columns = {numbers.Finish()};
    for (ColumnBuilder& builder : builders) {
      columns.push_back(builder.Finish());
    }
    return Batch(schema_, std::move(columns), rows);
  }

 private:
  std::istream& lines_;
  std::vector<std::string> names_;
  std::size_t texts_;  // so many of them come first
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

Batches JsonLines(std::istream& lines, const std::vector<std::string>& texts,
                  const std::vector<std::string>& kept, std::int64_t rows) {
  return Batches(std::make_unique<Lines>(lines, texts, kept, rows));
}

void WriteJsonLines(const Batch& batch, const std::vector<std::string>& kept, std::ostream& out) {
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    Json row = Json::object();
    for (std::size_t k = 0; k < batch.schema().size(); ++k) {
      const std::string& name = batch.schema()[k].name;
      const Json value = ValueOf(batch.column(k), i);
      const bool is_json = value.is_string() && std::find(kept.begin(), kept.end(), name) != kept.end();
      row[name] = is_json ? Json::parse(value.get_ref<const std::string&>()) : value;
    }
    out << row.dump() << '\n';
  }
}
