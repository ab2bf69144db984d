#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arrow/stream_error.h"
#include "foretell/batch.h"
#include "foretell/error.h"

namespace foretell {
namespace {

class Imported final : public Batches::Source {
 public:
  explicit Imported(OwnedStream stream) : stream_(std::move(stream)) {
    if (!stream_) {
      throw Error(Code::kInvalidArrow, "the stream has been released: it was read before",
                  "hand over an object that can be read again, such as a table");
    }
    OwnedSchema schema;
    Check(stream_->get_schema(stream_.get(), schema.get()));
    schema_ = std::make_shared<const Schema>(ImportSchema(*schema.get()));
  }

  std::shared_ptr<const Schema> schema() override { return schema_; }

  std::optional<Batch> Next() override {
    if (!stream_) {
      return std::nullopt;
    }
    OwnedArray array;
    Check(stream_->get_next(stream_.get(), array.get()));
    if (!array) {
      stream_.Reset();
      return std::nullopt;
    }
    return ImportBatch(schema_, array.get());
  }

 private:
  void Check(int failure) {
    if (failure == 0) {
      return;
    }
    const char* message = stream_->get_last_error(stream_.get());
    throw StreamErrorFrom(message == nullptr ? std::strerror(failure) : message);
  }

  OwnedStream stream_;
  std::shared_ptr<const Schema> schema_;
};

}  // namespace

Batches ImportStream(ArrowArrayStream* stream) {
  return Batches(std::make_unique<Imported>(OwnedStream(stream)));
}

}  // namespace foretell
