#include "predict/bisect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "predict/test_predictors.h"

namespace foretell {
namespace {

struct Mapped {
  std::vector<Batch> out;
  std::shared_ptr<MapMetrics> metrics = std::make_shared<MapMetrics>();
};

Mapped MapAll(std::vector<Batch> in, const Predictor& predictor,
              MapOptions options = {.on_error = OnError::kNull}) {
  Mapped run;
  options.metrics = run.metrics;
  run.out = All(Map(StreamOf(std::move(in)), predictor, options));
  return run;
}

// Rows at fault, by position over all batches.
std::vector<std::int64_t> BadRows(const std::vector<Batch>& batches) {
  std::vector<std::int64_t> rows;
  std::int64_t position = 0;
  for (const Batch& batch : batches) {
    for (std::int64_t i = 0; i < batch.rows(); ++i, ++position) {
      const bool bad = !ErrorAt(batch, i).empty();
      EXPECT_EQ(bad, batch.column("y").IsNull(i));
      if (bad) {
        rows.push_back(position);
      } else {
        EXPECT_EQ(batch.column("y").Double(i), 10.0 * static_cast<double>(batch.column("x").Int(i)));
      }
    }
  }
  return rows;
}

void ExpectEachPassedOnce(const Scripted& predictor, std::int64_t rows,
                          const std::vector<std::int64_t>& bad) {
  std::vector<std::int64_t> passed = predictor.passed();
  std::sort(passed.begin(), passed.end());
  std::vector<std::int64_t> expected;
  for (std::int64_t x = 0; x < rows; ++x) {
    if (std::find(bad.begin(), bad.end(), x) == bad.end()) {
      expected.push_back(x);
    }
  }
  EXPECT_EQ(passed, expected);
}

TEST(BisectTest, OneBadRowInTenThousandTakesTwoCallsAHalving) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t x) { return x == 7'777; }));
  const Mapped run = MapAll({Numbers(0, 10'000)}, predictor);
  EXPECT_EQ(BadRows(run.out), std::vector<std::int64_t>{7'777});
  EXPECT_EQ(ErrorAt(run.out[0], 7'777), "FT0301");
  EXPECT_EQ(MessageAt(run.out[0], 7'777), "ValueError: no 7777");
  ExpectEachPassedOnce(predictor, 10'000, {7'777});
  EXPECT_LE(predictor.calls().size(), 1U + 2 * 14);
  EXPECT_EQ(run.metrics->bad, 1);
  EXPECT_EQ(run.metrics->unstable, 0);
  EXPECT_EQ(run.metrics->calls, static_cast<std::int64_t>(predictor.calls().size()));
}

TEST(BisectTest, AlternatingBadRowsAreAllFoundOnce) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t x) { return x % 2 == 1; }));
  const Mapped run = MapAll({Numbers(0, 1'000)}, predictor);
  std::vector<std::int64_t> odd;
  for (std::int64_t x = 1; x < 1'000; x += 2) {
    odd.push_back(x);
  }
  EXPECT_EQ(BadRows(run.out), odd);
  ExpectEachPassedOnce(predictor, 1'000, odd);
  EXPECT_EQ(predictor.calls().size(), 2U * 1'000 - 1);  // every node of a full tree of halves
}

TEST(BisectTest, ALoneRowThatFailedIsNotTriedAgain) {
  std::map<std::int64_t, int> alone;
  const Scripted predictor(XToY(), [&](const Batch& batch) {
    if (batch.rows() == 1) {
      ++alone[batch.column("x").Int(0)];
    }
    return RaisesOn([](std::int64_t x) { return x % 3 == 0 && x > 0; })(batch);
  });
  MapAll({Numbers(0, 100)}, predictor);
  for (const auto& [x, calls] : alone) {
    EXPECT_EQ(calls, 1) << x;
  }
}

TEST(BisectTest, HalvesThatPassAfterTheWholeFailedAreKeptAndCountedUnstable) {
  const Scripted predictor(XToY(), [](const Batch& batch) {
    if (batch.rows() > 300) {
      throw Error(Code::kPredictorRaised, "MemoryPressure: too many rows");
    }
    return TenTimes(batch);
  });
  const Mapped run = MapAll({Numbers(0, 1'000)}, predictor);
  EXPECT_TRUE(BadRows(run.out).empty());
  EXPECT_EQ(run.metrics->unstable, 1'000);
  EXPECT_EQ(run.metrics->bad, 0);
  EXPECT_EQ(predictor.calls().size(), 1U + 2 + 4);
}

TEST(BisectTest, OnlyTheFailedCallsWithoutABadRowAreUnstable) {
  bool first = true;
  const Scripted predictor(XToY(), [&](const Batch& batch) {
    // Row 0 is bad; [50, 100) failed once for no reason of a row's.
    if (batch.column("x").Int(0) == 50 && batch.rows() == 50 && std::exchange(first, false)) {
      throw Error(Code::kPredictorRaised, "Flaky: once");
    }
    return RaisesOn([](std::int64_t x) { return x == 0; })(batch);
  });
  const Mapped run = MapAll({Numbers(0, 100)}, predictor);
  EXPECT_EQ(BadRows(run.out), std::vector<std::int64_t>{0});
  EXPECT_EQ(run.metrics->unstable, 50);
}

TEST(BisectTest, AWrongLengthOfAWholeCallIsHalvedToTheRowsAtFault) {
  const Scripted predictor(XToY(), [](const Batch& batch) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      const std::int64_t x = batch.column("x").Int(i);
      if (x != 5) {  // drops a row
        values.push_back(10.0 * static_cast<double>(x));
      }
    }
    return BatchOf({{"y", ColumnOf(std::move(values))}});
  });
  const Mapped run = MapAll({Numbers(0, 64)}, predictor);
  EXPECT_EQ(BadRows(run.out), std::vector<std::int64_t>{5});
  EXPECT_EQ(ErrorAt(run.out[0], 5), "FT0302");
  EXPECT_EQ(MessageAt(run.out[0], 5), "the predictor returned 0 rows for 1");
}

TEST(BisectTest, TooManyRowsAreAWrongLengthToo) {
  const Scripted predictor(XToY(), [](const Batch& batch) {
    std::vector<double> values(static_cast<std::size_t>(batch.rows()) + 1, 1.0);
    return BatchOf({{"y", ColumnOf(std::move(values))}});
  });
  const Mapped run = MapAll({Numbers(0, 4)}, predictor);
  EXPECT_EQ(run.metrics->bad, 4);
  EXPECT_EQ(MessageAt(run.out[0], 0), "the predictor returned 2 rows for 1");
}

TEST(BisectTest, TwentyAlikeThenTwentyFromAcrossMakeABrokenPredictor) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t) { return true; }));
  Batches stream = Map(StreamOf({Numbers(0, 10'000)}), predictor, {.on_error = OnError::kNull});
  const Error error = Caught([&] { stream.Next(); });
  EXPECT_EQ(error.code(), Code::kBrokenPredictor);
  EXPECT_NE(error.message().find("FT0301: ValueError: no 0"), std::string::npos) << error.message();
  std::vector<std::int64_t> alone;
  for (const auto& [x, rows] : predictor.calls()) {
    if (rows == 1) {
      alone.push_back(x);
    }
  }
  ASSERT_EQ(alone.size(), 40U);
  EXPECT_EQ(alone[19], 19);                // the first twenty lie together, at the start
  for (std::size_t i = 20; i < 40; ++i) {  // the others evenly across the rest
    EXPECT_NEAR(static_cast<double>(alone[i]), 20 + (static_cast<double>(i) - 19.5) * 9'980 / 20, 2);
  }
}

TEST(BisectTest, OneOfTheSecondTwentyThatPassesClearsThePredictor) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t x) { return x < 300; }));
  const Mapped run = MapAll({Numbers(0, 1'000)}, predictor);
  EXPECT_EQ(run.metrics->bad, 300);
  std::vector<std::int64_t> bad;
  for (std::int64_t x = 0; x < 300; ++x) {
    bad.push_back(x);
  }
  EXPECT_EQ(BadRows(run.out), bad);
  ExpectEachPassedOnce(predictor, 1'000, bad);
  EXPECT_EQ(run.metrics->unstable, 0);
}

TEST(BisectTest, FailuresThatAreNotAlikeAreBadRows) {
  const Scripted predictor(XToY(), [](const Batch& batch) -> Batch {
    const std::int64_t x = batch.column("x").Int(0);
    throw Error(Code::kPredictorRaised, (x % 2 == 0 ? "ValueError: " : "KeyError: ") + std::to_string(x));
  });
  const Mapped run = MapAll({Numbers(0, 200)}, predictor);
  EXPECT_EQ(run.metrics->bad, 200);
}

TEST(BisectTest, APredictorThatPassedBeforeIsNeverBroken) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t x) { return x > 0; }));
  const Mapped run = MapAll({Numbers(0, 1), Numbers(1, 500)}, predictor);
  EXPECT_EQ(run.metrics->bad, 500);
}

TEST(BisectTest, FewerThanFortyRowsAreBadRowsHoweverAlike) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t) { return true; }));
  const Mapped run = MapAll({Numbers(0, 39)}, predictor);
  EXPECT_EQ(run.metrics->bad, 39);
}

TEST(BisectTest, SmallBatchesAddUpToABrokenPredictor) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t) { return true; }));
  std::vector<Batch> in;
  for (std::int64_t i = 0; i < 30; ++i) {
    in.push_back(Numbers(2 * i, 2));
  }
  EXPECT_EQ(Caught([&] { MapAll(in, predictor); }).code(), Code::kBrokenPredictor);
}

TEST(BisectTest, ABrokenPredictorCanMarkTheRemainingRowsUncalled) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t) { return true; }));
  const Mapped run = MapAll({Numbers(0, 5'000), Numbers(5'000, 5'000)}, predictor,
                            {.on_error = OnError::kNull, .throw_broken = false});
  EXPECT_EQ(run.metrics->bad, 10'000);
  EXPECT_EQ(ErrorAt(run.out[0], 0), "FT0301");
  EXPECT_EQ(ErrorAt(run.out[0], 21), "FT0307");
  EXPECT_EQ(ErrorAt(run.out[1], 0), "FT0307");
  EXPECT_EQ(ErrorAt(run.out[1], 4'999), "FT0307");
  EXPECT_LT(predictor.calls().size(), 80U);
}

TEST(BisectTest, RowsThatThePredictorMarksAloneCountAsFailedAlone) {
  const Scripted predictor(XToY(), [](const Batch& batch) {
    ColumnBuilder errors(ParseType("struct<code: string, message: string>"));
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      errors.child(0).AppendString("FT0301");
      errors.child(1).AppendString("KeyError: 'x' (item.py:3 in predict_item)");
      errors.CloseStruct();
    }
    return BatchOf({{"y", NullColumn(Type(TypeId::kDouble), batch.rows())}, {"_error", errors.Finish()}});
  });
  const Error error = Caught([&] { MapAll({Numbers(0, 1'000), Numbers(1'000, 10)}, predictor); });
  EXPECT_EQ(error.code(), Code::kBrokenPredictor);
  EXPECT_EQ(predictor.calls().size(), 1U);
}

TEST(BisectTest, OtherErrorsStopTheRun) {
  const Scripted predictor(XToY(), [](const Batch&) -> Batch { throw Error(Code::kNoModel, "no model"); });
  EXPECT_EQ(Caught([&] { MapAll({Numbers(0, 100)}, predictor); }).code(), Code::kNoModel);
  EXPECT_EQ(predictor.calls().size(), 1U);
  const Scripted throws(XToY(), [](const Batch&) -> Batch { throw std::bad_alloc(); });
  EXPECT_THROW(MapAll({Numbers(0, 100)}, throws), std::bad_alloc);
}

TEST(BisectTest, UnderFailNothingAfterTheFirstBadRowIsNeeded) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t x) { return x == 10 || x == 90; }));
  const Error error = Caught([&] { MapAll({Numbers(0, 100)}, predictor, {}); });
  EXPECT_EQ(error.code(), Code::kPredictorRaised);
  EXPECT_EQ(error.message(), "row 10: ValueError: no 10");
  for (const auto& [x, rows] : predictor.calls()) {
    EXPECT_TRUE(rows > 1 || x <= 11) << x;
  }
}

}  // namespace
}  // namespace foretell
