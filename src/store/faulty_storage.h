// A Storage around a real one that misbehaves as told; for tests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "foretell/storage.h"

namespace foretell {

class FaultyStorage : public Storage {
 public:
  explicit FaultyStorage(std::shared_ptr<Storage> inner) : inner_(std::move(inner)) {}

  // In the place of Create, Read, Put; each may call the real storage.
  std::function<CreateAnswer(Storage&, std::string_view, std::string_view)> on_create;
  std::function<std::optional<std::string>(Storage&, std::string_view)> on_read;
  std::function<void(std::string_view)> before_put;
  std::function<void(std::string_view)> before_read_into;

  std::string url() const override { return "faulty+" + inner_->url(); }
  CreateAnswer Create(std::string_view key, std::string_view body) override {
    return on_create ? on_create(*inner_, key, body) : inner_->Create(key, body);
  }
  std::uint64_t PutFile(std::string_view key, const std::filesystem::path& source) override {
    if (before_put) {
      before_put(key);
    }
    return inner_->PutFile(key, source);
  }
  std::optional<std::string> Read(std::string_view key) override {
    return on_read ? on_read(*inner_, key) : inner_->Read(key);
  }
  bool ReadInto(std::string_view key, const std::filesystem::path& target) override {
    if (before_read_into) {
      before_read_into(key);
    }
    return inner_->ReadInto(key, target);
  }
  std::optional<ObjectInfo> Stat(std::string_view key) override { return inner_->Stat(key); }
  std::vector<ObjectInfo> List(std::string_view prefix, std::string_view after) override {
    return inner_->List(prefix, after);
  }
  void Delete(std::string_view key) override { inner_->Delete(key); }
  std::vector<ObjectInfo> Unfinished() override { return inner_->Unfinished(); }
  void RemoveUnfinished(std::string_view key) override { inner_->RemoveUnfinished(key); }
  bool Move(std::string_view from, std::string_view to) override { return inner_->Move(from, to); }
  void MakeDurable(std::string_view key) override { inner_->MakeDurable(key); }
  std::optional<std::filesystem::path> LocalPath(std::string_view key) override {
    return inner_->LocalPath(key);
  }

 private:
  std::shared_ptr<Storage> inner_;
};

}  // namespace foretell
