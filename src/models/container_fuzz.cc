// Bytes as a native model: whatever they say, opening them throws an Error or gives a model that predicts
// without leaving its arrays.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "digest/sha256.h"
#include "foretell/error.h"
#include "models/native_model.h"

namespace {

// The header that fits the bytes, but for where the table begins: else hardly any input would pass the
// digest.
void Mend(std::vector<std::byte>& bytes) {
  constexpr std::size_t kHeader = 64;
  std::memcpy(bytes.data(), "FORETELL\1\0\0\0\4\3\2\1", 16);
  std::uint64_t offset = 0;
  std::memcpy(&offset, bytes.data() + 16, sizeof(offset));
  offset = kHeader + offset % (bytes.size() - kHeader + 1);
  const std::uint64_t size = bytes.size() - offset;
  std::memcpy(bytes.data() + 16, &offset, sizeof(offset));
  std::memcpy(bytes.data() + 24, &size, sizeof(size));
  const std::string hex = foretell::Sha256Of(
      {reinterpret_cast<const char*>(bytes.data()) + offset, static_cast<std::size_t>(size)});
  for (std::size_t i = 0; i < 32; ++i) {
    bytes[32 + i] = static_cast<std::byte>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
}

void Use(const foretell::NativeModel& model) {
  const std::vector<std::string> texts = {"jazz concert", "", "caf\xc3\xa9 \xe6\x97\xa5 a b"};
  const foretell::Documents documents{
      static_cast<std::int64_t>(texts.size()),
      [&](std::int64_t row) -> std::string_view { return texts[static_cast<std::size_t>(row)]; }};
  foretell::Csr rows;
  rows.columns = model.input_columns();
  rows.ids = {0};
  rows.values = {2};
  rows.row_starts = {0, 1};
  const bool reads_texts = model.takes_texts();
  const foretell::ModelInput input =
      reads_texts ? foretell::ModelInput(documents) : foretell::ModelInput(View(rows));
  const std::int64_t count = reads_texts ? documents.rows : 1;
  for (const foretell::Method method : foretell::kMethods) {
    if (!model.Has(method)) {
      continue;
    }
    constexpr std::int64_t kMost = 100'000;
    if (model.shape(method).sparse) {
      model.ApplySparse(input, method);
    } else if (model.shape(method).columns < kMost) {
      std::vector<double> out(static_cast<std::size_t>(count * model.shape(method).columns));
      model.Apply(input, method, out);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* const begin = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(begin, begin + size);
  try {
    foretell::Container(foretell::CopyOf(bytes));
  } catch (const foretell::Error&) {
    // as it should be
  }
  if (bytes.size() < 64) {
    return 0;
  }
  Mend(bytes);
  try {
    Use(foretell::NativeModel(foretell::Container(foretell::CopyOf(bytes))));
  } catch (const foretell::Error&) {
    // as it should be
  }
  return 0;
}
