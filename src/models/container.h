// A native model in one file: a header, arrays at addresses divisible by 64, and a table in JSON that says
// what they are. It is mapped into memory, so that every process of a machine shares it. docs/formats.md has
// the layout, "Native models".
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace foretell {

// Bytes at an address divisible by 64, and what keeps them alive.
struct Bytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

// The whole file, mapped read-only. FT09xx.
Bytes MapFile(const std::filesystem::path& path);

// A copy at an address that will do.
Bytes CopyOf(std::span<const std::byte> bytes);

// Immutable; any thread. Copies share the bytes.
class Container {
 public:
  // Checks the header, the table's digest, and that each array lies within the bytes. What the arrays hold is
  // checked by `Verify`, and by whoever reads them. FT0506 where they are damaged or cut short, FT0407 for a
  // newer format, FT0502 for the other byte order. Bytes at an address that is not divisible by 64 are
  // copied.
  explicit Container(Bytes bytes);

  std::span<const std::byte> bytes() const;
  const nlohmann::json& description() const;

  bool Has(std::string_view name) const;
  // The array of this name. T is double, float, std::int32_t, std::int64_t, std::uint32_t, std::uint64_t or
  // char (dtype "uint8"). FT0506 where it is absent or of another type.
  template <typename T>
  std::span<const T> Array(std::string_view name) const;

  struct Stored {
    std::string_view dtype;
    std::span<const std::byte> bytes;
  };
  // The same of any type.
  Stored Find(std::string_view name) const;

  // The digest of every array, which takes reading all of it. FT0506 names the first that differs.
  void Verify() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

struct NamedArray {
  std::string name;
  std::string dtype;  // "float64", "float32", "int32", "int64", "uint32", "uint64", "uint8"
  std::span<const std::byte> bytes;
};

// The bytes of a container. FT0101 for a name that is there twice, an unknown dtype, or a size that is not a
// whole number of its elements.
Bytes PackContainer(const nlohmann::json& description, std::span<const NamedArray> arrays);

}  // namespace foretell
