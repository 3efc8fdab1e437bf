// parsers/core/cursor.h — reads integers and runs of bytes from a borrowed buffer, front to back
//
// One failure rule: a read past the end yields zero or nothing, fails the cursor, and it stays failed. A
// parser therefore reads straight ahead and asks ok() once. Only Cursor touches raw bytes or byte order.
//
// Cost    O(1) a read, inlined; no allocation
// Lives   no longer than the buffer; what bytes() gives points into it
#pragma once
#include <bit>
#include <cstring>

#include "parsers/core/bytes.h"

namespace picket {

class Cursor {
 public:
  constexpr Cursor() noexcept = default;
  constexpr explicit Cursor(Bytes in) noexcept : in_(in) {}

  [[nodiscard]] constexpr bool ok() const noexcept { return ok_; }
  /// Bytes not yet read; 0 once failed.
  [[nodiscard]] constexpr std::size_t left() const noexcept { return in_.size() - at_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return left() == 0; }
  /// Bytes read so far.
  [[nodiscard]] constexpr std::size_t offset() const noexcept { return at_; }
  /// What is not yet read, without reading it.
  [[nodiscard]] constexpr Bytes rest() const noexcept { return in_.subspan(at_); }

  std::uint8_t u8() noexcept { return read<std::uint8_t, std::endian::big>(); }
  std::uint16_t u16be() noexcept { return read<std::uint16_t, std::endian::big>(); }
  std::uint32_t u32be() noexcept { return read<std::uint32_t, std::endian::big>(); }
  std::uint64_t u64be() noexcept { return read<std::uint64_t, std::endian::big>(); }
  std::uint16_t u16le() noexcept { return read<std::uint16_t, std::endian::little>(); }
  std::uint32_t u32le() noexcept { return read<std::uint32_t, std::endian::little>(); }
  std::uint64_t u64le() noexcept { return read<std::uint64_t, std::endian::little>(); }

  std::uint32_t u24be() noexcept {
    const Bytes b = bytes(3);
    return b.empty() ? 0U : std::uint32_t{b[0]} << 16 | std::uint32_t{b[1]} << 8 | b[2];
  }
  std::uint32_t u24le() noexcept {
    const Bytes b = bytes(3);
    return b.empty() ? 0U : std::uint32_t{b[2]} << 16 | std::uint32_t{b[1]} << 8 | b[0];
  }

  /// The next n bytes, borrowed from the input; nothing when fewer are left.
  Bytes bytes(std::size_t n) noexcept {
    if (n > left()) return fail(), Bytes{};
    const Bytes b = in_.subspan(at_, n);
    at_ += n;
    return b;
  }
  void skip(std::size_t n) noexcept {
    if (n > left()) return fail();
    at_ += n;
  }
  /// The next byte without reading it; zero at the end, which does not fail.
  [[nodiscard]] std::uint8_t peek() const noexcept { return empty() ? std::uint8_t{0} : in_[at_]; }

  /// From now on every read fails: for a value that was read but cannot be.
  void fail() noexcept {
    ok_ = false;
    at_ = in_.size();
  }

 private:
  template <class T, std::endian kOrder>
  T read() noexcept {
    if (sizeof(T) > left()) return fail(), T{0};
    T v;
    std::memcpy(&v, in_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    if constexpr (sizeof(T) > 1 && kOrder != std::endian::native) {
      if constexpr (sizeof(T) == 2) v = __builtin_bswap16(v);
      if constexpr (sizeof(T) == 4) v = __builtin_bswap32(v);
      if constexpr (sizeof(T) == 8) v = __builtin_bswap64(v);
    }
    return v;
  }

  Bytes in_{};
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace picket
