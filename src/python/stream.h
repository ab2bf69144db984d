// What Python holds of a stream of batches.
#pragma once

#include <functional>
#include <optional>

#include "foretell/batch.h"
#include "python/arrow_objects.h"

namespace foretell::python {

class Stream {
 public:
  // `cause`: the Python exception behind an Error that the stream throws, if there is one.
  explicit Stream(Batches batches, std::function<nanobind::object()> cause = {});
  ~Stream();
  Stream(Stream&&) = default;
  Stream& operator=(Stream&&) = delete;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::shared_ptr<const Schema> schema();
  std::optional<Batch> Next();  // what Python raises, raised as it is
  Batches Take();               // FT0101 when it was taken before; all three, when one is under way

 private:
  template <typename Pull>
  auto Pulling(Pull pull);

  std::optional<Batches> batches_;
  std::function<nanobind::object()> cause_;
  bool pulling_ = false;  // by the GIL
};

// The batches of a Stream of ours, which raise what they raise as it is, or of any object with one.
Batches TakeBatches(nanobind::handle object);

}  // namespace foretell::python
