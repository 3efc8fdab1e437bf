#include "parsers/core/mime.h"

#include <algorithm>
#include <cstring>

#include "parsers/core/base64.h"
#include "parsers/core/text.h"

namespace picket {
namespace {

constexpr unsigned kMaxPieces = 64;

constexpr std::uint8_t kNotBase64 = 0xff;
constexpr std::array<std::uint8_t, 256> kSextet = [] {
  std::array<std::uint8_t, 256> t{};
  for (std::size_t c = 0; c < t.size(); ++c)  // -1 becomes kNotBase64
    t[c] = static_cast<std::uint8_t>(base64_value(static_cast<std::uint8_t>(c)));
  return t;
}();

constexpr std::uint8_t byte(char c) noexcept { return static_cast<std::uint8_t>(c); }

/// Writes into what the caller lends, and notes what did not fit.
class Out {
 public:
  Out(std::span<std::uint8_t> room, bool& cut) noexcept : room_(room), cut_(cut) {}
  void put(std::uint8_t c) noexcept {
    if (size_ < room_.size())
      room_[size_++] = c;
    else
      cut_ = true;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::span<std::uint8_t> room_;
  bool& cut_;
  std::size_t size_ = 0;
};

void put_percent(std::string_view s, Out& out) noexcept {
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '%' && i + 2 < s.size() && hex_digit(byte(s[i + 1])) >= 0 && hex_digit(byte(s[i + 2])) >= 0) {
      out.put(static_cast<std::uint8_t>(hex_digit(byte(s[i + 1])) << 4 | hex_digit(byte(s[i + 2]))));
      i += 2;
    } else if (s[i] != '\r' && s[i] != '\n') {
      out.put(byte(s[i]));
    }
  }
}

/// =?charset?B or Q?text?= at the beginning of `s`: its size, or 0.
std::size_t encoded_word(std::string_view s, char& how, std::string_view& text) noexcept {
  if (!s.starts_with("=?")) return 0;
  const std::size_t charset = s.find('?', 2);
  if (charset == std::string_view::npos || charset + 2 >= s.size() || s[charset + 2] != '?') return 0;
  how = static_cast<char>(to_lower(byte(s[charset + 1])));
  const std::size_t end = s.find("?=", charset + 3);
  if ((how != 'b' && how != 'q') || end == std::string_view::npos) return 0;
  text = s.substr(charset + 3, end - charset - 3);
  return end + 2;
}

void put_word(char how, std::string_view text, Out& out) noexcept {
  if (how == 'b') {
    TransferDecoder decoder(TransferDecoder::Coding::kBase64);
    const auto put = [&](Bytes b) noexcept {
      for (const std::uint8_t c : b) out.put(c);
    };
    decoder.feed(as_bytes(text), put);
    decoder.finish(put);
    return;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && i + 2 < text.size() && hex_digit(byte(text[i + 1])) >= 0 &&
        hex_digit(byte(text[i + 2])) >= 0) {
      out.put(static_cast<std::uint8_t>(hex_digit(byte(text[i + 1])) << 4 | hex_digit(byte(text[i + 2]))));
      i += 2;
    } else {
      out.put(text[i] == '_' ? std::uint8_t{' '} : byte(text[i]));
    }
  }
}

/// Text with encoded words; blanks between two of them are none. Line ends of folds and a quoted string's
/// backslashes go.
void put_words(std::string_view s, Out& out) noexcept {
  while (!s.empty()) {
    char how = 0;
    std::string_view text;
    if (const std::size_t n = encoded_word(s, how, text); n != 0) {
      put_word(how, text, out);
      s.remove_prefix(n);
      const std::size_t next = s.find_first_not_of(" \t\r\n");
      if (next != std::string_view::npos && encoded_word(s.substr(next), how, text) != 0)
        s.remove_prefix(next);
      continue;
    }
    // "C:\a" is a path that some programs write without doubling the backslash: only \" and \\ are escapes.
    if (s[0] == '\\' && s.size() > 1 && (s[1] == '"' || s[1] == '\\')) s.remove_prefix(1);
    if (s[0] != '\r' && s[0] != '\n') out.put(byte(s[0]));
    s.remove_prefix(1);
  }
}

/// charset'language'text
std::string_view without_charset(std::string_view s) noexcept {
  const std::size_t first = s.find('\'');
  const std::size_t second = first == std::string_view::npos ? first : s.find('\'', first + 1);
  return second == std::string_view::npos ? s : s.substr(second + 1);
}

/// Where a parameter's value ends in `s`: at its semicolon. One within quotes is part of a value, if the
/// quotes are closed.
std::size_t end_of_part(std::string_view s) noexcept {
  std::size_t at = s.find_first_of(";\"");
  if (at == std::string_view::npos || s[at] == ';') return at;
  std::size_t close = at + 1;
  while (close < s.size() && s[close] != '"')
    close += s[close] == '\\' && close + 1 < s.size() && s[close + 1] == '"' ? 2 : 1;
  return s.find(';', close >= s.size() ? at : close);
}

}  // namespace

std::string_view part_header(std::string_view headers, std::string_view name) noexcept {
  while (!headers.empty()) {
    // A line, and those that continue it.
    std::size_t end = 0;
    do {
      end = headers.find('\n', end);
      end = end == std::string_view::npos ? headers.size() : end + 1;
    } while (end < headers.size() && is_fold(byte(headers[end])));
    const std::string_view line = headers.substr(0, end);
    headers.remove_prefix(end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equals_nocase(trim(line.substr(0, colon)), name))
      return trim(line.substr(colon + 1));
  }
  return {};
}

std::string_view parameter(std::string_view value, std::string_view name) noexcept {
  for (std::size_t at = end_of_part(value); at != std::string_view::npos;) {
    value.remove_prefix(at + 1);
    at = end_of_part(value);
    const std::string_view part = value.substr(0, at);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || !equals_nocase(trim(part.substr(0, equals)), name)) continue;
    std::string_view v = trim(part.substr(equals + 1));
    if (v.size() >= 2 && v.front() == '"' && v.back() == '"') v = v.substr(1, v.size() - 2);
    return v;
  }
  return {};
}

std::size_t decoded_parameter(std::string_view value, std::string_view name, std::span<std::uint8_t> out,
                              bool& cut) noexcept {
  constexpr std::size_t kLongest = 32;
  std::array<char, kLongest + 8> key{};
  if (name.size() > kLongest) return 0;
  std::memcpy(key.data(), name.data(), name.size());
  const auto find = [&](std::size_t size) noexcept { return parameter(value, {key.data(), size}); };
  Out to(out, cut);
  key[name.size()] = '*';
  if (const std::string_view whole = find(name.size() + 1); !whole.empty()) {
    put_percent(without_charset(whole), to);
    return to.size();
  }
  for (unsigned piece = 0; piece < kMaxPieces; ++piece) {
    std::size_t n = name.size() + 1;
    if (piece >= 10) key[n++] = static_cast<char>('0' + piece / 10);
    key[n++] = static_cast<char>('0' + piece % 10);
    if (const std::string_view plain = find(n); !plain.empty()) {
      put_words(plain, to);
      continue;
    }
    key[n++] = '*';
    const std::string_view escaped = find(n);
    if (escaped.empty()) break;
    put_percent(piece == 0 ? without_charset(escaped) : escaped, to);
  }
  if (to.size() == 0) put_words(parameter(value, name), to);
  return to.size();
}

TransferDecoder::Coding TransferDecoder::coding(std::string_view value) noexcept {
  value = trim(value.substr(0, value.find_first_of(";(")));
  if (equals_nocase(value, "base64")) return Coding::kBase64;
  if (equals_nocase(value, "quoted-printable")) return Coding::kQuotedPrintable;
  return Coding::kIdentity;
}

std::size_t TransferDecoder::base64(Bytes in, std::span<std::uint8_t, kRoom> out) noexcept {
  std::size_t i = 0;
  while (i < in.size() && made_ + 3 <= out.size()) {
    if (sextets_ == 0 && in.size() - i >= 4) {
      const std::uint8_t a = kSextet[in[i]], b = kSextet[in[i + 1]], c = kSextet[in[i + 2]],
                         d = kSextet[in[i + 3]];
      if ((a | b | c | d) < 64) {
        out[made_++] = static_cast<std::uint8_t>(a << 2 | b >> 4);
        out[made_++] = static_cast<std::uint8_t>(b << 4 | c >> 2);
        out[made_++] = static_cast<std::uint8_t>(c << 6 | d);
        i += 4;
        line_ += 4;
        long_line_ = long_line_ || line_ > kLineLimit;
        continue;
      }
    }
    const std::uint8_t c = in[i++];
    count(c);
    const std::uint8_t sextet = kSextet[c];
    if (sextet != kNotBase64) {
      bits_ = bits_ << 6 | sextet;
      if (++sextets_ == 4) {
        out[made_++] = static_cast<std::uint8_t>(bits_ >> 16);
        out[made_++] = static_cast<std::uint8_t>(bits_ >> 8);
        out[made_++] = static_cast<std::uint8_t>(bits_);
        sextets_ = 0;
      }
    } else if (c == '=') {
      end_quantum(out);  // another run may follow: coded texts that were put together
    } else if (!is_space(c)) {
      bad_ = true;
    }
  }
  return i;
}

/// Two or three characters are one or two bytes.
void TransferDecoder::end_quantum(std::span<std::uint8_t, kRoom> out) noexcept {
  if (sextets_ == 1) bad_ = true;
  if (sextets_ == 2) out[made_++] = static_cast<std::uint8_t>(bits_ >> 4);
  if (sextets_ == 3) {
    out[made_++] = static_cast<std::uint8_t>(bits_ >> 10);
    out[made_++] = static_cast<std::uint8_t>(bits_ >> 2);
  }
  sextets_ = 0;
}

std::size_t TransferDecoder::quoted_printable(Bytes in, std::span<std::uint8_t, kRoom> out) noexcept {
  const auto put = [&](std::uint8_t c) noexcept { out[made_++] = c; };
  const auto let_go = [&]() noexcept {
    std::memcpy(out.data() + made_, blanks_.data(), held_);
    made_ += held_;
    held_ = 0;
  };
  std::size_t i = 0;
  while (i < in.size() && made_ + kHeld + 4 <= out.size()) {
    const std::uint8_t c = in[i];
    const bool blank = c == ' ' || c == '\t';
    switch (escape_) {
      case Escape::kNone:
        if (blank) {
          if (held_ == kHeld) let_go();
          blanks_[held_++] = c;
        } else if (c == '\r' || c == '\n') {
          held_ = 0;  // blanks at a line's end were added on the way (RFC 2045, §6.7, 3)
          put(c);
        } else {
          let_go();
          if (c == '=')
            escape_ = Escape::kEquals;
          else
            put(c);
        }
        break;
      case Escape::kEquals:
        digit_ = c;
        escape_ = hex_digit(c) >= 0 ? Escape::kDigit
                  : c == '\r'       ? Escape::kCr
                  : blank           ? Escape::kBlank
                                    : Escape::kNone;
        if (escape_ == Escape::kNone && c != '\n') {
          bad_ = true;
          put('=');
          continue;  // c is looked at again
        }
        break;
      case Escape::kDigit:
        escape_ = Escape::kNone;
        if (hex_digit(c) < 0) {
          bad_ = true;
          put('=');
          put(digit_);
          continue;
        }
        put(static_cast<std::uint8_t>(hex_digit(digit_) << 4 | hex_digit(c)));
        break;
      case Escape::kBlank:
        if (blank) break;
        if (c == '\r') {
          escape_ = Escape::kCr;
          break;
        }
        escape_ = Escape::kNone;
        if (c != '\n') {
          bad_ = true;
          put('=');
          put(digit_);
          continue;
        }
        break;
      case Escape::kCr:
        escape_ = Escape::kNone;
        if (c != '\n') continue;
        break;
    }
    count(c);
    ++i;
  }
  return i;
}

void TransferDecoder::flush(std::span<std::uint8_t, kRoom> out) noexcept {
  if (coding_ == Coding::kBase64) return end_quantum(out);
  if (escape_ == Escape::kDigit) {
    bad_ = true;
    out[made_++] = '=';
    out[made_++] = digit_;
  }
  escape_ = Escape::kNone;
  held_ = 0;
}

}  // namespace picket
