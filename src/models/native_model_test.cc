#include "models/native_model.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "foretell/builder.h"
#include "foretell/error.h"
#include "foretell/map.h"
#include "models/sample_model.h"
#include "models/text_predictor.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace foretell {
namespace {

using Json = nlohmann::json;
using Sample = SampleModel;

constexpr std::int64_t kTopics = SampleModel::kTopics;
const std::vector<std::string_view>& kTerms = SampleModel::Terms();

std::vector<std::string> SomeTexts(std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<std::string> texts(count);
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t i = 0; i < row % 13; ++i) {
      texts[row] += (i % 2 == 0 ? " " : ", The ") + std::string(kTerms[random() % kTerms.size()]);
    }
  }
  return texts;
}

Documents Of(const std::vector<std::string>& texts) {
  return {static_cast<std::int64_t>(texts.size()),
          [&texts](std::int64_t row) -> std::string_view { return texts[static_cast<std::size_t>(row)]; }};
}

std::vector<double> Transform(const NativeModel& model, const ModelInput& input, std::int64_t rows,
                              int threads = 1) {
  std::vector<double> out(static_cast<std::size_t>(rows * kTopics));
  model.Apply(input, Method::kTransform, out, {.threads = threads});
  return out;
}

bool SameBits(std::span<const double> one, std::span<const double> other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  });
}

std::string CodeOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return CodeText(error.code());
  }
  return "";
}

TEST(NativeModelTest, OneByOneInBulkAndByThreadsTheBitsAreTheSame) {
  const auto model = Sample().Open();
  const std::vector<std::string> texts = SomeTexts(4'321);
  const std::vector<double> bulk = Transform(*model, Of(texts), 4'321);
  EXPECT_TRUE(SameBits(bulk, Transform(*model, Of(texts), 4'321, 3)));
  for (std::size_t row = 0; row < 200; ++row) {
    const std::vector<std::string> one = {texts[row]};
    EXPECT_TRUE(SameBits(std::span(bulk).subspan(row * kTopics, kTopics), Transform(*model, Of(one), 1)));
  }
}

TEST(NativeModelTest, SeveralThreadsMayCallIt) {
  const auto model = Sample().Open();
  const std::vector<std::string> texts = SomeTexts(2'500);
  const std::vector<double> expected = Transform(*model, Of(texts), 2'500);
  std::vector<std::vector<double>> found(4);
  {
    std::vector<std::jthread> threads;
    for (auto& answer : found) {
      threads.emplace_back([&] { answer = Transform(*model, Of(texts), 2'500, 2); });
    }
  }
  for (const auto& answer : found) {
    EXPECT_TRUE(SameBits(answer, expected));
  }
}

#if defined(__x86_64__)
TEST(NativeModelTest, FlushToZeroOfAnotherLibraryChangesNothing) {
  const auto model = Sample().Open();
  const std::vector<std::string> texts = SomeTexts(50);
  const std::vector<double> expected = Transform(*model, Of(texts), 50);
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040U | 0x6000U);  // flush, subnormals are zero, round to zero
  const std::vector<double> found = Transform(*model, Of(texts), 50);
  EXPECT_EQ(_mm_getcsr() & 0xffc0U, (before | 0x8040U | 0x6000U) & 0xffc0U);
  _mm_setcsr(before);
  EXPECT_TRUE(SameBits(found, expected));
}
#endif

TEST(NativeModelTest, RefusesInputThatItDoesNotTake) {
  const auto model = Sample().Open();
  const std::vector<std::string> texts = SomeTexts(3);
  EXPECT_EQ(CodeOf([&] { Transform(*model, DenseView{2, {}}, 0); }), "FT0101");
  std::vector<double> small(1);
  EXPECT_EQ(CodeOf([&] { model->Apply(Of(texts), Method::kTransform, small); }), "FT0101");
  EXPECT_EQ(CodeOf([&] { model->Apply(Of(texts), Method::kPredict, small); }), "FT0101");
  EXPECT_EQ(CodeOf([&] { model->ApplySparse(Of(texts), Method::kTransform); }), "FT0101");
}

TEST(NativeModelTest, NamesTheTextThatIsNotUtf8) {
  const auto model = Sample().Open();
  std::vector<std::string> texts = SomeTexts(2'100);
  texts[2'050] = "caf\xe9";
  try {
    Transform(*model, Of(texts), 2'100, 2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInvalidUtf8);
    EXPECT_TRUE(error.message().starts_with("text 2050: ")) << error.message();
  }
}

TEST(NativeModelTest, AnInterruptStopsAllThreads) {
  const auto model = Sample().Open();
  const std::vector<std::string> texts = SomeTexts(30'000);
  std::vector<double> out(texts.size() * kTopics);
  int asked = 0;
  const auto stop = [&] {
    if (++asked == 3) {
      throw Error(Code::kInterrupted, "stop");
    }
  };
  EXPECT_EQ(CodeOf([&] {
              model->Apply(Of(texts), Method::kTransform, out, {.threads = 2, .check_interrupt = stop});
            }),
            "FT0312");
}

Json SelfTest() {
  return {{"self_test", {{"rows", 1}, {"methods", {"transform"}}, {"tolerance", 1e-10}}}};
}

std::string CodeOfSelfTest(const Json& patch, double answer) {
  const std::string text = "Jazz";
  const std::vector<std::uint64_t> offsets = {0, 4};
  std::vector<double> answers = Transform(*Sample().Open(), Of({text}), 1);
  answers[0] += answer;
  const Sample sample(patch, {{"self_test/texts", "uint8", std::as_bytes(std::span(text))},
                              {"self_test/offsets", "uint64", std::as_bytes(std::span(offsets))},
                              {"self_test/transform", "float64", std::as_bytes(std::span(answers))}});
  return CodeOf([&] { sample.Open(); });
}

TEST(NativeModelTest, TheSelfTestIsReplayedWhereItIsOpened) {
  EXPECT_EQ(CodeOfSelfTest(SelfTest(), 0), "");
  EXPECT_EQ(CodeOfSelfTest(SelfTest(), 1e-6), "FT0507");
  EXPECT_EQ(CodeOfSelfTest(SelfTest(), std::numeric_limits<double>::quiet_NaN()), "FT0507");
}

TEST(NativeModelTest, ASelfTestThatDoesNotFitIsDamage) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, Json>>{{"rows", 2},
                                                                            {"rows", 0},
                                                                            {"rows", 1'000},
                                                                            {"methods", {"predict"}},
                                                                            {"methods", {"fit"}},
                                                                            {"methods", 3},
                                                                            {"tolerance", "small"}}) {
    Json patch = SelfTest();
    patch["self_test"][key] = value;
    EXPECT_EQ(CodeOfSelfTest(patch, 0), "FT0506") << key << " " << value;
  }
}

TEST(NativeModelTest, ADescriptionThatDoesNotFitIsDamage) {
  const Json good = Json::parse(Container(Sample().bytes()).description().dump());
  const auto code = [&](const std::string& pointer, const Json& value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = value;
    return CodeOf([&] { Sample(changed).Open(); });
  };
  EXPECT_EQ(code("/steps/1/topics", kTopics), "");
  EXPECT_EQ(code("/steps/1/topics", 17), "FT0506");
  EXPECT_EQ(code("/steps/1/topics", 0), "FT0506");
  EXPECT_EQ(code("/steps/1/topics", 1e300), "FT0506");
  EXPECT_EQ(code("/steps/1/words", 7), "FT0506");
  EXPECT_EQ(code("/steps/1/dtype", "float32"), "FT0506");
  EXPECT_EQ(code("/steps/1/dtype", "float16"), "FT0506");
  EXPECT_EQ(code("/steps/1/doc_topic_prior", "none"), "FT0506");
  EXPECT_EQ(code("/steps/1/max_doc_update_iter", -1), "FT0506");
  EXPECT_EQ(code("/steps/0/analyzer/analyzer", "sentence"), "FT0506");
  EXPECT_EQ(code("/steps/0/analyzer", 3), "FT0506");
  EXPECT_EQ(code("/steps/0/dtype", "complex"), "FT0506");
  EXPECT_EQ(code("/steps/0/binary", 1), "FT0506");
  EXPECT_EQ(code("/steps/0/kind", "transformer"), "FT0407");
  EXPECT_EQ(code("/steps", Json::array()), "FT0506");
  EXPECT_EQ(code("/steps", 3), "FT0506");
  EXPECT_EQ(code("/kind", 3), "FT0506");
}

TEST(TextPredictorTest, MapRunsItOnSeveralThreadsAsOnOne) {
  const TextPredictor predictor(
      Sample().Open(),
      {.text = {"title", "description"}, .outputs = {{"topics", Method::kTransform}}, .keep = {{"id"}}});
  const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{"id", Type(TypeId::kInt64)},
                                                        {"title", Type(TypeId::kString)},
                                                        {"description", Type(TypeId::kString)}});
  ColumnBuilder ids((*schema)[0].type);
  ColumnBuilder titles((*schema)[1].type);
  ColumnBuilder descriptions((*schema)[2].type);
  std::vector<std::string> joined;
  const std::vector<std::string> texts = SomeTexts(5'000);
  for (std::size_t row = 0; row < texts.size(); ++row) {
    ids.AppendInt(static_cast<std::int64_t>(row));
    const std::string& other = texts[(row * 7 + 1) % texts.size()];
    if (row % 5 == 0) {
      titles.AppendNull();
    } else {
      titles.AppendString(texts[row]);
    }
    if (row % 7 == 0) {
      descriptions.AppendNull();
    } else {
      descriptions.AppendString(other);
    }
    joined.push_back((row % 5 == 0 ? "" : texts[row]) + " " + (row % 7 == 0 ? "" : other));
  }
  const Batch batch(schema, {ids.Finish(), titles.Finish(), descriptions.Finish()}, 5'000);
  const std::vector<double> expected = Transform(predictor.model(), Of(joined), 5'000);
  for (const int threads : {1, 3}) {
    Batches answers = Map(Batches::Of(schema, {batch}), predictor, {.threads = threads, .batch_rows = 700});
    EXPECT_EQ(ToString(answers.schema()),
              "id: int64, topics: list<double>, model_version: int64, _error: struct<code: string, message: "
              "string>");
    std::vector<double> found;
    while (const auto answer = answers.Next()) {
      const Column topics = answer->column("topics");
      for (std::int64_t i = 0; i < answer->rows(); ++i) {
        const auto [first, last] = topics.ListRange(i);
        for (std::int64_t k = first; k < last; ++k) {
          found.push_back(topics.child(0).Double(k));
        }
      }
    }
    EXPECT_TRUE(SameBits(found, expected)) << threads;
  }
}

TEST(TextPredictorTest, RefusesWhatItCannotGive) {
  const auto model = Sample().Open();
  EXPECT_EQ(CodeOf([&] { TextPredictor(model, {.text = {}, .outputs = {{"topics", Method::kTransform}}}); }),
            "FT0101");
  EXPECT_EQ(CodeOf([&] { TextPredictor(model, {.text = {"title"}, .outputs = {}}); }), "FT0101");
  EXPECT_EQ(
      CodeOf([&] { TextPredictor(model, {.text = {"title"}, .outputs = {{"label", Method::kPredict}}}); }),
      "FT0101");
}

}  // namespace
}  // namespace foretell
