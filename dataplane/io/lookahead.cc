#include "dataplane/io/lookahead.h"

#include <stdio_ext.h>

#include <algorithm>
#include <cstring>

#include "dataplane/io/byte_source.h"

namespace picket {

void Lookahead::fill(std::size_t n) {
  if (left() != 0) std::memmove(room_.data(), room_.data() + begin_, left());
  end_ -= begin_;
  begin_ = 0;
  room_.resize(std::max({room_.size(), kRead, n}));
  while (end_ < n && !ended_) {
    const std::int64_t got = source_.read(reinterpret_cast<char*>(room_.data()) + end_, room_.size() - end_);
    ended_ = got <= 0;
    end_ += ended_ ? 0 : static_cast<std::size_t>(got);
  }
}

Bytes Lookahead::peek(std::size_t n) {
  if (left() < n) [[unlikely]]
    fill(n);
  return Bytes(room_).subspan(begin_, std::min(n, left()));
}

bool Lookahead::skip(std::size_t n) {
  while (n > left()) {
    n -= left();
    begin_ = end_ = 0;
    if (peek(1).empty()) return false;
  }
  begin_ += n;
  return true;
}

std::FILE* Lookahead::stdio() noexcept {
  const auto read = [](void* self, char* out, std::size_t size) noexcept -> ssize_t {
    auto& in = *static_cast<Lookahead*>(self);
    const Bytes some = in.peek(1).empty() ? Bytes() : in.peek(std::min(size, in.left()));
    if (!some.empty()) std::memcpy(out, some.data(), some.size());
    in.begin_ += some.size();
    return in.source_.error().empty() || !some.empty() ? static_cast<ssize_t>(some.size()) : -1;
  };
  std::FILE* f = ::fopencookie(this, "r", {read, nullptr, nullptr, nullptr});
  if (f != nullptr) ::__fsetlocking(f, FSETLOCKING_BYCALLER);  // one thread reads it
  return f;
}

}  // namespace picket
