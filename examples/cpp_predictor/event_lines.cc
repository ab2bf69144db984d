#include "event_lines.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foretell/builder.h"

using foretell::Batch;
using foretell::Batches;
using foretell::Column;
using foretell::ColumnBuilder;
using foretell::ParseType;
using foretell::Schema;

namespace {

class Lines final : public Batches::Source {
 public:
  Lines(std::istream& lines, std::int64_t rows) : lines_(lines), rows_(rows) {}

  std::shared_ptr<const Schema> schema() override { return schema_; }

  std::optional<Batch> Next() override {
    ColumnBuilder ids(ParseType("string"));
    ColumnBuilder titles(ParseType("string"));
    std::string line;
    while (ids.length() < rows_ && std::getline(lines_, line)) {
      const std::size_t tab = line.find('\t');
      ids.AppendString(std::string_view(line).substr(0, tab));
      if (tab == std::string::npos) {
        titles.AppendNull();
      } else {
        titles.AppendString(std::string_view(line).substr(tab + 1));
      }
    }
    const std::int64_t rows = ids.length();
    if (rows == 0) {
      return std::nullopt;
    }
    return Batch(schema_, {ids.Finish(), titles.Finish()}, rows);
  }

 private:
  std::shared_ptr<const Schema> schema_ = std::make_shared<const Schema>(
      std::vector<foretell::Field>{{"id", ParseType("string")}, {"title", ParseType("string")}});
  std::istream& lines_;
  std::int64_t rows_;
};

}  // namespace

Batches EventLines(std::istream& lines, std::int64_t rows) {
  return Batches(std::make_unique<Lines>(lines, rows));
}
