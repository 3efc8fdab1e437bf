#include "parsers/tls/fingerprint.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "parsers/core/digest.h"

namespace picket::tls {
namespace {

/// Numbers joined with '-', fields with ','. Fails for good when memory does.
class Joiner {
 public:
  explicit Joiner(PoolBuffer& out) noexcept : out_(out) {}
  void number(std::uint16_t v) noexcept {
    std::array<char, 6> text;
    text[0] = '-';
    const auto end = std::to_chars(text.data() + 1, text.data() + text.size(), v).ptr;
    const std::size_t from = first_ ? 1 : 0;
    put({text.data() + from, static_cast<std::size_t>(end - text.data()) - from});
    first_ = false;
  }
  void numbers(U16List list) noexcept {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!is_grease(list[i])) number(list[i]);
    }
  }
  void extensions(Bytes block) noexcept {
    Cursor c(block);
    Extension e;
    while (next_extension(c, e)) {
      if (!is_grease(e.type)) number(e.type);
    }
  }
  void next_field() noexcept {
    put(",");
    first_ = true;
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  void put(std::string_view s) noexcept { ok_ = ok_ && out_.append(as_bytes(s)); }

  PoolBuffer& out_;
  bool first_ = true, ok_ = true;
};

/// What is not GREASE, to be sorted; `total` counts beyond the room.
struct Listed {
  std::array<std::uint16_t, kMaxListed> values;
  std::size_t total = 0;

  void add(std::uint16_t v) noexcept {
    if (is_grease(v)) return;
    if (total < kMaxListed) values[total] = v;
    ++total;
  }
  [[nodiscard]] bool fits() const noexcept { return total <= kMaxListed; }
};

Listed listed_ciphers(const ClientHello& h) noexcept {
  Listed l;
  for (std::size_t i = 0; i < h.ciphers().size(); ++i) l.add(h.ciphers()[i]);
  return l;
}

Listed listed_extensions(Bytes block) noexcept {
  Listed l;
  Cursor c(block);
  Extension e;
  while (next_extension(c, e)) l.add(e.type);
  return l;
}

/// "002f,0035,009c" into a hash, piece by piece.
class HexList {
 public:
  void add(std::uint16_t v) noexcept {
    const std::array<std::uint8_t, 2> bytes = {static_cast<std::uint8_t>(v >> 8),
                                               static_cast<std::uint8_t>(v)};
    std::array<char, 5> text = {separator_};
    to_hex(bytes, std::span<char>(text).subspan(1));
    hash_.add(std::string_view(text.data(), text.size()).substr(separator_ == 0 ? 1 : 0));
    separator_ = ',';
  }
  void separate_with(char c) noexcept { separator_ = c; }
  /// The first 12 hex digits.
  void finish(std::span<char, 12> out) noexcept { to_hex(hash_.finish(), out); }
  [[nodiscard]] bool empty() const noexcept { return separator_ == 0; }

 private:
  Sha256 hash_;
  char separator_ = 0;
};

std::string_view ja4_version(std::uint16_t v) noexcept {
  switch (v) {
    case version::kTls13:
      return "13";
    case version::kTls12:
      return "12";
    case version::kTls11:
      return "11";
    case version::kTls10:
      return "10";
    case version::kSsl3:
      return "s3";
    case version::kSsl2:
      return "s2";
    case 0xfeff:
      return "d1";
    case 0xfefd:
      return "d2";
    case 0xfefc:
      return "d3";
    default:
      return "00";
  }
}

constexpr bool is_alphanumeric(std::uint8_t c) noexcept {
  return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

/// First and last character of the first ALPN name; of its hex form when either is not a letter or digit.
std::array<char, 2> ja4_alpn(Bytes list) noexcept {
  Bytes name;
  if (!alpn_name(list, 0, name) || name.empty()) return {'0', '0'};
  const std::uint8_t first = name.front(), last = name.back();
  if (is_alphanumeric(first) && is_alphanumeric(last))
    return {static_cast<char>(first), static_cast<char>(last)};
  return {kHexDigits[first >> 4], kHexDigits[last & 15]};
}

void two_digits(std::size_t n, char* out) noexcept {
  n = std::min<std::size_t>(n, 99);
  out[0] = static_cast<char>('0' + n / 10);
  out[1] = static_cast<char>('0' + n % 10);
}

}  // namespace

bool write_ja3(const ClientHello& h, PoolBuffer& out) noexcept {
  if (!listed_ciphers(h).fits() || !listed_extensions(h.extensions).fits()) return false;
  Joiner j(out);
  j.number(h.legacy_version);
  j.next_field();
  j.numbers(h.ciphers());
  j.next_field();
  j.extensions(h.extensions);
  j.next_field();
  j.numbers(U16List(h.groups));
  j.next_field();
  for (const std::uint8_t f : h.point_formats) j.number(f);
  return j.ok();
}

bool write_ja3s(const ServerHello& h, PoolBuffer& out) noexcept {
  if (!listed_extensions(h.extensions).fits()) return false;
  Joiner j(out);
  j.number(h.legacy_version);
  j.next_field();
  j.number(h.cipher);
  j.next_field();
  j.extensions(h.extensions);
  return j.ok();
}

Ja3Hash ja3_hash(Bytes string) noexcept {
  Ja3Hash out{};
  to_hex(Md5::of(string), out);
  return out;
}

bool make_ja4(const ClientHello& h, char transport, Ja4& out) noexcept {
  Listed ciphers = listed_ciphers(h);
  Listed extensions = listed_extensions(h.extensions);
  if (!ciphers.fits() || !extensions.fits()) return false;
  std::sort(ciphers.values.begin(), ciphers.values.begin() + static_cast<std::ptrdiff_t>(ciphers.total));
  std::sort(extensions.values.begin(),
            extensions.values.begin() + static_cast<std::ptrdiff_t>(extensions.total));

  const auto version = ja4_version(h.version);
  const auto alpn = ja4_alpn(h.alpn);
  std::fill(out.begin(), out.end(), '0');  // an empty list is twelve zeros
  out[0] = transport;
  out[1] = version[0];
  out[2] = version[1];
  out[3] = h.has_sni ? 'd' : 'i';
  two_digits(ciphers.total, &out[4]);
  two_digits(extensions.total, &out[6]);
  out[8] = alpn[0];
  out[9] = alpn[1];
  out[10] = out[23] = '_';

  HexList b;
  for (std::size_t i = 0; i < ciphers.total; ++i) b.add(ciphers.values[i]);
  if (!b.empty()) b.finish(std::span(out).subspan<11, 12>());

  HexList c;
  for (std::size_t i = 0; i < extensions.total; ++i) {
    const auto e = extensions.values[i];
    if (e != extension::kServerName && e != extension::kAlpn) c.add(e);
  }
  if (c.empty()) return true;
  const U16List schemes(h.signature_algorithms);
  if (!schemes.empty()) c.separate_with('_');
  for (std::size_t i = 0; i < schemes.size(); ++i) {
    if (!is_grease(schemes[i])) c.add(schemes[i]);
  }
  c.finish(std::span(out).subspan<24, 12>());
  return true;
}

}  // namespace picket::tls
