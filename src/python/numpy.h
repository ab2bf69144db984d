// NumPy arrays in, as views, and out, without a copy.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "text/csr.h"

namespace foretell::python {

template <typename T>
using VectorIn = nanobind::ndarray<const T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
template <typename T>
using MatrixIn = nanobind::ndarray<const T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

template <typename Array>
auto SpanOf(const Array& array) {
  return std::span(array.data(), array.size());
}

// Numbers that become an array's. Making one needs no GIL, ToNumpy does.
template <typename T>
class Numbers {
 public:
  explicit Numbers(std::size_t size) : memory_(std::make_unique<T[]>(size)), size_(size) {}

  std::span<T> span() { return {memory_.get(), size_}; }

  nanobind::object ToNumpy(std::initializer_list<std::size_t> shape) && {
    T* const data = memory_.release();
    const nanobind::capsule owner(data, [](void* memory) noexcept { delete[] static_cast<T*>(memory); });
    return nanobind::cast(nanobind::ndarray<nanobind::numpy, T>(data, shape, owner));
  }

 private:
  std::unique_ptr<T[]> memory_;
  std::size_t size_;
};

// The same for numbers that lie in a vector.
template <typename T>
nanobind::object ToNumpy(std::vector<T> numbers, std::initializer_list<std::size_t> shape) {
  auto owned = std::make_unique<std::vector<T>>(std::move(numbers));
  T* const data = owned->data();
  const nanobind::capsule owner(owned.release(), [](void* memory) noexcept {
    const std::unique_ptr<std::vector<T>> last(static_cast<std::vector<T>*>(memory));
  });
  return nanobind::cast(nanobind::ndarray<nanobind::numpy, T>(data, shape, owner));
}

// Row starts, ids and values, as SciPy has them: a tuple of arrays.
inline nanobind::object ToNumpy(Csr rows) {
  const std::size_t starts = rows.row_starts.size();
  const std::size_t stored = rows.ids.size();
  return nanobind::make_tuple(ToNumpy(std::move(rows.row_starts), {starts}),
                              ToNumpy(std::move(rows.ids), {stored}),
                              ToNumpy(std::move(rows.values), {stored}));
}

}  // namespace foretell::python
