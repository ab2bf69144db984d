// The contract between a stream and a predictor: what it is given, and what it may answer.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "predict/test_predictors.h"

namespace foretell {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Signature Reads(std::string_view name, std::string_view type) {
  return {Schema({{std::string(name), ParseType(type)}}), XToY().output, {}, false, false};
}

Signature Gives(std::string_view type, bool allow_null = false, bool allow_nan = false) {
  return {XToY().input, Schema({{"y", ParseType(type)}}), {}, allow_null, allow_nan};
}

class Fixed final : public Predictor {
 public:
  Fixed(Signature signature, Batch answer) : signature_(std::move(signature)), answer_(std::move(answer)) {}
  const Signature& signature() const override { return signature_; }
  bool single_threaded() const override { return true; }
  Batch Predict(const Batch& batch) const override {
    seen_ = batch;
    const std::int64_t first = batch.columns().empty() ? 0 : batch.column(0).parts().offset;
    return answer_.Slice(std::min(first, answer_.rows()), std::min(batch.rows(), answer_.rows()));
  }
  const Batch& seen() const { return seen_; }

 private:
  Signature signature_;
  Batch answer_;
  mutable Batch seen_;
};

Batch Doubles(std::vector<double> values) {
  return BatchOf({{"y", ColumnOf(std::move(values))}});
}

std::vector<Batch> Mapped(const Batch& in, const Predictor& predictor,
                          MapOptions options = {.on_error = OnError::kNull}) {
  return All(Map(StreamOf({in}), predictor, std::move(options)));
}

TEST(InputContractTest, ThePredictorGetsTheDeclaredColumnsOnlyInItsOrderAndTypes) {
  const Batch in = BatchOf({{"n", ColumnOf(std::vector<std::int64_t>{1, 2})},
                            {"other", ColumnOf(std::vector<std::int64_t>{8, 9})},
                            {"title", ColumnOf(std::vector<std::string>{"a", "b"})}});
  const Signature signature{Schema({{"title", ParseType("large_string")}, {"n", ParseType("double")}}),
                            XToY().output, std::vector<std::string>{"other", "n"}, false, false};
  const Fixed predictor(signature, Doubles({1, 2}));
  const Batch out = Mapped(in, predictor)[0];
  EXPECT_EQ(ToString(predictor.seen().schema()), "title: large_string, n: double");
  EXPECT_EQ(predictor.seen().column("n").Double(1), 2);
  EXPECT_EQ(ToString(out.schema()),
            "other: int64, n: int64, y: double, model_version: int64, _error: struct<code: string, message: "
            "string>");
}

TEST(InputContractTest, AMissingColumnIsNamedWithThoseThatAreThere) {
  const Fixed predictor(Reads("titel", "string"), Doubles({1}));
  const Error error = Caught([&] { Mapped(Numbers(0, 1), predictor); });
  EXPECT_EQ(error.code(), Code::kMissingColumn);
  EXPECT_EQ(error.message(), "the input has no column 'titel'; its columns are x");
  const Fixed keeps({{}, XToY().output, std::vector<std::string>{"id"}, false, false}, Doubles({1}));
  EXPECT_EQ(Caught([&] { Mapped(Numbers(0, 1), keeps); }).code(), Code::kMissingColumn);
  EXPECT_EQ(Caught([&] { MapSchema(Numbers(0, 1).schema(), keeps.signature()); }).code(),
            Code::kMissingColumn);
}

TEST(InputContractTest, AColumnOfAnotherTypeFailsTheRun) {
  const Fixed predictor(Reads("x", "string"), Doubles({1}));
  const Error error = Caught([&] { Mapped(Numbers(0, 1), predictor); });
  EXPECT_EQ(error.code(), Code::kTypeMismatch);
  EXPECT_EQ(error.message(), "column 'x' is int64, expected string");
}

TEST(InputContractTest, ADoubleColumnIsRefusedWhereItIsUsed) {
  const Column column = ColumnOf(std::vector<std::int64_t>{1});
  const Batch twice = BatchOf({{"x", column}, {"x", column}, {"id", column}});
  const Fixed reads(XToY(), Doubles({1}));
  EXPECT_EQ(Caught([&] { Mapped(twice, reads); }).code(), Code::kDuplicateColumn);
  const Fixed unused(
      {Schema({{"id", Type(TypeId::kInt64)}}), XToY().output, std::vector<std::string>{"id"}, false, false},
      Doubles({1}));
  EXPECT_EQ(Mapped(twice, unused).size(), 1U);
}

TEST(InputContractTest, OutputColumnsMayNotClash) {
  const Column column = ColumnOf(std::vector<std::int64_t>{1});
  const Fixed predictor({{}, XToY().output, {}, false, false}, Doubles({1}));
  for (const auto* name : {"y", "_error", "model_version"}) {
    const Error error = Caught([&] { Mapped(BatchOf({{name, column}}), predictor); });
    EXPECT_EQ(error.code(), Code::kColumnClash) << name;
    EXPECT_NE(error.message().find(name), std::string::npos);
  }
  EXPECT_EQ(Mapped(BatchOf({{"model_version", column}}), predictor,
                   {.on_error = OnError::kNull, .version_column = "second_version"})
                .size(),
            1U);
  const Fixed bad({{}, Schema({{"_error", Type(TypeId::kDouble)}}), {}, false, false}, Doubles({1}));
  EXPECT_EQ(Caught([&] { Mapped(Numbers(0, 1), bad); }).code(), Code::kColumnClash);
}

Batch WithBadText() {
  ColumnBuilder text(ParseType("string"));
  for (const auto* value : {"good", "b\xff\xff", "good", "c\x80", "good"}) {
    text.AppendString(value);
  }
  return BatchOf({{"x", ColumnOf(std::vector<std::int64_t>{0, 1, 2, 3, 4})}, {"text", text.Finish()}});
}

TEST(InputContractTest, ARowWithTextThatIsNotUtf8IsABadRow) {
  const Scripted predictor({{}, XToY().output, std::vector<std::string>{"x"}, false, false}, TenTimes);
  const Batch out = Mapped(WithBadText(), predictor)[0];
  for (const std::int64_t row : {1, 3}) {
    EXPECT_EQ(ErrorAt(out, row), "FT0208");
    EXPECT_EQ(MessageAt(out, row), "column 'text' holds text that is not UTF-8");
  }
  EXPECT_EQ(predictor.passed(), (std::vector<std::int64_t>{0, 2, 4}));
  EXPECT_EQ(out.column("y").Double(4), 40);
  const Error error = Caught([&] { Mapped(WithBadText(), predictor, {}); });
  EXPECT_EQ(error.code(), Code::kInvalidUtf8);
  EXPECT_EQ(error.message(), "row 1: column 'text' holds text that is not UTF-8");
}

TEST(InputContractTest, BadTextOfADictionaryIsAProblemOfTheRowsThatPointAtIt) {
  const Batch texts = WithBadText();
  const auto indices = std::make_shared<std::vector<std::int32_t>>(std::vector<std::int32_t>{0, 1, 2});
  Column::Parts parts;
  parts.type = ParseType("dictionary<int32, string>");
  parts.length = 3;
  parts.buffers = {nullptr, indices->data()};
  parts.dictionary = std::make_shared<const Column>(texts.column("text"));
  parts.owner = indices;
  const Batch in =
      BatchOf({{"x", ColumnOf(std::vector<std::int64_t>{0, 1, 2})}, {"text", Column(std::move(parts))}});
  const Scripted predictor({{}, XToY().output, {}, false, false}, TenTimes);
  const Batch out = Mapped(in, predictor)[0];
  EXPECT_EQ(ErrorAt(out, 0), "");
  EXPECT_EQ(ErrorAt(out, 1), "FT0208");
  EXPECT_EQ(ErrorAt(out, 2), "");
}

TEST(InputContractTest, AValueThatTheDeclaredTypeCannotHoldIsABadRow) {
  const std::int64_t inexact = (std::int64_t{1} << 53) + 1;
  const Batch in = BatchOf({{"x", ColumnOf(std::vector<std::int64_t>{1, inexact, 3})}});
  const Fixed predictor(Reads("x", "double"), Doubles({1, 2, 3}));
  const Batch out = Mapped(in, predictor)[0];
  EXPECT_EQ(ErrorAt(out, 0), "");
  EXPECT_EQ(ErrorAt(out, 1), "FT0206");
  EXPECT_EQ(ErrorAt(out, 2), "");
  EXPECT_EQ(Caught([&] { Mapped(in, predictor, {}); }).message().substr(0, 7), "row 1: ");
}

TEST(InputContractTest, TheEarlierOfTwoKindsOfBadRowsIsTheOneThatIsThrown) {
  const Scripted predictor({{}, XToY().output, {}, false, false},
                           RaisesOn([](std::int64_t x) { return x == 0; }));
  EXPECT_EQ(Caught([&] { Mapped(WithBadText(), predictor, {}); }).code(), Code::kPredictorRaised);
  const Scripted later({{}, XToY().output, {}, false, false},
                       RaisesOn([](std::int64_t x) { return x == 2; }));
  EXPECT_EQ(Caught([&] { Mapped(WithBadText(), later, {}); }).code(), Code::kInvalidUtf8);
}

TEST(AnswerTest, ColumnsAreMatchedByName) {
  const Schema output({{"label", ParseType("string")}, {"score", ParseType("double")}});
  const Signature signature{{}, output, std::vector<std::string>{}, false, false};
  const Column labels = ColumnOf(std::vector<std::string>{"a"});
  const Column scores = ColumnOf(std::vector<double>{0.5});
  const Fixed swapped(signature, BatchOf({{"score", scores}, {"label", labels}}));
  const Batch out = Mapped(Numbers(0, 1), swapped)[0];
  EXPECT_EQ(out.column(0).String(0), "a");
  EXPECT_EQ(out.column(1).Double(0), 0.5);
  for (const Batch& wrong : {BatchOf({{"label", labels}}), BatchOf({{"label", labels}, {"scores", scores}}),
                             BatchOf({{"label", labels}, {"score", scores}, {"more", scores}})}) {
    const Fixed predictor(signature, wrong);
    const Error error = Caught([&] { Mapped(Numbers(0, 1), predictor, {}); });
    EXPECT_EQ(error.code(), Code::kWrongType);
    EXPECT_EQ(
        error.message(), "row 0: the predictor returned the columns " + [&] {
          std::string names;
          for (const Field& field : wrong.schema().fields()) {
            names += (names.empty() ? "" : ", ") + field.name;
          }
          return names;
        }() + ", expected label, score");
  }
}

TEST(AnswerTest, TypesAreCastWhereNothingIsLost) {
  const Fixed integers(Gives("double"), BatchOf({{"y", ColumnOf(std::vector<std::int64_t>{3})}}));
  EXPECT_EQ(Mapped(Numbers(0, 1), integers)[0].column("y").Double(0), 3);
  const Fixed doubles(Gives("int64"), Doubles({3}));
  EXPECT_EQ(MessageAt(Mapped(Numbers(0, 1), doubles)[0], 0),
            "the prediction's column 'y' is double, expected int64");
  const Fixed inexact(
      Gives("double"),
      BatchOf({{"y", ColumnOf(std::vector<std::int64_t>{1, (std::int64_t{1} << 53) + 1, 3})}}));
  const Batch out = Mapped(Numbers(0, 3), inexact)[0];
  EXPECT_EQ(ErrorAt(out, 0), "");
  EXPECT_EQ(ErrorAt(out, 1), "FT0303");
  EXPECT_TRUE(out.column("y").IsNull(1));
  EXPECT_EQ(out.column("y").Double(2), 3);
}

TEST(AnswerTest, NullsAndNanAreBadRowsUnlessAllowed) {
  ColumnBuilder values(Type(TypeId::kDouble));
  values.AppendDouble(1);
  values.AppendNull();
  values.AppendDouble(kNan);
  const Batch answer = BatchOf({{"y", values.Finish()}});
  const auto codes = [&](bool allow_null, bool allow_nan) {
    const Fixed predictor(Gives("double", allow_null, allow_nan), answer);
    const Batch out = Mapped(Numbers(0, 3), predictor)[0];
    EXPECT_EQ(out.column("y").IsNull(2), !allow_nan);
    return ErrorAt(out, 0) + "," + ErrorAt(out, 1) + "," + ErrorAt(out, 2);
  };
  EXPECT_EQ(codes(false, false), ",FT0304,FT0305");
  EXPECT_EQ(codes(true, false), ",,FT0305");
  EXPECT_EQ(codes(false, true), ",FT0304,");
  EXPECT_EQ(codes(true, true), ",,");
}

TEST(AnswerTest, NullsAndNanInsideListsAndStructsAreFound) {
  ColumnBuilder lists(ParseType("list<float>"));
  const auto append = [&](const std::vector<std::optional<double>>& items) {
    for (const auto& item : items) {
      item ? lists.child(0).AppendDouble(*item) : lists.child(0).AppendNull();
    }
    lists.CloseList();
  };
  append({1, 2});
  append({1, kNan});
  append({});
  append({std::nullopt, 2});
  append({3});
  const Fixed predictor(Gives("list<double>"), BatchOf({{"y", lists.Finish()}}));
  const Batch out = Mapped(Numbers(0, 5), predictor)[0];
  EXPECT_EQ(ErrorAt(out, 0), "");
  EXPECT_EQ(ErrorAt(out, 1), "FT0305");
  EXPECT_EQ(ErrorAt(out, 2), "");
  EXPECT_EQ(ErrorAt(out, 3), "FT0304");
  EXPECT_EQ(ErrorAt(out, 4), "");
  EXPECT_TRUE(out.column("y").IsNull(1));
  const auto [first, last] = out.column("y").ListRange(4);
  EXPECT_EQ(last - first, 1);
  EXPECT_EQ(out.column("y").child(0).Double(first), 3);

  ColumnBuilder structs(ParseType("struct<a: double>"));
  for (const double value : {1.0, kNan}) {
    structs.child(0).AppendDouble(value);
    structs.CloseStruct();
  }
  const Fixed nested(Gives("struct<a: double>"), BatchOf({{"y", structs.Finish()}}));
  EXPECT_EQ(ErrorAt(Mapped(Numbers(0, 2), nested)[0], 1), "FT0305");
}

TEST(AnswerTest, NanIsFoundAtEveryPlaceAndInfinityIsNone) {
  for (const auto* type : {"double", "float"}) {
    for (std::int64_t nan_at = 0; nan_at < 200; nan_at += 7) {
      ColumnBuilder values(ParseType(type));
      for (std::int64_t i = 0; i < 200; ++i) {
        const double infinity = i % 2 == 0 ? INFINITY : -INFINITY;
        values.AppendDouble(i == nan_at ? (i % 2 == 0 ? kNan : -kNan) : i % 3 == 0 ? infinity : -1.5);
      }
      const Fixed predictor(Gives(type), BatchOf({{"y", values.Finish()}}));
      const Batch out = Mapped(Numbers(0, 200), predictor)[0];
      for (std::int64_t i = 0; i < 200; ++i) {
        EXPECT_EQ(ErrorAt(out, i), i == nan_at ? "FT0305" : "") << type << i;
      }
    }
  }
}

Batch Marked(const std::vector<std::optional<std::string>>& codes) {
  ColumnBuilder errors(ParseType("struct<code: large_string, message: string>"));
  std::vector<double> values;
  for (const auto& code : codes) {
    values.push_back(7);
    if (code) {
      errors.child(0).AppendString(*code);
      errors.child(1).AppendString("why");
      errors.CloseStruct();
    } else {
      errors.AppendNull();
    }
  }
  return BatchOf({{"y", ColumnOf(std::move(values))}, {"_error", errors.Finish()}});
}

TEST(AnswerTest, RowsThatThePredictorMarksHaveNoPrediction) {
  const Fixed predictor(XToY(), Marked({std::nullopt, "FT0301", std::nullopt}));
  const Batch out = Mapped(Numbers(0, 3), predictor)[0];
  EXPECT_EQ(out.column("y").Double(0), 7);
  EXPECT_TRUE(out.column("y").IsNull(1));
  EXPECT_EQ(ErrorAt(out, 1), "FT0301");
  EXPECT_EQ(MessageAt(out, 1), "why");
  EXPECT_EQ(Caught([&] { Mapped(Numbers(0, 3), predictor, {}); }).message(), "row 1: why");
}

TEST(AnswerTest, ASkippedRowIsNoErrorUnderAnyPolicy) {
  const Fixed predictor(XToY(), Marked({"FT0306", std::nullopt, "FT0306"}));
  for (const OnError policy : {OnError::kFail, OnError::kNull, OnError::kQuarantine}) {
    auto metrics = std::make_shared<MapMetrics>();
    const Batch out =
        Mapped(Numbers(0, 3), predictor,
               {.on_error = policy,
                .quarantine = [](const Batch&) { ADD_FAILURE() << "a skipped row in quarantine"; },
                .metrics = metrics})[0];
    EXPECT_EQ(ErrorAt(out, 0), "FT0306");
    EXPECT_TRUE(out.column("y").IsNull(0));
    EXPECT_EQ(out.column("y").Double(1), 7);
    EXPECT_EQ(metrics->skipped, 2);
    EXPECT_EQ(metrics->bad, 0);
  }
}

TEST(AnswerTest, AnAnswerOfErrorsOnlyNeedsNoPredictions) {
  const Batch marked = Marked({"FT0301", "FT0306"});
  const std::size_t errors_only[] = {1};
  const Fixed predictor(XToY(), marked.Select(errors_only));
  const Batch out = Mapped(Numbers(0, 2), predictor)[0];
  EXPECT_EQ(ErrorAt(out, 0), "FT0301");
  EXPECT_EQ(ErrorAt(out, 1), "FT0306");
  EXPECT_EQ(out.column("y").null_count(), 2);
}

TEST(QuarantineTest, HoldsWholeRowsWithReasonAndPositionOnceEach) {
  const Scripted predictor({XToY().input, XToY().output, std::vector<std::string>{}, false, false},
                           RaisesOn([](std::int64_t x) { return x == 2 || x == 3 || x == 11; }));
  const auto batch = [](std::int64_t first) {
    const Batch numbers = Numbers(first, 10);
    return BatchOf({{"x", numbers.column("x")},
                    {"_error", ConstantColumn("old", 10)},
                    {"_position", ConstantColumn(std::int64_t{99}, 10)},
                    {"note", ConstantColumn("n" + std::to_string(first), 10)}});
  };
  std::vector<Batch> quarantined;
  const std::vector<Batch> out = All(Map(
      StreamOf({batch(0), batch(10)}), predictor,
      {.on_error = OnError::kQuarantine, .quarantine = [&](const Batch& b) { quarantined.push_back(b); }}));
  ASSERT_EQ(quarantined.size(), 2U);
  EXPECT_EQ(ToString(quarantined[0].schema()),
            "x: int64, note: string, _error: struct<code: string, message: string>, _position: int64");
  EXPECT_EQ(quarantined[0].rows(), 2);
  EXPECT_EQ(quarantined[0].column("x").Int(1), 3);
  EXPECT_EQ(quarantined[0].column("_position").Int(1), 3);
  EXPECT_EQ(quarantined[1].column("x").Int(0), 11);
  EXPECT_EQ(quarantined[1].column("_position").Int(0), 11);
  EXPECT_EQ(quarantined[1].column("note").String(0), "n10");
  EXPECT_EQ(MessageAt(quarantined[1], 0), "ValueError: no 11");
  EXPECT_EQ(out[1].column("y").null_count(), 1);
}

}  // namespace
}  // namespace foretell
