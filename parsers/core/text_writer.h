// parsers/core/text_writer.h — text put together in a room that does not grow
//
//   out.text = (TextWriter(tx.text_room) << "group " << group << " index " << index).bytes();
//
// What does not fit is left out. Views live as long as the room keeps them.
// Cost    O(bytes); no allocation
#pragma once
#include <algorithm>
#include <charconv>
#include <concepts>
#include <span>

#include "parsers/core/bytes.h"

namespace picket {

class TextWriter {
 public:
  explicit TextWriter(std::span<char> room) noexcept : room_(room) {}

  TextWriter& operator<<(std::string_view s) noexcept {
    const std::size_t n = std::min(s.size(), room_.size() - size_);
    std::copy_n(s.data(), n, room_.data() + size_);
    size_ += n;
    return *this;
  }
  TextWriter& operator<<(Bytes b) noexcept { return *this << as_text(b); }
  TextWriter& operator<<(std::integral auto v) noexcept {
    char* const at = room_.data() + size_;
    if (const auto [end, error] = std::to_chars(at, room_.data() + room_.size(), v); error == std::errc()) {
      size_ += static_cast<std::size_t>(end - at);
      return *this;
    }
    char digits[20];  // of which the first are written
    const char* end = std::to_chars(digits, digits + sizeof digits, v).ptr;
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
  }
  /// "100-109", or "100" where both are the same.
  TextWriter& range(std::uint64_t first, std::uint64_t last) noexcept {
    *this << first;
    return first == last ? *this : *this << "-" << last;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Bytes bytes() const noexcept { return as_bytes({room_.data(), size_}); }

 private:
  std::span<char> room_;
  std::size_t size_ = 0;
};

}  // namespace picket
