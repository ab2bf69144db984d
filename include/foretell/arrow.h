// The Arrow C Data and C Stream interfaces (https://arrow.apache.org/docs/format/CDataInterface.html,
// CStreamInterface.html): the structs, as the specification gives them, and move-only owners.
// foretell links no Arrow library; these structs are its border with all of them.
#pragma once

#include <cstdint>
#include <utility>

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

}  // extern "C"

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

extern "C" {

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

}  // extern "C"

#endif  // ARROW_C_STREAM_INTERFACE

namespace foretell {

// Owns one C struct: releases it at the end, moves like a unique_ptr. Empty when `release` is null.
template <typename CStruct>
class Owned {
 public:
  Owned() = default;
  // Takes over `*source` and marks it released, as the specification's move does.
  explicit Owned(CStruct* source) : value_(*source) { source->release = nullptr; }
  Owned(Owned&& other) noexcept : value_(std::exchange(other.value_, CStruct{})) {}
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) {
      Reset();
      value_ = std::exchange(other.value_, CStruct{});
    }
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { Reset(); }

  explicit operator bool() const { return value_.release != nullptr; }
  CStruct* get() { return &value_; }
  const CStruct* get() const { return &value_; }
  CStruct* operator->() { return &value_; }
  const CStruct* operator->() const { return &value_; }

  void Reset() {
    if (value_.release != nullptr) {
      value_.release(&value_);
    }
    value_ = CStruct{};
  }
  // Moves the struct into `*target`, which must be empty; this owner is empty afterwards.
  void MoveTo(CStruct* target) { *target = std::exchange(value_, CStruct{}); }

 private:
  CStruct value_{};
};

using OwnedSchema = Owned<ArrowSchema>;
using OwnedArray = Owned<ArrowArray>;
using OwnedStream = Owned<ArrowArrayStream>;

}  // namespace foretell
