#include "foretell/map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <tuple>

#include "predict/test_predictors.h"

namespace foretell {
namespace {

using std::chrono::milliseconds;

// A source that counts what was read and can fail after some batches.
class CountingSource final : public Batches::Source {
 public:
  CountingSource(std::int64_t batches, std::int64_t rows, std::atomic<std::int64_t>& read,
                 std::int64_t fails_after = -1)
      : batches_(batches), rows_(rows), read_(read), fails_after_(fails_after) {}

  std::shared_ptr<const Schema> schema() override {
    return std::make_shared<const Schema>(Schema({{"x", Type(TypeId::kInt64)}}));
  }
  std::optional<Batch> Next() override {
    if (read_ == fails_after_) {
      throw Error(Code::kUnreadableInput, "the source broke");
    }
    if (read_ == batches_) {
      return std::nullopt;
    }
    return Numbers(read_++ * rows_, rows_);
  }

 private:
  std::int64_t batches_, rows_;
  std::atomic<std::int64_t>& read_;
  std::int64_t fails_after_;
};

Batches Counting(std::int64_t batches, std::int64_t rows, std::atomic<std::int64_t>& read,
                 std::int64_t fails_after = -1) {
  return Batches(std::make_unique<CountingSource>(batches, rows, read, fails_after));
}

void ExpectInOrder(const std::vector<Batch>& batches, std::int64_t rows) {
  std::int64_t next = 0;
  for (const Batch& batch : batches) {
    for (std::int64_t i = 0; i < batch.rows(); ++i, ++next) {
      ASSERT_EQ(batch.column("x").Int(i), next);
      ASSERT_EQ(batch.column("y").Double(i), 10.0 * static_cast<double>(next));
    }
  }
  EXPECT_EQ(next, rows);
}

TEST(MapTest, OutputHoldsKeptColumnsPredictionsVersionAndError) {
  const Scripted predictor(XToY(), TenTimes);
  const std::vector<Batch> out = All(Map(StreamOf({Numbers(0, 3)}), predictor, {.version = 9}));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(ToString(out[0].schema()),
            "x: int64, y: double, model_version: int64, _error: struct<code: string, message: string>");
  EXPECT_EQ(out[0].column("model_version").Int(2), 9);
  EXPECT_EQ(out[0].column("_error").null_count(), 3);
  EXPECT_EQ(MapSchema(Numbers(0, 1).schema(), XToY()), out[0].schema());
}

TEST(MapTest, OptionsNameOtherColumnsToKeep) {
  const Scripted predictor(XToY(), TenTimes);
  const MapOptions none{.keep = std::vector<std::string>{}};
  const std::vector<Batch> out = All(Map(StreamOf({Numbers(0, 3)}), predictor, none));
  EXPECT_EQ(ToString(out[0].schema()),
            "y: double, model_version: int64, _error: struct<code: string, message: string>");
  EXPECT_EQ(MapSchema(Numbers(0, 1).schema(), XToY(), none), out[0].schema());
  const MapOptions unknown{.keep = std::vector<std::string>{"id"}};
  EXPECT_THROW(Map(StreamOf({Numbers(0, 3)}), predictor, unknown), Error);
}

TEST(MapTest, TheVersionIsNullWhenThereIsNoneAndItsColumnCanBeRenamedOrLeftOut) {
  const Scripted predictor(XToY(), TenTimes);
  EXPECT_EQ(All(Map(StreamOf({Numbers(0, 3)}), predictor))[0].column("model_version").null_count(), 3);
  const auto names = [&](std::string version_column) {
    return ToString(
        All(Map(StreamOf({Numbers(0, 3)}), predictor, {.version_column = std::move(version_column)}))[0]
            .schema());
  };
  EXPECT_NE(names("v").find("y: double, v: int64, _error"), std::string::npos);
  EXPECT_NE(names("").find("y: double, _error"), std::string::npos);
}

TEST(MapTest, BatchesAreCutByRowsWithoutACopy) {
  const Scripted predictor(XToY(), TenTimes);
  const Batch in = Numbers(0, 25);
  const std::vector<Batch> out = All(Map(StreamOf({in}), predictor, {.batch_rows = 10}));
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[2].rows(), 5);
  EXPECT_EQ(out[1].column("x").Values<std::int64_t>().data(),
            in.column("x").Values<std::int64_t>().data() + 10);
  ExpectInOrder(out, 25);
}

TEST(MapTest, ARowLargerThanTheBoundGoesAlone) {
  constexpr std::int64_t kMiB = 1 << 20;
  ColumnBuilder text(ParseType("large_string"));
  for (const std::int64_t size : {1L, 30 * kMiB, 40 * kMiB, 70 * kMiB, 10L, 20L}) {
    text.AppendString(std::string(static_cast<std::size_t>(size), 'a'));
  }
  const Batch in =
      BatchOf({{"x", ColumnOf(std::vector<std::int64_t>{0, 1, 2, 3, 4, 5})}, {"text", text.Finish()}});
  const Scripted predictor({std::nullopt, XToY().output, {}, false, false}, TenTimes);
  const std::vector<Batch> out = All(Map(StreamOf({in}), predictor));
  std::vector<std::int64_t> rows;
  for (const Batch& batch : out) {
    rows.push_back(batch.rows());
    EXPECT_TRUE(batch.rows() == 1 || batch.ByteSize() <= 64 * kMiB);
  }
  EXPECT_EQ(rows, (std::vector<std::int64_t>{2, 1, 1, 2}));
  ExpectInOrder(out, 6);
}

TEST(MapTest, NativeCallsGetAtMostAThousandRowsAndComeBackJoined) {
  const Scripted predictor(XToY(), TenTimes, false);
  const std::vector<Batch> out = All(Map(StreamOf({Numbers(0, 2'500)}), predictor));
  EXPECT_EQ(predictor.calls(),
            (std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 1'000}, {1'000, 1'000}, {2'000, 500}}));
  ASSERT_EQ(out.size(), 1U);
  ExpectInOrder(out, 2'500);
}

TEST(MapTest, APredictorSaysHowManyRowsItsCallsGet) {
  Scripted predictor(XToY(), TenTimes, false);
  predictor.set_call_rows(1'000'000);
  const Batch in = Numbers(0, 25'000);
  const std::vector<Batch> out = All(Map(StreamOf({in}), predictor));
  EXPECT_EQ(predictor.calls(), (std::vector<std::pair<std::int64_t, std::int64_t>>{
                                   {0, 10'000}, {10'000, 10'000}, {20'000, 5'000}}));
  ExpectInOrder(out, 25'000);
  predictor.set_call_rows(0);
  EXPECT_EQ(Caught([&] { Map(StreamOf({in}), predictor); }).code(), Code::kInvalidArgument);
}

TEST(MapTest, FourThreadsKeepTheOrderWhateverTheirDelays) {
  const Scripted predictor(
      XToY(),
      [](const Batch& batch) {
        thread_local std::minstd_rand random(std::random_device{}());
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3'000));
        return TenTimes(batch);
      },
      false);
  std::atomic<std::int64_t> read{0};
  auto metrics = std::make_shared<MapMetrics>();
  const std::vector<Batch> out =
      All(Map(Counting(200, 7, read), predictor, {.threads = 4, .metrics = metrics}));
  ExpectInOrder(out, 1'400);
  EXPECT_EQ(metrics->rows, 1'400);
  EXPECT_EQ(metrics->batches, 200);
  EXPECT_EQ(metrics->bytes, 1'400 * 8);
  EXPECT_EQ(metrics->calls, 200);
}

TEST(MapTest, SeveralThreadsPredictAtOnce) {
  std::atomic<int> inside{0};
  std::atomic<bool> met{false};
  const Scripted predictor(
      XToY(),
      [&](const Batch& batch) {
        ++inside;
        for (int i = 0; i < 2'000 && !met; ++i) {
          met = met || inside == 2;
          std::this_thread::sleep_for(milliseconds(1));
        }
        --inside;
        return TenTimes(batch);
      },
      false);
  std::atomic<std::int64_t> read{0};
  All(Map(Counting(4, 1, read), predictor, {.threads = 2}));
  EXPECT_TRUE(met);
}

TEST(MapTest, AtMostTwoBatchesAThreadAreOutstanding) {
  const Scripted predictor(XToY(), TenTimes, false);
  std::atomic<std::int64_t> read{0};
  Batches stream = Map(Counting(100, 5, read), predictor, {.threads = 3});
  EXPECT_EQ(read, 0);  // nothing happens before it is pulled
  for (std::int64_t taken = 0; stream.Next(); ++taken) {
    ASSERT_LE(read - taken, 6);
  }
  EXPECT_EQ(read, 100);
}

TEST(MapTest, ADroppedStreamStopsItsThreads) {
  std::atomic<std::int64_t> calls{0};
  std::atomic<std::int64_t> read{0};
  const Scripted predictor(
      XToY(),
      [&](const Batch& batch) {
        ++calls;
        std::this_thread::sleep_for(milliseconds(1));
        return TenTimes(batch);
      },
      false);
  {
    Batches stream = Map(Counting(1'000, 50'000, read), predictor, {.threads = 4});
    ASSERT_TRUE(stream.Next());
  }
  const std::int64_t at_drop = calls;
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(calls, at_drop);
  EXPECT_LE(read, 8);
  {
    const Batches never_pulled = Map(Counting(1'000, 5, read), predictor, {.threads = 4});
  }
}

// A foreign owner may need a lock to let go, which a thread that is joined must not wait for.
TEST(MapTest, TheThreadThatPullsLetsGoOfTheInput) {
  std::atomic<int> elsewhere = 0;
  const auto owned = [&](std::int64_t first) {
    const Column column = Numbers(first, 1).column(0);
    Column::Parts parts = column.parts();
    parts.owner = std::shared_ptr<const void>(
        parts.owner.get(), [column, &elsewhere, home = std::this_thread::get_id()](const void*) {
          elsewhere += std::this_thread::get_id() == home ? 0 : 1;
        });
    return BatchOf({{"x", Column(std::move(parts))}});
  };
  std::vector<Batch> batches;
  for (std::int64_t i = 0; i < 3'000; ++i) {
    batches.push_back(owned(i));
  }
  Signature keeps_nothing = XToY();
  keeps_nothing.keep.emplace();
  const Scripted predictor(keeps_nothing, TenTimes, false);
  EXPECT_EQ(All(Map(StreamOf(std::move(batches)), predictor, {.threads = 3})).size(), 3'000U);
  EXPECT_EQ(elsewhere, 0);
}

TEST(MapTest, ASourceThatFailsDoesSoAfterWhatCameBefore) {
  for (const int threads : {1, 4}) {
    const Scripted predictor(XToY(), TenTimes, false);
    std::atomic<std::int64_t> read{0};
    Batches stream = Map(Counting(100, 3, read, 5), predictor, {.threads = threads});
    std::vector<Batch> out;
    const Error error = Caught([&] {
      while (auto batch = stream.Next()) {
        out.push_back(*batch);
      }
    });
    EXPECT_EQ(error.code(), Code::kUnreadableInput);
    ExpectInOrder(out, 15);
    EXPECT_EQ(Caught([&] { stream.Next(); }).code(), Code::kUnreadableInput);  // it has not simply ended
  }
}

TEST(MapTest, TheFirstFailingBatchDecidesWhichErrorIsThrown) {
  const Scripted predictor(
      XToY(),
      [](const Batch& batch) {
        const std::int64_t x = batch.column("x").Int(0);
        if (x == 20) {
          std::this_thread::sleep_for(milliseconds(30));  // later batches fail first
        }
        if (x >= 20) {
          throw Error(Code::kNoModel, "from " + std::to_string(x));
        }
        return TenTimes(batch);
      },
      false);
  std::atomic<std::int64_t> read{0};
  Batches stream = Map(Counting(50, 10, read), predictor, {.threads = 4});
  std::vector<Batch> out;
  const Error error = Caught([&] {
    while (auto batch = stream.Next()) {
      out.push_back(*batch);
    }
  });
  EXPECT_EQ(error.message(), "from 20");
  ExpectInOrder(out, 20);
}

TEST(MapTest, BadRowsAreTheSameWithManyThreads) {
  const auto bad = [](std::int64_t x) { return x % 97 == 5; };
  std::vector<std::string> runs;
  for (const int threads : {1, 4}) {
    const Scripted predictor(XToY(), RaisesOn(bad), false);
    std::atomic<std::int64_t> read{0};
    std::string quarantined;
    All(Map(Counting(20, 500, read), predictor,
            {.on_error = OnError::kQuarantine, .threads = threads, .quarantine = [&](const Batch& batch) {
               for (std::int64_t i = 0; i < batch.rows(); ++i) {
                 EXPECT_TRUE(bad(batch.column("x").Int(i)));
                 EXPECT_EQ(batch.column("_position").Int(i), batch.column("x").Int(i));
                 quarantined += std::to_string(batch.column("x").Int(i)) + MessageAt(batch, i) + "\n";
               }
             }}));
    runs.push_back(quarantined);
  }
  EXPECT_EQ(std::count(runs[0].begin(), runs[0].end(), '\n'), 104);
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(MapTest, ASingleThreadedPredictorIsCalledByThePullingThreadOnly) {
  std::vector<std::thread::id> callers;
  const Scripted predictor(XToY(), [&](const Batch& batch) {
    callers.push_back(std::this_thread::get_id());
    return TenTimes(batch);
  });
  All(Map(StreamOf({Numbers(0, 5), Numbers(5, 5)}), predictor, {.threads = 4}));
  EXPECT_EQ(callers, std::vector<std::thread::id>(2, std::this_thread::get_id()));
}

TEST(MapTest, InterruptionIsAskedForBetweenCalls) {
  struct Interrupt {};
  const Scripted predictor(XToY(), TenTimes, false);
  int asked = 0;
  Batches stream = Map(StreamOf({Numbers(0, 10'000)}), predictor, {.check_interrupt = [&] {
                         if (++asked == 4) {
                           throw Interrupt();
                         }
                       }});
  EXPECT_THROW(stream.Next(), Interrupt);
  EXPECT_LE(predictor.calls().size(), 3U);
  EXPECT_THROW(stream.Next(), Interrupt);
}

TEST(MapTest, InterruptionIsAskedForWhileThreadsAreAwaited) {
  struct Interrupt {};
  std::atomic<bool> finish{false};
  const Scripted predictor(
      XToY(),
      [&](const Batch& batch) {
        while (!finish) {
          std::this_thread::sleep_for(milliseconds(1));
        }
        return TenTimes(batch);
      },
      false);
  int asked = 0;
  Batches stream = Map(StreamOf({Numbers(0, 10)}), predictor, {.threads = 2, .check_interrupt = [&] {
                                                                 if (++asked == 3) {
                                                                   finish = true;
                                                                   throw Interrupt();
                                                                 }
                                                               }});
  EXPECT_THROW(stream.Next(), Interrupt);
}

TEST(MapTest, EachCallIsAnnounced) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t x) { return x == 4; }));
  std::vector<std::pair<std::int64_t, std::int64_t>> announced;
  All(Map(StreamOf({Numbers(0, 3), Numbers(3, 4)}), predictor,
          {.on_error = OnError::kNull, .before_call = [&](std::int64_t position, std::int64_t rows) {
             announced.emplace_back(position, rows);
           }}));
  EXPECT_EQ(announced, predictor.calls());
}

TEST(MapTest, EmptyBatchesPassByUncalledAndEmptyStreamsKeepTheirSchema) {
  const Scripted predictor(XToY(), TenTimes);
  const std::vector<Batch> out = All(Map(StreamOf({Numbers(0, 0), Numbers(0, 2), Numbers(2, 0)}), predictor));
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[0].rows(), 0);
  EXPECT_EQ(out[0].schema(), out[1].schema());
  ExpectInOrder(out, 2);
  EXPECT_EQ(predictor.calls().size(), 1U);
  Batches empty = Map(Batches::Of(Numbers(0, 0).shared_schema(), {}), predictor);
  EXPECT_EQ(empty.schema(), out[0].schema());
  EXPECT_FALSE(empty.Next());
}

TEST(MapTest, AnUndeclaredOutputIsTakenFromTheFirstBatchThatIsPredicted) {
  for (const int threads : {1, 3}) {
    const Scripted predictor({XToY().input, {}, {}, false, false},
                             RaisesOn([](std::int64_t x) { return x < 3; }), false);
    Batches stream = Map(StreamOf({Numbers(0, 0), Numbers(0, 3), Numbers(3, 3), Numbers(6, 1)}), predictor,
                         {.on_error = OnError::kNull, .threads = threads});
    EXPECT_EQ(ToString(stream.schema()),
              "x: int64, y: double, model_version: int64, _error: struct<code: string, message: string>");
    const std::vector<Batch> out = All(std::move(stream));
    ASSERT_EQ(out.size(), 4U);
    EXPECT_EQ(out[1].column("y").null_count(), 3);
    EXPECT_EQ(ErrorAt(out[1], 2), "FT0301");
    EXPECT_EQ(out[2].column("y").Double(0), 30);
    EXPECT_EQ(out[3].column("y").Double(0), 60);
  }
}

TEST(MapTest, AnUndeclaredOutputOfAnEmptyStreamHasNoPredictions) {
  const Scripted predictor({XToY().input, {}, {}, false, false}, TenTimes);
  Batches stream = Map(StreamOf({Numbers(0, 0)}), predictor);
  EXPECT_EQ(ToString(stream.schema()),
            "x: int64, model_version: int64, _error: struct<code: string, message: string>");
  EXPECT_EQ(All(std::move(stream)).size(), 1U);
  EXPECT_FALSE(MapSchema(Numbers(0, 0).schema(), predictor.signature()));
}

TEST(MapTest, ABrokenPredictorWithoutADeclaredOutputDoesNotGatherTheInput) {
  std::atomic<std::int64_t> read = 0;
  const Scripted predictor({XToY().input, {}, {}, false, false}, RaisesOn([](std::int64_t) { return true; }));
  Batches stream =
      Map(Counting(100, 50, read), predictor, {.on_error = OnError::kNull, .throw_broken = false});
  EXPECT_TRUE(stream.Next());
  EXPECT_EQ(read, 1);
  const std::vector<Batch> rest = All(std::move(stream));
  ASSERT_EQ(rest.size(), 99U);
  EXPECT_EQ(ErrorAt(rest.back(), 0), "FT0307");
}

TEST(MapTest, AnUndeclaredOutputIsAwaitedWithinBounds) {
  const Signature undeclared{XToY().input, {}, {}, false, false};
  const Scripted predictor(undeclared, [](const Batch& batch) {
    ColumnBuilder errors(ParseType("struct<code: string, message: string>"));
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      errors.child(0).AppendString("FT0306");
      errors.child(1).AppendString("row " + std::to_string(batch.column("x").Int(i)) + " is left out");
      errors.CloseStruct();
    }
    return BatchOf({{"_error", errors.Finish()}});
  });
  for (const auto& [rows, batch_bytes, read_rows] : {std::tuple(7'000L, 1L << 26, 105'000L), {1, 800, 100}}) {
    std::atomic<std::int64_t> read = 0;
    Batches stream = Map(Counting(1'000'000, rows, read), predictor, {.batch_bytes = batch_bytes});
    const Error error = Caught([&] { stream.schema(); });
    EXPECT_EQ(error.code(), Code::kUntyped);
    EXPECT_EQ(error.message(),
              "none of the first " + std::to_string(read_rows) +
                  " rows has a prediction, so the output's columns are not known; the last one: "
                  "FT0306: row " +
                  std::to_string(read_rows - 1) + " is left out");
    EXPECT_EQ(read * rows, read_rows);
    EXPECT_EQ(Caught([&] { stream.Next(); }).code(), Code::kUntyped);
  }
  std::atomic<std::int64_t> read = 0;
  Batches empty = Map(Counting(1'000'000, 0, read), predictor);
  EXPECT_EQ(Caught([&] { empty.Next(); }).code(), Code::kUntyped);
}

// The pieces of an answer have a dictionary each.
TEST(MapTest, APredictedDictionaryIsGivenAsItsValues) {
  const auto answer = [](const Batch& batch) {
    const std::int64_t rows = batch.rows();
    Column::Parts parts;
    parts.length = rows;
    const Column index = NullColumn(Type(TypeId::kInt32), rows);
    parts.type = ParseType("dictionary<int32, string>");
    parts.owner = std::make_shared<Column>(index);
    parts.buffers = {nullptr, index.parts().buffers[1]};  // zeros
    parts.dictionary =
        std::make_shared<const Column>(ColumnOf({"of " + std::to_string(batch.column("x").Int(0))}));
    return BatchOf({{"y", Column(std::move(parts))}});
  };
  for (const auto& output :
       {std::optional<Schema>(), std::optional(Schema({{"y", ParseType("dictionary<int32, string>")}}))}) {
    const Scripted predictor({XToY().input, output, {}, false, false}, answer, false);
    const std::vector<Batch> out = All(Map(StreamOf({Numbers(0, 1'500)}), predictor));
    ASSERT_EQ(ToString(out[0].schema()[1].type), "string");
    EXPECT_EQ(out[0].column("y").String(999), "of 0");
    EXPECT_EQ(out[0].column("y").String(1'000), "of 1000");
    if (output) {
      EXPECT_EQ(MapSchema(Numbers(0, 0).schema(), predictor.signature()), out[0].schema());
    }
  }
}

TEST(MapTest, AnUndeclaredOutputMustStayAsItBegan) {
  const Scripted predictor({XToY().input, {}, {}, false, false}, [](const Batch& batch) {
    if (batch.column("x").Int(0) == 0) {
      return TenTimes(batch);
    }
    return BatchOf(
        {{"y", ColumnOf(std::vector<std::string>(static_cast<std::size_t>(batch.rows()), "text"))}});
  });
  const std::vector<Batch> out =
      All(Map(StreamOf({Numbers(0, 2), Numbers(2, 2)}), predictor, {.on_error = OnError::kNull}));
  EXPECT_EQ(ErrorAt(out[1], 0), "FT0303");
  Batches failing = Map(StreamOf({Numbers(0, 2), Numbers(2, 2)}), predictor);
  failing.Next();
  const Error error = Caught([&] { failing.Next(); });
  EXPECT_EQ(error.code(), Code::kWrongType);
  EXPECT_NE(error.message().find("the output is not declared, and the first rows gave y: double: declare it, "
                                 "output = ft.schema(y=\"double\")"),
            std::string::npos)
      << error.message();
}

TEST(MapTest, TheStreamCrossesTheCInterface) {
  const Scripted predictor(XToY(), RaisesOn([](std::int64_t x) { return x == 12; }));
  ArrowArrayStream c_stream;
  ExportStream(Map(StreamOf({Numbers(0, 10), Numbers(10, 10)}), predictor), &c_stream);
  Batches back = ImportStream(&c_stream);
  EXPECT_EQ(back.Next()->column("y").Double(9), 90);
  const Error error = Caught([&] { back.Next(); });
  EXPECT_EQ(error.code(), Code::kPredictorRaised);
  EXPECT_EQ(error.message(), "row 12: ValueError: no 12");
}

TEST(MapTest, OptionsOutOfRangeAreRefused) {
  const Scripted predictor(XToY(), TenTimes);
  for (const MapOptions& options :
       {MapOptions{.threads = 0}, MapOptions{.batch_rows = 0}, MapOptions{.batch_bytes = 0}}) {
    EXPECT_EQ(Caught([&] { Map(StreamOf({Numbers(0, 1)}), predictor, options); }).code(),
              Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace foretell
