#include "export/intel/values.h"

#include <arpa/inet.h>

#include <algorithm>

#include "export/assets/asset_address.h"

namespace picket::intel {
namespace {

/// Between addresses of mail; and between hosts, as in a certificate's subject, a mail's Received, a share or a URL.
constexpr std::string_view kBetweenMails = " \t\r\n,;=()<>[]{}\"'\\|";
constexpr std::string_view kBetweenHosts = " \t\r\n,;=()<>[]{}\"'\\|@/";

template <class Do>
void each_word(std::string_view text, std::string_view between, Do&& word) noexcept {
  for (std::size_t words = 0; words < kMaxWords; ++words) {
    const std::size_t begin = text.find_first_not_of(between);
    if (begin == std::string_view::npos) return;
    const std::size_t end = std::min(text.find_first_of(between, begin), text.size());
    word(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

}  // namespace

void Values::try_key(const Key& key, std::string_view seen) noexcept {
  ++lookups_;
  if (const auto range = set_.find(key); range.first != range.last) finder_.found(range, key, seen);
}

void Values::address(const Address& a, std::string_view seen) noexcept {
  if (!set_.has(Type::kAddress) && !set_.has(Type::kNetwork)) return;
  std::array<char, INET6_ADDRSTRLEN> text;
  if (seen.empty()) {
    const bool v4 = a.is_v4();
    inet_ntop(v4 ? AF_INET : AF_INET6, &a.bytes[v4 ? 12 : 0], text.data(), text.size());
    seen = text.data();
  }
  for (unsigned bits = a.is_v4() ? 97 : 1; bits <= 128; ++bits) {
    if (!set_.prefixes().test(bits)) continue;
    const auto key = masked(a, bits);
    try_key({Type::kAddress, static_cast<std::uint8_t>(bits), {key.data(), key.size()}}, seen);
  }
}

void Values::host(std::string_view word) noexcept {
  // With or without a port.
  if (const auto a = written_address(word)) return address(*a, word);
  if (const std::size_t colon = word.find(':'); colon != std::string_view::npos) {
    word = word.substr(0, colon);
    if (const auto a = written_address(word)) return address(*a, word);
  }
  if (!set_.has(Type::kDomain)) return;
  std::array<char, kMaxName> room;
  if (word.size() > kMaxName + 2) word = word.substr(word.find('.', word.size() - kMaxName) + 1);
  const auto name = normal_name(word, room);
  if (!name) return;
  std::size_t labels = 1;
  for (std::size_t at = name->size(); labels <= kMaxLabels; ++labels) {
    const std::size_t dot = at == 0 ? std::string_view::npos : name->rfind('.', at - 1);
    const std::string_view below = name->substr(dot == std::string_view::npos ? 0 : dot + 1);
    if (set_.labels().test(labels) && !below.empty()) try_key({Type::kDomain, 0, below}, word);
    if (dot == std::string_view::npos) break;
    at = dot;
  }
}

void Values::look_url(std::string_view text, bool with_host) noexcept {
  std::array<char, kMaxText> room;
  const auto url = normal_url(text.substr(0, kMaxText), room);
  if (!url) return;
  if (set_.has(Type::kUrl)) {
    try_key({Type::kUrl, 0, url->text}, text);
    if (url->has_query) try_key({Type::kUrl, 0, url->without_query()}, text);
  }
  if (with_host) host(url->host);
}

void Values::email(std::string_view word) noexcept {
  std::array<char, kMaxText> room;
  if (word.starts_with("mailto:")) word.remove_prefix(7);
  const auto email = normal_email(word.substr(0, kMaxText), room);
  if (!email) return;
  if (set_.has(Type::kEmail)) try_key({Type::kEmail, 0, *email}, word);
  host(email->substr(email->rfind('@') + 1));
}

void Values::digest(Type type, Bytes value) noexcept {
  if (!set_.has(type)) return;
  // Text has twice as many digits; 32 bytes that are no digits are SHA-256.
  std::array<char, kMaxText> room;
  const auto text = value.size() >= 32 ? normal_digest(as_text(value), room) : std::nullopt;
  const std::string_view bytes = text ? *text : as_text(value);
  std::array<char, 64> hex;
  std::size_t n = 0;
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes.substr(0, hex.size() / 2)) {
    hex[n++] = kDigits[static_cast<std::uint8_t>(c) >> 4];
    hex[n++] = kDigits[static_cast<std::uint8_t>(c) & 15];
  }
  try_key({type, 0, bytes}, {hex.data(), n});
}

void Values::look(v1::Observable what, Bytes value) noexcept {
  std::array<char, kMaxText> room;
  const auto text = [&](Type type) {
    if (!set_.has(type)) return;
    if (const auto normal = normal_text(as_text(value), room)) try_key({type, 0, *normal}, as_text(value));
  };
  switch (what) {
    case v1::OBSERVABLE_ADDRESS:
      if (const auto a = address_of(value)) address(*a, {});
      return;
    case v1::OBSERVABLE_HOST:
      return each_word(as_text(value), kBetweenHosts, [this](std::string_view word) { host(word); });
    case v1::OBSERVABLE_URL:
      return look_url(as_text(value));
    case v1::OBSERVABLE_EMAIL:
      return each_word(as_text(value), kBetweenMails, [this](std::string_view word) { email(word); });
    case v1::OBSERVABLE_FILE_HASH:
      return digest(Type::kFileHash, value);
    case v1::OBSERVABLE_CERTIFICATE:
      return digest(Type::kCertificate, value);
    case v1::OBSERVABLE_JA3:
      return text(Type::kJa3);
    case v1::OBSERVABLE_JA4:
      return text(Type::kJa4);
    case v1::OBSERVABLE_HASSH:
      return text(Type::kHassh);
    default:
      return;
  }
}

}  // namespace picket::intel
