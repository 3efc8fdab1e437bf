// Segments, fields and what is in them; how HL7 is told from what else is on the wire.
#include "parsers/hl7/hl7.h"

#include <algorithm>

#include "parsers/core/text.h"

namespace picket::hl7 {
namespace {

constexpr std::size_t kMaxEncoding = 5;  // ^~\& and, since 2.7, #

bool separates(std::uint8_t c) noexcept { return c > 0x20 && c < 0x7f; }
bool alphanumeric(std::uint8_t c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_header(Bytes name) noexcept {
  return as_text(name) == "MSH" || as_text(name) == "FHS" || as_text(name) == "BHS";
}

/// What is between the n-th separator and the one behind it, from 0; nothing when there are fewer.
bool part(Bytes in, std::uint8_t separator, unsigned n, Bytes& out) noexcept {
  for (;;) {
    const auto end = std::find(in.begin(), in.end(), separator);
    const auto size = static_cast<std::size_t>(end - in.begin());
    if (n-- == 0) return out = in.first(size), true;
    if (end == in.end()) return false;
    in = in.subspan(size + 1);
  }
}

/// "MSH", a separator, up to five encoding characters, the separator again.
Probe header_starts(Bytes b) noexcept {
  constexpr std::string_view kNames[] = {"MSH", "FHS", "BHS"};
  const std::string_view text = as_text(b);
  const auto fits = [&](std::string_view name) {
    return name.substr(0, std::min<std::size_t>(3, text.size())) == text.substr(0, 3);
  };
  if (std::none_of(std::begin(kNames), std::end(kNames), fits)) return Probe::kNo;
  if (b.size() < 4) return Probe::kUnsure;
  const std::uint8_t separator = b[3];
  if (!separates(separator) || alphanumeric(separator)) return Probe::kNo;
  for (std::size_t i = 4; i < b.size(); ++i) {
    if (b[i] == separator) return i >= 5 ? Probe::kYes : Probe::kNo;
    if (i == 4 + kMaxEncoding || !separates(b[i]) || alphanumeric(b[i])) return Probe::kNo;
  }
  return Probe::kUnsure;
}

}  // namespace

bool read_separators(Bytes header, Separators& s) noexcept {
  s = {};
  if (header.size() < 5 || !is_header(header.first(3))) return false;
  s.field = header[3];
  if (!separates(s.field) || alphanumeric(s.field)) return false;
  const Bytes rest = header.subspan(4);
  const auto end = std::find(rest.begin(), rest.end(), s.field);
  const Bytes encoding =
      rest.first(std::min<std::size_t>(static_cast<std::size_t>(end - rest.begin()), kMaxEncoding));
  if (encoding.empty()) return false;
  s.component = encoding[0];
  s.repetition = encoding.size() > 1 ? encoding[1] : std::uint8_t{0};
  s.escape = encoding.size() > 2 ? encoding[2] : std::uint8_t{0};
  s.part = encoding.size() > 3 ? encoding[3] : std::uint8_t{0};
  return true;
}

bool next_segment(Cursor& in, Segment& out) noexcept {
  while (!in.empty()) {
    const Bytes rest = in.rest();
    const auto end =
        std::find_if(rest.begin(), rest.end(), [](std::uint8_t c) { return c == kCr || c == kLf; });
    out.line = in.bytes(static_cast<std::size_t>(end - rest.begin()));
    if (!in.empty()) in.skip(1);
    if (out.line.empty()) continue;
    out.name = out.line.first(std::min<std::size_t>(3, out.line.size()));
    return true;
  }
  return false;
}

Bytes field(const Segment& s, const Separators& by, unsigned n) noexcept {
  Bytes out;
  if (n == 0 || s.line.size() < 4) return {};
  if (is_header(s.name)) {
    if (n == 1) return s.line.subspan(3, 1);
    --n;
  }
  return part(s.line.subspan(3), by.field, n, out) ? out : Bytes{};
}

bool repetition(Bytes field, const Separators& by, unsigned n, Bytes& out) noexcept {
  if (field.empty()) return false;
  if (by.repetition == 0) return n == 0 && (out = field, true);
  return part(field, by.repetition, n, out);
}

Bytes component(Bytes field, const Separators& by, unsigned n) noexcept {
  Bytes first, out;
  if (!repetition(field, by, 0, first)) return {};
  return part(first, by.component, n - 1, out) ? out : Bytes{};
}

Bytes unescape(Bytes in, const Separators& by, std::span<char> room) noexcept {
  std::size_t size = 0;
  const auto put = [&](std::uint8_t c) {
    if (size < room.size()) room[size++] = static_cast<char>(c);
  };
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (by.escape == 0 || in[i] != by.escape) {
      put(in[i]);
      continue;
    }
    const auto end = std::find(in.begin() + static_cast<std::ptrdiff_t>(i) + 1, in.end(), by.escape);
    const Bytes inner = in.subspan(i + 1, static_cast<std::size_t>(end - in.begin()) - i - 1);
    const std::uint8_t kind = inner.empty() ? std::uint8_t{0} : inner[0];
    std::uint8_t plain = 0;
    if (end != in.end() && inner.size() == 1) {
      plain = kind == 'F'   ? by.field
              : kind == 'S' ? by.component
              : kind == 'R' ? by.repetition
              : kind == 'T' ? by.part
              : kind == 'E' ? by.escape
              : kind == 'P' ? std::uint8_t{'#'}
                            : std::uint8_t{0};
    }
    const bool hex =
        end != in.end() && kind == 'X' && inner.size() % 2 == 1 && inner.size() > 1 &&
        std::all_of(inner.begin() + 1, inner.end(), [](std::uint8_t c) { return hex_digit(c) >= 0; });
    if (hex) {
      for (std::size_t k = 1; k + 1 < inner.size(); k += 2)
        put(static_cast<std::uint8_t>(hex_digit(inner[k]) << 4 | hex_digit(inner[k + 1])));
    } else if (plain != 0) {
      put(plain);
    } else {
      put(in[i]);  // what it means is not known: as it came
      continue;
    }
    i += inner.size() + 1;
  }
  return as_bytes({room.data(), size});
}

bool segment_at(const Message& m, std::string_view name, unsigned n, Segment& out) noexcept {
  return find_segment(m, name.data(), n, out, [name](const Segment& s) { return as_text(s.name) == name; });
}

bool read_acknowledgement(const Message& m, Acknowledgement& a) noexcept {
  Segment s;
  if (!segment_at(m, "MSA", 0, s)) return false;
  a.code = field(s, m.separators, 1);
  a.control_id = field(s, m.separators, 2);
  return true;
}

bool refuses(Bytes code) noexcept {
  const std::string_view s = as_text(code);
  return s == "AE" || s == "AR" || s == "CE" || s == "CR";
}

const Message* Exchange::side(Direction dir) const noexcept {
  if (dir == asked && has_question) return &question;
  const bool answered = has_question ? dir != asked : dir == asked;
  return answered && has_answer ? &answer : nullptr;
}

Probe probe(Transport t, Direction, Bytes first) noexcept {
  if (t != Transport::kTcp) return Probe::kNo;
  if (first.empty()) return Probe::kUnsure;
  if (first[0] != kVt) return header_starts(first);
  return first.size() == 1 ? Probe::kUnsure : header_starts(first.subspan(1));
}

}  // namespace picket::hl7
