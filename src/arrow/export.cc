#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "arrow/layout.h"
#include "foretell/batch.h"

namespace foretell {
namespace {

// What an exported array points to. A child that a consumer has moved away is marked released, so
// that its owner here leaves it alone.
struct Node {
  Column column;  // keeps the buffers
  std::vector<const void*> buffers;
  std::vector<OwnedArray> children;
  std::vector<ArrowArray*> pointers;
  OwnedArray dictionary;
};

void Release(ArrowArray* array) {
  const std::unique_ptr<Node> node(static_cast<Node*>(std::exchange(array->private_data, nullptr)));
  array->release = nullptr;
}

OwnedArray Wrap(std::unique_ptr<Node> node, ArrowArray array) {
  for (OwnedArray& child : node->children) {
    node->pointers.push_back(child.get());
  }
  array.n_buffers = static_cast<std::int64_t>(node->buffers.size());
  array.buffers = node->buffers.data();
  array.n_children = static_cast<std::int64_t>(node->pointers.size());
  array.children = node->pointers.empty() ? nullptr : node->pointers.data();
  array.dictionary = node->dictionary ? node->dictionary.get() : nullptr;
  array.release = &Release;
  array.private_data = node.release();
  return OwnedArray(&array);
}

OwnedArray Export(const Column& column) {
  // Consumers expect a buffer also where there is nothing in it; offsets have one zero at least.
  alignas(64) static constexpr std::byte kNothing[64] = {};
  const Column::Parts& parts = column.parts();
  auto node = std::make_unique<Node>();
  node->column = column;
  node->buffers = parts.buffers;
  for (std::size_t i = 1; i < node->buffers.size(); ++i) {
    if (node->buffers[i] == nullptr) {
      node->buffers[i] = kNothing;
    }
  }
  for (const Column& child : parts.children) {
    node->children.push_back(Export(child));
  }
  if (parts.dictionary) {
    node->dictionary = Export(*parts.dictionary);
  }
  ArrowArray array{};
  array.length = parts.length;
  array.offset = parts.length == 0 ? 0 : parts.offset;  // pyarrow takes the buffers of no rows for empty
  const bool physical = parts.type.id != TypeId::kDictionary;  // nulls of the dictionary do not count here
  array.null_count = physical ? column.null_count() : parts.buffers[0] == nullptr ? 0 : -1;
  return Wrap(std::move(node), array);
}

}  // namespace

void ExportColumn(const Column& column, ArrowArray* out) {
  Export(column).MoveTo(out);
}

void ExportBatch(const Batch& batch, ArrowArray* out) {
  auto node = std::make_unique<Node>();
  node->buffers.push_back(nullptr);
  for (const Column& column : batch.columns()) {
    node->children.push_back(Export(column));
  }
  ArrowArray array{};
  array.length = batch.rows();
  Wrap(std::move(node), array).MoveTo(out);
}

}  // namespace foretell
