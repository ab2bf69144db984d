// Arrays as another library would hand them over, right or wrong, for tests and fuzzers: each buffer
// is a heap block of exactly its size, and releases are counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "foretell/arrow.h"

namespace foretell {

struct ForeignArray {
  using Buffer = std::optional<std::vector<std::byte>>;  // nothing: a null pointer

  std::int64_t length = 0;
  std::int64_t null_count = 0;
  std::int64_t offset = 0;
  std::vector<Buffer> buffers = {};
  std::vector<ForeignArray> children = {};
  std::vector<ForeignArray> dictionary = {};  // none or one

  // Makes the C struct, whose release adds one to `*released`, each child's too.
  void HandOver(ArrowArray* out, int* released) &&;
};

template <typename T>
ForeignArray::Buffer BufferOf(std::initializer_list<T> values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), std::data(values), bytes.size());
  }
  return bytes;
}

inline ForeignArray::Buffer BufferOf(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return std::vector<std::byte>(bytes, bytes + text.size());
}

namespace foreign {

struct Node {
  std::vector<std::unique_ptr<std::byte[]>> blocks;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  ArrowArray dictionary{};
  int* released = nullptr;
};

inline void Release(ArrowArray* array) {
  const std::unique_ptr<Node> node(static_cast<Node*>(array->private_data));
  for (ArrowArray& child : node->children) {
    if (child.release != nullptr) {
      child.release(&child);
    }
  }
  if (node->dictionary.release != nullptr) {
    node->dictionary.release(&node->dictionary);
  }
  ++*node->released;
  array->release = nullptr;
}

}  // namespace foreign

inline void ForeignArray::HandOver(ArrowArray* out, int* released) && {
  auto node = std::make_unique<foreign::Node>();
  node->released = released;
  for (const Buffer& buffer : buffers) {
    if (!buffer) {
      node->buffers.push_back(nullptr);
      continue;
    }
    node->blocks.push_back(std::make_unique<std::byte[]>(buffer->size()));
    if (!buffer->empty()) {
      std::memcpy(node->blocks.back().get(), buffer->data(), buffer->size());
    }
    node->buffers.push_back(node->blocks.back().get());
  }
  node->children.resize(children.size());
  for (std::size_t i = 0; i < children.size(); ++i) {
    std::move(children[i]).HandOver(&node->children[i], released);
    node->pointers.push_back(&node->children[i]);
  }
  if (!dictionary.empty()) {
    std::move(dictionary[0]).HandOver(&node->dictionary, released);
  }
  *out = {};
  out->length = length;
  out->null_count = null_count;
  out->offset = offset;
  out->n_buffers = static_cast<std::int64_t>(node->buffers.size());
  out->buffers = node->buffers.data();
  out->n_children = static_cast<std::int64_t>(children.size());
  out->children = node->pointers.data();
  out->dictionary = dictionary.empty() ? nullptr : &node->dictionary;
  out->release = &foreign::Release;
  out->private_data = node.release();
}

}  // namespace foretell
