// Batches: immutable Arrow record batches, sliced and passed on without a copy, and streams of them.
//
//   for (Batches in = ImportStream(&c_stream); auto batch = in.Next();) {
//     const Column& title = batch->column("title");
//     for (std::int64_t i = 0; i < batch->rows(); ++i) {
//       if (!title.IsNull(i)) Use(title.String(i));
//     }
//   }
//
// A Column shares its buffers; any thread may read it. What an import accepts has been checked:
// buffer counts, lengths, offsets in order and in range, dictionary indices in range — so that a
// reader never leaves its buffers. (The sizes of foreign buffers are not in the C interface; what
// offsets and lengths say of them is believed.)
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "foretell/schema.h"

namespace foretell {

class Column {
 public:
  // How a column is put together; what imports and builders fill in. Buffers are as the Arrow
  // columnar format lays them out; `owner` keeps them alive.
  struct Parts {
    DataType type;
    std::int64_t length = 0;
    std::int64_t offset = 0;
    mutable std::int64_t null_count = -1;  // unset bits of the validity; -1: not counted
    std::vector<const void*> buffers = {};
    std::vector<Column> children = {};
    std::shared_ptr<const Column> dictionary = {};
    std::shared_ptr<const void> owner = {};
  };

  Column() = default;
  explicit Column(Parts parts);

  const DataType& type() const;
  std::int64_t length() const;
  std::int64_t null_count() const;  // counted at the first call

  bool IsNull(std::int64_t i) const;  // a dictionary index that points at a null value is null, too

  // Element access; the type must fit (undefined otherwise: check `type()` once per column). Dictionaries
  // give what they point at. A null element gives some value of the type, never a read outside its buffers.
  bool Bool(std::int64_t i) const;
  std::int64_t Int(std::int64_t i) const;    // every integer but uint64, dates, times, timestamps, durations
  std::uint64_t Uint(std::int64_t i) const;  // unsigned integers
  double Double(std::int64_t i) const;       // half, float, double
  // Every string and binary layout, fixed_size_binary, and decimals as their bytes, the least first.
  std::string_view String(std::int64_t i) const;
  // Dictionaries: where element i lies in `dictionary()`; any number where its index is null.
  std::int64_t Index(std::int64_t i) const;
  // The values [first, last) of list or map element i within `child(0)`.
  std::pair<std::int64_t, std::int64_t> ListRange(std::int64_t i) const;
  // Fixed-width values from the slice's first element on; `T` must be the storage type.
  template <typename T>
  std::span<const T> Values() const {
    return {static_cast<const T*>(parts().buffers[1]) + parts().offset,
            static_cast<std::size_t>(parts().length)};
  }

  // Children with this column's own offset and length applied for structs; whole for lists. The one
  // child of a map is a struct of its keys and values.
  Column child(std::size_t i) const;
  const Column& dictionary() const;

  Column Slice(std::int64_t offset, std::int64_t length) const;  // no copy; FT0101 outside of the column
  // The bytes that the slice's values take, children and validity included (an estimate for
  // re-cutting; shared dictionaries are counted once).
  std::int64_t ByteSize() const;

  const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<const Parts> parts_;
};

class Batch {
 public:
  Batch() = default;
  // FT0207 unless there is a column per field, of its type, and all have `rows` rows.
  Batch(std::shared_ptr<const Schema> schema, std::vector<Column> columns, std::int64_t rows);

  const Schema& schema() const { return *schema_; }
  const std::shared_ptr<const Schema>& shared_schema() const { return schema_; }
  std::int64_t rows() const { return rows_; }
  const std::vector<Column>& columns() const { return columns_; }
  const Column& column(std::size_t i) const { return columns_[i]; }
  const Column& column(std::string_view name) const;  // FT0203 when absent

  Batch Slice(std::int64_t offset, std::int64_t length) const;
  Batch Select(std::span<const std::size_t> columns) const;
  std::int64_t ByteSize() const;

 private:
  std::shared_ptr<const Schema> schema_;
  std::vector<Column> columns_;
  std::int64_t rows_ = 0;
};

// A stream of batches of one schema. Move-only; one thread at a time.
class Batches {
 public:
  class Source {
   public:
    virtual ~Source() = default;
    virtual std::shared_ptr<const Schema> schema() = 0;
    virtual std::optional<Batch> Next() = 0;  // nothing at the end; then never called again
  };

  Batches() = default;
  explicit Batches(std::unique_ptr<Source> source) : source_(std::move(source)) {}
  static Batches Of(std::shared_ptr<const Schema> schema, std::vector<Batch> batches);

  const Schema& schema() { return *source_->schema(); }
  std::shared_ptr<const Schema> shared_schema() { return source_->schema(); }
  std::optional<Batch> Next() { return source_->Next(); }

 private:
  std::unique_ptr<Source> source_;
};

// Takes over the struct (also when it throws). FT0207 where it is malformed, or rows are null as a whole.
// Buffers that are not aligned to their type are copied. Text is not checked to be UTF-8.
Batch ImportBatch(std::shared_ptr<const Schema> schema, ArrowArray* array);
Column ImportColumn(const DataType& type, ArrowArray* array);
// Takes over the stream; its schema must be a struct's (FT0207 names a bare array's stream).
// A failing stream throws the Error that its producer exported with `ExportStream`, also where other
// libraries lie between; otherwise FT0209 with the producer's message. The stream is released at its end.
Batches ImportStream(ArrowArrayStream* stream);

void ExportBatch(const Batch& batch, ArrowArray* out);  // a struct array; shares the buffers
void ExportColumn(const Column& column, ArrowArray* out);
// `batches` lives in the stream. No exception leaves it: each becomes an errno (EINVAL) and a message.
// An Error's message starts with its code and ends with its hint, from which `ImportStream` makes it anew.
void ExportStream(Batches batches, ArrowArrayStream* out);

}  // namespace foretell
