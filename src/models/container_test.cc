#include "models/container.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "digest/sha256.h"
#include "foretell/error.h"

namespace foretell {
namespace {

using Json = nlohmann::json;

template <typename T>
std::span<const std::byte> BytesOf(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

const std::vector<double> kNumbers = {1.5, -2.0, 0.25};
const std::vector<std::int32_t> kIds = {7, 8};

Bytes Packed() {
  const std::array arrays = {NamedArray{"numbers", "float64", BytesOf(kNumbers)},
                             NamedArray{"0/ids", "int32", BytesOf(kIds)}, NamedArray{"empty", "uint8", {}}};
  return PackContainer(Json{{"kind", "sample"}}, arrays);
}

std::string CodeOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return CodeText(error.code());
  }
  return "";
}

// The same file with another table, whose digest the header has.
Bytes WithTable(const std::string& table) {
  const Bytes packed = Packed();
  std::uint64_t offset = 0;
  std::memcpy(&offset, packed.bytes.data() + 16, 8);
  std::vector<std::byte> bytes(packed.bytes.begin(),
                               packed.bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  bytes.resize(offset + table.size());
  std::memcpy(bytes.data() + offset, table.data(), table.size());
  const std::uint64_t size = table.size();
  std::memcpy(bytes.data() + 24, &size, 8);
  const std::string hex = Sha256Of(table);
  for (std::size_t i = 0; i < 32; ++i) {
    bytes[32 + i] = static_cast<std::byte>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  return CopyOf(bytes);
}

Json Entry(std::uint64_t offset, std::uint64_t count, const std::string& dtype = "float64",
           const std::string& name = "a") {
  return {{"name", name}, {"dtype", dtype}, {"count", count}, {"offset", offset}, {"sha256", ""}};
}

std::string CodeOfTable(const Json& arrays) {
  return CodeOf([&] { Container(WithTable(Json{{"description", {}}, {"arrays", arrays}}.dump())); });
}

TEST(ContainerTest, GivesBackWhatWasPacked) {
  const Container container(Packed());
  EXPECT_EQ(container.description(), (Json{{"kind", "sample"}}));
  const auto numbers = container.Array<double>("numbers");
  EXPECT_TRUE(std::equal(numbers.begin(), numbers.end(), kNumbers.begin(), kNumbers.end()));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(numbers.data()) % 64, 0U);
  EXPECT_EQ(container.Array<std::int32_t>("0/ids")[1], 8);
  EXPECT_TRUE(container.Array<char>("empty").empty());
  EXPECT_TRUE(container.Has("empty"));
  EXPECT_FALSE(container.Has("ids"));
  container.Verify();
}

TEST(ContainerTest, RefusesAnArrayThatIsAbsentOrOfAnotherType) {
  const Container container(Packed());
  EXPECT_EQ(CodeOf([&] { container.Array<double>("none"); }), "FT0506");
  EXPECT_EQ(CodeOf([&] { container.Array<float>("numbers"); }), "FT0506");
}

TEST(ContainerTest, CopiesBytesThatAreNotAligned) {
  const Bytes packed = Packed();
  std::vector<std::byte> shifted(packed.bytes.size() + 65);
  std::size_t at = 1;
  while (reinterpret_cast<std::uintptr_t>(shifted.data() + at) % 64 != 8) {
    ++at;
  }
  std::copy(packed.bytes.begin(), packed.bytes.end(), shifted.begin() + static_cast<std::ptrdiff_t>(at));
  const Container container(Bytes{std::span(shifted).subspan(at, packed.bytes.size()), nullptr});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(container.Array<double>("numbers").data()) % 64, 0U);
}

// A change of the header or the table is found at once, one of an array by Verify; what lies between arrays
// means nothing.
TEST(ContainerTest, EveryChangedByteIsFound) {
  const Bytes packed = Packed();
  std::uint64_t table = 0;
  std::memcpy(&table, packed.bytes.data() + 16, 8);
  for (std::size_t i = 0; i < packed.bytes.size(); ++i) {
    const Bytes copy = CopyOf(packed.bytes);
    auto* const bytes = const_cast<std::byte*>(copy.bytes.data());
    bytes[i] ^= std::byte{0x20};
    const bool in_array = (i >= 64 && i < 64 + 24) || (i >= 128 && i < 136);
    const bool between = !in_array && i >= 64 && i < table;
    const std::string opening = CodeOf([&] { Container{copy}; });
    if (in_array || between) {
      EXPECT_EQ(opening, "") << i;
      EXPECT_EQ(CodeOf([&] { Container(copy).Verify(); }), in_array ? "FT0506" : "") << i;
    } else {
      EXPECT_TRUE(opening == "FT0506" || opening == "FT0407" || opening == "FT0502") << i << ": " << opening;
    }
  }
}

TEST(ContainerTest, EveryTruncationIsFound) {
  const Bytes packed = Packed();
  for (std::size_t size = 0; size < packed.bytes.size(); ++size) {
    EXPECT_EQ(CodeOf([&] { Container(CopyOf(packed.bytes.first(size))); }), "FT0506") << size;
  }
}

TEST(ContainerTest, RefusesANewerFormatAndTheOtherByteOrder) {
  const Bytes newer = CopyOf(Packed().bytes);
  const_cast<std::byte*>(newer.bytes.data())[8] = std::byte{2};
  EXPECT_EQ(CodeOf([&] { Container{newer}; }), "FT0407");
  const Bytes other = CopyOf(Packed().bytes);
  auto* const order = const_cast<std::byte*>(other.bytes.data()) + 12;
  std::reverse(order, order + 4);
  EXPECT_EQ(CodeOf([&] { Container{other}; }), "FT0502");
}

TEST(ContainerTest, RefusesATableThatDoesNotFit) {
  EXPECT_EQ(CodeOfTable(Json::array({Entry(64, 3)})), "");
  EXPECT_EQ(CodeOfTable(Json::array({Entry(0, 3)})), "FT0506");
  EXPECT_EQ(CodeOfTable(Json::array({Entry(72, 3)})), "FT0506");
  EXPECT_EQ(CodeOfTable(Json::array({Entry(64, 1U << 20U)})), "FT0506");
  EXPECT_EQ(CodeOfTable(Json::array({Entry(64, std::uint64_t{1} << 61U)})), "FT0506");
  EXPECT_EQ(CodeOfTable(Json::array({Entry(std::uint64_t{1} << 63U, 0)})), "FT0506");
  EXPECT_EQ(CodeOfTable(Json::array({Entry(64, 3), Entry(64, 3, "float64", "b")})), "FT0506");
  EXPECT_EQ(CodeOfTable(Json::array({Entry(64, 3), Entry(128, 1)})), "FT0506");
  EXPECT_EQ(CodeOfTable(Json::array({Entry(64, 3, "float16")})), "FT0506");
  EXPECT_EQ(CodeOfTable(Json::array({1})), "FT0506");
  EXPECT_EQ(CodeOfTable(Json::array({Json::object()})), "FT0506");
  EXPECT_EQ(CodeOfTable("arrays"), "FT0506");
  EXPECT_EQ(CodeOf([] { Container(WithTable("[")); }), "FT0506");
  EXPECT_EQ(CodeOf([] { Container(WithTable("[]")); }), "FT0506");
  EXPECT_EQ(CodeOf([] { Container(WithTable(R"({"arrays": []})")); }), "FT0506");
}

TEST(ContainerTest, RefusesATableThatIsNestedTooDeep) {
  const std::string deep(300'000, '[');
  EXPECT_EQ(
      CodeOf([&] {
        Container(WithTable(R"({"arrays": [], "description": )" + deep + std::string(300'000, ']') + "}"));
      }),
      "FT0506");
  EXPECT_EQ(CodeOf([&] { Container(WithTable(deep)); }), "FT0506");
}

TEST(ContainerTest, RefusesToPackWhatItCouldNotGiveBack) {
  const std::array twice = {NamedArray{"a", "float64", BytesOf(kNumbers)},
                            NamedArray{"a", "float64", BytesOf(kNumbers)}};
  const std::array unknown = {NamedArray{"a", "float16", BytesOf(kNumbers)}};
  const std::array uneven = {NamedArray{"a", "float64", BytesOf(kNumbers).first(9)}};
  EXPECT_EQ(CodeOf([&] { PackContainer({}, twice); }), "FT0101");
  EXPECT_EQ(CodeOf([&] { PackContainer({}, unknown); }), "FT0101");
  EXPECT_EQ(CodeOf([&] { PackContainer({}, uneven); }), "FT0101");
}

TEST(ContainerTest, AFileThatIsNotThereIsSaidSo) {
  EXPECT_EQ(CodeOf([] { MapFile("/nowhere/model.foretell"); }), "FT0901");
}

TEST(ContainerTest, WhatIsNoFileIsNotMapped) {
  EXPECT_EQ(CodeOf([] { MapFile("/"); }), "FT0901");
  EXPECT_EQ(CodeOf([] { MapFile("/dev/null"); }), "FT0901");
}

}  // namespace
}  // namespace foretell
