#include "store/power_cut_storage.h"

#include <algorithm>
#include <fstream>
#include <ranges>
#include <set>

#include "foretell/error.h"
#include "store/file/descriptor.h"
#include "store/layout.h"

namespace foretell {
namespace {

std::string_view FolderOf(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : key.substr(0, slash);
}

// Of the folder of `key`, or of one above it.
bool IsOnTheWayTo(std::string_view other, std::string_view key) {
  const std::string_view folder = FolderOf(other);
  return folder.empty() || (key.starts_with(folder) && key.substr(folder.size()).starts_with('/'));
}

}  // namespace

void PowerCutStorage::EndProcessAfter(int steps) {
  const std::lock_guard lock(mutex_);
  steps_left_ = steps;
}

bool PowerCutStorage::BeginProcess() {
  const std::lock_guard lock(mutex_);
  steps_left_ = 0;
  return std::exchange(ended_, false);
}

void PowerCutStorage::CutPower() {
  const std::lock_guard lock(mutex_);
  enum Fate : std::uint8_t { kLost, kKept, kPrefix, kAny };
  struct OfFolder {
    Fate fate;
    std::uint64_t prefix;
  };
  std::map<std::string, OfFolder, std::less<>> folders;
  for (const Change& change : pending_) {
    auto [found, is_new] = folders.try_emplace(std::string(FolderOf(change.front().first)));
    OfFolder& folder = found->second;
    if (is_new) folder = {static_cast<Fate>(chance_() % 4), chance_() % 4};
    const bool kept = folder.fate == kKept || (folder.fate == kPrefix && folder.prefix > 0) ||
                      (folder.fate == kAny && chance_() % 2 == 0);
    folder.prefix -= folder.prefix > 0 ? 1 : 0;
    if (!kept) continue;
    for (const auto& [key, object] : change) {
      if (!object) {
        durable_.erase(key);
        continue;
      }
      Object& left = durable_[key] = *object;
      if (left.whole) continue;
      if (chance_() % 2 == 0) {
        left.bytes.resize(chance_() % (left.bytes.size() + 1));
      } else {
        std::fill(left.bytes.begin(), left.bytes.end(), '\0');
      }
    }
  }
  pending_.clear();
  seen_ = durable_;
}

void PowerCutStorage::Wait(std::chrono::hours time) {
  const std::lock_guard lock(mutex_);
  now_ns_ += std::chrono::nanoseconds(time).count();
}

void PowerCutStorage::Step() {
  if (ended_) throw ProcessEnded{};
  if (steps_left_ == 0) return;
  --steps_left_;
  ended_ = steps_left_ == 0;
  if (ended_) throw ProcessEnded{};
}

void PowerCutStorage::Show(Change change) {
  for (const auto& [key, object] : change) {
    if (object) {
      seen_[key] = *object;
    } else {
      seen_.erase(key);
    }
  }
  pending_.push_back(std::move(change));
}

// The folder of `key`, and those above it.
void PowerCutStorage::Sync(std::string_view key) {
  std::vector<Change> left;
  std::set<std::string> settled;
  for (Change& change : std::views::reverse(pending_)) {  // a later one has the last word
    std::erase_if(change, [&](const Edit& edit) { return settled.contains(edit.first); });
    const bool covered = std::any_of(change.begin(), change.end(),
                                     [&](const Edit& edit) { return IsOnTheWayTo(edit.first, key); });
    // An object whose writer ended midway is synced by nobody.
    const bool whole = std::all_of(change.begin(), change.end(),
                                   [](const Edit& edit) { return !edit.second || edit.second->whole; });
    if (!covered || !whole) {
      if (!change.empty()) left.push_back(std::move(change));
      continue;
    }
    for (auto& [changed, object] : change) {
      settled.insert(changed);
      if (object) {
        durable_[changed] = *std::move(object);
      } else {
        durable_.erase(changed);
      }
    }
  }
  pending_.assign(left.rbegin(), left.rend());
}

const PowerCutStorage::Object* PowerCutStorage::Find(std::string_view key) {
  ValidateKey(key);
  if (ended_) throw ProcessEnded{};
  const auto found = seen_.find(key);
  return found == seen_.end() ? nullptr : &found->second;
}

PowerCutStorage::Object PowerCutStorage::Written(std::string bytes) {
  constexpr std::int64_t kTick = 1'000'000;
  return {std::move(bytes), now_ns_ += kTick};
}

CreateAnswer PowerCutStorage::Create(std::string_view key, std::string_view body) {
  const std::lock_guard lock(mutex_);
  const bool created = Find(key) == nullptr;
  if (created) {
    Step();
    Show({{std::string(key), Written(std::string(body))}});
  }
  Step();
  Sync(key);
  return created ? CreateAnswer::kCreated : CreateAnswer::kExists;
}

std::uint64_t PowerCutStorage::PutFile(std::string_view key, const std::filesystem::path& source) {
  const Descriptor file = OpenSource(source);
  std::string bytes = ReadAll(file.get(), source);
  const std::lock_guard lock(mutex_);
  static_cast<void>(Find(key));
  Step();
  Object half = Written(bytes);
  half.bytes.resize(chance_() % (bytes.size() + 1));
  half.whole = false;
  const std::size_t before = pending_.size();
  Show({{std::string(key), std::move(half)}});
  Step();
  const std::uint64_t size = bytes.size();
  pending_.resize(before);
  Show({{std::string(key), Written(std::move(bytes))}});
  Sync(key);
  return size;
}

std::optional<std::string> PowerCutStorage::Read(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const Object* object = Find(key);
  return object == nullptr ? std::nullopt : std::optional(object->bytes);
}

bool PowerCutStorage::ReadInto(std::string_view key, const std::filesystem::path& target) {
  const std::optional<std::string> bytes = Read(key);
  if (!bytes) return false;
  std::ofstream file(target, std::ios::binary | std::ios::trunc);
  if (!(file << *bytes << std::flush)) throw Error(Code::kIo, "cannot write " + target.string());
  return true;
}

std::optional<ObjectInfo> PowerCutStorage::Stat(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const Object* object = Find(key);
  if (object == nullptr) return std::nullopt;
  return ObjectInfo{std::string(key), object->bytes.size(), object->modified_ns};
}

std::vector<ObjectInfo> PowerCutStorage::List(std::string_view prefix, std::string_view after) {
  const std::lock_guard lock(mutex_);
  if (ended_) throw ProcessEnded{};
  if (!prefix.empty()) ValidateKey(prefix);
  const std::string start = prefix.empty() ? std::string() : std::string(prefix) + "/";
  std::vector<ObjectInfo> found;
  for (const auto& [key, object] : seen_) {
    if (key.starts_with(start) && key > after)
      found.push_back({key, object.bytes.size(), object.modified_ns});
  }
  return found;
}

void PowerCutStorage::Delete(std::string_view key) {
  const std::lock_guard lock(mutex_);
  if (Find(key) == nullptr) return;
  Step();
  Show({{std::string(key), std::nullopt}});
  Step();
  Sync(key);
}

bool PowerCutStorage::Move(std::string_view from, std::string_view to) {
  const std::lock_guard lock(mutex_);
  const Object* source = Find(from);
  const Object* target = Find(to);
  if (source == nullptr && target == nullptr) return false;
  if (source != nullptr && target != nullptr) {
    throw Error(Code::kConflict,
                "cannot move " + std::string(from) + ": " + std::string(to) + " is there already");
  }
  if (source != nullptr) {
    Step();
    Show({{std::string(to), *source}, {std::string(from), std::nullopt}});
  }
  Step();
  Sync(to);
  return true;
}

std::optional<std::filesystem::path> PowerCutStorage::LocalPath(std::string_view key) {
  ValidateKey(key);
  return std::nullopt;
}

void PowerCutStorage::MakeDurable(std::string_view key) {
  const std::lock_guard lock(mutex_);
  static_cast<void>(Find(key));
  Step();
  Sync(key);
}

}  // namespace foretell
