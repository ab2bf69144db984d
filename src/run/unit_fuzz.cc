// Readers of a run's records: whatever the bytes are, they are read, or refused as damaged or newer;
// and what was read is written again as what it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "run/layout.h"
#include "run/record.h"
#include "store/sealed.h"

namespace {

using namespace foretell;       // NOLINT(google-build-using-namespace)
using namespace foretell::run;  // NOLINT(google-build-using-namespace)

template <typename Read>
void Check(Read read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.code() != Code::kBadUnitLog && error.code() != Code::kNewerFormat) std::abort();
  }
}

}  // namespace

// The first byte chooses the reader. An object is sealed first, so that the reader behind is reached.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (text.starts_with('{') && LookAtSeal(text) == SealState::kNone) text = SealText(text.substr(1));
  const Stamp stamp{std::string(32, '0'), "2026-01-01T00:00:00.000Z"};
  switch (data[0] % 5) {
    case 0:
      Check([&] { (void)EncodeLineage(DecodeLineage("key", text), stamp); });
      break;
    case 1:
      Check([&] { (void)EncodeEpoch(DecodeEpoch("key", text), stamp); });
      break;
    case 2:
    case 3:
      Check([&] {
        const std::int64_t sequence = data[0] % 5 - 1;
        const Entry entry = DecodeEntry("key", text, 1, sequence);
        std::string again;
        if (const Pin* pin = std::get_if<Pin>(&entry)) {
          again = EncodePin(*pin, 1, stamp);
        } else {
          const Commit& commit = std::get<Commit>(entry);
          for (const Part& part : commit.parts) CheckPart(part);
          again = EncodeCommit(commit, 1, sequence - 1, stamp);
        }
        if (DecodeEntry("key", again, 1, sequence).index() != entry.index()) std::abort();
      });
      break;
    default:
      Check([&] {
        const StagedRecord record = DecodePart("key", text, 1);
        CheckPart(record.part);
        const StagedRecord again = DecodePart("key", EncodePart(1, record, stamp), 1);
        if (again.part.files != record.part.files || again.part.details != record.part.details) std::abort();
      });
      Check([&] { (void)DecodeAttempt("key", text, 1); });
      Check([&] { (void)DecodePublished("key", text, 1); });
      Check([&] {
        const Failure failure = DecodeFailed("key", text, 1, 1);
        (void)DecodeFailed("key", EncodeFailed(1, failure, stamp), 1, 1);
      });
      (void)ParseUnitKey(text);
      (void)ParseStagingKey(text);
      (void)WhyNotPartPath(text);
  }
  return 0;
}
