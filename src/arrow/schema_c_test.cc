// Fields and schemas through the C interface.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "foretell/error.h"
#include "foretell/schema.h"

namespace foretell {
namespace {

// A C schema on the stack, with nothing to release; `release` only says that it is alive.
struct Plain : ArrowSchema {
  explicit Plain(const char* with_format, std::vector<ArrowSchema*> with_children = {})
      : ArrowSchema{}, pointers(std::move(with_children)) {
    format = with_format;
    name = "c";
    flags = ARROW_FLAG_NULLABLE;
    n_children = static_cast<std::int64_t>(pointers.size());
    children = pointers.data();
    release = [](ArrowSchema*) {};
  }
  std::vector<ArrowSchema*> pointers;
};

Code CodeOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return Code::kInternal;
}

TEST(ImportFieldTest, ReadsEveryFormatOfTheSpecification) {
  const std::vector<std::pair<const char*, const char*>> formats = {
      {"n", "null"},
      {"b", "bool"},
      {"c", "int8"},
      {"C", "uint8"},
      {"s", "int16"},
      {"S", "uint16"},
      {"i", "int32"},
      {"I", "uint32"},
      {"l", "int64"},
      {"L", "uint64"},
      {"e", "half"},
      {"f", "float"},
      {"g", "double"},
      {"z", "binary"},
      {"Z", "large_binary"},
      {"vz", "binary_view"},
      {"u", "string"},
      {"U", "large_string"},
      {"vu", "string_view"},
      {"d:19,10", "decimal128(19, 10)"},
      {"d:38,-2,128", "decimal128(38, -2)"},
      {"d:76,3,256", "decimal256(76, 3)"},
      {"w:42", "fixed_size_binary[42]"},
      {"tdD", "date32"},
      {"tdm", "date64"},
      {"tts", "time32[s]"},
      {"ttm", "time32[ms]"},
      {"ttu", "time64[us]"},
      {"ttn", "time64[ns]"},
      {"tss:", "timestamp[s]"},
      {"tsm:UTC", "timestamp[ms, UTC]"},
      {"tsu:Europe/Paris", "timestamp[us, Europe/Paris]"},
      {"tsn:+01:00", "timestamp[ns, \"+01:00\"]"},
      {"tDs", "duration[s]"},
      {"tDm", "duration[ms]"},
      {"tDu", "duration[us]"},
      {"tDn", "duration[ns]"},
      {"+s", "struct<>"}};
  for (const auto& [format, text] : formats) {
    EXPECT_EQ(ToString(ImportField(Plain(format)).type), text);
    EXPECT_EQ(ImportField(Plain(format)).type, ParseType(text));
  }
  Plain item("u");
  EXPECT_EQ(ToString(ImportField(Plain("+l", {&item})).type), "list<string>");
  EXPECT_EQ(ToString(ImportField(Plain("+L", {&item})).type), "large_list<string>");
  EXPECT_EQ(ToString(ImportField(Plain("+w:3", {&item})).type), "fixed_size_list<string, 3>");
  EXPECT_EQ(ToString(ImportField(Plain("+s", {&item, &item})).type), "struct<c: string, c: string>");
  Plain entries("+s", {&item, &item});
  EXPECT_EQ(ToString(ImportField(Plain("+m", {&entries})).type), "map<string, string>");
}

TEST(ImportFieldTest, ReadsDictionariesAndRefusesWideIndices) {
  Plain value("vu");
  for (const auto& [format, index] : std::vector<std::pair<const char*, const char*>>{
           {"c", "int8"}, {"C", "uint8"}, {"s", "int16"}, {"S", "uint16"}, {"i", "int32"}, {"I", "uint32"}}) {
    Plain schema(format);
    schema.dictionary = &value;
    schema.flags |= ARROW_FLAG_DICTIONARY_ORDERED;
    const Field field = ImportField(schema);
    EXPECT_EQ(ToString(field.type), "dictionary<" + std::string(index) + ", string_view>");
    EXPECT_TRUE(field.type.ordered);
  }
  for (const char* format : {"l", "L"}) {
    Plain schema(format);
    schema.dictionary = &value;
    EXPECT_EQ(CodeOf([&] { (void)ImportField(schema); }), Code::kUnsupportedType);
  }
  Plain text("u");
  text.dictionary = &value;
  EXPECT_EQ(CodeOf([&] { (void)ImportField(text); }), Code::kInvalidArrow);
  Plain list("+l", {&value});
  list.dictionary = &value;
  EXPECT_EQ(CodeOf([&] { (void)ImportField(list); }), Code::kInvalidArrow);
  Plain inner("i");
  inner.dictionary = &value;
  Plain outer("i");
  outer.dictionary = &inner;
  EXPECT_EQ(CodeOf([&] { (void)ImportField(outer); }), Code::kUnsupportedType);
}

TEST(ImportFieldTest, RefusesUnsupportedLayoutsByName) {
  Plain item("i");
  const std::vector<std::pair<const char*, const char*>> formats = {
      {"+r", "run-end encoded"},
      {"+vl", "a list view"},
      {"+vL", "a list view"},
      {"+ud:0,1", "a union"},
      {"+us:0", "a union"},
      {"tiM", "an interval"},
      {"tiD", "an interval"},
      {"tin", "an interval"},
      {"d:9,2,32", "32 bits"},
      {"d:9,2,64", "64 bits"},
      {"_pli128", "the private format '_pli128'"}};
  for (const auto& [format, what] : formats) {
    Plain top("+s");
    Plain column(format, {&item});
    top.pointers = {&column};
    top.children = top.pointers.data();
    top.n_children = 1;
    try {
      (void)ImportSchema(top);
      ADD_FAILURE() << format;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kUnsupportedType) << format;
      EXPECT_NE(error.message().find(what), std::string::npos) << error.message();
      EXPECT_NE(error.message().find("column 'c'"), std::string::npos) << error.message();
    }
  }
}

TEST(ImportFieldTest, RefusesMalformedSchemas) {
  for (const char* format : {"",         "x",  "ii",  "w:",   "w:-1",     "w:x",    "w:4294967296",
                             "w:1x",     "d:", "d:1", "d:1,", "d:,1",     "d:39,1", "d:1,2,128,4",
                             "d:1,2,99", "ts", "tsu", "tsx:", "tsu:\xff", "tD",     "tDx",
                             "+",        "+w", "+x",  "v",    "vx",       "+u"}) {
    EXPECT_EQ(CodeOf([&] { (void)ImportField(Plain(format)); }), Code::kInvalidArrow) << format;
  }
  Plain item("i");
  EXPECT_EQ(CodeOf([&] { (void)ImportField(Plain("+w:-1", {&item})); }), Code::kInvalidArrow);
  EXPECT_EQ(CodeOf([&] { (void)ImportField(Plain("i", {&item})); }), Code::kInvalidArrow);
  EXPECT_EQ(CodeOf([&] { (void)ImportField(Plain("+l")); }), Code::kInvalidArrow);
  EXPECT_EQ(CodeOf([&] { (void)ImportField(Plain("+l", {&item, &item})); }), Code::kInvalidArrow);
  EXPECT_EQ(CodeOf([&] { (void)ImportField(Plain("+l", {nullptr})); }), Code::kInvalidArrow);
  EXPECT_EQ(CodeOf([&] { (void)ImportField(Plain("+m", {&item})); }), Code::kInvalidArrow);

  const auto broken = [](auto change) {
    Plain schema("+s");
    change(schema);
    return CodeOf([&] { (void)ImportField(schema); });
  };
  EXPECT_EQ(broken([](Plain& s) { s.release = nullptr; }), Code::kInvalidArrow);
  EXPECT_EQ(broken([](Plain& s) { s.format = nullptr; }), Code::kInvalidArrow);
  EXPECT_EQ(broken([](Plain& s) { s.n_children = -1; }), Code::kInvalidArrow);
  EXPECT_EQ(broken([](Plain& s) { s.n_children = INT64_MAX; }), Code::kInvalidArrow);
  EXPECT_EQ(broken([](Plain& s) { s.n_children = 1, s.children = nullptr; }), Code::kInvalidArrow);
  EXPECT_EQ(broken([](Plain& s) { s.name = "\xc0\x80"; }), Code::kInvalidArrow);
  const std::int32_t negative[] = {1, -5};
  EXPECT_EQ(broken([&](Plain& s) { s.metadata = reinterpret_cast<const char*>(negative); }),
            Code::kInvalidArrow);
  EXPECT_EQ(broken([](Plain&) {}), Code::kInternal) << "the unchanged schema is good";
}

TEST(ImportFieldTest, EndsAtSixtyFourLevels) {
  std::vector<Plain> levels;
  levels.reserve(100);
  levels.emplace_back("i");
  for (int i = 1; i < 64; ++i) {
    levels.emplace_back("+l", std::vector<ArrowSchema*>{&levels.back()});
  }
  EXPECT_NO_THROW((void)ImportField(levels.back()));
  levels.emplace_back("+l", std::vector<ArrowSchema*>{&levels.back()});
  EXPECT_EQ(CodeOf([&] { (void)ImportField(levels.back()); }), Code::kUnsupportedType);
}

TEST(ImportSchemaTest, TakesAStructOnlyAndNullNames) {
  EXPECT_EQ(CodeOf([] { (void)ImportSchema(Plain("u")); }), Code::kInvalidArrow);
  Plain nameless("u");
  nameless.name = nullptr;
  const Schema schema = ImportSchema(Plain("+s", {&nameless}));
  ASSERT_EQ(schema.size(), 1U);
  EXPECT_EQ(schema[0].name, "");
}

std::string Metadata(const std::vector<std::string>& keys_and_values) {
  std::string bytes;
  const auto number = [&](std::size_t value) {
    const auto narrow = static_cast<std::int32_t>(value);
    bytes.append(reinterpret_cast<const char*>(&narrow), sizeof(narrow));
  };
  number(keys_and_values.size() / 2);
  for (const std::string& text : keys_and_values) {
    number(text.size());
    bytes += text;
  }
  return bytes;
}

TEST(ExportSchemaTest, KeepsEverythingThroughTheCInterface) {
  std::vector<Field> fields;
  for (const char* text : {"int64", "timestamp[ms, UTC]", "list<struct<a: map<string, decimal256(50, 2)>>>",
                           "dictionary<uint8, string>", "fixed_size_list<fixed_size_binary[3], 2>"}) {
    fields.push_back({std::string("column of ") + text, ParseType(text), fields.size() % 2 == 0});
  }
  fields[0].metadata = Metadata({"unit", "m/s", std::string("a\0b", 3), ""});
  const Schema schema(fields, Metadata({"pandas", "{}"}));

  OwnedSchema exported;
  ExportSchema(schema, exported.get());
  const Schema again = ImportSchema(*exported.get());
  EXPECT_EQ(again, schema);
  EXPECT_EQ(again.metadata(), schema.metadata());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(again[i].nullable, fields[i].nullable);
    EXPECT_EQ(again[i].metadata, fields[i].metadata);
  }
}

TEST(ExportSchemaTest, AChildMayBeMovedAway) {
  OwnedSchema exported;
  ExportSchema(Schema({{"a", ParseType("list<int8>")}, {"b", ParseType("dictionary<int8, string>")}}),
               exported.get());
  const OwnedSchema moved(exported->children[1]);
  exported.Reset();  // the rest goes; the moved child stays good
  EXPECT_EQ(ToString(ImportField(*moved.get()).type), "dictionary<int8, string>");
}

}  // namespace
}  // namespace foretell
