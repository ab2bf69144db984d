#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "foretell/builder.h"
#include "foretell/map.h"
#include "foretell/open.h"
#include "models/sample_model.h"
#include "store/expect_code.h"
#include "store/store_fixture.h"

namespace foretell {
namespace {

using Json = nlohmann::json;

class OpenVersionTest : public StoreFixture {
 protected:
  // What ft.TextPredictor saves, but for these fields.
  Manifest SaveModel(Store& store, const Json& patch = Json::object()) {
    const std::filesystem::path file = folder_.path() / "native.foretell";
    const SampleModel sample;
    const std::span<const std::byte> bytes = sample.bytes().bytes;
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    Json fields = {{"kind", "text"},
                   {"predictor", {{"text", {"title"}}, {"outputs", Json::array({{"topics", "transform"}})}}},
                   {"signature", {{"keep", {"id"}}}},
                   {"model", {{"loader", "native"}, {"file", "model/native.foretell"}}}};
    fields.merge_patch(patch);
    Draft draft;
    draft.files = {{"model/native.foretell", file}};
    draft.fields = fields.dump();
    return store.Save("EventTopics", draft);
  }

  OpenedVersion Opened(Store& store, std::string_view reference = "EventTopics@latest") {
    return Open(store, reference, {}, folder_.path() / "cache");
  }
};

TEST_F(OpenVersionTest, AVersionWithoutCodePredicts) {
  for (const std::string& url :
       std::vector<std::string>{"memory://versions", (folder_.path() / "store").string()}) {
    Store store(OpenStorage(url));
    SaveModel(store);
    store.Promote("EventTopics", "production", 1, {.who = "ana", .why = "for the test", .unchecked = true});
    const OpenedVersion live = Opened(store, "EventTopics@production");
    EXPECT_EQ(live.manifest.version, 1);
    EXPECT_EQ(ToString(*live.predictor->signature().input), "title: string");
    EXPECT_EQ(ToString(*live.predictor->signature().output), "topics: list<double>");
    EXPECT_EQ(live.predictor->signature().keep, (std::vector<std::string>{"id"}));

    const auto schema = std::make_shared<const Schema>(
        std::vector<Field>{{"id", Type(TypeId::kInt64)}, {"title", Type(TypeId::kString)}});
    const Batch batch(
        schema, {ColumnOf(std::vector<std::int64_t>{7}), ColumnOf(std::vector<std::string>{"jazz"})}, 1);
    Batches answers = Map(Batches::Of(schema, {batch}), *live.predictor, {.version = live.manifest.version});
    const auto answer = answers.Next();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->column("id").Int(0), 7);
    EXPECT_EQ(answer->column("model_version").Int(0), 1);
    const auto [first, last] = answer->column("topics").ListRange(0);
    EXPECT_EQ(last - first, SampleModel::kTopics);
  }
}

TEST_F(OpenVersionTest, RefusesWhatItCannotOpen) {
  Store store(OpenStorage("memory://refused"));
  const auto code = [&](const Json& patch) {
    SaveModel(store, patch);
    try {
      Opened(store);
    } catch (const Error& error) {
      return CodeText(error.code());
    }
    return std::string();
  };
  EXPECT_EQ(code(Json::object()), "");
  EXPECT_EQ(code({{"kind", "python"}}), "FT0501");
  EXPECT_EQ(code({{"kind", "tables"}}), "FT0501");
  EXPECT_EQ(code({{"kind", nullptr}}), "FT0501");
  EXPECT_EQ(code({{"kind", 3}}), "FT0506");
  EXPECT_EQ(code({{"model", {{"loader", "pickle"}}}}), "FT0501");
  EXPECT_EQ(code({{"model", {{"file", "model/other"}}}}), "FT0506");
  EXPECT_EQ(code({{"model", 3}}), "FT0501");
  EXPECT_EQ(code({{"predictor", 3}}), "FT0506");
  EXPECT_EQ(code({{"predictor", {{"text", nullptr}}}}), "FT0506");
  EXPECT_EQ(code({{"predictor", {{"text", Json::array()}}}}), "FT0506");
  EXPECT_EQ(code({{"predictor", {{"text", {1}}}}}), "FT0506");
  EXPECT_EQ(code({{"predictor", {{"outputs", Json::array({{"label", "predict"}})}}}}), "FT0506");
  EXPECT_EQ(code({{"predictor", {{"outputs", Json::array({{"label", "fit"}})}}}}), "FT0506");
  EXPECT_EQ(code({{"predictor", {{"outputs", Json::array({"label"})}}}}), "FT0506");
  EXPECT_EQ(code({{"signature", {{"keep", 3}}}}), "FT0506");
  EXPECT_EQ(CodeOf([&] { return Opened(store, "EventTopics@staging"); }), Code::kUnknownAlias);
  EXPECT_EQ(CodeOf([&] { return Opened(store, "Other@1"); }), Code::kUnknownPredictor);
}

}  // namespace
}  // namespace foretell
