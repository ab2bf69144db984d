// Errors and endings across the C stream interface.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "arrow/stream_error.h"
#include "foretell/batch.h"
#include "foretell/builder.h"
#include "foretell/error.h"

namespace foretell {
namespace {

std::shared_ptr<const Schema> Ids() {
  return std::make_shared<const Schema>(std::vector<Field>{{"id", Type(TypeId::kInt64)}});
}

// Gives one batch, then does as told; counts its own end.
class Failing final : public Batches::Source {
 public:
  Failing(std::function<void()> fail, int* ended) : fail_(std::move(fail)), ended_(ended) {}
  ~Failing() override { ++*ended_; }
  std::shared_ptr<const Schema> schema() override { return schema_; }
  std::optional<Batch> Next() override {
    if (given_) {
      fail_();
      return std::nullopt;
    }
    given_ = true;
    return Batch(schema_, {ConstantColumn(std::int64_t{4}, 3)}, 3);
  }

 private:
  std::function<void()> fail_;
  int* ended_;
  std::shared_ptr<const Schema> schema_ = Ids();
  bool given_ = false;
};

// The error that a consumer gets from a producer that does `fail`.
std::optional<Error> Across(const std::function<void()>& fail) {
  int ended = 0;
  std::optional<Error> caught;
  {
    ArrowArrayStream stream;
    ExportStream(Batches(std::make_unique<Failing>(fail, &ended)), &stream);
    Batches batches = ImportStream(&stream);
    EXPECT_EQ(batches.Next()->rows(), 3);
    try {
      EXPECT_FALSE(batches.Next());
    } catch (const Error& error) {
      caught = error;
    }
  }
  EXPECT_EQ(ended, 1);
  return caught;
}

TEST(StreamTest, AnErrorOfOursCrossesWhole) {
  const auto error =
      Across([] { throw Error(Code::kUnknownVersion, "EventTopics has no version 9", "list them"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::kUnknownVersion);
  EXPECT_EQ(error->message(), "EventTopics has no version 9");
  EXPECT_EQ(error->hint(), "list them");
}

TEST(StreamTest, OtherExceptionsBecomeTheirMessage) {
  const auto error = Across([] { throw std::runtime_error("the disk is gone"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::kStreamFailed);
  EXPECT_EQ(error->message(), "the producer of a stream failed: the disk is gone");
  const auto number = Across([] { throw 7; });
  ASSERT_TRUE(number);
  EXPECT_EQ(number->code(), Code::kStreamFailed);
  const auto memory = Across([] { throw std::bad_alloc(); });
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->code(), Code::kStreamFailed);
}

TEST(StreamTest, AnEndIsNoError) {
  EXPECT_FALSE(Across([] {}));
}

TEST(StreamTest, AFailedStreamStaysFailed) {
  int ended = 0;
  OwnedStream stream;
  ExportStream(Batches(std::make_unique<Failing>([] { throw Error(Code::kIo, "first"); }, &ended)),
               stream.get());
  OwnedArray array;
  EXPECT_EQ(stream->get_next(stream.get(), array.get()), 0);
  EXPECT_EQ(stream->get_last_error(stream.get()), nullptr);
  array.Reset();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(stream->get_next(stream.get(), array.get()), EINVAL);
    EXPECT_FALSE(array);
    EXPECT_STREQ(stream->get_last_error(stream.get()), "FT0901: first");
  }
  stream.Reset();
  EXPECT_EQ(ended, 1);
}

TEST(StreamTest, AnEndedStreamStaysEnded) {
  OwnedStream stream;
  ExportStream(Batches::Of(Ids(), {}), stream.get());
  for (int i = 0; i < 3; ++i) {
    OwnedArray array;
    EXPECT_EQ(stream->get_next(stream.get(), array.get()), 0);
    EXPECT_FALSE(array);
  }
  OwnedSchema schema;
  EXPECT_EQ(stream->get_schema(stream.get(), schema.get()), 0);
  EXPECT_EQ(ImportSchema(*schema.get()), *Ids());
}

TEST(StreamTest, RefusesAReleasedStream) {
  ArrowArrayStream stream{};
  try {
    (void)ImportStream(&stream);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInvalidArrow);
  }
}

TEST(StreamErrorTest, IsFoundBehindWhatOtherLibrariesAdd) {
  const Error error =
      StreamErrorFrom("Invalid: FT0207: column 'a' is malformed: FT0101: no\nhint: look\nhint: there");
  EXPECT_EQ(error.code(), Code::kInvalidArrow);
  EXPECT_EQ(error.message(), "column 'a' is malformed: FT0101: no\nhint: look");
  EXPECT_EQ(error.hint(), "there");
}

TEST(StreamErrorTest, LosesTheTracebackOfPyarrow) {
  const Error error = StreamErrorFrom(
      "Invalid: FT0704: row 7 is cut\nhint: see it. Detail: Python exception: Traceback (most ...\n");
  EXPECT_EQ(error.message(), "row 7 is cut");
  EXPECT_EQ(error.hint(), "see it");
}

TEST(StreamErrorTest, IsNotSeenWhereThereIsNone) {
  for (const std::string text : {"", "FT", "FT0402", "FT0402:", "FT9999: no such code", "see FT0402: it says",
                                 "FTabcd: x", "FT040: x", "ft0402: x"}) {
    const Error error = StreamErrorFrom(text);
    EXPECT_EQ(error.code(), Code::kStreamFailed) << text;
    EXPECT_EQ(error.message(), "the producer of a stream failed: " + text);
  }
  EXPECT_EQ(StreamErrorFrom("bad \xff byte").message(), "the producer of a stream failed: bad ? byte");
}

}  // namespace
}  // namespace foretell
