// Re-cuts a stream to batches of bounded size.
#pragma once

#include <cstdint>
#include <optional>

#include "foretell/batch.h"

namespace foretell {

// Hands on each batch in pieces of at most `rows` rows and `bytes` bytes, without a copy; a row
// larger than `bytes` goes alone. Small batches are not joined.
class Recut {
 public:
  Recut(Batches input, std::int64_t rows, std::int64_t bytes);

  std::shared_ptr<const Schema> schema() { return input_.shared_schema(); }
  std::optional<Batch> Next();

 private:
  std::int64_t Fitting() const;

  Batches input_;
  std::int64_t max_rows_;
  std::int64_t max_bytes_;
  std::optional<Batch> rest_;
};

}  // namespace foretell
