// The one exception type of foretell, and its codes.
//
//   throw Error(Code::kUnknownVersion, "EventTopics has no version 9; its versions are 1 to 4",
//               "list them with `foretell versions EventTopics`");
//
// A code is stable for ever: it is never renumbered and never reused. The catalogue
// (src/error/catalogue.cc) holds a title and an explanation for each.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace foretell {

// Ranges: 01 names and arguments, 02 schemas and Arrow data, 03 the predictor's contract,
// 04 the store, 05 opening a version, 06 runs, 07 sources and sinks, 08 carried code,
// 09 files and storages.
enum class Code : std::uint16_t {
  kInvalidArgument = 101,
  kInvalidName = 102,
  kInvalidAlias = 103,
  kInvalidPath = 104,
  kInvalidReference = 105,
  kInvalidConfiguration = 106,
  kMissingExtra = 107,
  kUnknownCode = 108,

  kInvalidType = 201,
  kUnsupportedType = 202,
  kMissingColumn = 203,
  kDuplicateColumn = 204,
  kTypeMismatch = 205,
  kInvalidValue = 206,
  kInvalidArrow = 207,
  kInvalidUtf8 = 208,
  kStreamFailed = 209,
  kColumnClash = 210,

  kPredictorRaised = 301,
  kWrongLength = 302,
  kWrongType = 303,
  kNullPrediction = 304,
  kNanPrediction = 305,
  kSkipped = 306,
  kBrokenPredictor = 307,
  kUntyped = 308,
  kIncompletePredictor = 309,
  kNoModel = 310,
  kMutatedInput = 311,
  kInterrupted = 312,
  kDeadline = 313,
  kCrashed = 314,

  kUnknownPredictor = 401,
  kUnknownVersion = 402,
  kUnknownAlias = 403,
  kConflict = 404,
  kUnknownOutcome = 405,
  kBadManifest = 406,
  kNewerFormat = 407,
  kMissingBlob = 408,
  kDamagedBlob = 409,
  kNotAStore = 410,
  kNothingToUndo = 411,
  kRetired = 412,
  kBadAliasEntry = 413,
  kNameTaken = 414,
  kTooSlow = 415,
  kRacyStorage = 416,
  kNoVersions = 417,
  kBadReport = 418,
  kInUse = 419,
  kPurged = 420,
  kNotChecked = 421,

  kNoLoader = 501,
  kCannotLoad = 502,
  kNotTrusted = 503,
  kBadCache = 504,
  kEnvironmentDiffers = 505,
  kModelDamaged = 506,
  kSelfTestFailed = 507,

  kBadOutput = 601,
  kOutputInUse = 602,
  kOtherLineage = 603,
  kInputChanged = 604,
  kTooManyBadRows = 605,
  kUnitFailed = 606,
  kBadUnitLog = 607,
  kUnitConflict = 608,
  kNothingToDo = 609,
  kNoSuchRun = 610,
  kStopped = 611,

  kNoInput = 701,
  kUnreadableInput = 702,
  kUnknownFormat = 703,
  kMalformedRow = 704,
  kInconsistentFiles = 705,
  kUnwritableOutput = 706,
  kNoSource = 707,
  kNoRows = 708,
  kBadQuery = 709,
  kBadCursor = 710,
  kBadKey = 711,

  kCannotCarry = 801,
  kComputedImport = 802,
  kCompiledModule = 803,
  kCannotPickle = 804,
  kCodeDamaged = 805,
  kCannotCompile = 806,

  kIo = 901,
  kNoSpace = 902,
  kNotPermitted = 903,
  kUnsupportedStorage = 904,
  kInternal = 905,

  kNoSpark = 1001,
  kExecutorDiffers = 1002,
  kWrongSparkFrame = 1003,
  kNotOnConnect = 1004,
  kSparkFailed = 1005,
  kSparkSettings = 1006,
};

class Error : public std::exception {
 public:
  // `message`: lower case, one sentence, what was found and what was expected.
  // `hint`: what to do next; may be empty.
  explicit Error(Code code, std::string message, std::string hint = {});

  Code code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }
  // "FT0402: message"
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  Code code_;
  std::string message_;
  std::string hint_;
  std::string what_;
};

// "FT0402"
std::string CodeText(Code code);

struct CatalogueEntry {
  Code code;
  std::string_view title;        // a few words, lower case
  std::string_view explanation;  // what it means, the usual causes, what to do
};

// Every code once, in order.
std::span<const CatalogueEntry> Catalogue();

// The entry for "FT0402", "ft402" or "402"; none when there is no such code.
std::optional<CatalogueEntry> Explain(std::string_view code);

}  // namespace foretell
