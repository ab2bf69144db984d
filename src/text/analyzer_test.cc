#include "text/analyzer.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "foretell/error.h"

namespace foretell {
namespace {

using Terms = std::vector<std::string>;

std::optional<Code> CodeOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

Terms TermsOf(std::string_view document, AnalyzerSettings settings = {}) {
  const Analyzer analyzer(std::move(settings));
  Analyzer::Scratch scratch;
  Terms terms;
  analyzer.ForEachTerm(document, scratch, [&](std::string_view term) { terms.emplace_back(term); });
  return terms;
}

Terms TokensOf(std::string_view document, std::string pattern) {
  AnalyzerSettings settings;
  settings.token_pattern = std::move(pattern);
  settings.lowercase = false;
  return TermsOf(document, settings);
}

TEST(AnalyzerTest, TokensAreRunsOfAtLeastTwoWordCharacters) {
  EXPECT_EQ(TermsOf("Hello, World! a bc d_e 10² ½ don’t a.b"),
            (Terms{"hello", "world", "bc", "d_e", "10²", "don"}));
  EXPECT_EQ(TermsOf("हिन्दी 日本語テスト ①②"), (Terms{"日本語テスト", "①②"}));
  EXPECT_EQ(TermsOf(""), Terms{});
  EXPECT_EQ(TermsOf(std::string_view()), Terms{});
}

TEST(AnalyzerTest, TokensMayBeginAndEndAnywhereInABlock) {
  for (std::size_t before = 0; before < 140; ++before) {
    for (const std::string word : {"ab", "äb", "b日", "𝒳𝒴"}) {
      const std::string spaces(before, ' ');
      EXPECT_EQ(TermsOf(spaces + word), Terms{word});
      EXPECT_EQ(TermsOf(spaces + word + " é"), Terms{word});
      const std::string letters(before + 2, 'x');
      EXPECT_EQ(TermsOf(letters + word), Terms{letters + word});
    }
  }
}

TEST(AnalyzerTest, TheLastSigmaOfAWordIsLoweredAsSuch) {
  AnalyzerSettings settings;
  settings.token_pattern = R"(\w+)";
  EXPECT_EQ(TermsOf("ΑΣ.Α ΑΣ Β ΣΣ Σ", settings), (Terms{"ασ", "α", "ας", "β", "σς", "σ"}));
}

TEST(AnalyzerTest, StripsAccents) {
  AnalyzerSettings settings;
  settings.strip_accents = StripAccents::kUnicode;
  EXPECT_EQ(TermsOf("İstanbul ﬁsh 10² ½ naïve 가나", settings),
            (Terms{"istanbul", "fish", "102", "naive", "\u1100\u1161\u1102\u1161"}));
  settings.strip_accents = StripAccents::kAscii;
  EXPECT_EQ(TermsOf("ﬁsh 10² ½ don’t foo—bar Straße Ａｂｃ", settings),
            (Terms{"fish", "102", "12", "dont", "foobar", "strae", "abc"}));
}

TEST(AnalyzerTest, NgramsOfWordsBridgeStopWords) {
  AnalyzerSettings settings;
  settings.stop_words = {"the", "and"};
  settings.ngram_max = 2;
  EXPECT_EQ(TermsOf("The quick and the brown fox", settings),
            (Terms{"quick", "brown", "fox", "quick brown", "brown fox"}));
  settings.ngram_min = 3;
  settings.ngram_max = 5;
  EXPECT_EQ(TermsOf("The quick and the brown fox", settings), Terms{"quick brown fox"});
}

TEST(AnalyzerTest, NgramsOfCharacters) {
  AnalyzerSettings settings;
  settings.analyzer = AnalyzerSettings::Kind::kChar;
  settings.ngram_min = 2;
  settings.ngram_max = 3;
  EXPECT_EQ(TermsOf("ä\tb  ", settings), (Terms{"ä\t", "\tb", "b ", "ä\tb", "\tb "}));
  settings.analyzer = AnalyzerSettings::Kind::kCharWb;
  EXPECT_EQ(TermsOf(" ä\t b", settings), (Terms{" ä", "ä ", " ä ", " b", "b ", " b "}));
  settings.ngram_min = 4;
  settings.ngram_max = 9;
  EXPECT_EQ(TermsOf("ä bcd", settings), (Terms{" ä ", " bcd", "bcd ", " bcd "}));
}

TEST(AnalyzerTest, BytesThatAreNotUtf8AreDecodedAsPythonDoes) {
  AnalyzerSettings settings;
  EXPECT_EQ(CodeOf([&] { TermsOf("ab\xff", settings); }), Code::kInvalidUtf8);
  settings.decode_error = DecodeErrors::kIgnore;
  EXPECT_EQ(TermsOf("ab\xff"
                    "cd",
                    settings),
            Terms{"abcd"});
  settings.decode_error = DecodeErrors::kReplace;
  settings.token_pattern = R"(\S+)";
  EXPECT_EQ(TermsOf("ab\xff"
                    "cd \xe2\x82 \xed\xa0\x80 \xc0\xaf \xf0\x9f\x98",
                    settings),
            (Terms{"ab\uFFFDcd", "\uFFFD", "\uFFFD\uFFFD\uFFFD", "\uFFFD\uFFFD", "\uFFFD"}));
}

TEST(AnalyzerTest, KnowsPatternsOfOneClass) {
  EXPECT_EQ(TokensOf("ab1 cde f-g h", R"([a-zA-Z]+)"), (Terms{"ab", "cde", "f", "g", "h"}));
  EXPECT_EQ(TokensOf("ab1 cde f-g 1h", R"(\b[a-z]+\b)"), (Terms{"cde", "f", "g"}));
  EXPECT_EQ(TokensOf("ab1 cde f-g 1h", R"(\b[a-z]+)"), (Terms{"ab", "cde", "f", "g"}));
  EXPECT_EQ(TokensOf("ab1 cde f-g 1h", R"([a-z]+\b)"), (Terms{"cde", "f", "g", "h"}));
  EXPECT_EQ(TokensOf("ab1 cde f-g 1h", R"(([a-z]+)\b)"), (Terms{"cde", "f", "g", "h"}));
  EXPECT_EQ(TokensOf("ab1 cde f-g 1h", R"(\b(?:[a-z]+))"), (Terms{"ab", "cde", "f", "g"}));
  EXPECT_EQ(TokensOf("a äöü abcd", R"((?u)\w{3,})"), (Terms{"äöü", "abcd"}));
  EXPECT_EQ(TokensOf("a äöü ab", R"(\b(\w\w*\w)\b)"), (Terms{"äöü", "ab"}));
  EXPECT_EQ(TokensOf("it's so-so", R"([\w'-]+)"), (Terms{"it's", "so-so"}));
  EXPECT_EQ(TokensOf("中文 text", "[\\u4e00-\\u9fff]+"), Terms{"中文"});
}

TEST(AnalyzerTest, RefusesOtherPatternsByName) {
  for (const std::string pattern : {"", "(?i)\\w+", "\\w+?", "\\w", "\\w{2,5}", "\\w*", "[a-z][0-9]+",
                                    "\\w+|\\d+", "(\\w)+", "(\\w+)(\\w+)", "\\b[\\w-]+\\b", ".+", "[a-z",
                                    "\\w+(?=x)", "\\p+", "[z-a]+", "\\w+\\", "a\\b+", "\\w{999999999999,}"}) {
    EXPECT_EQ(CodeOf([&] { TokensOf("x", pattern); }), Code::kInvalidArgument) << pattern;
  }
}

TEST(AnalyzerTest, SettingsGoThroughJson) {
  AnalyzerSettings settings;
  settings.analyzer = AnalyzerSettings::Kind::kCharWb;
  settings.lowercase = false;
  settings.strip_accents = StripAccents::kAscii;
  settings.token_pattern = "\\S+";
  settings.stop_words = {"the", "é"};
  settings.ngram_min = 2;
  settings.ngram_max = 4;
  settings.decode_error = DecodeErrors::kReplace;
  settings.unicode = UnicodeVersion::k16_0;
  EXPECT_EQ(ParseAnalyzerSettings(ToJson(settings)), settings);
  EXPECT_EQ(ParseAnalyzerSettings(ToJson({})), AnalyzerSettings());
}

TEST(AnalyzerTest, RefusesSettingsThatAreNotKnown) {
  const std::string good = ToJson({});
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string json = good;
    json.replace(json.find(from), from.size(), to);
    return CodeOf([&] { const Analyzer analyzer(ParseAnalyzerSettings(json)); });
  };
  EXPECT_EQ(changed("{", "{"), std::nullopt);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"word\"", "\"words\""},
           {"true", "1"},
           {"\"strict\"", "null"},
           {"14.0.0", "9.0.0"},
           {"[1,1]", "[0,1]"},
           {"[1,1]", "[2,1]"},
           {"[1,1]", "[1]"},
           {"[1,1]", "\"1\""},
           {"\"lowercase\"", "\"lower\""},
           {"{", "{\"more\":1,"},
           {"{", ""},
           {"\"stop_words\":null", "\"stop_words\":\"english\""},
           {"\"stop_words\":null", "\"stop_words\":[1]"},
       }) {
    EXPECT_EQ(changed(from, to), Code::kInvalidArgument) << to;
  }
}

}  // namespace
}  // namespace foretell
