// What a container says of one step: its settings, and its arrays, whose names begin with the step's place.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/container.h"

namespace foretell {

// Every reader throws FT0506, naming the step and the setting, where it is absent or of another kind.
class Description {
 public:
  Description(const Container& container, const nlohmann::json& settings, std::string place = "");

  std::string kind() const { return Text("kind"); }
  bool Has(std::string_view key) const;
  std::string Text(std::string_view key) const;
  bool Flag(std::string_view key) const;
  double Number(std::string_view key) const;
  std::int64_t Integer(std::string_view key, std::int64_t least, std::int64_t most) const;
  std::vector<std::string> Texts(std::string_view key) const;
  bool IsSingle() const;  // by `dtype`, which is "float64" or "float32"
  const nlohmann::json& Any(std::string_view key) const;

  template <typename T>
  std::span<const T> Array(std::string_view name) const {
    return container_->Array<T>(place_ + std::string(name));
  }
  // The same, of exactly `size` elements.
  template <typename T>
  std::span<const T> Array(std::string_view name, std::int64_t size) const {
    const std::span<const T> array = Array<T>(name);
    CheckSize(name, array.size(), size);
    return array;
  }

  // The steps that this one is made of; the arrays of number i have the names "<place>i/…".
  std::vector<Description> Children(std::string_view key) const;

  [[noreturn]] void Damaged(const std::string& what) const;

 private:
  void CheckSize(std::string_view name, std::size_t found, std::int64_t expected) const;

  const Container* container_;
  const nlohmann::json* settings_;
  std::string place_;
};

}  // namespace foretell
