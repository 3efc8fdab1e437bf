// parsers/core/ot_text.h — the text of an address or a value, put together in its transaction's room
//
//   out.text = (OtText(tx) << "group " << group << " index " << index).bytes();
//
// What does not fit is left out. Lives until the next text of that transaction is made.
#pragma once
#include <algorithm>
#include <charconv>
#include <concepts>

#include "parsers/core/ot.h"

namespace picket {

class OtText {
 public:
  explicit OtText(const OtTransaction& tx) noexcept : room_(tx.text_room) {}

  OtText& operator<<(std::string_view s) noexcept {
    const std::size_t n = std::min(s.size(), room_.size() - size_);
    std::copy_n(s.data(), n, room_.data() + size_);
    size_ += n;
    return *this;
  }
  OtText& operator<<(Bytes b) noexcept { return *this << as_text(b); }
  OtText& operator<<(std::integral auto v) noexcept {
    char digits[20];
    const char* end = std::to_chars(digits, digits + sizeof digits, v).ptr;
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
  }
  /// "100-109", or "100" where both are the same.
  OtText& range(std::uint64_t first, std::uint64_t last) noexcept {
    *this << first;
    return first == last ? *this : *this << "-" << last;
  }
  [[nodiscard]] Bytes bytes() const noexcept { return as_bytes({room_.data(), size_}); }

 private:
  std::array<char, 64>& room_;
  std::size_t size_ = 0;
};

}  // namespace picket
