#include "store/numbered_log.h"

#include "store/layout.h"

namespace foretell {

std::vector<std::int64_t> Numbers(Storage& storage, std::string_view folder, std::int64_t after) {
  std::vector<std::int64_t> numbers;
  std::int64_t expected = after + 1;
  for (const ObjectInfo& info :
       storage.List(folder, after > 0 ? NumberedKey(folder, after) : std::string())) {
    const auto number = NumberOfKey(folder, info.key);
    if (!number || *number <= after) {
      continue;
    }
    // A damaged store may lack many; beyond a few there is no race to wait for.
    constexpr std::int64_t kLookedUp = 64;
    for (; expected < *number && *number - expected <= kLookedUp; ++expected) {
      if (storage.Stat(NumberedKey(folder, expected))) {
        numbers.push_back(expected);
      }
    }
    numbers.push_back(*number);
    expected = *number + 1;
  }
  return numbers;
}

std::int64_t FirstGap(const std::vector<std::int64_t>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != static_cast<std::int64_t>(i) + 1) {
      return static_cast<std::int64_t>(i) + 1;
    }
  }
  return 0;
}

}  // namespace foretell
