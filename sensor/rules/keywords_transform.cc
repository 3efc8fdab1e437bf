// sensor/rules/keywords_transform.cc — what a sticky buffer goes through before it is searched
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

using Kind = Transform::Kind;

bool read_plain(Builder& builder, const Option& option, unsigned kind) {
  Transform transform;
  transform.kind = static_cast<Kind>(kind);
  return builder.add_transform(option, std::move(transform));
}

bool read_xor(Builder& builder, const Option& option, unsigned) {
  Transform transform;
  transform.kind = Kind::kXor;
  auto rest = option.value;
  std::string_view key;
  while (!rest.empty()) {
    const auto part = take_until(rest, ',');
    auto argument = part;
    const auto word = take_word(argument);
    if (word == "offset") {
      if (!parse_number(argument, transform.offset) || transform.offset < 0)
        return builder.fail(part, "xor's offset is a number");
    } else if (word == "extract") {
      const auto length = take_word(argument);
      transform.has_bytes = parse_number(length, transform.bytes) && parse_number(argument, transform.end) &&
                            transform.end >= 0;
      if (!transform.has_bytes || transform.bytes == 0 || transform.bytes > 255) {
        return builder.fail(part, "xor's extract takes a length and an offset, as in xor:extract 1 0");
      }
    } else {
      key = part;
    }
  }
  if (transform.has_bytes && key.empty()) return builder.add_transform(option, std::move(transform));
  for (std::size_t i = 0; i + 1 < key.size(); i += 2) {
    const int high = hex_digit(key[i]), low = hex_digit(key[i + 1]);
    if (high < 0 || low < 0)
      return builder.fail(key.substr(i, 2), "xor takes a key in hex, as in xor:\"0d0a\"");
    transform.argument += static_cast<char>(high << 4 | low);
  }
  if (key.size() % 2 != 0 || key.empty())
    return builder.fail(key.empty() ? option.value : key,
                        "xor takes a key of whole bytes in hex, as in xor:\"0d0a\"");
  constexpr std::size_t kMost = 256;
  if (transform.argument.size() > kMost) return builder.fail(key, "an xor key of more than 256 bytes");
  return builder.add_transform(option, std::move(transform));
}

bool read_pcrexform(Builder& builder, const Option& option, unsigned) {
  if (option.value.empty()) return builder.fail(option.name, "pcrexform needs a pattern");
  Transform transform;
  transform.kind = Kind::kPcre;
  transform.argument = option.value;
  return builder.add_transform(option, std::move(transform));
}

bool read_from_base64(Builder& builder, const Option& option, unsigned) {
  using Mode = Transform::Base64Mode;
  constexpr Named<Mode> kModes[] = {
      {"rfc4648", Mode::kRfc4648}, {"rfc2045", Mode::kRfc2045}, {"strict", Mode::kStrict}};
  Transform transform;
  transform.kind = Kind::kFromBase64;
  auto rest = option.value;
  while (!rest.empty()) {
    const auto part = take_until(rest, ',');
    auto argument = part;
    const auto word = take_word(argument);
    bool fine = false;
    if (word == "bytes") {
      fine = parse_number(argument, transform.bytes) && transform.bytes > 0 && transform.bytes <= 65535;
    } else if (word == "offset") {
      fine = parse_number(argument, transform.offset) && transform.offset >= 0 && transform.offset <= 65535;
    } else if (word == "mode") {
      const auto* mode = find_named(kModes, argument);
      fine = mode != nullptr;
      if (fine) transform.base64 = *mode;
    }
    if (!fine)
      return builder.fail(part.empty() ? option.value : part,
                          "from_base64 takes bytes N, offset N and mode " + list_names(kModes));
  }
  return builder.add_transform(option, std::move(transform));
}

bool read_inflate(Builder& builder, const Option& option, unsigned kind) {
  Transform transform;
  transform.kind = static_cast<Kind>(kind);
  auto rest = option.value;
  if (!rest.empty()) {
    if (take_word(rest) != "max-size" || !parse_number(rest, transform.max_size) || transform.max_size == 0) {
      return builder.fail(option.value, std::string(option.name) + " takes nothing or max-size N");
    }
  }
  return builder.add_transform(option, std::move(transform));
}

bool read_subslice(Builder& builder, const Option& option, unsigned) {
  Transform transform;
  transform.kind = Kind::kSubslice;
  auto rest = option.value;
  const auto offset = take_until(rest, ',');
  const auto count = trim(rest);
  if (!parse_number(offset, transform.offset))
    return builder.fail(option.value, "subslice takes offset[,count]");
  if (!count.empty()) {
    transform.has_bytes = true;
    if (!parse_number(count, transform.end)) return builder.fail(count, "subslice takes offset[,count]");
    if (transform.end >= 0) transform.bytes = static_cast<std::uint32_t>(transform.end);
  }
  return builder.add_transform(option, std::move(transform));
}

constexpr unsigned of(Kind kind) noexcept { return static_cast<unsigned>(kind); }
constexpr Keyword kKeywords[] = {
    {"compress_whitespace", Argument::kNone, read_plain, of(Kind::kCompressWhitespace)},
    {"domain", Argument::kNone, read_plain, of(Kind::kDomain)},
    {"dotprefix", Argument::kNone, read_plain, of(Kind::kDotPrefix)},
    {"from_base64", Argument::kOptional, read_from_base64},
    {"gunzip", Argument::kOptional, read_inflate, of(Kind::kGunzip)},
    {"header_lowercase", Argument::kNone, read_plain, of(Kind::kHeaderLowercase)},
    {"pcrexform", Argument::kQuoted, read_pcrexform},
    {"strip_pseudo_headers", Argument::kNone, read_plain, of(Kind::kStripPseudoHeaders)},
    {"strip_whitespace", Argument::kNone, read_plain, of(Kind::kStripWhitespace)},
    {"subslice", Argument::kRequired, read_subslice},
    {"tld", Argument::kNone, read_plain, of(Kind::kTopLevelDomain)},
    {"to_lowercase", Argument::kNone, read_plain, of(Kind::kToLowercase)},
    {"to_md5", Argument::kNone, read_plain, of(Kind::kToMd5)},
    {"to_sha1", Argument::kNone, read_plain, of(Kind::kToSha1)},
    {"to_sha256", Argument::kNone, read_plain, of(Kind::kToSha256)},
    {"to_uppercase", Argument::kNone, read_plain, of(Kind::kToUppercase)},
    {"url_decode", Argument::kNone, read_plain, of(Kind::kUrlDecode)},
    {"xor", Argument::kRequired, read_xor},
    {"zlib_deflate", Argument::kOptional, read_inflate, of(Kind::kZlibDeflate)},
};

}  // namespace

std::span<const Keyword> transform_keywords() { return kKeywords; }

}  // namespace picket::rules
