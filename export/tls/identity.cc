#include "export/tls/identity.h"

#include <fmt/core.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "parsers/core/bytes.h"

namespace picket::tls {
namespace {

constexpr std::size_t kMaxName = 128;
constexpr std::string_view kFingerprint = "sha256:";

using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

std::string_view text_of(const ASN1_IA5STRING* s) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(s)),
          static_cast<std::size_t>(ASN1_STRING_length(s))};
}

/// The one of several that there may be; none where they differ.
struct OnlyOne {
  std::string_view value;
  int seen = 0;
  void add(std::string_view v) {
    value = v;
    ++seen;
  }
  [[nodiscard]] std::string_view get() const {
    return seen == 1 && is_name(value) ? value : std::string_view();
  }
};

std::string_view trim(std::string_view s) {
  const auto begin = s.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return s.substr(begin, s.find_last_not_of(" \t\r") - begin + 1);
}

}  // namespace

bool is_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

Identity read_identity(X509& certificate) {
  Identity who;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  X509_digest(&certificate, EVP_sha256(), digest.data(), nullptr);
  for (const unsigned char byte : digest) who.fingerprint += fmt::format("{:02x}", byte);
  who.not_after_s = seconds(X509_get0_notAfter(&certificate));

  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return who;
  OnlyOne uri, dns;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) dns.add(text_of(name->d.dNSName));
    if (name->type != GEN_URI) continue;
    const std::string_view text = text_of(name->d.uniformResourceIdentifier);
    if (text.starts_with(kSensorUri)) uri.add(text.substr(kSensorUri.size()));
  }
  who.name = uri.seen != 0 ? uri.get() : dns.get();
  return who;
}

Result<AllowList> AllowList::read(std::string_view text, const std::string& path) {
  AllowList list;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    word = trim(word.substr(0, word.find('#')));
    if (word.empty()) continue;
    if (word.starts_with(kFingerprint)) {
      std::string hex;
      for (const char c : word.substr(kFingerprint.size())) {
        if (c != ':') hex += static_cast<char>(to_lower(static_cast<std::uint8_t>(c)));
      }
      if (hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string::npos) {
        list.fingerprints_.insert(hex);
        continue;
      }
    } else if (is_name(word)) {
      list.names_.emplace(word);
      continue;
    }
    return Error{
        fmt::format("{}:{}: '{}' is neither a sensor's name (letters, digits, . _ -) nor sha256: with 64 "
                    "hexadecimal digits",
                    path, line, word.substr(0, kMaxName))};
  }
  return list;
}

bool AllowList::admits(const Identity& who) const {
  return names_.contains(who.name) || fingerprints_.contains(who.fingerprint);
}

}  // namespace picket::tls
