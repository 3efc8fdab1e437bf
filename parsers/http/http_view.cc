// Buffers that no single place holds: put together when a rule asks for them, kept until the transaction
// goes.
#include <cstring>

#include "parsers/http/http.h"

namespace picket::http {
namespace {

bool is_cookie(const Header& h, Direction dir) noexcept {
  return h.id == (dir == Direction::kToServer ? Name::kCookie : Name::kSetCookie);
}

/// Counts first, then writes: the same walk twice.
class Writer {
 public:
  explicit Writer(std::uint8_t* out) noexcept : out_(out) {}
  void add(Bytes b) noexcept {
    if (out_ != nullptr && !b.empty()) std::memcpy(out_ + size_, b.data(), b.size());
    size_ += b.size();
  }
  void add(std::string_view s) noexcept { add(as_bytes(s)); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::uint8_t* out_;
  std::size_t size_ = 0;
};

void add_headers(const Side& s, Direction dir, bool cookies, Writer& w) noexcept {
  for (std::size_t i = 0; i < s.header_count; ++i) {
    const Header& h = s.headers[i];
    if (h.merged || (!cookies && is_cookie(h, dir))) continue;
    w.add(s.view(h.name));
    w.add(": ");
    w.add(s.view(h.value));
    w.add("\r\n");
  }
}

void write(const Tx& tx, Direction dir, Built what, Writer& w) noexcept {
  const Side& s = tx.side[index(dir)];
  switch (what) {
    case Built::kHeaderBlock:
      return add_headers(s, dir, false, w);
    case Built::kHeaderNames:
      w.add("\r\n");
      for (std::size_t i = 0; i < s.header_count; ++i) {
        if (s.headers[i].merged) continue;
        w.add(s.view(s.headers[i].name));
        w.add("\r\n");
      }
      return w.add("\r\n");
    case Built::kStart:
      w.add(s.view(dir == Direction::kToServer ? tx.request_line : tx.reply_line));
      w.add("\r\n");
      add_headers(s, dir, true, w);
      return w.add("\r\n");
    case Built::kUri:
    case Built::kCount:
      break;
  }
}

}  // namespace

bool build(const Tx& tx, Direction dir, Built what, Bytes& out) noexcept {
  const Side& s = tx.side[index(dir)];
  if (s.header_count == 0 && (what != Built::kStart || s.line.empty())) return false;
  if (what == Built::kHeaderBlock && s.as_sent &&
      s.find(dir == Direction::kToServer ? Name::kCookie : Name::kSetCookie) == nullptr) {
    out = s.head.view().first(s.headers_end);
    return true;
  }
  Text& t = s.built[static_cast<std::size_t>(what)];
  if (!t.built) {
    Writer count(nullptr);
    write(tx, dir, what, count);
    if (count.size() == 0) return false;
    t.data = static_cast<std::uint8_t*>(tx.pool.allocate(count.size()));
    if (t.data == nullptr) return false;
    Writer text(t.data);
    write(tx, dir, what, text);
    t.size = t.room = static_cast<std::uint32_t>(text.size());
    t.built = true;
  }
  out = {t.data, t.size};
  return true;
}

bool header_at(const Tx& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  const Side& s = tx.side[index(dir)];
  Bytes all;
  if (instance >= s.header_count || !build(tx, dir, Built::kStart, all)) return false;
  std::size_t at = s.view(dir == Direction::kToServer ? tx.request_line : tx.reply_line).size() + 2;
  unsigned seen = 0;
  for (std::size_t i = 0; i < s.header_count; ++i) {
    const Header& h = s.headers[i];
    if (h.merged) continue;
    const std::size_t size = std::size_t{h.name.size} + 2 + h.value.size;
    if (seen++ == instance) {
      out = all.subspan(at, size);
      return true;
    }
    at += size + 2;
  }
  return false;
}

}  // namespace picket::http
