#include "dataplane/detect/transform.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <isa-l.h>
#include <libpsl.h>
#include <pcre2.h>

#include <algorithm>

#include "dataplane/detect/base64.h"
#include "parsers/core/digest.h"

namespace picket::detect {
namespace {

constexpr bool is_space(std::uint8_t c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr std::uint8_t to_upper(std::uint8_t c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<std::uint8_t>(c - 32) : c;
}
constexpr int hex_value(std::uint8_t c) noexcept {
  c = to_lower(c);
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Writes bytes up to the end of `room`.
struct Writer {
  std::span<std::uint8_t> room;
  std::size_t size = 0;
  bool cut = false;
  void put(std::uint8_t c) noexcept {
    if (size < room.size())
      room[size++] = c;
    else
      cut = true;
  }
};

void url_decode(Bytes in, Writer& out) noexcept {
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '%' && i + 2 < in.size() && hex_value(in[i + 1]) >= 0 && hex_value(in[i + 2]) >= 0) {
      out.put(static_cast<std::uint8_t>(hex_value(in[i + 1]) * 16 + hex_value(in[i + 2])));
      i += 2;
    } else {
      out.put(in[i] == '+' ? std::uint8_t{' '} : in[i]);
    }
  }
}

/// Names of headers, from a line's start to its colon, in lower case.
void header_lowercase(Bytes in, Writer& out) noexcept {
  bool name = true;
  for (const std::uint8_t c : in) {
    if (c == '\n')
      name = true;
    else if (c == ':')
      name = false;
    out.put(name ? to_lower(c) : c);
  }
}

/// Without lines that begin with a colon.
void strip_pseudo_headers(Bytes in, Writer& out) noexcept {
  bool start = true, drop = false;
  for (const std::uint8_t c : in) {
    if (start) drop = c == ':';
    start = c == '\n';
    if (!drop) out.put(c);
  }
}

Bytes subslice(const Transform& t, Bytes in) noexcept {
  const auto size = static_cast<std::int64_t>(in.size());
  const std::int64_t first = std::clamp<std::int64_t>(t.offset < 0 ? size + t.offset : t.offset, 0, size);
  std::int64_t last = size;
  if (t.end < 0)
    last = size + t.end;
  else if (t.has_bytes)
    last = std::min<std::int64_t>(size, first + t.bytes);
  return last <= first ? Bytes{}
                       : in.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
}

/// What the pattern's first group matched; nothing when it does not match.
Bytes by_pattern(const RuleSet& set, const Transform& t, Bytes in, CoreMemory& core) noexcept {
  static const std::uint8_t kEmpty = 0;
  const int rc = pcre2_match_8(set.patterns[t.argument].code, in.empty() ? &kEmpty : in.data(), in.size(), 0,
                               0, core.match_data, core.limited);
  if (rc < 2) return {};
  const PCRE2_SIZE* where = pcre2_get_ovector_pointer_8(core.match_data);
  if (where[2] > where[3] || where[3] > in.size()) return {};
  return in.subspan(where[2], where[3] - where[2]);
}

/// The part of a name that somebody registered, or the public suffix above it. Names that cannot be have neither.
Bytes domain(Bytes in, bool suffix, std::span<std::uint8_t> room) noexcept {
  constexpr std::size_t kLongestName = 255;
  if (in.size() > kLongestName || in.size() + 1 > room.size()) return {};
  for (std::size_t i = 0; i < in.size(); ++i) {
    // What is not ASCII the library would have to convert, and a zero would end the name for it.
    if (in[i] == 0 || in[i] >= 0x80) return {};
    room[i] = to_lower(in[i]);
  }
  room[in.size()] = 0;
  static const psl_ctx_t* const kList = psl_builtin();
  const char* const name = reinterpret_cast<const char*>(room.data());
  const char* const part =
      suffix ? psl_unregistrable_domain(kList, name) : psl_registrable_domain(kList, name);
  return part == nullptr ? Bytes{}
                         : Bytes(room).subspan(static_cast<std::size_t>(part - name),
                                               in.size() - static_cast<std::size_t>(part - name));
}

/// As far as it goes: what is damaged behind a good part does not take that away.
void inflate(const Transform& t, Bytes in, Writer& out, inflate_state& state) noexcept {
  const std::size_t most = t.bytes == 0 ? out.room.size() : std::min<std::size_t>(t.bytes, out.room.size());
  isal_inflate_init(&state);
  state.crc_flag = t.kind == Transform::Kind::kGunzip ? ISAL_GZIP : ISAL_ZLIB;
  state.next_in = const_cast<std::uint8_t*>(in.data());
  state.avail_in = static_cast<std::uint32_t>(std::min<std::size_t>(in.size(), UINT32_MAX));
  state.next_out = out.room.data();
  state.avail_out = static_cast<std::uint32_t>(most);
  isal_inflate(&state);
  out.size = most - state.avail_out;
  out.cut = state.avail_out == 0 && state.block_state != ISAL_BLOCK_FINISH;
}

template <class F>
void each(Bytes in, Writer& out, F&& f) noexcept {
  for (const std::uint8_t c : in) out.put(f(c));
}

template <class Algorithm>
Bytes digest(Bytes in, std::span<std::uint8_t> room) noexcept {
  const auto value = Algorithm::of(in);
  std::copy(value.begin(), value.end(), room.begin());
  return room.first(value.size());
}

Bytes apply_one(const RuleSet& set, const Transform& t, Bytes in, std::span<std::uint8_t> room,
                CoreMemory& core, bool& cut) noexcept {
  Writer out{room};
  switch (t.kind) {
    case Transform::Kind::kSubslice:
      return subslice(t, in);
    case Transform::Kind::kPcre:
      return by_pattern(set, t, in, core);
    case Transform::Kind::kToMd5:
      return digest<Md5>(in, room);
    case Transform::Kind::kToSha1:
      return digest<Sha1>(in, room);
    case Transform::Kind::kToSha256:
      return digest<Sha256>(in, room);
    case Transform::Kind::kFromBase64: {
      if (t.offset > 0) in = in.subspan(std::min(in.size(), static_cast<std::size_t>(t.offset)));
      if (t.bytes != 0) in = in.first(std::min(in.size(), static_cast<std::size_t>(t.bytes)));
      return room.first(decode_base64(in, static_cast<Base64Mode>(t.base64_mode), room));
    }
    case Transform::Kind::kDomain:
    case Transform::Kind::kTopLevelDomain:
      return domain(in, t.kind == Transform::Kind::kTopLevelDomain, room);
    case Transform::Kind::kGunzip:
    case Transform::Kind::kZlibDeflate:
      inflate(t, in, out, *core.inflate);
      break;
    case Transform::Kind::kCompressWhitespace: {
      bool before = false;
      for (const std::uint8_t c : in) {
        const bool space = is_space(c);
        if (!space || !before) out.put(c);
        before = space;
      }
      break;
    }
    case Transform::Kind::kStripWhitespace:
      for (const std::uint8_t c : in) {
        if (!is_space(c)) out.put(c);
      }
      break;
    case Transform::Kind::kToLowercase:
      each(in, out, to_lower);
      break;
    case Transform::Kind::kToUppercase:
      each(in, out, to_upper);
      break;
    case Transform::Kind::kDotPrefix:
      out.put('.');
      each(in, out, [](std::uint8_t c) noexcept { return c; });
      break;
    case Transform::Kind::kUrlDecode:
      url_decode(in, out);
      break;
    case Transform::Kind::kHeaderLowercase:
      header_lowercase(in, out);
      break;
    case Transform::Kind::kStripPseudoHeaders:
      strip_pseudo_headers(in, out);
      break;
    case Transform::Kind::kXor: {
      Bytes key{set.bytes.data() + t.argument, t.argument_size};
      if (t.has_bytes) {  // in what is decoded
        const auto at = static_cast<std::size_t>(t.end);
        if (at > in.size() || in.size() - at < t.bytes) return {};
        key = in.subspan(at, t.bytes);
      }
      in = in.subspan(std::min(in.size(), static_cast<std::size_t>(t.offset)));
      for (std::size_t i = 0; i < in.size(); ++i)
        out.put(static_cast<std::uint8_t>(in[i] ^ key[i % key.size()]));
      break;
    }
  }
  cut = cut || out.cut;
  return room.first(out.size);
}

}  // namespace

Bytes apply(const RuleSet& set, const TransformList& list, Bytes in, CoreMemory& core,
            DetectStats& stats) noexcept {
  bool cut = false;
  for (std::uint32_t i = 0; i < list.count; ++i) {
    // Some give back a part of what they got: the next one writes where that is not.
    const bool in_first =
        std::uintptr_t(in.data()) - std::uintptr_t(core.transformed[0].data()) < core.transformed[0].size();
    in = apply_one(set, set.transforms[list.first + i], in, core.transformed[in_first ? 1 : 0], core, cut);
  }
  if (cut) ++stats.transform_limit;
  return in;
}

}  // namespace picket::detect
