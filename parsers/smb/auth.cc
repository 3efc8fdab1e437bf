#include "parsers/smb/auth.h"

#include "parsers/smb/text.h"

namespace picket::smb {
namespace {

constexpr std::string_view kSignature("NTLMSSP\0", 8);
constexpr std::uint32_t kAuthenticate = 3;
constexpr std::uint32_t kUnicode = 0x00000001, kVersion = 0x02000000;
constexpr std::size_t kMaxPart = 512;  // bytes kept of a user's, a domain's or a host's name

/// Length, room, offset: a piece of the message.
Bytes piece(Cursor& c, Bytes message, bool& good) noexcept {
  const std::size_t size = c.u16le();
  c.skip(2);
  const std::size_t at = c.u32le();
  if (size == 0) return {};
  if (at > message.size() || size > message.size() - at) return good = false, Bytes{};
  return message.subspan(at, size);
}

/// One TLV of DER with a tag of one byte and a length below 4 GiB.
struct Der {
  std::uint8_t tag = 0;
  Bytes value;
};
Der next(Cursor& c) noexcept {
  Der out;
  out.tag = c.u8();
  std::size_t size = c.u8();
  if (size > 0x80 && size <= 0x84) {
    std::size_t n = size - 0x80;
    for (size = 0; n > 0; --n) size = size << 8 | c.u8();
  } else if (size >= 0x80) {
    c.fail();
  }
  out.value = c.bytes(size);
  return out;
}

/// The value of a chain of tags, each the first thing in the one before.
bool enter(Bytes in, std::initializer_list<std::uint8_t> tags, Bytes& out) noexcept {
  out = in;
  for (const std::uint8_t tag : tags) {
    Cursor c(out);
    const Der d = next(c);
    if (!c.ok() || d.tag != tag) return false;
    out = d.value;
  }
  return true;
}

}  // namespace

Token read_ntlmssp(Bytes blob, Ntlmssp& out) noexcept {
  const std::size_t start = as_text(blob).find(kSignature);
  if (start == std::string_view::npos) return Token::kNone;
  const Bytes message = blob.subspan(start);
  Cursor c(message);
  c.skip(kSignature.size());
  const std::uint32_t type = c.u32le();
  if (!c.ok()) return Token::kMalformed;
  if (type != kAuthenticate) return Token::kNone;
  bool good = true;
  c.skip(16);  // the two responses
  const Bytes domain = piece(c, message, good), user = piece(c, message, good),
              host = piece(c, message, good);
  c.skip(8);  // the session's key
  const std::uint32_t flags = c.u32le();
  if (!c.ok() || !good) return Token::kMalformed;
  if ((flags & kVersion) != 0 && c.left() >= 8) {
    out.major = c.u8();
    out.minor = c.u8();
    out.build = c.u16le();
    c.skip(3);
    out.revision = c.u8();
    out.has_version = true;
  }
  const bool unicode = (flags & kUnicode) != 0;
  out.seen = append_text(out.domain, domain, unicode, kMaxPart) &&
             append_text(out.user, user, unicode, kMaxPart) && append_text(out.host, host, unicode, kMaxPart);
  return Token::kRead;
}

Token read_kerberos(Bytes blob, SessionSetup& out) noexcept {
  // The mechanism's name (1.2.840.113554.1.2.2), then "this is an AP-REQ" and the AP-REQ.
  constexpr std::string_view kBegin("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00\x6e", 14);
  const std::size_t start = as_text(blob).find(kBegin);
  if (start == std::string_view::npos) return Token::kNone;
  Bytes fields;
  if (!enter(blob.subspan(start + kBegin.size() - 1), {0x6e, 0x30}, fields)) return Token::kMalformed;
  Cursor c(fields);
  while (!c.empty()) {
    const Der field = next(c);
    Bytes ticket;
    if (field.tag != 0xa3) continue;
    if (!c.ok() || !enter(field.value, {0x61, 0x30}, ticket)) break;
    Cursor t(ticket);
    while (!t.empty()) {
      const Der part = next(t);
      Bytes text;
      if (part.tag == 0xa1 && enter(part.value, {0x1b}, text) &&
          !out.realm.append(text.first(std::min(text.size(), kMaxPart))))
        return Token::kRead;
      Bytes name;
      if (part.tag != 0xa2 || !enter(part.value, {0x30}, name)) continue;
      Cursor n(name);
      while (!n.empty()) {
        const Der of = next(n);
        Bytes strings;
        if (of.tag != 0xa1 || !enter(of.value, {0x30}, strings)) continue;
        Cursor s(strings);
        while (!s.empty() && out.snames.size() < kMaxPart) {
          const Der one = next(s);
          if (one.tag != 0x1b || !s.ok()) break;
          if (!out.snames.append(one.value.first(std::min(one.value.size(), kMaxPart))) ||
              !out.snames.push_back(0))
            return Token::kRead;
        }
      }
      return Token::kRead;
    }
  }
  return Token::kMalformed;
}

}  // namespace picket::smb
