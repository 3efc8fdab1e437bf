#include "export/intel/indicator.h"

#include <idn2.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "dataplane/decode/mix.h"
#include "export/assets/asset_address.h"
#include "parsers/core/text.h"

namespace picket::intel {
namespace {

constexpr std::string_view kTypeNames[] = {"address",   "network",     "domain", "url", "email",
                                           "file-hash", "certificate", "ja3",    "ja4", "hassh"};
static_assert(std::size(kTypeNames) == kTypes);
constexpr std::string_view kSeverityNames[] = {"", "info", "low", "medium", "high", "critical"};
static_assert(std::size(kSeverityNames) == static_cast<std::size_t>(Severity::kCount));

/// Words that Zeek and MISP have for the types.
struct Alias {
  std::string_view word;
  Type type;
};
constexpr Alias kAliases[] = {
    {"intel::addr", Type::kAddress},
    {"ip", Type::kAddress},
    {"ip-dst", Type::kAddress},
    {"ip-src", Type::kAddress},
    {"ipv4-addr", Type::kAddress},
    {"ipv6-addr", Type::kAddress},
    {"intel::subnet", Type::kNetwork},
    {"subnet", Type::kNetwork},
    {"domain-name", Type::kDomain},
    {"hostname", Type::kDomain},
    {"intel::domain", Type::kDomain},
    {"intel::url", Type::kUrl},
    {"uri", Type::kUrl},
    {"email-addr", Type::kEmail},
    {"email-dst", Type::kEmail},
    {"email-src", Type::kEmail},
    {"intel::email", Type::kEmail},
    {"intel::file_hash", Type::kFileHash},
    {"md5", Type::kFileHash},
    {"sha1", Type::kFileHash},
    {"sha256", Type::kFileHash},
    {"intel::cert_hash", Type::kCertificate},
    {"x509-fingerprint-sha1", Type::kCertificate},
    {"x509-fingerprint-sha256", Type::kCertificate},
    {"ja3-fingerprint-md5", Type::kJa3},
    {"ja3s", Type::kJa3},
    {"ja4-fingerprint", Type::kJa4},
    {"hassh-md5", Type::kHassh},
    {"hasshserver-md5", Type::kHassh},
};

constexpr std::size_t kMd5Digits = 32;

char lower(char c) noexcept { return static_cast<char>(to_lower(static_cast<std::uint8_t>(c))); }
bool is_hex(std::string_view s) noexcept {
  return std::all_of(s.begin(), s.end(), [](char c) { return hex_digit(static_cast<std::uint8_t>(c)) >= 0; });
}
bool is_ascii(std::string_view s) noexcept {
  return std::all_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// "t13d1516h2_8daaf6152771_b186095e22b6"
bool is_ja4(std::string_view s) noexcept {
  return s.size() == 36 && s[10] == '_' && s[23] == '_' && is_hex(s.substr(11, 12)) && is_hex(s.substr(24));
}

/// Where "https://" ends: behind it, or 0. `port`: the one that need not be named.
std::size_t behind_scheme(std::string_view s, std::string_view& port) noexcept {
  const std::size_t at = s.find("://");
  if (at == std::string_view::npos || at == 0) return 0;
  const std::string_view scheme = s.substr(0, at);
  const auto fits = [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  if (!std::all_of(scheme.begin(), scheme.end(), fits)) return 0;
  port = equals_nocase(scheme, "https") ? "443" : equals_nocase(scheme, "ftp") ? "21" : "80";
  return at + 3;
}

Result<Type> type_of_word(std::string_view word) {
  for (std::size_t i = 0; i < kTypes; ++i) {
    if (equals_nocase(word, kTypeNames[i])) return static_cast<Type>(i);
  }
  for (const Alias& a : kAliases) {
    if (equals_nocase(word, a.word)) return a.type;
  }
  std::string known;
  for (const std::string_view name : kTypeNames) known += (known.empty() ? "" : ", ") + std::string(name);
  return Error{"type '" + std::string(word) + "' is not matched; types are " + known};
}

Type type_by_look(std::string_view s) noexcept {
  std::string_view port;
  if (behind_scheme(s, port) != 0) return Type::kUrl;
  if (written_address(s.substr(0, s.find('/')))) return Type::kAddress;
  if (is_hex(s) && (s.size() == 32 || s.size() == 40 || s.size() == 64)) return Type::kFileHash;
  if (is_ja4(s)) return Type::kJa4;
  if (s.find('/') != std::string_view::npos) return Type::kUrl;
  return s.find('@') != std::string_view::npos ? Type::kEmail : Type::kDomain;
}

Status read_network(std::string_view text, Indicator& out) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = written_address(host);
  if (!address) return Error{"'" + std::string(host) + "' is no IPv4 or IPv6 address"};
  const unsigned most = address->is_v4() ? 32 : 128;
  unsigned bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view n = text.substr(slash + 1);
    const auto [end, bad] = std::from_chars(n.data(), n.data() + n.size(), bits);
    if (bad != std::errc() || end != n.data() + n.size() || bits == 0 || bits > most)
      return Error{"a prefix has 1 to " + std::to_string(most) + " bits, not '" + std::string(n) + "'"};
  }
  out.type = bits == most ? Type::kAddress : Type::kNetwork;
  out.bits = static_cast<std::uint8_t>(bits + 128 - most);
  const auto key = masked(*address, out.bits);
  if (std::memcmp(key.data(), address->bytes.data(), key.size()) != 0)
    return Error{"bits are set behind the prefix; write the network's first address, or /" +
                 std::to_string(most)};
  out.key.assign(key.data(), key.size());
  return Done{};
}

/// The ASCII form of a name; an error where it has none.
Result<std::string> ascii_name(std::string_view name) {
  if (is_ascii(name)) return std::string(name);
  char* ascii = nullptr;
  const std::string z(name);
  const int bad = idn2_to_ascii_8z(z.c_str(), &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  if (bad != IDN2_OK) return Error{"'" + z + "' is no internationalized name: " + idn2_strerror(bad)};
  std::string out(ascii);
  idn2_free(ascii);
  return out;
}

Status check_name(std::string_view name) {
  if (name.empty()) return Error{"the name is empty"};
  std::size_t label = 0;
  for (const char c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c != '.' && !fits)
      return Error{"a name has letters, digits, '-', '_' and dots, not '" + std::string(1, c) + "'"};
    if (c == '.' && label == 0) return Error{"a label of the name is empty"};
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return Error{"a label is longer than 63 characters"};
  }
  return Done{};
}

Status read_domain(std::string_view text, Indicator& out) {
  std::string_view name = text;
  const bool all_below = name.starts_with("*.") || name.starts_with('.');
  if (all_below) name.remove_prefix(name.find('.') + 1);
  auto ascii = ascii_name(name);
  if (!ascii) return ascii.error();
  std::array<char, kMaxText> room;
  const auto normal = normal_name(ascii.value(), room);
  if (!normal) return Error{"a name has at most 253 characters"};
  if (auto bad = check_name(*normal); !bad) return bad;
  if (normal->find('.') == std::string_view::npos && !all_below)
    return Error{"one label fits all names below it; write ." + std::string(*normal) + " if that is meant"};
  if (written_address(*normal)) return Error{"is an address; its type is 'address'"};
  out.type = Type::kDomain;
  out.key = *normal;
  return Done{};
}

Status read_url(std::string_view text, Indicator& out) {
  std::string ascii;
  std::array<char, kMaxText> room;
  auto url = normal_url(text, room);
  if (url && !is_ascii(url->host)) {
    auto host = ascii_name(url->host);
    if (!host) return host.error();
    std::string whole(url->text);
    whole.replace(static_cast<std::size_t>(url->host.data() - url->text.data()), url->host.size(),
                  host.value());
    ascii = whole;
    url = normal_url(ascii, room);
  }
  if (!url)
    return Error{"is no URL; write http://host/path, with at most " + std::to_string(kMaxText) +
                 " characters"};
  if (!written_address(url->host)) {
    if (auto bad = check_name(url->host); !bad) return bad;
  }
  out.type = Type::kUrl;
  out.key = url->text;
  return Done{};
}

Status read_digest(std::string_view text, Type type, Indicator& out) {
  std::array<char, kMaxText> room;
  const auto digest = normal_digest(text, room);
  const bool cert = type == Type::kCertificate;
  if (!digest || (cert && digest->size() == 16))
    return Error{cert ? "a certificate's hash is SHA-1 or SHA-256: 40 or 64 hexadecimal digits"
                      : "a file's hash is MD5, SHA-1 or SHA-256: 32, 40 or 64 hexadecimal digits"};
  out.type = type;
  out.key = *digest;
  return Done{};
}

}  // namespace

std::string_view type_name(Type t) noexcept { return kTypeNames[static_cast<std::size_t>(t)]; }
std::string_view severity_name(Severity s) noexcept { return kSeverityNames[static_cast<std::size_t>(s)]; }

std::uint64_t fingerprint(const Key& k) noexcept {
  std::uint64_t h = mix(kMixA ^ (static_cast<std::uint64_t>(k.space) << 8 | k.bits), kMixB ^ k.text.size());
  const char* p = k.text.data();
  std::size_t left = k.text.size();
  for (; left >= 8; p += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    h = mix(h ^ word, kMixC);
  }
  std::uint64_t tail = 0;
  if (left != 0) std::memcpy(&tail, p, left);
  return mix(mix(h ^ tail, kMixC), kMixA);
}

std::optional<Address> written_address(std::string_view s) noexcept {
  if (s.size() < 2 || s.size() > 45 ||
      (s[s.size() - 1] != ':' && hex_digit(static_cast<std::uint8_t>(s.back())) < 0))
    return std::nullopt;
  const bool fits = std::all_of(s.begin(), s.end(), [](char c) {
    return hex_digit(static_cast<std::uint8_t>(c)) >= 0 || c == '.' || c == ':';
  });
  return fits && s.find_first_of(".:") != std::string_view::npos ? parse_address(s) : std::nullopt;
}

std::array<char, 16> masked(const Address& a, unsigned bits) noexcept {
  std::array<char, 16> out{};
  std::memcpy(out.data(), a.bytes.data(), bits / 8);
  if (bits % 8 != 0) out[bits / 8] = static_cast<char>(a.bytes[bits / 8] & (0xff00U >> (bits % 8)));
  return out;
}

std::optional<std::string_view> normal_text(std::string_view s, Room room) noexcept {
  if (s.empty() || s.size() > room.size()) return std::nullopt;
  std::transform(s.begin(), s.end(), room.begin(), lower);
  return std::string_view(room.data(), s.size());
}

std::optional<std::string_view> normal_name(std::string_view s, Room room) noexcept {
  if (s.starts_with("*.")) s.remove_prefix(2);
  if (s.ends_with('.')) s.remove_suffix(1);
  if (s.size() > kMaxName) return std::nullopt;
  return normal_text(s, room);
}

std::optional<std::string_view> normal_email(std::string_view s, Room room) noexcept {
  const std::size_t at = s.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == s.size()) return std::nullopt;
  return normal_text(s, room);
}

std::optional<Url> normal_url(std::string_view s, Room room) noexcept {
  std::string_view standard = "";
  if (const std::size_t at = behind_scheme(s, standard); at != 0) s.remove_prefix(at);
  s = s.substr(0, s.find('#'));
  const std::size_t path_at = std::min(s.find_first_of("/?"), s.size());
  std::string_view authority = s.substr(0, path_at);
  const std::string_view path = s.substr(path_at);
  if (const std::size_t user = authority.rfind('@'); user != std::string_view::npos)
    authority.remove_prefix(user + 1);
  std::string_view host = authority, port;
  const bool v6 = authority.starts_with('[');
  const std::size_t colon = authority.find(':', v6 ? std::min(authority.find(']'), authority.size()) : 0);
  if (colon != std::string_view::npos) host = authority.substr(0, colon), port = authority.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (port == standard || (standard.empty() && (port == "80" || port == "443"))) port = {};
  if (!v6 && host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() + port.size() + path.size() + 2 > room.size()) return std::nullopt;
  char* to = std::transform(host.begin(), host.end(), room.data(), lower);
  const auto put = [&to](std::string_view t) { to = std::copy(t.begin(), t.end(), to); };
  if (!port.empty()) put(":"), put(port);
  if (!path.starts_with('/')) put("/");
  put(path);
  Url url;
  url.text = {room.data(), static_cast<std::size_t>(to - room.data())};
  url.host = url.text.substr(0, host.size());
  if (v6 && url.host.ends_with(']')) url.host = url.host.substr(1, url.host.size() - 2);
  url.has_query = path.find('?') != std::string_view::npos;
  return url;
}

std::optional<std::string_view> normal_digest(std::string_view s, Room room) noexcept {
  std::size_t n = 0;
  for (std::size_t at = 0; at < s.size(); n += 1) {
    if (at != 0 && s[at] == ':') ++at;
    if (s.size() - at < 2 || n == 32) return std::nullopt;
    const int high = hex_digit(static_cast<std::uint8_t>(s[at])),
              low = hex_digit(static_cast<std::uint8_t>(s[at + 1]));
    if (high < 0 || low < 0) return std::nullopt;
    room[n] = static_cast<char>(high << 4 | low);
    at += 2;
  }
  if (n != 16 && n != 20 && n != 32) return std::nullopt;
  return std::string_view(room.data(), n);
}

Status read_indicator(std::string_view text, std::string_view word, Indicator& out) {
  if (text.empty()) return Error{"the indicator is empty"};
  if (text.size() > kMaxText)
    return Error{"the indicator is longer than " + std::to_string(kMaxText) + " bytes"};
  if (text.find('\0') != std::string_view::npos) return Error{"the indicator has a NUL in it"};
  Type type = type_by_look(text);
  if (!word.empty()) {
    auto named = type_of_word(word);
    if (!named) return named.error();
    type = named.value();
  }
  out.text = text;
  out.bits = 0;
  std::array<char, kMaxText> room;
  switch (type) {
    case Type::kAddress:
    case Type::kNetwork:
      return read_network(text, out);
    case Type::kDomain:
      return read_domain(text, out);
    case Type::kUrl:
      return read_url(text, out);
    case Type::kFileHash:
    case Type::kCertificate:
      return read_digest(text, type, out);
    case Type::kEmail: {
      const auto email = normal_email(text, room);
      if (!email || !is_ascii(text) || email->find_first_of(" <>,;") != std::string_view::npos)
        return Error{"is no address of mail, such as name@example.org"};
      out.key = *email;
      break;
    }
    case Type::kJa4:
      if (!is_ja4(text)) return Error{"is no JA4, such as t13d1516h2_8daaf6152771_b186095e22b6"};
      out.key = *normal_text(text, room);
      break;
    default:
      if (text.size() != kMd5Digits || !is_hex(text))
        return Error{std::string(type_name(type)) + " has 32 hexadecimal digits"};
      out.key = *normal_text(text, room);
      break;
  }
  out.type = type;
  return Done{};
}

}  // namespace picket::intel
