#include "export/tls/openssl.h"

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include <ctime>

namespace picket::tls {

std::string openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason != nullptr ? reason
                     : code == 0       ? "no reason given"
                                       : fmt::format("error {:x}", code);
  ERR_clear_error();
  return text;
}

std::string openssl_version() { return fmt::format("OpenSSL {}", OpenSSL_version(OPENSSL_VERSION_STRING)); }

std::int64_t seconds(const ASN1_TIME* t) noexcept {
  std::tm tm{};
  return t != nullptr && ASN1_TIME_to_tm(t, &tm) == 1 ? ::timegm(&tm) : 0;
}

}  // namespace picket::tls
