#include "store/numbered_log.h"

#include <optional>
#include <utility>

#include "store/layout.h"

namespace foretell {
namespace {

constexpr const char* kRestore = "restore it from a copy of the store";

}  // namespace

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

std::vector<std::string> Folders(Storage& storage, const std::string& folder) {
  std::vector<std::string> folders;
  for (const ObjectInfo& info : storage.List(folder)) {
    const std::size_t start = folder.size() + 1;
    const std::size_t end = info.key.find('/', start);
    if (end == std::string::npos) {
      continue;
    }
    std::string name = info.key.substr(start, end - start);
    if (folders.empty() || folders.back() != name) {
      folders.push_back(std::move(name));
    }
  }
  return folders;
}

std::vector<std::string> NamesBelow(Storage& storage, const std::string& folder) {
  std::vector<std::string> names;
  for (const std::string& segment : Folders(storage, folder)) {
    std::string name = NameOfSegment(segment);
    try {
      ValidateName(name);
    } catch (const Error&) {
      continue;
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::int64_t FirstGap(const std::vector<std::int64_t>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != static_cast<std::int64_t>(i) + 1) {
      return static_cast<std::int64_t>(i) + 1;
    }
  }
  return 0;
}

std::vector<std::int64_t> WholeLog(Storage& storage, std::string_view folder, std::string_view entry,
                                   Code damaged) {
  std::vector<std::int64_t> numbers = Numbers(storage, folder);
  if (const std::int64_t gap = FirstGap(numbers)) {
    throw Error(damaged,
                std::string(folder) + " is damaged: " + std::string(entry) + " " + std::to_string(gap) +
                    " is missing",
                kRestore);
  }
  return numbers;
}

Committed CommitNumbered(Storage& storage, std::string_view folder, std::int64_t number,
                         std::string_view body, std::string_view attempt_id) {
  if (number > 1) {
    storage.MakeDurable(NumberedKey(folder, number - 1));
  }
  return CommitObject(storage, NumberedKey(folder, number), body, attempt_id);
}

std::string ReadNumbered(Storage& storage, const std::string& key, Code damaged) {
  std::optional<std::string> text = storage.Read(key);
  if (!text) {
    throw Error(damaged, key + " is missing", kRestore);
  }
  return *std::move(text);
}

}  // namespace foretell
