// parsers/core/mapping.h — a large piece of memory from the system, for tables and pools that live as long as
// the program
//
// Costs nothing until it is touched.
//
// Refuses with std::bad_alloc: memory is taken at start
#pragma once
#include <cstddef>
#include <utility>

namespace picket {

class Mapping {
 public:
  /// kLarge: 2 MiB where the system has them. A table that is read at random places misses the TLB at nearly
  /// every read otherwise. kSmall: for what is touched in patches, which then cost no more than they are.
  enum class Pages : bool { kSmall, kLarge };

  Mapping() = default;
  /// Zeros.
  Mapping(std::size_t bytes, Pages pages);
  ~Mapping();
  Mapping(Mapping&& o) noexcept : at_(std::exchange(o.at_, nullptr)), bytes_(std::exchange(o.bytes_, 0)) {}
  Mapping& operator=(Mapping&& o) noexcept {
    std::swap(at_, o.at_);
    std::swap(bytes_, o.bytes_);
    return *this;
  }

  /// The memory as an array of T, whose default is zeros.
  template <class T = std::byte>
  [[nodiscard]] T* as() const noexcept {
    return static_cast<T*>(at_);
  }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_; }

 private:
  void* at_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace picket
