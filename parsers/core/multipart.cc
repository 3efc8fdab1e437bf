#include "parsers/core/multipart.h"

#include <algorithm>
#include <cstring>

namespace picket {

Multipart::Multipart(Pool& pool, std::string_view boundary) noexcept : headers_(pool) {
  constexpr std::string_view kStart = "\n--";
  std::memcpy(delimiter_.data(), kStart.data(), kStart.size());
  std::memcpy(delimiter_.data() + kStart.size(), boundary.data(), boundary.size());
  size_ = static_cast<std::uint16_t>(kStart.size() + boundary.size());
}

bool Multipart::feed(Bytes in, Sink& out) noexcept {
  fine_ = true;
  while (!in.empty()) {
    std::size_t n = in.size();
    switch (state_) {
      case State::kPreamble:
      case State::kBytes:
        n = search(in, out);
        break;
      case State::kAfterBoundary:
        n = after_boundary(in);
        break;
      case State::kHeaders:
        n = headers(in, out);
        break;
      case State::kEpilogue:
        break;
    }
    in = in.subspan(n);
  }
  return fine_;
}

/// LF stands at the delimiter's beginning alone, so what did not match goes on as it is, and the byte that
/// broke it may only begin another.
std::size_t Multipart::search(Bytes in, Sink& out) noexcept {
  if (size_ == 0) return pass(in, out), in.size();
  static constexpr std::uint8_t kCr = '\r';
  const auto let_go = [&]() noexcept {
    if (std::exchange(held_cr_, false)) pass({&kCr, 1}, out);
  };
  if (matched_ == 0) {
    const auto* lf = static_cast<const std::uint8_t*>(std::memchr(in.data(), '\n', in.size()));
    const std::size_t n = lf == nullptr ? in.size() : static_cast<std::size_t>(lf - in.data());
    if (n > 0) {
      let_go();
      const bool cr = in[n - 1] == kCr;
      pass(in.first(n - (cr ? 1 : 0)), out);
      held_cr_ = cr;
    }
    if (lf == nullptr) return n;
    matched_ = 1;
    return n + 1;
  }
  if (in[0] != delimiter_[matched_]) {
    let_go();
    pass(held_back(), out);
    matched_ = 0;
    borrowed_lf_ = false;
    return 0;
  }
  if (++matched_ == size_) {
    matched_ = 0;
    held_cr_ = borrowed_lf_ = false;
    if (state_ == State::kBytes) out.part_ends(true);
    state_ = State::kAfterBoundary;
    dashes_ = 0;
    line_has_text_ = false;
  }
  return 1;
}

std::size_t Multipart::after_boundary(Bytes in) noexcept {
  if (in[0] == '-' && !line_has_text_) {
    if (++dashes_ == 2) state_ = State::kEpilogue;
    return 1;
  }
  line_has_text_ = true;
  if (in[0] != '\n') return 1;
  state_ = State::kHeaders;
  headers_.clear();
  line_has_text_ = cut_ = false;
  return 1;
}

std::size_t Multipart::headers(Bytes in, Sink& out) noexcept {
  const auto* lf = static_cast<const std::uint8_t*>(std::memchr(in.data(), '\n', in.size()));
  const std::size_t n = lf == nullptr ? in.size() : static_cast<std::size_t>(lf - in.data()) + 1;
  for (std::size_t i = 0; i < n && !line_has_text_; ++i) line_has_text_ = in[i] != '\r' && in[i] != '\n';
  const std::size_t room = kMaxPartHeaders - headers_.size();
  cut_ = cut_ || n > room;
  if (!headers_.append(in.first(std::min(n, room)))) cut_ = true, fine_ = false;
  if (lf == nullptr || std::exchange(line_has_text_, false)) return n;
  state_ = State::kBytes;
  matched_ = 1;  // the empty line's end may be that of a part without bytes
  borrowed_lf_ = true;
  out.part(headers_.text(), !cut_);
  return n;
}

bool Multipart::finish(Sink& out, bool complete) noexcept {
  if (size_ == 0) {
    if (state_ == State::kHeaders && !headers_.empty()) out.part(headers_.text(), !cut_);
    if (state_ == State::kBytes || !headers_.empty()) out.part_ends(complete);
    state_ = State::kEpilogue;
    headers_.reset();
    return true;
  }
  if (state_ == State::kBytes) {
    static constexpr std::uint8_t kCr = '\r';
    if (std::exchange(held_cr_, false)) pass({&kCr, 1}, out);
    pass(held_back(), out);
    out.part_ends(false);
  }
  const bool whole = state_ == State::kEpilogue;
  state_ = State::kEpilogue;
  headers_.reset();
  return whole;
}

}  // namespace picket
