// A buffer that no single place holds: headers as old rules of `http2.header` write them.
#include <cstring>

#include "parsers/http2/http2.h"

namespace picket::http2 {
namespace {

constexpr std::size_t kLengthSize = sizeof(std::uint32_t);

/// Counts, and writes where there is somewhere to write to.
class Doubler {
 public:
  explicit Doubler(std::uint8_t* out) noexcept : out_(out) {}
  void put(Bytes b, bool twice) noexcept {
    for (const std::uint8_t c : b) {
      for (int n = twice && c == ':' ? 2 : 1; n > 0; --n) {
        if (out_ != nullptr) out_[size_] = c;
        ++size_;
      }
    }
  }
  void length(std::size_t at) noexcept {
    const auto n = static_cast<std::uint32_t>(size_ - at - kLengthSize);
    if (out_ != nullptr) std::memcpy(out_ + at, &n, kLengthSize);
  }
  std::size_t skip(std::size_t n) noexcept { return std::exchange(size_, size_ + n); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::uint8_t* out_;
  std::size_t size_ = 0;
};

/// Each with its length before it.
void write(const http::Side& s, Doubler& d) noexcept {
  for (std::size_t i = 0; i < s.header_count; ++i) {
    const http::Header& h = s.headers[i];
    if (h.merged) continue;
    const std::size_t at = d.skip(kLengthSize);
    d.put(s.view(h.name), true);
    d.put(as_bytes(": "), false);
    d.put(s.view(h.value), true);
    d.length(at);
  }
}

}  // namespace

bool doubled_header(const Tx& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  const http::Side& s = tx.side[index(dir)];
  http::Text& t = tx.doubled[index(dir)];
  if (instance >= s.header_count) return false;
  if (!t.built) {
    Doubler count(nullptr);
    write(s, count);
    t.data = static_cast<std::uint8_t*>(tx.pool.allocate(count.size()));
    if (t.data == nullptr) return false;
    Doubler text(t.data);
    write(s, text);
    t.size = t.room = static_cast<std::uint32_t>(text.size());
    t.built = true;
  }
  std::size_t at = 0;
  for (unsigned i = 0; at < t.size; ++i) {
    std::uint32_t n = 0;
    std::memcpy(&n, t.data + at, kLengthSize);
    at += kLengthSize;
    if (i == instance) {
      out = {t.data + at, n};
      return true;
    }
    at += n;
  }
  return false;
}

}  // namespace picket::http2
