#include "models/container.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "digest/sha256.h"
#include "foretell/error.h"

namespace foretell {
namespace {

constexpr std::string_view kMagic = "FORETELL";
constexpr std::uint32_t kFormat = 1;
constexpr std::uint32_t kByteOrder = 0x0102'0304;
constexpr std::size_t kAlignment = 64;

// As it lies in the file.
struct Header {
  std::array<char, 8> magic;
  std::uint32_t format;
  std::uint32_t byte_order;
  std::uint64_t table_offset;
  std::uint64_t table_size;
  std::array<std::uint8_t, 32> table_sha256;
};
static_assert(sizeof(Header) == 64);

struct Dtype {
  std::string_view name;
  std::size_t size;
};
constexpr std::array kDtypes = {
    Dtype{"float64", 8}, Dtype{"float32", 4}, Dtype{"int32", 4}, Dtype{"int64", 8},
    Dtype{"uint32", 4},  Dtype{"uint64", 8},  Dtype{"uint8", 1},
};

// 0 where it is unknown.
std::size_t SizeOf(std::string_view dtype) {
  for (const Dtype& known : kDtypes) {
    if (known.name == dtype) {
      return known.size;
    }
  }
  return 0;
}

template <typename T>
constexpr std::string_view kDtypeOf = "";
template <>
constexpr std::string_view kDtypeOf<double> = "float64";
template <>
constexpr std::string_view kDtypeOf<float> = "float32";
template <>
constexpr std::string_view kDtypeOf<std::int32_t> = "int32";
template <>
constexpr std::string_view kDtypeOf<std::int64_t> = "int64";
template <>
constexpr std::string_view kDtypeOf<std::uint32_t> = "uint32";
template <>
constexpr std::string_view kDtypeOf<std::uint64_t> = "uint64";
template <>
constexpr std::string_view kDtypeOf<char> = "uint8";

[[noreturn]] void Damaged(const std::string& what) {
  throw Error(Code::kModelDamaged, "the native model is damaged: " + what,
              "fetch the version again, or save it again");
}

std::string_view Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::array<std::uint8_t, 32> FromHex(std::string_view hex) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) << 4U | digit(hex[2 * i + 1]));
  }
  return bytes;
}

std::size_t Aligned(std::size_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

// Memory in pieces that are aligned as containers are.
struct alignas(kAlignment) Piece {
  std::array<std::byte, kAlignment> bytes;
};

std::pair<std::span<std::byte>, std::shared_ptr<const void>> Allocate(std::size_t size) {
  const auto memory = std::make_shared<std::vector<Piece>>((size + kAlignment - 1) / kAlignment);
  return {{reinterpret_cast<std::byte*>(memory->data()), size}, memory};
}

struct Section {
  std::string dtype;
  std::span<const std::byte> bytes;
  std::string sha256;
};

nlohmann::json TableOf(std::span<const std::byte> bytes) {
  Header header{};
  if (bytes.size() < sizeof(header)) {
    Damaged("it has " + std::to_string(bytes.size()) + " bytes, and a header takes 64");
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::string_view(header.magic.data(), header.magic.size()) != kMagic) {
    Damaged("it does not begin with " + std::string(kMagic));
  }
  if (header.byte_order != kByteOrder) {
    throw Error(Code::kCannotLoad,
                header.byte_order == 0x0403'0201
                    ? "the native model was written with the other byte order, and this machine cannot use it"
                    : "the native model's mark of the byte order is none",
                "compile the model on a machine like this one");
  }
  if (header.format > kFormat) {
    throw Error(Code::kNewerFormat,
                "the native model has format " + std::to_string(header.format) +
                    ", and this release of foretell reads up to " + std::to_string(kFormat),
                "upgrade foretell");
  }
  if (header.format == 0) {
    Damaged("its format is 0");
  }
  if (header.table_offset < sizeof(header) || header.table_offset > bytes.size() ||
      header.table_size != bytes.size() - header.table_offset) {
    Damaged("its table does not end where the file ends, so that the file is cut short or longer");
  }
  const std::span<const std::byte> table = bytes.subspan(header.table_offset);
  if (FromHex(Sha256Of(Text(table))) != header.table_sha256) {
    Damaged("its table has another digest than the header names");
  }
  // What is nested deeper would exhaust the stack of whoever writes it out or takes it apart.
  constexpr int kDeepest = 64;
  const auto shallow = [](int depth, nlohmann::json::parse_event_t /*event*/, nlohmann::json& /*value*/) {
    if (depth > kDeepest) {
      Damaged("its table is nested more than " + std::to_string(kDeepest) + " deep");
    }
    return true;
  };
  return nlohmann::json::parse(Text(table), shallow, /*allow_exceptions=*/false);
}

}  // namespace

struct Container::State {
  Bytes bytes;
  nlohmann::json description;
  std::map<std::string, Section, std::less<>> sections;
};

Bytes CopyOf(std::span<const std::byte> bytes) {
  const auto [memory, owner] = Allocate(bytes.size());
  std::copy(bytes.begin(), bytes.end(), memory.begin());
  return {memory, owner};
}

Container::Container(Bytes bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.bytes.data()) % kAlignment != 0) {
    bytes = CopyOf(bytes.bytes);
  }
  const auto state = std::make_shared<State>();
  nlohmann::json table = TableOf(bytes.bytes);
  const auto arrays = table.is_object() ? table.find("arrays") : table.end();
  if (arrays == table.end() || !arrays->is_array() || !table.contains("description")) {
    Damaged("its table is not an object with a description and arrays");
  }
  std::uint64_t past = sizeof(Header);
  for (const nlohmann::json& entry : *arrays) {
    const auto get = [&](const char* key, auto fits) -> const nlohmann::json& {
      const auto found = entry.is_object() ? entry.find(key) : entry.end();
      if (found == entry.end() || !fits(*found)) {
        Damaged(std::string("an array's entry lacks its ") + key);
      }
      return *found;
    };
    const auto is_text = [](const nlohmann::json& value) { return value.is_string(); };
    const auto is_size = [](const nlohmann::json& value) { return value.is_number_unsigned(); };
    const auto& name = get("name", is_text).get_ref<const std::string&>();
    const auto& dtype = get("dtype", is_text).get_ref<const std::string&>();
    const auto offset = get("offset", is_size).get<std::uint64_t>();
    const auto count = get("count", is_size).get<std::uint64_t>();
    const std::size_t size = SizeOf(dtype);
    if (size == 0) {
      Damaged("the array " + name + " has the unknown type " + dtype);
    }
    if (offset % kAlignment != 0 || offset < past || offset > bytes.bytes.size() ||
        count > (bytes.bytes.size() - offset) / size) {
      Damaged("the array " + name + " does not lie where an array may");
    }
    past = offset + count * size;
    Section section{dtype, bytes.bytes.subspan(offset, count * size),
                    get("sha256", is_text).get<std::string>()};
    if (!state->sections.emplace(name, std::move(section)).second) {
      Damaged("it has two arrays " + name);
    }
  }
  state->description = std::move(table["description"]);
  state->bytes = std::move(bytes);
  state_ = state;
}

std::span<const std::byte> Container::bytes() const {
  return state_->bytes.bytes;
}

const nlohmann::json& Container::description() const {
  return state_->description;
}

bool Container::Has(std::string_view name) const {
  return state_->sections.contains(name);
}

Container::Stored Container::Find(std::string_view name) const {
  const auto found = state_->sections.find(name);
  if (found == state_->sections.end()) {
    Damaged("it has no array " + std::string(name));
  }
  return {found->second.dtype, found->second.bytes};
}

template <typename T>
std::span<const T> Container::Array(std::string_view name) const {
  const auto [dtype, bytes] = Find(name);
  if (dtype != kDtypeOf<T>) {
    Damaged("the array " + std::string(name) + " is of " + std::string(dtype) + ", expected " +
            std::string(kDtypeOf<T>));
  }
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

template std::span<const double> Container::Array(std::string_view) const;
template std::span<const float> Container::Array(std::string_view) const;
template std::span<const std::int32_t> Container::Array(std::string_view) const;
template std::span<const std::int64_t> Container::Array(std::string_view) const;
template std::span<const std::uint32_t> Container::Array(std::string_view) const;
template std::span<const std::uint64_t> Container::Array(std::string_view) const;
template std::span<const char> Container::Array(std::string_view) const;

void Container::Verify() const {
  for (const auto& [name, section] : state_->sections) {
    if (Sha256Of(Text(section.bytes)) != section.sha256) {
      Damaged("the array " + name + " has another digest than the table names");
    }
  }
}

Bytes PackContainer(const nlohmann::json& description, std::span<const NamedArray> arrays) {
  nlohmann::json entries = nlohmann::json::array();
  std::set<std::string_view> names;
  std::size_t past = sizeof(Header);
  for (const NamedArray& array : arrays) {
    const std::size_t size = SizeOf(array.dtype);
    if (size == 0 || array.bytes.size() % size != 0 || !names.insert(array.name).second) {
      throw Error(Code::kInvalidArgument, "a native model cannot hold the array " + array.name + " of " +
                                              array.dtype + ", " + std::to_string(array.bytes.size()) +
                                              " bytes; or it has two of this name");
    }
    const std::size_t offset = Aligned(past);
    entries.push_back({{"name", array.name},
                       {"dtype", array.dtype},
                       {"count", array.bytes.size() / size},
                       {"offset", offset},
                       {"sha256", Sha256Of(Text(array.bytes))}});
    past = offset + array.bytes.size();
  }
  const std::string table = nlohmann::json{{"description", description}, {"arrays", entries}}.dump();
  Header header{{}, kFormat, kByteOrder, past, table.size(), FromHex(Sha256Of(table))};
  std::copy(kMagic.begin(), kMagic.end(), header.magic.begin());

  const auto [memory, owner] = Allocate(past + table.size());
  std::memcpy(memory.data(), &header, sizeof(header));
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (!arrays[i].bytes.empty()) {
      std::memcpy(memory.data() + entries[i]["offset"].get<std::size_t>(), arrays[i].bytes.data(),
                  arrays[i].bytes.size());
    }
  }
  std::memcpy(memory.data() + past, table.data(), table.size());
  return {memory, owner};
}

}  // namespace foretell
